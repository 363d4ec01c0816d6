"""The forms of the receiver: the answer, who helps, sessions and their outcome, the end report, messages."""

from collections.abc import Iterable
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, Field, RadioField, SelectField, SelectMultipleField
from wtforms.validators import InputRequired, Optional

from caseflow.accounts.models import User
from caseflow.core.fields import DateTimePartsField, LineField, NumberField, WordsField
from caseflow.core.forms import LONG, SHORT, Form, RowIdField, VersionField, at_most
from caseflow.core.i18n import Labelled
from caseflow.directory.models import Service
from caseflow.referrals.actions.reports import Findings
from caseflow.referrals.actions.sessions import Held, Slot
from caseflow.referrals.models import Absence, Achievement, Asker, Attendance, DeclineReason, SessionForm, Status

WORDS = 4_000  # characters in an answer, a message or a session's summary


class Answer(Labelled):
    """What a receiver may answer."""

    ACCEPT = "accept", _l("Accept")
    WAITLIST = "waitlist", _l("Put on the waiting list")
    ASK = "ask", _l("Ask for information")
    DECLINE = "decline", _l("Decline")


def _or_none(choices: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return [("", _("Choose")), *choices]


class AnswerForm(Form):
    """One answer: accept, waiting list, a question, or no with a reason."""

    answer = RadioField(_l("Your answer"), [InputRequired(_l("Choose an answer."))])
    reason = SelectField(
        _l("Reason, if you decline"), [Optional()], choices=lambda: _or_none(DeclineReason.choices()), default=""
    )
    suggested = SelectField(_l("Another service that may help, if you decline"), [Optional()], default="")
    text = WordsField(
        _l("Words to the sender"),
        [at_most(WORDS)],
        description=_l("Needed when you ask for information, or for another reason to decline."),
    )
    version = VersionField()

    def fit(self, status: Status, services: Iterable[Service]) -> None:
        """Offer the answers that are open in this status, and the services that may be suggested."""
        answers = [Answer.ACCEPT, Answer.DECLINE] if status is Status.WAITLISTED else list(Answer)
        self.answer.choices = Answer.choices(answers)
        names = [(str(service.id), f"{service.name} – {service.organisation.name}") for service in services]
        self.suggested.choices = [("", _("None")), *names]


class PauseForm(Form):
    """Putting the help on hold."""

    text = WordsField(_l("Why is the help put on hold?"), [InputRequired(), at_most(WORDS)])
    version = VersionField()


class AssignForm(Form):
    """Who helps."""

    workers = SelectMultipleField(_l("Workers"), [InputRequired(_l("Choose at least one worker."))])
    primary = SelectField(_l("Responsible worker"), [Optional()])

    def fit(self, users: Iterable[User]) -> None:
        """Offer these colleagues."""
        names = [(str(user.id), user.name) for user in users]
        self.workers.choices = list(names)
        self.primary.choices = _or_none(names)


class OutcomeForm(Form):
    """How a session went: three taps and a line."""

    attendance = RadioField(
        _l("Did the person come?"), [InputRequired(_l("Say whether the person came."))], choices=Attendance.choices
    )
    summary = WordsField(_l("What was done, in a line or two"), [at_most(WORDS)])
    absence = RadioField(_l("Whose absence was it?"), [Optional()], choices=Absence.choices)
    absence_reason = LineField(_l("Reason for the absence"), [at_most(SHORT)])
    concern = WordsField(
        _l("A concern that the referring organisation must know at once"),
        [at_most(WORDS)],
        description=_l("They are told as soon as you save."),
    )

    def held(self) -> Held | None:
        """What was said of the session; None while nothing is."""
        if not self.attendance.data:
            return None
        return Held(
            attendance=Attendance(self.attendance.data),
            summary=self.summary.data,
            absence=Absence(self.absence.data) if self.absence.data else None,
            absence_reason=self.absence_reason.data,
            concern=self.concern.data,
        )


class SlotForm(Form):
    """When and how a session is held."""

    starts_at = DateTimePartsField(_l("Date and time"), [InputRequired()])
    minutes = NumberField(_l("Minutes"), [InputRequired()], default=60)
    form = RadioField(_l("How"), choices=SessionForm.choices, default=SessionForm.IN_PERSON, name="way")
    place = LineField(_l("Place or number to call"), [at_most(SHORT)])
    group = BooleanField(_l("A group session"))

    def slot(self) -> Slot:
        """The time and the way."""
        assert self.starts_at.data is not None
        assert self.minutes.data is not None
        return Slot(
            self.starts_at.data,
            self.minutes.data,
            SessionForm(self.form.data),
            self.place.data,
            bool(self.group.data),
        )


class PlanForm(SlotForm, OutcomeForm):
    """A new session; one that was held already says at once how it went."""

    attendance = RadioField(_l("Did the person come?"), [Optional()], choices=Attendance.choices)
    id = RowIdField()


class RescheduleForm(SlotForm):
    """Another time for a session."""

    asked_by = RadioField(_l("Who asked for another time?"), [InputRequired()], choices=Asker.choices)
    reason = LineField(_l("Why?"), [InputRequired(), at_most(SHORT)])


class CallOffForm(Form):
    """A session that will not take place."""

    asked_by = RadioField(_l("Who asked to call it off?"), [InputRequired()], choices=Asker.choices)
    reason = LineField(_l("Why?"), [InputRequired(), at_most(SHORT)])


class ReportForm(Form):
    """The end report; `report_form` adds two fields for each desired outcome."""

    codes: tuple[str, ...] = ()

    text = WordsField(_l("What was done, and where the person stands now"), [InputRequired(), at_most(LONG)])
    next_steps = WordsField(_l("What should come next"), [at_most(WORDS)])
    version = VersionField()

    def pairs(self) -> list[tuple[Field, Field]]:
        """For each desired outcome how far it was reached, and the words to it."""
        return [(self._fields[f"achieved_{code}"], self._fields[f"words_{code}"]) for code in self.codes]

    def findings(self) -> Findings:
        """What the report says."""
        assert self.text.data is not None
        said = zip(self.codes, self.pairs(), strict=True)
        outcomes = {code: (Achievement(achieved.data), words.data) for code, (achieved, words) in said}
        return Findings(outcomes, self.text.data, self.next_steps.data)


class EndEarlyForm(Form):
    """Ending before the goal while no session was attended: a reason is enough."""

    reason = WordsField(_l("Why does the help end now?"), [InputRequired(), at_most(WORDS)])
    version = VersionField()


class EarlyReportForm(ReportForm):
    """Ending before the goal after a session was attended: the reason and the end report."""

    reason = WordsField(_l("Why does the help end now?"), [InputRequired(), at_most(WORDS)])


def report_form(base: type[ReportForm], outcomes: Iterable[tuple[str, str]]) -> type[ReportForm]:
    """The report form for these desired outcomes, pairs of code and name."""
    wanted = list(outcomes)
    fields: dict[str, Any] = {"codes": tuple(code for code, _name in wanted)}
    for code, name in wanted:
        fields[f"achieved_{code}"] = RadioField(
            name, [InputRequired(_l("Say how far it was reached."))], choices=Achievement.choices
        )
        fields[f"words_{code}"] = WordsField(_("In words: %(outcome)s", outcome=name), [at_most(WORDS)])
    return type(base.__name__, (base,), fields)


class MessageForm(Form):
    """A message to the other side."""

    message = WordsField(_l("Message"), [InputRequired(), at_most(WORDS)])
    message_id = RowIdField()


class NoteForm(Form):
    """A note that stays with the receiver."""

    note = WordsField(_l("Note"), [InputRequired(), at_most(LONG)])
    note_id = RowIdField()
