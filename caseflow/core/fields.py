"""Form fields our users need: dates in parts, numbers and texts with any digits."""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any, ClassVar

from flask import Flask
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from wtforms import (
    BooleanField,
    DateField,
    DecimalField,
    Field,
    FileField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.form import BaseForm
from wtforms.utils import unset_value
from wtforms.validators import Email, StopValidation, ValidationError

from caseflow.core.formats import day_of, local, normalise_digits, today, zone

_PART_LABELS = {
    "day": _l("Day"),
    "month": _l("Month"),
    "year": _l("Year"),
    "hour": _l("Hour"),
    "minute": _l("Minute"),
}


def _parts_widget(field: "DatePartsField", **kwargs: Any) -> Markup:
    """Three or five labelled inputs; attributes given (aria-describedby, say) go on each of them."""
    attributes = Markup("").join(
        Markup(' {}="{}"').format(key.rstrip("_").replace("_", "-"), value)
        for key, value in kwargs.items()
        if key not in {"class", "class_", "id"} and value not in (None, False)
    )
    inputs = Markup("").join(
        Markup(
            '<div class="cf-date__part cf-date__part--{part}"><label class="form-label" for="{id}">{label}</label>'
            '<input class="form-control{bad}" id="{id}" name="{name}" type="text" inputmode="numeric" '
            'autocomplete="off" maxlength="{size}" value="{value}"{attributes}></div>'
        ).format(
            part=part,
            id=field.part_id(part),
            name=field.part_name(part),
            label=_PART_LABELS[part],
            bad=" is-invalid" if field.errors and part in (field.wrong_parts or field.parts) else "",
            size=4 if part == "year" else 2,
            value=field.typed.get(part, ""),
            attributes=attributes,
        )
        for part in field.parts
    )
    return Markup('<div class="cf-date">{}</div>').format(inputs)


class DatePartsField(Field):
    """A date typed in three inputs `name-day`, `name-month`, `name-year`; data is a date or None.

    What was typed stays in `typed`; the errors name the part that is missing or wrong.
    """

    parts: ClassVar[tuple[str, ...]] = ("day", "month", "year")
    widget = staticmethod(_parts_widget)
    data: Any  # date | None; an aware datetime | None where there is a time of day

    def __init__(self, label: str | None = None, validators: list[Any] | None = None, **kwargs: Any) -> None:
        """Take what every WTForms field takes."""
        self.typed: dict[str, str] = {}
        self.wrong_parts: set[str] = set()
        super().__init__(label, validators, **kwargs)

    def part_name(self, part: str) -> str:
        """The name of one input."""
        return f"{self.name}-{part}"

    def part_id(self, part: str) -> str:
        """The id of one input."""
        return f"{self.id}-{part}"

    @property
    def focus_id(self) -> str:
        """The input an error link leads to: the first wrong one."""
        return self.part_id(next((part for part in self.parts if part in self.wrong_parts), self.parts[0]))

    def process(
        self, formdata: Any, data: Any = unset_value, extra_filters: Iterable[Callable[[Any], Any]] | None = None
    ) -> None:
        """Read the inputs; without form data, show the given date."""
        super().process(None, data, tuple(extra_filters or ()))
        self.raw_data = None
        if formdata is None or not any(self.part_name(part) in formdata for part in self.parts):
            self.typed = self._shown(self.data) if formdata is None else {}
            if formdata is not None:
                self.data, self.raw_data = None, []
            return
        self.typed = {part: formdata.get(self.part_name(part), "").strip() for part in self.parts}
        self.raw_data = ["".join(self.typed.values())]  # so that Optional and InputRequired see what was typed
        self.data = None
        try:
            self.data = self._read() if self.raw_data[0] else None
        except ValueError as error:
            self.process_errors = [*self.process_errors, str(error)]

    def pre_validate(self, form: BaseForm) -> None:
        """Leave it at the first complaint: a half-typed date is not also a missing one."""
        if self.process_errors:
            raise StopValidation

    def _shown(self, value: Any) -> dict[str, str]:
        if value is None:
            return {}
        return {part: str(getattr(value, part)) for part in self.parts}

    def _read(self) -> Any:
        return self._date(self._numbers())

    def _numbers(self) -> dict[str, int]:
        missing = {part for part in self.parts if not self.typed[part]}
        if missing:
            self.wrong_parts = missing
            raise ValueError(_missing(missing))
        numbers = {}
        for part in self.parts:
            text = normalise_digits(self.typed[part])
            if not (text.isascii() and text.isdigit()):
                self.wrong_parts = {part}
                raise ValueError(_wrong(part))
            numbers[part] = int(text)
        for part, (lowest, highest) in _LIMITS.items():
            if part in numbers and not lowest <= numbers[part] <= highest:
                self.wrong_parts = {part}
                raise ValueError(_wrong(part))
        return numbers

    def _date(self, numbers: dict[str, int]) -> date:
        try:
            return date(numbers["year"], numbers["month"], numbers["day"])
        except ValueError:
            self.wrong_parts = {"day"}
            raise ValueError(_("This month has fewer days: check the day.")) from None


class DateTimePartsField(DatePartsField):
    """A date and a time of day in five inputs, in the reader's time zone; data is an aware datetime or None."""

    parts = ("day", "month", "year", "hour", "minute")

    def _shown(self, value: Any) -> dict[str, str]:
        if value is None:
            return {}
        here = local(value)
        return {
            part: f"{getattr(here, part):02d}" if part == "minute" else str(getattr(here, part)) for part in self.parts
        }

    def _read(self) -> datetime:
        numbers = self._numbers()
        day = self._date(numbers)
        return datetime(day.year, day.month, day.day, numbers["hour"], numbers["minute"], tzinfo=zone())


_LIMITS = {"day": (1, 31), "month": (1, 12), "year": (1900, 2200), "hour": (0, 23), "minute": (0, 59)}


class DayField(DateField):
    """A day of the browser's calendar, for filters; data is a date or None, in the years that dates have here."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Refuse a year so far away that the day after it may not exist."""
        super().process_formdata(valuelist)
        lowest, highest = _LIMITS["year"]
        if self.data is not None and not lowest <= self.data.year <= highest:
            self.data = None
            raise ValueError(_wrong("year"))


def _missing(parts: set[str]) -> str:
    if len(parts) > 1:
        names = [str(label) for part, label in _PART_LABELS.items() if part in parts]
        return _("Something is missing: %(parts)s.", parts=_(", ").join(names))
    return {
        "day": _("Enter the day."),
        "month": _("Enter the month."),
        "year": _("Enter the year."),
        "hour": _("Enter the hour."),
        "minute": _("Enter the minutes."),
    }[parts.copy().pop()]


def _wrong(part: str) -> str:
    return {
        "day": _("The day must be a number from 1 to 31."),
        "month": _("The month must be a number from 1 to 12."),
        "year": _("The year must have four digits, such as 1987."),
        "hour": _("The hour must be a number from 0 to 23."),
        "minute": _("The minutes must be a number from 0 to 59."),
    }[part]


class NotInFuture:
    """Validator: the date is today or before."""

    def __call__(self, form: BaseForm, field: DatePartsField) -> None:
        """Refuse a date or moment that is still to come."""
        late = field.data > datetime.now(zone()) if isinstance(field.data, datetime) else False
        if field.data is not None and (late or day_of(field.data) > today()):
            raise ValidationError(_("The date must be today or in the past."))


class NotInPast:
    """Validator: the date is today or later."""

    def __call__(self, form: BaseForm, field: DatePartsField) -> None:
        """Refuse a day before today."""
        if field.data is not None and day_of(field.data) < today():
            raise ValidationError(_("The date must be today or in the future."))


class MailAddress(Email):
    """Validator: an e-mail address in ASCII.

    A letter of another script looks like a Latin one and makes somebody else's address; few servers carry such mail.
    """

    def __call__(self, form: BaseForm, field: StringField) -> None:
        """Refuse what is no address, and one with other letters; a domain has a form in ASCII (punycode)."""
        super().__call__(form, field)
        if not (field.data or "").strip().isascii():
            raise ValidationError(_("Enter the e-mail address in Latin letters only, such as name@example.org."))


LONGEST_NUMBER = 12  # characters


class NumberField(IntegerField):
    """A whole number in any digits; data is an int or None. An empty input is None."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read Arabic-Indic and Persian digits too."""
        texts = [normalise_digits(str(value)).strip() for value in valuelist]
        self.data = None
        if not texts or not texts[0]:
            return
        if len(texts[0]) > LONGEST_NUMBER:  # which a range cannot even be compared with
            raise ValueError(self.gettext("Not a valid integer value."))
        super().process_formdata(texts)

    def pre_validate(self, form: BaseForm) -> None:
        """What is no number is not also out of range."""
        if self.process_errors:
            raise StopValidation


class LineField(StringField):
    """One line of text, stripped, spaces made single; data is a str, or None when nothing was typed."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Tidy the spaces."""
        if valuelist:
            self.data = " ".join(str(valuelist[0]).split()) or None
            self.raw_data = [self.data] if self.data else []  # for InputRequired, a blank is nothing


class CodeField(LineField):
    """One line such as a number of a file or a telephone: as LineField, with any digits made 0 to 9."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Tidy the spaces and the digits."""
        super().process_formdata([normalise_digits(str(value)) for value in valuelist])


class WordsField(TextAreaField):
    """Several lines of text, stripped; data is a str with \\n line ends, or None when nothing was typed."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Make line ends one kind, so that a length limit counts what the browser counts."""
        if valuelist:
            self.data = str(valuelist[0]).replace("\r\n", "\n").strip() or None
            self.raw_data = [self.data] if self.data else []  # for InputRequired, a blank is nothing


def kind_of(field: Field) -> str:
    """Which branch of the macro `field` draws it."""
    kinds: tuple[tuple[type[Field] | tuple[type[Field], ...], str], ...] = (
        (DatePartsField, "date"),
        (HiddenField, "hidden"),
        (RadioField, "radios"),
        (SelectMultipleField, "checkboxes"),
        (SelectField, "select"),
        (BooleanField, "checkbox"),
        (FileField, "file"),
        (TextAreaField, "textarea"),
        ((IntegerField, DecimalField), "number"),
    )
    return next((kind for classes, kind in kinds if isinstance(field, classes)), "text")


def focus_of(field: Field) -> str:
    """The id an error link leads to: the field's first input."""
    if isinstance(field, DatePartsField):
        return field.focus_id
    if isinstance(field, RadioField | SelectMultipleField):
        return next((str(option.id) for option in field), field.id)
    return field.id


def limit_of(field: Field) -> int | None:
    """The most characters the field's validators allow, or None."""
    limit = getattr(field.flags, "maxlength", None)
    return int(limit) if limit else None


def problems_of(field: Field) -> list[str]:
    """The field's error messages as a flat list, those of fields inside it included."""
    found: list[str] = []

    def gather(errors: Any) -> None:
        if isinstance(errors, dict | list | tuple):
            for error in errors.values() if isinstance(errors, dict) else errors:
                gather(error)
        else:
            found.append(str(errors))  # a lazy text is iterable too, letter by letter

    gather(field.errors)
    return list(dict.fromkeys(found))


def register(app: Flask) -> None:
    """Give `ui.html` what it asks about fields."""
    app.jinja_env.globals.update(
        field_kind=kind_of, field_focus=focus_of, field_limit=limit_of, field_problems=problems_of
    )
