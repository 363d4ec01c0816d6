"""Forms of the plan: goals, steps, the person's words and their answer."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Field, RadioField, SelectField
from wtforms.validators import InputRequired, Optional, ValidationError

from caseflow.assessments.models import NeedArea
from caseflow.core.fields import DatePartsField, LineField, NotInFuture, NotInPast, WordsField
from caseflow.core.forms import LONG, SHORT, Form, RowIdField, VersionField, at_most
from caseflow.plans.models import Agreement, GoalStatus, StepActor, StepStatus

NOW, LATER = "now", "later"


class NotSetInPast(NotInPast):
    """Validator: a date that is typed anew is not in the past; one that has passed meanwhile may stay."""

    def __call__(self, form: Any, field: DatePartsField) -> None:
        """Refuse a past day that was not there before."""
        if field.data != field.object_data:
            super().__call__(form, field)


def _times() -> list[tuple[str, str]]:
    return [(NOW, _("Work on it now, until a target date")), (LATER, _("For later, without a date"))]


class GoalForm(Form):
    """A goal in one area."""

    title = LineField(_l("Goal"), [InputRequired(), at_most(SHORT)])
    area = SelectField(_l("Area"), [InputRequired()], choices=NeedArea.choices)
    when = RadioField(_l("When"), [InputRequired()], choices=_times, default=NOW)
    target_on = DatePartsField(_l("Target date"), [NotSetInPast()])
    version = VersionField()

    def validate_target_on(self, field: Field) -> None:
        """A goal that is worked on now has a date by which it is to be reached."""
        if self.when.data == NOW and field.data is None:
            raise ValidationError(_("Enter the target date, or choose that the goal is for later."))


class NewGoalForm(GoalForm):
    """A new goal, from a need on record or from none; it takes the need's area."""

    need = SelectField(_l("Which need it answers"), [Optional()])
    area = SelectField(_l("Area"), [], choices=lambda: [("", _("The area of the need")), *NeedArea.choices()])
    id = RowIdField()

    def validate_area(self, field: Field) -> None:
        """Without a need the area must be chosen."""
        if not field.data and not self.need.data:
            raise ValidationError(_("Choose the area."))


class GoalStatusForm(Form):
    """What became of a goal."""

    standing = RadioField(_l("Where this goal stands"), [InputRequired()], choices=GoalStatus.choices)
    note = WordsField(_l("Note"), [Optional(), at_most(LONG)])
    version = VersionField()


class StepForm(Form):
    """A step, and who does it."""

    title = LineField(_l("What is to be done"), [InputRequired(), at_most(SHORT)])
    actor = RadioField(_l("Who does it"), [InputRequired()], choices=StepActor.choices)
    due_on = DatePartsField(_l("By when"), [Optional(), NotSetInPast()])
    id = RowIdField()
    version = VersionField()


class StepStatusForm(Form):
    """How a step goes."""

    standing = RadioField(_l("Where this step stands"), [InputRequired()], choices=StepStatus.choices)
    note = WordsField(_l("Note"), [Optional(), at_most(LONG)])
    version = VersionField()


class WordsForm(Form):
    """What the person says about the plan."""

    own_words = WordsField(_l("In the person's own words"), [Optional(), at_most(LONG)])
    version = VersionField(default="0")


class AgreementForm(Form):
    """The person's answer to the plan."""

    agreement = RadioField(
        _l("What the person answered"),
        [InputRequired()],
        choices=lambda: Agreement.choices([Agreement.AGREED, Agreement.NOT_AGREED, Agreement.COULD_NOT_ANSWER]),
    )
    agreed_on = DatePartsField(_l("Agreed on"), [Optional(), NotInFuture()])
    note = WordsField(
        _l("What the person does not agree with, or why they could not answer"), [Optional(), at_most(LONG)]
    )
    version = VersionField()
