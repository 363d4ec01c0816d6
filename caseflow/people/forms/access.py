"""Forms by which a file is closed and opened: restrictions, exclusions, conflicts, emergencies."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from wtforms import RadioField, SelectField, SelectMultipleField
from wtforms.validators import InputRequired, Optional

from caseflow.core.fields import CodeField, LineField, WordsField
from caseflow.core.forms import SHORT, Form, at_most
from caseflow.people.actions import MINUTES, MOST_MINUTES
from caseflow.people.models import ExclusionGround


class RestrictForm(Form):
    """Closing a case to everybody who is not on a list."""

    users = SelectMultipleField(_l("Who may open it besides"), [Optional()])
    reason = LineField(_l("Why it is restricted"), [InputRequired(), at_most(SHORT)])


class AdmitForm(Form):
    """A further name on the list."""

    user = SelectField(_l("Colleague"), [InputRequired()])
    reason = LineField(_l("Why they need it"), [InputRequired(), at_most(SHORT)])


class ExcludeForm(Form):
    """Closing a case to one colleague."""

    user = SelectField(_l("Colleague"), [InputRequired()])
    ground = RadioField(_l("Ground"), [InputRequired()], choices=ExclusionGround.choices)
    reason = LineField(_l("In your words"), [InputRequired(), at_most(SHORT)])


class ConflictForm(Form):
    """Whom the user is related to, or in conflict with."""

    name = LineField(_l("Name in full"), [InputRequired(), at_most(SHORT)])
    ground = RadioField(_l("Ground"), [InputRequired()], choices=ExclusionGround.choices)


class EndForm(Form):
    """Ending what was decided."""

    reason = LineField(_l("Why it ends"), [InputRequired(), at_most(SHORT)])


class EmergencyForm(Form):
    """Opening a restricted case in an emergency."""

    number = CodeField(_l("Exact number of the case"), [InputRequired(), at_most(SHORT)])
    reason = WordsField(_l("What has happened, and why it cannot wait"), [InputRequired(), at_most(1000)])
    minutes = RadioField(_l("For how long"), [InputRequired()], default=str(MINUTES))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer times up to the longest that the database allows."""
        super().__init__(*args, **kwargs)
        times = (30, MINUTES, 120, MOST_MINUTES)
        self.minutes.choices = [(str(one), _length(one)) for one in times]


def _length(minutes: int) -> str:
    if minutes % 60:
        return ngettext("%(num)d minute", "%(num)d minutes", minutes)
    return ngettext("%(num)d hour", "%(num)d hours", minutes // 60)


class ReviewForm(Form):
    """Whether an emergency access was justified."""

    justified = RadioField(
        _l("Was it justified?"),
        [InputRequired()],
        choices=lambda: [("yes", _("Yes")), ("no", _("No: it will be followed up"))],
    )
    review = WordsField(_l("What you found"), [InputRequired(), at_most(1000)])
