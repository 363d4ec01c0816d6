"""Which cases a user sees, and a case's workers, phases, stays and tasks."""

import uuid

from sqlalchemy import ColumnElement, Select, and_, exists, false, or_, select, text, true
from sqlalchemy.orm import joinedload, selectinload
from sqlalchemy.sql.base import ExecutableOption

from caseflow.accounts import queries as accounts
from caseflow.accounts.models import User
from caseflow.accounts.permissions import Permission, Scope
from caseflow.core.db import db, one_or_404, tenant
from caseflow.core.sealing import lookup_hash
from caseflow.people.models import Access, Assignment, AssignmentRole, Case, PhaseChange, Stay, Task
from caseflow.people.queries.access import held_now, named_in
from caseflow.tenancy.models import Site

GUARDED = 100  # restricted files on the leader's page


# Made once: every page of a case asks for it.
_WHOLE: tuple[ExecutableOption, ...] = (
    joinedload(Case.person),
    joinedload(Case.site),
    selectinload(Case.assignments).joinedload(Assignment.user),
)


def visible(user: User) -> Select[Case]:
    """The cases that the user may open, by their role's scope; to be narrowed and ordered further."""
    return select(Case).where(Case.org_id == user.org_id, _in_scope(user))


def openable(user: User) -> Select[Case]:
    """The same and the cases on whose list the user is, or that they opened in an emergency; to be asked for by id."""
    if user.scope in (Scope.ORGANISATION, Scope.NONE):
        return visible(user)
    return select(Case).where(Case.org_id == user.org_id, or_(_in_scope(user), Case.id.in_(named_in(user))))


def _in_scope(user: User) -> ColumnElement[bool]:
    mine = (
        exists()
        .where(
            and_(
                Assignment.org_id == user.org_id,
                Assignment.user_id == user.id,
                Assignment.case_id == Case.id,
                Assignment.until.is_(None),
            )
        )
        .correlate(Case)  # also where the query is joined with assignments
    )
    match user.scope:
        case Scope.ORGANISATION:
            return true()
        case Scope.SITE:
            return or_(Case.site_id == user.site_id, mine)
        case Scope.OWN:
            return mine
    return false()


def opened(case_id: uuid.UUID, user: User) -> Case:
    """A case that the user may open, or 404."""
    return one_or_404(openable(user).where(Case.id == case_id).options(*_WHOLE))


def guarded(user: User) -> list[tuple[Case, list[Access]]]:
    """The user's cases that are restricted or have exclusions, newest first, with what holds now."""
    query = openable(user).where(Case.guarded).options(joinedload(Case.person)).order_by(Case.id.desc()).limit(GUARDED)
    cases = list(db.session.scalars(query).unique())
    held = held_now(user.org_id, [case.person_id for case in cases])
    return [(case, held.get(case.person_id, [])) for case in cases]


def case_of(org_id: uuid.UUID, case_id: uuid.UUID) -> Case:
    """A case of an organisation, for a job that runs as it, or 404."""
    return one_or_404(select(Case).where(Case.org_id == org_id, Case.id == case_id).options(*_WHOLE))


_HELD = text("SELECT number_held(:what, :number, :but)")


def number_taken(number: str, what: str = "case", *, but: uuid.UUID | None = None) -> bool:
    """Whether a case of the organisation has this number, even one that is closed to the user.

    `what` may also be `person` or the kind of an identifier; `but` is a case or a person that does not count.
    """
    # An identifier is found by its hash, or as it stands where it is not sealed yet.
    spellings = [number] if what in ("case", "person") else [lookup_hash(tenant().org_id, number), number]
    return any(db.session.scalar(_HELD, {"what": what, "number": one, "but": but}) for one in spellings)


def co_worker(case: Case) -> User | None:
    """Who works on the case beside the responsible worker."""
    return next((a.user for a in case.assignments if a.role is AssignmentRole.CO_WORKER), None)


def workers(user: User) -> list[User]:
    """The colleagues to whom a case can be given."""
    return accounts.colleagues(user, permission=Permission.WORK_ON_CASES)


def doers(case: Case, user: User) -> list[User]:
    """The colleagues who can be asked to do something in the case: those who may open it."""
    found = [one for one in workers(user) if one.id == user.id or reaches(case, one)]
    return [one for one in found if not accounts.is_closed(case.person_id, one)] if case.guarded else found


def reaches(case: Case, user: User) -> bool:
    """Whether the user's role, site or work leads to the case; not whether its file is closed to them."""
    works = any(held.user_id == user.id and held.until is None for held in case.assignments)
    in_site = user.scope is Scope.SITE and user.site_id == case.site_id
    return works or in_site or user.scope is Scope.ORGANISATION


def assignment_history(case: Case) -> list[Assignment]:
    """Who worked on the case and when, newest first."""
    query = select(Assignment).where(Assignment.org_id == case.org_id, Assignment.case_id == case.id)
    query = query.options(joinedload(Assignment.user)).order_by(Assignment.since.desc(), Assignment.id.desc())
    return list(db.session.scalars(query).unique())


def phase_changes(case: Case) -> list[tuple[PhaseChange, str | None]]:
    """The phases the case went through, newest first, each with the name of who changed it."""
    query = (
        select(PhaseChange, User.name)
        .outerjoin(User, and_(User.org_id == PhaseChange.org_id, User.id == PhaseChange.user_id))
        .where(PhaseChange.org_id == case.org_id, PhaseChange.case_id == case.id)
        .order_by(PhaseChange.created_at.desc(), PhaseChange.id.desc())
    )
    return [(change, name) for change, name in db.session.execute(query)]


def stays(case: Case) -> list[tuple[Stay, str]]:
    """Where the person was held, newest first, each with the site's name."""
    query = (
        select(Stay, Site.name)
        .join(Site, and_(Site.org_id == Stay.org_id, Site.id == Stay.site_id))
        .where(Stay.org_id == case.org_id, Stay.case_id == case.id)
        .order_by(Stay.since.desc(), Stay.id.desc())
    )
    return [(stay, name) for stay, name in db.session.execute(query)]


def tasks(case: Case) -> list[Task]:
    """The tasks of a case: open ones by day, then the finished ones."""
    query = select(Task).where(Task.org_id == case.org_id, Task.case_id == case.id).options(joinedload(Task.user))
    query = query.order_by(Task.done_at.is_not(None), Task.due_on, Task.id)
    return list(db.session.scalars(query).unique())


def open_tasks(case: Case) -> list[Task]:
    """The tasks of a case that are not finished, by day."""
    return [task for task in tasks(case) if task.done_at is None]


def task(task_id: uuid.UUID, user: User) -> Task:
    """A task of a case that the user may open, or 404."""
    found = one_or_404(select(Task).where(Task.org_id == user.org_id, Task.id == task_id))
    opened(found.case_id, user)
    return found
