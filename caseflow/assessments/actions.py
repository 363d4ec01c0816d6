"""Writing the intake and the needs of a case."""

import uuid
from dataclasses import dataclass, fields

from flask_babel import gettext as _
from sqlalchemy import select

from caseflow.accounts.models import User
from caseflow.assessments import queries
from caseflow.assessments.models import Intake, Need, NeedArea, NeedPriority, NeedStatus
from caseflow.audit.actions import record
from caseflow.core.db import db, new_id, now
from caseflow.core.errors import Conflict, Refused
from caseflow.core.forms import check_version
from caseflow.people import actions as people
from caseflow.people.models import Case, Phase, Task, TaskKind


@dataclass(frozen=True, slots=True)
class IntakeAnswers:
    """What the first conversation holds, as far as it has come."""

    order_seen: bool = False
    rights_explained: bool = False
    family_told: bool = False
    injuries: str | None = None
    urgent_needs: str | None = None
    dependants: str | None = None
    strengths: str | None = None
    own_words: str | None = None

    @classmethod
    def of(cls, intake: Intake) -> "IntakeAnswers":
        """What an intake holds now."""
        return cls(**{name: getattr(intake, name) for name in ANSWERS})


ANSWERS = tuple(field.name for field in fields(IntakeAnswers))


def save_intake(case: Case, answers: IntakeAnswers, *, version: int | None = None, by: User) -> Intake:
    """Keep the intake as it has grown; `version` is that of the row shown, 0 where there was none.

    Sending the same answers twice does nothing the second time. A completed intake is not changed any more.
    """
    _work_on(case)
    intake = queries.intake(case)
    if intake is None:
        intake = Intake(org_id=case.org_id, id=new_id(), case_id=case.id)
        db.session.add(intake)
    elif IntakeAnswers.of(intake) == answers:
        return intake
    elif intake.completed_at is not None:
        raise Conflict(_("This intake is completed and stays as it is. Write what has changed as a note."))
    else:
        check_version(intake, version, **_shown(intake))
    for name in ANSWERS:
        setattr(intake, name, getattr(answers, name))
    db.session.flush()
    record("intake.save", by=by, on=intake, case_id=case.id)
    return intake


def complete_intake(case: Case, answers: IntakeAnswers, *, version: int | None = None, by: User) -> Intake:
    """Close the intake: the case goes on to assessment, and the task of doing the intake is done."""
    intake = save_intake(case, answers, version=version, by=by)
    if intake.completed_at is not None:
        return intake
    if not answers.order_seen:
        raise Refused(
            _("Nobody may be held without a valid order. Look at the commitment order, or save and finish later."),
            field="order_seen",
        )
    intake.completed_at, intake.completed_by = now(), by.id
    db.session.flush()
    record("intake.complete", by=by, on=intake, case_id=case.id)
    open_tasks = select(Task).where(Task.org_id == case.org_id, Task.case_id == case.id, Task.done_at.is_(None))
    for task in db.session.scalars(open_tasks.where(Task.kind == TaskKind.INTAKE)):
        people.finish_task(task, by=by)
    if case.phase is Phase.INTAKE:
        people.change_phase(case, Phase.ASSESSMENT, by=by)
    return intake


def _shown(intake: Intake) -> dict[str, str]:
    yes, no, nothing = _("Yes"), _("No"), _("Nothing recorded")
    texts = {}
    for name in ANSWERS:
        value = getattr(intake, name)
        texts[name] = (yes if value else no) if isinstance(value, bool) else value or nothing
    return texts


def record_need(
    case: Case,
    *,
    area: NeedArea,
    description: str,
    priority: NeedPriority = NeedPriority.SOON,
    id: uuid.UUID | None = None,
    by: User,
) -> Need:
    """Write down a need; with an `id` that is there already nothing is written twice."""
    _work_on(case)
    if found := people.sent_before(Need, id, by=by):
        return found
    return _add(case, Need(area=area, description=description, priority=priority), id, by)


def answer_nothing_needed(case: Case, area: NeedArea, *, note: str | None = None, by: User) -> Need:
    """Record that the person needs nothing in this area; refused while a need is open there."""
    _work_on(case)
    held = next(one for one in queries.areas(case) if one.area is area)
    if held.open_needs:
        raise Refused(_("There is an open need in this area. Say first how it was answered."))
    latest = max(held.needs, key=lambda need: need.status_at or need.created_at, default=None)
    if latest is not None and latest.status is NeedStatus.NOTHING_NEEDED:
        return latest
    need = Need(area=area, description="", priority=NeedPriority.LATER, status=NeedStatus.NOTHING_NEEDED)
    need.status_note, need.status_at, need.status_by = note, now(), by.id
    return _add(case, need, None, by)


def _add(case: Case, need: Need, id: uuid.UUID | None, by: User) -> Need:
    need.org_id, need.id, need.case_id, need.recorded_by = case.org_id, id or new_id(), case.id, by.id
    db.session.add(need)
    db.session.flush()
    record("need.record", by=by, on=need, case_id=case.id, area=need.area.value, status=need.status.value)
    return need


def change_need(
    need: Need, *, area: NeedArea, description: str, priority: NeedPriority, version: int | None = None, by: User
) -> None:
    """Correct what is written about a need, or how soon it wants an answer."""
    _hold(need)
    if (need.area, need.description, need.priority) == (area, description, priority):
        return
    check_version(need, version, area=need.area.label, description=need.description, priority=need.priority.label)
    need.area, need.description, need.priority = area, description, priority
    record("need.change", by=by, on=need, case_id=need.case_id, area=area.value, priority=priority.value)


def set_need_status(
    need: Need, status: NeedStatus, note: str | None = None, *, version: int | None = None, by: User
) -> None:
    """Say how a need was answered, or open it again; doing the same twice changes nothing.

    That the person does not want support, and opening again, are explained with a note.
    """
    _hold(need)
    if (need.status, need.status_note) == (status, note):
        return
    check_version(need, version, standing=need.status.label, note=need.status_note or "")
    if not note and status is NeedStatus.DECLINED:
        raise Refused(_("Write what the person said, so that they can be asked again later."), field="note")
    if not note and status is NeedStatus.OPEN:
        raise Refused(_("Write why this need is open again."), field="note")
    before = need.status
    need.status, need.status_note, need.status_at, need.status_by = status, note, now(), by.id
    record("need.status", by=by, on=need, case_id=need.case_id, before=before.value, status=status.value)


def _work_on(case: Case) -> None:
    """Let one writer at a time into the intake and the needs of a case."""
    if not case.open():
        raise Refused(_("This case is closed. Reopen it to go on working on it."))
    people.one_at_a_time("needs", case.org_id, case.id)


def _hold(need: Need) -> None:
    """Read the need as it stands now, and keep other writers from it until this transaction ends."""
    db.session.refresh(need, with_for_update={"key_share": True})
