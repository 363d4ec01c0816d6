"""Forms of supervision."""

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, RadioField, SelectField
from wtforms.validators import InputRequired, Optional

from caseflow.core.fields import CodeField, DatePartsField, DateTimePartsField, LineField, NotInFuture, WordsField
from caseflow.core.forms import LONG, SHORT, Form, VersionField, at_most
from caseflow.people.models import CaseOutcome
from caseflow.supervision.models import ConditionKind, ContactForm, ContactLevel, ContactOutcome, Response

ENDINGS = [
    CaseOutcome.SENTENCE_ENDED,
    CaseOutcome.COMPLETED,
    CaseOutcome.HANDED_OVER,
    CaseOutcome.MOVED,
    CaseOutcome.DISENGAGED,
    CaseOutcome.DIED,
]  # a return to custody is an act of its own


class OrderForm(Form):
    """The order: number, court, dates, and how often officer and person meet."""

    version = VersionField()
    order_number = CodeField(_l("Number of the order"), [Optional(), at_most(SHORT)])
    court = LineField(_l("Court or authority"), [Optional(), at_most(SHORT)])
    starts_on = DatePartsField(_l("Start"), [InputRequired()])
    ends_on = DatePartsField(_l("End"), [Optional()])
    level = RadioField(_l("How often you meet"), [InputRequired()], choices=ContactLevel.choices)


class ConditionForm(Form):
    """A condition in plain words; explained at once, or later."""

    kind = SelectField(_l("Kind of condition"), [InputRequired()], choices=ConditionKind.choices)
    text = WordsField(_l("The condition in plain words"), [InputRequired(), at_most(2000)])
    starts_on = DatePartsField(_l("Start"), [InputRequired()])
    ends_on = DatePartsField(_l("End"), [Optional()])
    explained_on = DatePartsField(_l("Explained to the person on"), [Optional(), NotInFuture()])
    understood = BooleanField(_l("The person understood it"))


class ExplainForm(Form):
    """That a condition was explained, and whether it was understood."""

    explained_on = DatePartsField(_l("Explained to the person on"), [InputRequired(), NotInFuture()])
    understood = BooleanField(_l("The person understood it"))


class PlanForm(Form):
    """A contact to come."""

    version = VersionField()
    starts_at = DateTimePartsField(_l("Day and time"), [InputRequired()])
    form = RadioField(_l("How you meet"), [InputRequired()], choices=ContactForm.choices, name="way")
    place = LineField(_l("Place"), [Optional(), at_most(SHORT)])


def _outcomes() -> list[tuple[str, str]]:
    return [("", "–"), *ContactOutcome.choices()]


def _responses() -> list[tuple[str, str]]:
    return [("", "–"), *Response.choices()]


class AnswerForm(Form):
    """What came of a contact, without its note."""

    outcome = SelectField(_l("What came of it"), [InputRequired()], choices=_outcomes)
    reason = LineField(_l("Reason for the absence"), [Optional(), at_most(SHORT)])
    response = SelectField(_l("Your response"), [Optional()], choices=_responses)


class OutcomeForm(AnswerForm):
    """What came of a contact."""

    note = WordsField(_l("Note"), [Optional(), at_most(2000)])


class RowForm(AnswerForm):
    """The same on one line of the week's page; a line without an outcome is left for later."""

    outcome = SelectField(_l("What came of it"), [Optional()], choices=_outcomes)
    note = LineField(_l("Note"), [Optional(), at_most(2000)])


class HeldForm(OutcomeForm):
    """A contact that was not planned, with its outcome."""

    starts_at = DateTimePartsField(_l("Day and time"), [InputRequired(), NotInFuture()])
    form = RadioField(_l("How you met"), [InputRequired()], choices=ContactForm.choices, name="way")
    place = LineField(_l("Place"), [Optional(), at_most(SHORT)])


class CallOffForm(Form):
    """Why a planned contact will not take place."""

    reason = LineField(_l("Reason"), [InputRequired(), at_most(SHORT)])


class CloseForm(Form):
    """How the case ended."""

    outcome = RadioField(_l("How it ended"), [InputRequired()], choices=lambda: CaseOutcome.choices(ENDINGS))
    note = WordsField(_l("What was reached, and what goes on"), [InputRequired(), at_most(LONG)])


class ReturnForm(Form):
    """Why the person is back in custody."""

    reason = WordsField(_l("What happened"), [InputRequired(), at_most(LONG)])
