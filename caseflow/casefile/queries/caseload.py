"""The caseload: the cases a user sees, narrowed, sorted and paged, each with what a worker looks for first.

The page's cases come first by one plain query; what belongs to them is then asked for those few ids. So the list costs
the same number of queries, and about the same time, for a hundred cases and for a hundred thousand.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Select, and_, case, exists, func, literal_column, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import joinedload, selectinload

from caseflow.accounts.models import User
from caseflow.core.db import db
from caseflow.core.paging import Page
from caseflow.people.models import Assignment, AssignmentRole, Case, Person, Phase, Task
from caseflow.people.queries import visible

SIZE = 25
SOON = 7  # days

# Written out, so that the planner can prove that the partial index on open cases holds what is asked for.
OPEN: ColumnElement[bool] = literal_column("cases.phase <> 'closed'")


class DueFilter(StrEnum):
    """Cases with a task that is overdue, or due within a week."""

    OVERDUE = "overdue"
    WEEK = "week"


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What of the caseload is asked for; without a phase, the open cases."""

    phase: Phase | None = None
    site: uuid.UUID | None = None
    due: DueFilter | None = None
    worker: uuid.UUID | None = None
    unallocated: bool = False
    mine: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the caseload; `key_date` and `due` are (words, day)."""

    case: Case
    key_date: tuple[str, date] | None = None
    due: tuple[str, date] | None = None
    alerts: list[tuple[str, str]] = field(default_factory=list)  # (words, tone)


SORTS = ("name", "number", "phase", "release")
_PHASE_ORDER = case({phase.value: place for place, phase in enumerate(Phase)}, value=Case.phase)


def caseload(user: User, narrowing: Narrowing, *, sort: str, descending: bool, page: int) -> Page[Row]:
    """One page of 25 cases in the user's scope, with a count that is true."""
    query = narrowed(user, narrowing)
    total = count(query)
    number = max(1, min(page, -(-total // SIZE)))
    query = _sorted(query, sort, descending).limit(SIZE).offset((number - 1) * SIZE)
    query = query.options(
        joinedload(Case.person),
        joinedload(Case.site),
        selectinload(Case.assignments).joinedload(Assignment.user),
    )
    cases = list(db.session.scalars(query).unique())
    return Page(_rows(cases, user), number, SIZE, total)


def count(query: Select[Case]) -> int:
    """How many cases a query finds, without reading them."""
    return db.session.scalar(query.with_only_columns(func.count()).order_by(None)) or 0


def narrowed(user: User, narrowing: Narrowing) -> Select[Case]:
    """The cases in the user's scope that fit."""
    query = visible(user)
    query = query.where(OPEN) if narrowing.phase is None else query.where(Case.phase == narrowing.phase)
    if narrowing.site:
        query = query.where(Case.site_id == narrowing.site)
    if narrowing.due:
        query = query.where(_due(user.organisation.today(), narrowing.due))
    if narrowing.worker:
        query = query.where(works_on(user.org_id, narrowing.worker))
    if narrowing.mine:
        query = query.where(works_on(user.org_id, user.id))
    if narrowing.unallocated:
        query = query.where(~works_on(user.org_id, None))
    return query


def works_on(org_id: uuid.UUID, worker: uuid.UUID | None) -> ColumnElement[bool]:
    """That this worker has the case now; with None, that it has a responsible worker at all."""
    who = Assignment.role == AssignmentRole.PRIMARY if worker is None else Assignment.user_id == worker
    return exists().where(Assignment.org_id == org_id, Assignment.case_id == Case.id, Assignment.until.is_(None), who)


def _due(today: date, due: DueFilter) -> ColumnElement[bool]:
    days = Task.due_on < today if due is DueFilter.OVERDUE else Task.due_on <= today + timedelta(days=SOON)
    if due is DueFilter.WEEK:
        days = and_(days, Task.due_on >= today)
    return exists().where(Task.org_id == Case.org_id, Task.case_id == Case.id, Task.done_at.is_(None), days)


def _sorted(query: Select[Case], sort: str, descending: bool) -> Select[Case]:
    """By one of SORTS; cases that are alike keep one order, so that no page repeats a case."""
    match sort:
        case "name":
            query = query.join(Person, and_(Person.org_id == Case.org_id, Person.id == Case.person_id))
            key: ColumnElement[Any] = Person.name.expression
        case "number":
            key = Case.number.expression
        case "phase":
            key = _PHASE_ORDER
        case _:
            key = Case.release_on.expression
    if descending:
        return query.order_by(key.desc().nulls_last(), Case.id.desc())
    return query.order_by(key, Case.id)


def _rows(cases: list[Case], user: User) -> list[Row]:
    today = user.organisation.today()
    due = _next_tasks(user.org_id, [case.id for case in cases])
    return [Row(case, key_date(case, today), due.get(case.id), alerts(case, today)) for case in cases]


def _next_tasks(org_id: uuid.UUID, case_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, tuple[str, date]]:
    """The first open task of each case: what and by when."""
    query = (
        select(Task)
        .ext(distinct_on(Task.case_id))
        .where(Task.org_id == org_id, Task.case_id.in_(list(case_ids)), Task.done_at.is_(None))
        .order_by(Task.case_id, Task.due_on, Task.id)
    )
    return {task.case_id: (task.label, task.due_on) for task in db.session.scalars(query)}


def key_date(case: Case, today: date) -> tuple[str, date] | None:
    """The next day that matters in the case; the last one where none lies ahead."""
    if case.closed_on:
        return _("Closed"), case.closed_on
    if case.released_on:
        return _("Released"), case.released_on
    days = [(_("Release"), case.release_on), (_("Conditional release"), case.conditional_release_on)]
    known = sorted(((day, words) for words, day in days if day), key=lambda pair: (pair[0] < today, pair[0]))
    return (known[0][1], known[0][0]) if known else None


def alerts(case: Case, today: date) -> list[tuple[str, str]]:
    """What nobody may overlook, as (words, tone)."""
    found = []
    if case.in_custody() and case.release_on and case.release_on < today:
        found.append((_("Release date has passed"), "bad"))
    if case.open() and case.primary_worker is None:
        found.append((_("No responsible worker"), "warn"))
    age = case.person.age(today)
    if age is not None and age < 18:
        found.append((_("Under 18"), "warn"))
    if case.person.interpreter_language:
        found.append((_("Interpreter"), "info"))
    if case.person.accessibility:
        found.append((_("Access needs"), "info"))
    return found
