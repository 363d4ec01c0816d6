"""Our fields that a register may fill: their kinds, what is allowed, and how a text becomes a typed value."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from flask_babel import lazy_gettext as _l

from caseflow.people.models import LegalStatus, Phase, Sex

_KINDS = {
    "text": _l("a text"),
    "date": _l("a date"),
    "datetime": _l("a date, with or without a time"),
    "int": _l("a whole number"),
    "bool": _l("yes or no"),
    "country": _l("a country by its two letters (ISO 3166-1)"),
    "languages": _l("languages by their codes (BCP 47), separated by commas"),
}

Value = str | int | bool | date | datetime | tuple[str, ...] | None

LONGEST_TEXT = 500
FIRST_YEAR, LAST_YEAR = 1900, 2100
_YES = frozenset(["yes", "y", "true", "t", "1", "да", "иә", "ия", "ооба", "ҳа", "бале", "نعم", "بلی", "بەڵێ"])
_NO = frozenset(["no", "n", "false", "f", "0", "нет", "жоқ", "жок", "не", "لا", "نه", "نەخێر"])
# How `reading` writes the dates of a workbook, whatever the mapping says of dates written as text.
_WORKBOOK = ("%Y-%m-%d", "%Y-%m-%dT%H:%M:%S")
_WHOLE = re.compile(r"[+-]?\d{1,9}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{2,8})*")
_COUNTRIES = frozenset(str(code) for code in Locale("en").territories if re.fullmatch("[A-Z]{2}", str(code)))
_DIGITS = {ord(digit): str(value) for row in ("٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹") for value, digit in enumerate(row)}


@dataclass(frozen=True, slots=True)
class Field:
    """A field of ours; a number lies from least to most, a choice is one of the codes."""

    name: str
    kind: str
    label: Any
    choices: tuple[str, ...] = ()
    least: int = 0
    most: int = 0

    def allowed(self) -> str:
        """What fits, in words."""
        if self.kind == "choice":
            return ", ".join(self.choices)
        return str(_KINDS[self.kind])


@dataclass(frozen=True, slots=True)
class Unfit:
    """Why a text gives no value: a reason of `rows.REASONS` and what fills its sentence."""

    reason: str
    params: dict[str, str] = field(default_factory=dict)


FIELDS: dict[str, Field] = {
    target.name: target
    for target in (
        Field("person.number", "text", _l("Register number of the person")),
        Field("person.name", "text", _l("Name")),
        Field("person.family_name", "text", _l("Family name")),
        Field("person.given_name", "text", _l("Given name")),
        Field("person.patronymic", "text", _l("Patronymic")),
        Field("person.name_latin", "text", _l("Name in Latin script")),
        Field("person.name_arabic", "text", _l("Name in Arabic script")),
        Field("person.name_cyrillic", "text", _l("Name in Cyrillic script")),
        Field("person.alias", "text", _l("Other name")),
        Field("person.sex", "choice", _l("Sex"), tuple(Sex)),
        Field("person.gender", "text", _l("Gender in the person's own words")),
        Field("person.birth_date", "date", _l("Date of birth")),
        Field("person.birth_year", "int", _l("Year of birth"), least=FIRST_YEAR, most=LAST_YEAR),
        Field("person.age_group", "text", _l("Age group")),
        Field("person.nationality", "country", _l("Nationality")),
        Field("person.languages", "languages", _l("Languages")),
        Field("identifier.national", "text", _l("National number")),
        Field("identifier.passport", "text", _l("Passport")),
        Field("case.number", "text", _l("Case number")),
        Field("case.opened_on", "date", _l("Opened on")),
        Field("case.admitted_at", "datetime", _l("Admitted at")),
        Field("case.legal_status", "choice", _l("Legal status"), tuple(LegalStatus)),
        Field("case.phase", "choice", _l("Phase"), tuple(Phase)),
        Field("case.offence_class", "text", _l("Offence class")),
        Field("case.offence_type", "text", _l("Offence type")),
        Field("case.offence_subtype", "text", _l("Offence subtype")),
        Field("case.sentence_months", "int", _l("Sentence in months"), least=0, most=6000),
        Field("case.release_on", "date", _l("Release expected on")),
        Field("case.released_on", "date", _l("Released on")),
        Field("case.release_type", "text", _l("Release type")),
        Field("case.release_year", "int", _l("Year of release"), least=FIRST_YEAR, most=LAST_YEAR),
        Field("site.name", "text", _l("Site")),
        Field("site.code", "text", _l("Site code")),
        Field("return.returned", "bool", _l("Returned to prison")),
        Field("return.days", "int", _l("Days to the return"), least=0, most=40_000),
        Field("return.kind", "text", _l("Kind of return")),
        Field("return.offence_class", "text", _l("Class of the new offence")),
        Field("return.offence_type", "text", _l("Type of the new offence")),
        Field("return.offence_subtype", "text", _l("Subtype of the new offence")),
        Field("return.within_years", "int", _l("Years followed"), least=0, most=100),
    )
}


def parse(target: Field, text: str, formats: tuple[str, ...], timezone: ZoneInfo) -> Value | Unfit:
    """The value of a text that is not blank, by the field's kind; times without a zone are in `timezone`."""
    return _PARSERS[target.kind](target, text, formats, timezone)


def _parse_text(_target: Field, text: str, _formats: tuple[str, ...], _zone: ZoneInfo) -> Value | Unfit:
    return text if len(text) <= LONGEST_TEXT else Unfit("too_long", {"most": str(LONGEST_TEXT)})


def _parse_int(target: Field, text: str, _formats: tuple[str, ...], _zone: ZoneInfo) -> Value | Unfit:
    digits = text.translate(_DIGITS)
    if not _WHOLE.fullmatch(digits):
        return Unfit("not_a_number", {"value": text})
    number = int(digits)
    if not target.least <= number <= target.most:
        return Unfit("out_of_range", {"value": text, "least": str(target.least), "most": str(target.most)})
    return number


def _moment(text: str, formats: tuple[str, ...]) -> datetime | None:
    for form in (*formats, *_WORKBOOK):
        try:
            return datetime.strptime(text.translate(_DIGITS), form)  # noqa: DTZ007 -- the zone is the mapping's
        except ValueError:
            continue
    return None


def _parse_date(_target: Field, text: str, formats: tuple[str, ...], _zone: ZoneInfo) -> Value | Unfit:
    moment = _moment(text, formats)
    return _within(moment, text) or (moment.date() if moment else None)


def _parse_datetime(_target: Field, text: str, formats: tuple[str, ...], zone: ZoneInfo) -> Value | Unfit:
    moment = _moment(text, formats)
    return _within(moment, text) or (moment.replace(tzinfo=moment.tzinfo or zone) if moment else None)


def _within(moment: datetime | None, text: str) -> Unfit | None:
    if moment is None:
        return Unfit("not_a_date", {"value": text})
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        return Unfit("out_of_range", {"value": text, "least": str(FIRST_YEAR), "most": str(LAST_YEAR)})
    return None


def _parse_bool(_target: Field, text: str, _formats: tuple[str, ...], _zone: ZoneInfo) -> Value | Unfit:
    word = text.casefold()
    if word in _YES or word in _NO:
        return word in _YES
    return Unfit("not_yes_or_no", {"value": text})


def _parse_choice(target: Field, text: str, _formats: tuple[str, ...], _zone: ZoneInfo) -> Value | Unfit:
    code = re.sub(r"[\s-]+", "_", text.casefold())
    if code in target.choices:
        return code
    return Unfit("not_a_choice", {"value": text, "allowed": ", ".join(target.choices)})


def _parse_country(_target: Field, text: str, _formats: tuple[str, ...], _zone: ZoneInfo) -> Value | Unfit:
    code = text.upper()
    return code if code in _COUNTRIES else Unfit("not_a_country", {"value": text})


def _parse_languages(_target: Field, text: str, _formats: tuple[str, ...], _zone: ZoneInfo) -> Value | Unfit:
    codes = tuple(dict.fromkeys(code.replace("_", "-").lower() for code in re.split(r"[\s,;/|]+", text) if code))
    wrong = next((code for code in codes if not _LANGUAGE.fullmatch(code)), "")
    return Unfit("not_a_language", {"value": wrong}) if wrong else codes


_PARSERS: dict[str, Callable[[Field, str, tuple[str, ...], ZoneInfo], Value | Unfit]] = {
    "text": _parse_text,
    "date": _parse_date,
    "datetime": _parse_datetime,
    "int": _parse_int,
    "bool": _parse_bool,
    "choice": _parse_choice,
    "country": _parse_country,
    "languages": _parse_languages,
}
