"""Forms of release and handover."""

from flask_babel import lazy_gettext as _l
from wtforms import RadioField, SelectField, SelectMultipleField
from wtforms.validators import InputRequired, Optional

from caseflow.core.fields import DatePartsField, NotInFuture, WordsField
from caseflow.core.forms import LONG, SHORT, Form, VersionField, at_most
from caseflow.release.models import PathwayStatus


class PathwayForm(Form):
    """Where one pathway stands."""

    version = VersionField()
    standing = RadioField(_l("Where it stands"), [InputRequired()], choices=PathwayStatus.choices)
    note = WordsField(_l("Note"), [Optional(), at_most(2000)])


class ReleaseForm(Form):
    """The day on which the person was released."""

    released_on = DatePartsField(_l("Released on"), [InputRequired(), NotInFuture()])


class HandoverForm(Form):
    """To whom the case goes, what they may read, and by which right."""

    receiver = SelectField(_l("Probation service"), [InputRequired()])
    categories = SelectMultipleField(_l("What they may read"), [InputRequired()])
    ground = WordsField(_l("The law that allows it"), [Optional(), at_most(SHORT)])
    consent = SelectField(_l("Consent of the person"), [Optional()])
    letter = WordsField(_l("What they should know first"), [Optional(), at_most(LONG)])


class ReasonForm(Form):
    """Why: for a cancellation or a refusal."""

    reason = WordsField(_l("Reason"), [InputRequired(), at_most(2000)])


class OfficerForm(Form):
    """Who prepares the release on the incoming side."""

    officer = SelectField(_l("Officer"), [InputRequired()])


class MeetingForm(Form):
    """When the incoming officer met the person."""

    met_on = DatePartsField(_l("Met on"), [InputRequired(), NotInFuture()])


class LeadForm(Form):
    """That the incoming side becomes lead: on the release, or before it for a reason."""

    released_on = DatePartsField(_l("Released on"), [Optional(), NotInFuture()])
    reason = WordsField(_l("Reason, if the person is not released yet"), [Optional(), at_most(2000)])
