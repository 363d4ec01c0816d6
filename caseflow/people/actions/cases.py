"""A case from its opening to its closing: facts, phases, workers, notes and tasks."""

import uuid
from dataclasses import dataclass, fields
from datetime import date, datetime

from flask_babel import gettext as _
from sqlalchemy import select, true, update

from caseflow.accounts import queries as accounts
from caseflow.accounts.models import User
from caseflow.accounts.permissions import Permission
from caseflow.audit.actions import record
from caseflow.core.db import db, new_id, now
from caseflow.core.errors import Conflict, Refused
from caseflow.core.forms import LONG, check_version
from caseflow.people import queries
from caseflow.people.actions.access import settle_seals
from caseflow.people.actions.once import one_at_a_time, sent_before
from caseflow.people.actions.persons import PersonFields, add_person
from caseflow.people.models import (
    PHASES,
    Assignment,
    AssignmentRole,
    Case,
    CaseOutcome,
    CaseParty,
    LegalStatus,
    Note,
    NoteKind,
    PartyRole,
    Person,
    Phase,
    PhaseChange,
    Stay,
    Task,
    TaskKind,
)
from caseflow.tenancy import queries as tenancy
from caseflow.tenancy.models import OrganisationKind, Site

INTAKE_DAYS = 5  # working days from opening a case to its intake
RETURN_TO_CUSTODY = ((Phase.RELEASED, Phase.DELIVERY), (Phase.POST_RELEASE_SUPPORT, Phase.DELIVERY))


@dataclass(frozen=True, kw_only=True)
class CaseFields:
    """What the register or the worker knows of a case; None is not known."""

    admitted_at: datetime | None = None
    commitment_order: str | None = None
    authority: str | None = None
    legal_status: LegalStatus = LegalStatus.UNKNOWN
    offence_class: str | None = None
    offence_type: str | None = None
    offence_subtype: str | None = None
    sentence_months: int | None = None
    release_on: date | None = None
    release_unknown_reason: str | None = None
    conditional_release_on: date | None = None
    released_on: date | None = None


def open_case(
    *,
    number: str,
    person: PersonFields | Person,
    facts: CaseFields | None = None,
    site: Site | None = None,
    phase: Phase = Phase.INTAKE,
    opened_on: date | None = None,
    worker: User | None = None,
    reason: str | None = None,
    id: uuid.UUID | None = None,
    by: User,
) -> Case:
    """Open a case for a new or a known person, with `worker` (whoever opens it) responsible.

    A prison service needs the commitment order with the admission; refuses a number that another case has.
    """
    if found := sent_before(Case, id, by=by):
        return found
    facts = facts or CaseFields()
    _check_facts(facts, by)
    one_at_a_time("persons", by.org_id)
    if queries.number_taken(number):
        raise Refused(_("Another case has this number."), field="number")
    known = person if isinstance(person, Person) else add_person(person, by=by)
    case = Case(
        org_id=by.org_id,
        id=id or new_id(),
        person_id=known.id,
        number=number,
        phase=phase,
        site_id=None if site is None else site.id,
        opened_on=opened_on or by.organisation.today(),
    )
    _fill(case, facts)
    db.session.add(case)
    db.session.flush()
    began = now()
    db.session.add(
        CaseParty(org_id=case.org_id, case_id=case.id, party_org_id=case.org_id, role=PartyRole.LEAD, since=began)
    )
    db.session.add(PhaseChange(org_id=case.org_id, case_id=case.id, user_id=by.id, phase=phase, reason=reason))
    if site is not None and case.in_custody():
        db.session.add(Stay(org_id=case.org_id, case_id=case.id, site_id=site.id, since=facts.admitted_at or began))
    record("case.open", by=by, on=case, case_id=case.id, phase=phase.value)
    allocate(case, worker or by, by=by)
    if phase is Phase.INTAKE:
        due = tenancy.deadline(by.organisation, INTAKE_DAYS)
        add_task(case, title=TaskKind.INTAKE.value, due_on=due, user=worker or by, kind=TaskKind.INTAKE, by=by)
    settle_seals(case, reason, by=by)
    return case


def change_facts(case: Case, facts: CaseFields, *, version: int | None = None, by: User) -> None:
    """Change the dates, the order and the legal standing; Conflict when somebody else changed them meanwhile."""
    check_version(case, version, **{one.name: getattr(case, one.name) for one in fields(CaseFields)})
    _check_facts(facts, by)
    _fill(case, facts)
    db.session.flush()
    record("case.edit", by=by, on=case, case_id=case.id)


def _check_facts(facts: CaseFields, by: User) -> None:
    prison = by.organisation.kind is OrganisationKind.PRISON_SERVICE
    if prison and facts.admitted_at is not None and not facts.commitment_order:
        raise Refused(_("Nobody is admitted without a valid commitment order: enter it."), field="commitment_order")


def _fill(case: Case, facts: CaseFields) -> None:
    for one in fields(CaseFields):
        setattr(case, one.name, getattr(facts, one.name))


def transfer(case: Case, site: Site, reason: str | None, *, by: User) -> None:
    """Move the person to another site; the case goes on and the stay is kept."""
    _lock(case)
    if case.site_id == site.id:
        raise Refused(_("The person is at this site."), field="site")
    moment = now()
    release_from(case, moment)
    case.site_id = site.id
    if case.in_custody():
        db.session.add(Stay(org_id=case.org_id, case_id=case.id, site_id=site.id, since=moment, reason=reason))
    db.session.flush()
    db.session.expire(case, ["site"])
    record("case.transfer", by=by, on=case, case_id=case.id, site=str(site.id))


def release_from(case: Case, moment: datetime) -> None:
    """End the present stay."""
    mine = (Stay.org_id == case.org_id, Stay.case_id == case.id, Stay.until.is_(None))
    db.session.execute(update(Stay).where(*mine).values(until=moment))


def change_phase(case: Case, phase: Phase, *, reason: str | None = None, by: User) -> None:
    """Move the case on, as the table PHASES allows; a return to custody needs a reason.

    Closing and reopening are acts of their own.
    """
    if phase is Phase.CLOSED or case.phase is Phase.CLOSED or phase not in PHASES[case.phase]:
        raise Refused(
            _("A case does not go from “%(before)s” to “%(after)s”.", before=case.phase.label, after=phase.label),
            field="phase",
        )
    recalled = (case.phase, phase) in RETURN_TO_CUSTODY
    if recalled and not reason:
        raise Refused(_("Say why the person returned to custody."), field="reason")
    if phase is Phase.RELEASED:
        case.released_on = case.released_on or by.organisation.today()
        release_from(case, now())
    if recalled:
        case.released_on = None
        if case.site_id is not None:
            db.session.add(Stay(org_id=case.org_id, case_id=case.id, site_id=case.site_id, since=now(), reason=reason))
    _move(case, phase, reason, by)
    record("case.phase", by=by, on=case, case_id=case.id, phase=phase.value)
    settle_seals(case, reason, by=by)


def close_case(case: Case, outcome: CaseOutcome, note: str | None, *, by: User) -> None:
    """End the work on a case, with how it ended; what was still to be done falls away."""
    if case.phase is Phase.CLOSED:
        raise Conflict(_("This case was closed before."))
    case.outcome, case.closing_note, case.closed_on = outcome, note, by.organisation.today()
    _move(case, Phase.CLOSED, note, by)
    release_from(case, now())
    open_ones = (Task.org_id == case.org_id, Task.case_id == case.id, Task.done_at.is_(None))
    db.session.execute(update(Task).where(*open_ones).values(done_at=now()))
    record("case.close", by=by, on=case, case_id=case.id, outcome=outcome.value)
    settle_seals(case, None, by=by)


def reopen_case(case: Case, phase: Phase, reason: str, *, by: User) -> None:
    """Take up a closed case again, in the phase it fits."""
    if case.phase is not Phase.CLOSED:
        raise Conflict(_("This case is open."))
    if phase not in PHASES[Phase.CLOSED]:
        raise Refused(_("A closed case is not reopened in this phase."), field="phase")
    if not reason:
        raise Refused(_("Say why the case is reopened."), field="reason")
    case.outcome, case.closing_note, case.closed_on = None, None, None
    _move(case, phase, reason, by)
    if case.in_custody() and case.site_id is not None:
        db.session.add(Stay(org_id=case.org_id, case_id=case.id, site_id=case.site_id, since=now(), reason=reason))
    record("case.reopen", by=by, on=case, case_id=case.id, phase=phase.value)
    settle_seals(case, reason, by=by)


def _move(case: Case, phase: Phase, reason: str | None, by: User) -> None:
    change = PhaseChange(
        org_id=case.org_id, case_id=case.id, user_id=by.id, before=case.phase, phase=phase, reason=reason
    )
    db.session.add(change)
    case.phase = phase
    db.session.flush()


def allocate(
    case: Case, worker: User, *, role: AssignmentRole = AssignmentRole.PRIMARY, reason: str | None = None, by: User
) -> None:
    """Give the case to a worker; the one before keeps their place in its history.

    Refuses somebody who may not work on cases, and one person as both responsible worker and co-worker.
    """
    one_at_a_time("persons", case.org_id)  # nobody excludes the worker meanwhile
    _lock(case)
    if worker.org_id != case.org_id or not worker.may(Permission.WORK_ON_CASES):
        raise Refused(_("Choose a colleague who works on cases."), field="worker")
    if accounts.is_closed(case.person_id, worker) or queries.borrows(worker, case):
        raise Refused(_not_theirs(worker), field="worker")
    former = []
    query = select(Assignment).where(Assignment.org_id == case.org_id, Assignment.case_id == case.id)
    for held in db.session.scalars(query.where(Assignment.until.is_(None))):
        if held.user_id == worker.id and held.role is role:
            raise Refused(_("%(name)s has this case already.", name=worker.name), field="worker")
        if held.user_id == worker.id:
            raise Refused(
                _("%(name)s works on this case already. Choose somebody else.", name=worker.name), field="worker"
            )
        if held.role is role:
            held.until, held.ended_reason = now(), reason
            former.append(held.user_id)
    db.session.flush()
    made = Assignment(org_id=case.org_id, case_id=case.id, user_id=worker.id, role=role, since=now(), reason=reason)
    db.session.add(made)
    # What was the former worker's to do is now this worker's; the responsible one gets what is anybody's.
    theirs = Task.user_id.in_(former) if role is AssignmentRole.CO_WORKER else true()
    open_ones = (Task.org_id == case.org_id, Task.case_id == case.id, Task.done_at.is_(None), theirs)
    db.session.execute(update(Task).where(*open_ones).values(user_id=worker.id))
    db.session.flush()
    db.session.expire(case, ["assignments"])
    record("case.allocate", by=by, on=case, case_id=case.id, worker=str(worker.id), role=role.value)


def _not_theirs(user: User) -> str:
    # Why is written where those may read it who decide on it.
    return _("%(name)s may not open this case. See who may open it before you give it.", name=user.name)


def _lock(case: Case) -> None:
    db.session.execute(select(Case.id).where(Case.org_id == case.org_id, Case.id == case.id).with_for_update())


def write_note(
    case: Case,
    *,
    kind: NoteKind,
    text: str,
    occurred_at: datetime | None = None,
    sensitive: bool = False,
    amends: Note | None = None,
    id: uuid.UUID | None = None,
    by: User,
) -> Note:
    """Add a note; nothing is overwritten: an amendment stands beside the first text and its author."""
    if found := sent_before(Note, id, by=by):
        return found
    if not text.strip():
        raise Refused(_("Write the note."), field="text")
    if len(text) > LONG:
        raise Refused(_("The note is longer than %(most)s characters.", most=LONG), field="text")
    moment = now()
    if occurred_at is not None and occurred_at > moment:
        raise Refused(_("A note is about what has happened: the time lies in the future."), field="occurred_at")
    note = Note(
        org_id=case.org_id,
        id=id or new_id(),
        case_id=case.id,
        kind=kind,
        text=text,
        sensitive=sensitive,
        occurred_at=occurred_at or moment,
        written_by=by.id,
        amends_id=None if amends is None else amends.amends_id or amends.id,
    )
    db.session.add(note)
    db.session.flush()
    record("note.write", by=by, on=note, case_id=case.id, kind=kind.value, sensitive=sensitive)
    return note


def add_task(
    case: Case,
    *,
    title: str,
    due_on: date,
    user: User | None = None,
    kind: TaskKind = TaskKind.OWN,
    id: uuid.UUID | None = None,
    by: User,
) -> Task:
    """Set something to be done by a day, by default by the responsible worker."""
    if found := sent_before(Task, id, by=by):
        return found
    doer = user or case.primary_worker or by
    if doer.id not in {by.id, *(one.id for one in queries.doers(case, by))}:
        raise Refused(_not_theirs(doer), field="user")
    task = Task(
        org_id=case.org_id, id=id or new_id(), case_id=case.id, user_id=doer.id, kind=kind, title=title, due_on=due_on
    )
    db.session.add(task)
    db.session.flush()
    record("task.add", by=by, on=task, case_id=case.id, kind=kind.value)
    return task


def finish_task(task: Task, *, by: User) -> None:
    """The task is done; finishing it twice changes nothing."""
    if task.done_at is None:
        task.done_at = now()
        db.session.flush()
        record("task.finish", by=by, on=task, case_id=task.case_id)
