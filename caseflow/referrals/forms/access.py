"""The forms of who may open a received referral."""

from flask_babel import lazy_gettext as _l
from wtforms import RadioField, SelectField, SelectMultipleField
from wtforms.validators import InputRequired, Optional

from caseflow.core.fields import LineField
from caseflow.core.forms import SHORT, Form, at_most
from caseflow.people.models import ExclusionGround


class RestrictForm(Form):
    """Closing a referral to everybody who is not on a list."""

    reason = LineField(_l("Why it is restricted"), [InputRequired(), at_most(SHORT)])
    users = SelectMultipleField(_l("Who may open it besides"), [Optional()])


class AdmitForm(Form):
    """A further name on the list."""

    user = SelectField(_l("Colleague"), [InputRequired()])
    reason = LineField(_l("Why they need it"), [InputRequired(), at_most(SHORT)])


class ExcludeForm(Form):
    """Closing a referral to one colleague."""

    user = SelectField(_l("Colleague"), [InputRequired()])
    ground = RadioField(_l("Ground"), [InputRequired()], choices=ExclusionGround.choices)
    reason = LineField(_l("In your words"), [InputRequired(), at_most(SHORT)])


class EndForm(Form):
    """Ending what was decided."""

    reason = LineField(_l("Why it ends"), [InputRequired(), at_most(SHORT)])
