"""The directory's forms: a service, and the steward's organisations and agreements."""

from zoneinfo import available_timezones

from babel import Locale
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import EmailField, HiddenField, SelectField, SelectMultipleField
from wtforms.validators import InputRequired, NumberRange, Optional, ValidationError

from caseflow.core.fields import CodeField, DatePartsField, LineField, MailAddress, NumberField, WordsField
from caseflow.core.forms import SHORT, Form, VersionField, at_most
from caseflow.core.i18n import offered
from caseflow.core.languages import LANGUAGES
from caseflow.directory.models import ServedSex, ServicePlace
from caseflow.tenancy.models import OrganisationKind, ReferralKind

WORDS = 4_000  # characters
OLDEST = 120  # years
_NONE = frozenset({"EU", "EZ", "UN", "XA", "XB", "ZZ", "QO"})  # codes of CLDR that are no country


def _languages() -> list[tuple[str, str]]:
    return [(language.code, language.name) for language in LANGUAGES.values()]


def _weekdays() -> list[tuple[int, str]]:
    names = (get_locale() or Locale("en")).days["stand-alone"]["wide"]
    return [(number + 1, names[number]) for number in range(7)]


def _countries() -> list[tuple[str, str]]:
    locale = get_locale() or Locale("en")
    countries = {code: name for code, name in locale.territories.items() if len(code) == 2 and code.isalpha()}
    served = [(code, countries[code]) for code in ("IQ", "KZ", "KG", "TJ")]
    others = sorted((name, code) for code, name in countries.items() if code not in dict(served) and code not in _NONE)
    return [*served, *((code, name) for name, code in others)]


class ServiceForm(Form):
    """A service as its organisation describes it."""

    kind = SelectField(_l("Kind of help"), [InputRequired()], choices=ReferralKind.choices)
    name = LineField(_l("Name of the service"), [InputRequired(), at_most(SHORT)])
    description = WordsField(_l("What you do, in plain words"), [InputRequired(), at_most(WORDS)])
    place = SelectField(_l("Where"), choices=ServicePlace.choices, default=ServicePlace.BOTH)
    area = LineField(_l("Cities or regions"), [Optional(), at_most(SHORT)])
    sex = SelectField(_l("For whom"), choices=ServedSex.choices, default=ServedSex.ANY)
    minimum_age = NumberField(_l("From the age of"), [Optional(), NumberRange(0, OLDEST)])
    maximum_age = NumberField(_l("Up to the age of"), [Optional(), NumberRange(0, OLDEST)])
    languages = SelectMultipleField(_l("Languages spoken"), [Optional()], choices=_languages)
    capacity = NumberField(_l("People at a time"), [Optional(), NumberRange(1, 100_000)])
    eligibility = WordsField(_l("Further conditions"), [Optional(), at_most(WORDS)])
    phone = CodeField(_l("Telephone"), [Optional(), at_most(SHORT)])
    email = EmailField(_l("E-mail address"), [Optional(), MailAddress(), at_most(SHORT)])
    draft = HiddenField()
    version = VersionField()


class OrganisationForm(Form):
    """A new organisation and its first administrator."""

    name = LineField(_l("Name"), [InputRequired(), at_most(SHORT)])
    slug = LineField(_l("Short name"), [InputRequired(), at_most(60)])
    kind = SelectField(
        _l("Kind"),
        [InputRequired()],
        choices=lambda: OrganisationKind.choices(
            one for one in OrganisationKind if one is not OrganisationKind.STEWARD
        ),
    )
    country = SelectField(_l("Country"), [InputRequired()], choices=_countries)
    locale = SelectField(_l("Language"), choices=lambda: [(language.code, language.name) for language in offered()])
    timezone = LineField(_l("Time zone"), [InputRequired(), at_most(60)])
    rest_days = SelectMultipleField(_l("Rest days"), [Optional()], coerce=int, choices=_weekdays)
    administrator = LineField(_l("Full name of the first administrator"), [InputRequired(), at_most(SHORT)])
    email = EmailField(_l("Their e-mail address"), [InputRequired(), MailAddress(), at_most(SHORT)])

    def validate_timezone(self, field: LineField) -> None:
        """A time zone by its IANA name."""
        if field.data not in available_timezones():
            raise ValidationError(_("Write a time zone such as Asia/Almaty."))


class AgreementForm(Form):
    """Who may refer to whom, for what, from when to when."""

    sender = SelectField(_l("Who refers"), [InputRequired()])
    receiver = SelectField(_l("To whom"), [InputRequired()])
    kinds = SelectMultipleField(
        _l("For which help"),
        [InputRequired(_l("Choose at least one kind of help."))],
        choices=ReferralKind.choices,
    )
    starts_on = DatePartsField(_l("From the day"), [InputRequired()])
    ends_on = DatePartsField(_l("Until"), [Optional()])
