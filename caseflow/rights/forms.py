"""Forms of retention and of copies for the person."""

from collections.abc import Iterable

from flask_babel import lazy_gettext as _l
from wtforms import RadioField, SelectField
from wtforms.validators import InputRequired, NumberRange, Optional

from caseflow.core.fields import DatePartsField, NotInFuture, NumberField, WordsField
from caseflow.core.forms import Form, at_most
from caseflow.core.i18n import offered
from caseflow.people.models import CaseOutcome
from caseflow.rights.models import PERSONAL, Fact, HoldKind, ObjectionState, RuleKind


class RulesForm(Form):
    """For how many years records are kept; `fit` leaves what concerns the organisation."""

    adult = NumberField(_l("Adults: years after the last case was closed"), [InputRequired(), NumberRange(0, 100)])
    juvenile = NumberField(
        _l("Under 18 when the first case began: years after the last case was closed"),
        [InputRequired(), NumberRange(0, 100)],
    )
    received = NumberField(
        _l("Referrals received: years after the referral ended"), [InputRequired(), NumberRange(0, 100)]
    )

    def fit(self, kinds: Iterable[RuleKind]) -> None:
        """Ask for these kinds alone."""
        for name in {kind.value for kind in RuleKind} - {kind.value for kind in kinds}:
            del self[name]

    def years(self) -> dict[RuleKind, int | None]:
        """What was answered, by kind."""
        return {kind: self[kind.value].data for kind in RuleKind if kind.value in self}


class SpecialRuleForm(Form):
    """The same for cases that ended in a certain way."""

    kind = RadioField(
        _l("Whose records"), [InputRequired()], choices=lambda: RuleKind.choices(PERSONAL), default=RuleKind.ADULT.value
    )
    outcome = SelectField(_l("How the last case ended"), [InputRequired()], choices=CaseOutcome.choices)
    years = NumberField(
        _l("Years after the last case was closed"),
        [Optional(), NumberRange(0, 100)],
        description=_l("Leave it empty to follow the general rule again."),
    )


class HoldForm(Form):
    """Why the records are kept."""

    kind = RadioField(_l("Why the records must be kept"), [InputRequired()], choices=HoldKind.choices)
    reason = WordsField(_l("Reason"), [InputRequired(), at_most(2000)])


class DecisionForm(Form):
    """A decision that needs nothing but itself."""


class AccessForm(Form):
    """When the person asked."""

    asked_on = DatePartsField(_l("Asked on"), [InputRequired(), NotInFuture()])
    language = SelectField(
        _l("Language in which the person reads it"),
        [InputRequired()],
        choices=lambda: [(one.code, one.name) for one in offered()],
    )


class ObjectionForm(Form):
    """What the person says is wrong."""

    fact = SelectField(_l("What is wrong"), [InputRequired()], choices=Fact.choices)
    words = WordsField(_l("In the person's words"), [InputRequired(), at_most(4000)])


class AnswerForm(Form):
    """What became of it."""

    standing = RadioField(
        _l("What became of it"),
        [InputRequired()],
        choices=lambda: ObjectionState.choices((ObjectionState.CORRECTED, ObjectionState.REFUSED)),
    )
    answer = WordsField(_l("Answer to the person"), [Optional(), at_most(4000)])
