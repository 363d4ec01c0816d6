"""The form of a referral's details: what every kind asks. A kind's own form adds its own fields below these."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, Field, RadioField, SelectField, SelectMultipleField
from wtforms.validators import InputRequired, Optional

from caseflow.core.fields import DatePartsField, LineField, NotInPast, WordsField
from caseflow.core.forms import SHORT, Form, VersionField, at_most
from caseflow.core.i18n import Labelled
from caseflow.core.languages import LANGUAGES
from caseflow.people.models import Case
from caseflow.referrals.models.codes import Location, Urgency

REASON = 4_000  # characters
WORDS = 2_000  # characters in a kind's longer texts


def languages() -> list[tuple[str, str]]:
    """Languages to choose from, by their own names; the empty choice first."""
    return [("", ""), *((language.code, language.name) for language in LANGUAGES.values())]


class DetailsForm(Form):
    """Why, how soon, what for, where, and what the receiver must know to meet the person."""

    reason = WordsField(_l("Why are you referring, and what is asked for?"), [InputRequired(), at_most(REASON)])
    outcomes = SelectMultipleField(_l("Desired outcomes"), [InputRequired(_l("Choose at least one outcome."))])
    urgency = RadioField(_l("How urgent is it?"), choices=Urgency.choices, default=Urgency.STANDARD)
    location = RadioField(_l("Where will the person be helped?"), choices=Location.choices, default=Location.CUSTODY)
    complete_by = DatePartsField(_l("To be completed by"), [Optional(), NotInPast()])
    language = SelectField(_l("Language to speak with the person"), [Optional()], choices=languages)
    interpreter = BooleanField(_l("An interpreter is needed"))
    accessibility = LineField(_l("Accessibility needs"), [Optional(), at_most(SHORT)])
    clashes = LineField(_l("Hours when the person cannot come (work, caring)"), [Optional(), at_most(SHORT)])
    version = VersionField()

    def fit(self, case: Case) -> None:
        """Fill the choices that depend on the case."""

    def own(self) -> list[Field]:
        """The kind's own fields, in order."""
        return [field for field in self if field.name not in COMMON]

    def details(self) -> dict[str, Any]:
        """The kind's own fields as plain JSON."""
        return {field.name: plain(field.data) for field in self.own()}


COMMON = frozenset(
    {
        "reason",
        "outcomes",
        "urgency",
        "location",
        "complete_by",
        "language",
        "interpreter",
        "accessibility",
        "clashes",
        "version",
        "csrf_token",
    }
)


def plain(value: Any) -> Any:
    """A field's value as JSON holds it."""
    if isinstance(value, date):
        return value.isoformat()
    return value.value if isinstance(value, Labelled) else value


def restored(form: type[DetailsForm], details: Mapping[str, Any]) -> dict[str, Any]:
    """What `details()` made plain, as the fields of the form hold it."""
    return {name: _typed(getattr(form, name, None), value) for name, value in details.items()}


def _typed(field: Any, value: Any) -> Any:
    is_date = getattr(field, "field_class", None) is DatePartsField
    return date.fromisoformat(value) if is_date and value else value
