"""What a team leader looks after: cases without a worker, the load of each worker, and what is overdue."""

import uuid
from dataclasses import dataclass, field

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import joinedload

from caseflow.accounts.models import User
from caseflow.casefile.queries.caseload import OPEN, DueFilter, Narrowing, count, narrowed
from caseflow.core.db import db
from caseflow.core.paging import Page, page_of
from caseflow.people.models import Assignment, AssignmentRole, Case, Phase
from caseflow.people.queries import visible, workers
from caseflow.referrals.models import Origin, Referral
from caseflow.referrals.queries import deadlines

SHOWN = 8  # unallocated cases on the home page; the number leads to all


@dataclass(slots=True)
class Load:
    """The open cases of one worker by phase."""

    worker: User
    phases: dict[Phase, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """All open cases."""
        return sum(self.phases.values())


@dataclass(frozen=True, slots=True)
class Leading:
    """The home page of a team leader, in numbers and lists."""

    open_cases: int
    unallocated_total: int
    unallocated: list[Case]
    overdue_cases: int
    overdue_referrals: int
    loads: Page[Load]
    phases: list[Phase]


def leading(user: User, *, page: int) -> Leading:
    """The cases in the leader's scope: unallocated first, then who carries how much, a page of them."""
    unallocated = narrowed(user, Narrowing(unallocated=True))
    unallocated_total = count(unallocated)
    loads = workload(user)
    return Leading(
        open_cases=count(narrowed(user, Narrowing())),
        unallocated_total=unallocated_total,
        unallocated=_newest(unallocated) if unallocated_total else [],
        overdue_cases=count(narrowed(user, Narrowing(due=DueFilter.OVERDUE))),
        overdue_referrals=overdue_referrals(user),
        loads=page_of(loads, number=page),
        phases=[phase for phase in Phase if any(phase in load.phases for load in loads)],
    )


def _newest(query: Select[Case]) -> list[Case]:
    """The cases made last: ids are sorted by time, so the primary key is the order."""
    query = query.options(joinedload(Case.person), joinedload(Case.site)).order_by(Case.id.desc()).limit(SHOWN)
    return list(db.session.scalars(query).unique())


def workload(user: User) -> list[Load]:
    """Every worker who can hold cases, with the open cases in the leader's scope that are theirs, the fullest first."""
    query = (
        visible(user)
        .where(OPEN)
        .join(Assignment, and_(Assignment.org_id == Case.org_id, Assignment.case_id == Case.id))
        .where(Assignment.until.is_(None), Assignment.role == AssignmentRole.PRIMARY)
        .with_only_columns(Assignment.user_id, Case.phase, func.count())
        .group_by(Assignment.user_id, Case.phase)
    )
    held: dict[uuid.UUID, dict[Phase, int]] = {}
    for user_id, phase, number in db.session.execute(query):
        held.setdefault(user_id, {})[phase] = number
    site = user.site_id
    loads = [
        Load(worker, held.get(worker.id, {}))
        for worker in workers(user)
        if worker.id in held or site is None or worker.site_id == site
    ]
    return sorted(loads, key=lambda load: (-load.total, load.worker.name))


def overdue_referrals(user: User) -> int:
    """How many referrals of cases in the user's scope their receivers have left overdue."""
    query = (
        select(func.count())
        .select_from(Referral)
        .join(Origin, and_(Origin.org_id == Referral.org_id, Origin.id == Referral.id))
        .where(
            Referral.org_id == user.org_id,
            Origin.org_id == user.org_id,
            deadlines.overdue(user.organisation.today()),
            Origin.case_id.in_(visible(user).with_only_columns(Case.id)),
        )
    )
    return db.session.scalar(query) or 0
