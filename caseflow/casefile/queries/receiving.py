"""What waits at a receiving organisation: for its coordinator and for each worker."""

from dataclasses import dataclass

from sqlalchemy import Select, exists, func, select

from caseflow.accounts.models import User
from caseflow.core.db import db
from caseflow.core.formats import day_of
from caseflow.referrals import queries as referrals
from caseflow.referrals.models import RUNNING, UNANSWERED, Helper, Referral
from caseflow.referrals.queries.deadlines import DEADLINE, overdue
from caseflow.referrals.queries.receiving import Line, Waiting

SHOWN = 10  # lines of each list on a home page; the number leads to all


def unanswered_count(user: User) -> int:
    """How many received referrals wait for the organisation's answer; for workers, of those they help with."""
    query = referrals.visible(user).where(Referral.status.in_(UNANSWERED)).with_only_columns(func.count())
    return db.session.scalar(query) or 0


@dataclass(frozen=True, slots=True)
class Desk:
    """A coordinator's home page in numbers and lists."""

    counts: dict[str, int]
    unanswered: list[Line]
    unassigned_total: int
    unassigned: list[Line]
    late: list[Line]
    past_sessions: int


def desk(user: User) -> Desk:
    """Unanswered referrals by deadline, those that nobody helps with yet, and what is overdue."""
    nobody = referrals.visible(user).where(
        Referral.status.in_(RUNNING),
        ~exists().where(Helper.org_id == user.org_id, Helper.referral_id == Referral.id, Helper.until.is_(None)),
    )
    late = referrals.visible(user).where(Referral.status.in_(RUNNING), overdue(user.organisation.today()))
    return Desk(
        counts=referrals.counts(user),
        unanswered=referrals.inbox(user, referrals.Filters(), page=1).items[:SHOWN],
        unassigned_total=db.session.scalar(select(func.count()).select_from(nobody.subquery())) or 0,
        unassigned=_first(nobody, user),
        late=_first(late, user),
        past_sessions=sum(_past(waiting, user) for waiting in referrals.waiting_sessions(user, days=0)),
    )


def _first(query: Select[Referral], user: User) -> list[Line]:
    found = db.session.scalars(query.order_by(DEADLINE.asc().nulls_last(), Referral.id).limit(SHOWN)).unique()
    return referrals.lines(list(found), user)


def _past(waiting: Waiting, user: User) -> bool:
    return day_of(waiting.session.starts_at) <= user.organisation.today()


@dataclass(frozen=True, slots=True)
class Day:
    """A worker's home page: past sessions without an outcome, today's, the coming ones, and their referrals."""

    to_record: list[Waiting]
    today: list[Waiting]
    coming: list[Waiting]
    helped: list[Line]
    helped_total: int


def day(user: User) -> Day:
    """What this worker holds, records and helps with."""
    today = user.organisation.today()
    waiting = referrals.waiting_sessions(user)
    running = referrals.inbox(user, referrals.Filters(status="running"), page=1)
    return Day(
        to_record=[one for one in waiting if day_of(one.session.starts_at) < today],
        today=[one for one in waiting if day_of(one.session.starts_at) == today],
        coming=[one for one in waiting if day_of(one.session.starts_at) > today],
        helped=running.items,
        helped_total=running.total,
    )
