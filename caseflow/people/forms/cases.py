"""Forms of a case: its facts, its way, and who works on it."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import RadioField, SelectField
from wtforms.validators import InputRequired, NumberRange, Optional

from caseflow.core.fields import (
    CodeField,
    DatePartsField,
    DateTimePartsField,
    LineField,
    NotInFuture,
    NumberField,
    WordsField,
)
from caseflow.core.forms import LONG, SHORT, Form, OnceForm, VersionField, at_most
from caseflow.people.actions import CaseFields
from caseflow.people.forms.persons import PersonForm
from caseflow.people.models import AssignmentRole, CaseOutcome, LegalStatus


class FactsForm(Form):
    """Admission, legal standing and the dates of a case; `custody` asks for what a prison must know."""

    admitted_at = DateTimePartsField(_l("Admitted, day and hour"), [Optional(), NotInFuture()])
    commitment_order = LineField(_l("Commitment order"), [Optional(), at_most(SHORT)])
    authority = LineField(_l("Authority that issued it"), [Optional(), at_most(SHORT)])
    legal_status = SelectField(_l("Legal status"), choices=LegalStatus.choices, default=LegalStatus.UNKNOWN.value)
    offence_type = LineField(_l("Offence"), [Optional(), at_most(SHORT)])
    offence_class = LineField(_l("Class or article of the offence"), [Optional(), at_most(SHORT)])
    offence_subtype = LineField(_l("Offence, more exactly"), [Optional(), at_most(SHORT)])
    sentence_months = NumberField(_l("Sentence in months"), [Optional(), NumberRange(0, 6000)])
    release_on = DatePartsField(_l("Release expected on"), [Optional()])
    release_unknown_reason = LineField(_l("Why the release date is not known"), [Optional(), at_most(SHORT)])
    conditional_release_on = DatePartsField(_l("Conditional release possible from"), [Optional()])
    released_on = DatePartsField(_l("Released on"), [Optional(), NotInFuture()])

    def __init__(self, *args: Any, custody: bool = False, **kwargs: Any) -> None:
        """Ask for the admission and the release date where the person is held."""
        super().__init__(*args, **kwargs)
        self.custody = custody

    def validate(self, extra_validators: Any = None) -> bool:
        """Also: a prison knows when and by which order it admitted, and when it releases or why not."""
        good = bool(super().validate(extra_validators))
        if not self.custody:
            return good
        needed = (
            (self.admitted_at, _("Enter the day and hour of admission.")),
            (self.commitment_order, _("Nobody is admitted without a valid commitment order: enter it.")),
        )
        for field, problem in needed:
            if not field.data and not field.errors:
                field.errors = [*field.errors, problem]
                good = False
        if not self.release_on.data and not self.release_on.errors and not self.release_unknown_reason.data:
            self.release_unknown_reason.errors = [_("Enter the expected release date, or why it is not known.")]
            good = False
        return good

    def facts(self) -> CaseFields:
        """What was typed, as the actions take it."""
        return CaseFields(
            admitted_at=self.admitted_at.data,
            commitment_order=self.commitment_order.data,
            authority=self.authority.data,
            legal_status=LegalStatus(self.legal_status.data),
            offence_class=self.offence_class.data,
            offence_type=self.offence_type.data,
            offence_subtype=self.offence_subtype.data,
            sentence_months=self.sentence_months.data,
            release_on=self.release_on.data,
            release_unknown_reason=None if self.release_on.data else self.release_unknown_reason.data,
            conditional_release_on=self.conditional_release_on.data,
            released_on=self.released_on.data,
        )


class EditFactsForm(FactsForm):
    """Changing the facts of a case."""

    version = VersionField()


class AgainForm(OnceForm, FactsForm):
    """A further case of a person who is known."""

    number = CodeField(_l("Case number"), [InputRequired(), at_most(SHORT)])
    site = SelectField(_l("Site"), [Optional()])
    worker = SelectField(_l("Responsible worker"), [Optional()])


class NewCaseForm(AgainForm, PersonForm):
    """A person and their case."""


class TransferForm(Form):
    """A move to another site."""

    site = SelectField(_l("New site"), [InputRequired()])
    reason = LineField(_l("Reason"), [Optional(), at_most(SHORT)])


class AllocateForm(Form):
    """Giving a case to a worker."""

    worker = SelectField(_l("Worker"), [InputRequired()])
    role = RadioField(_l("As"), [InputRequired()], choices=AssignmentRole.choices, default=AssignmentRole.PRIMARY.value)
    reason = LineField(_l("Reason"), [InputRequired(), at_most(SHORT)])


class PhaseForm(Form):
    """Moving a case on."""

    phase = RadioField(_l("Next phase"), [InputRequired()])
    reason = LineField(_l("Reason"), [Optional(), at_most(SHORT)])


class CloseForm(Form):
    """How a case ended."""

    outcome = SelectField(
        _l("How the case ended"),
        [InputRequired()],
        choices=lambda: [
            ("", _("Choose")),
            *CaseOutcome.choices(one for one in CaseOutcome if one.value != "recorded"),
        ],
    )
    note = WordsField(_l("Closing note"), [Optional(), at_most(LONG)])


class ReopenForm(Form):
    """Taking up a closed case again."""

    phase = RadioField(_l("Phase"), [InputRequired()])
    reason = LineField(_l("Reason"), [InputRequired(), at_most(SHORT)])
