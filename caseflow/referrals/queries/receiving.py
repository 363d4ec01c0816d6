"""The receiver's lists: the inbox, the sessions that wait, what may be suggested, who may help."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import exists, func, or_, select, type_coerce
from sqlalchemy.dialects.postgresql import JSONB

from caseflow.accounts import queries as accounts
from caseflow.accounts.models import User
from caseflow.accounts.permissions import Permission
from caseflow.core.db import db, now
from caseflow.core.paging import Page, paged
from caseflow.directory.models import Service, ServiceStatus
from caseflow.referrals.models import OPEN, RUNNING, UNANSWERED, Disclosure, Helper, Location, Referral, Session, Status
from caseflow.referrals.queries import deadlines
from caseflow.referrals.queries.access import open_to
from caseflow.referrals.queries.shared import count_open, helpers, names, visible
from caseflow.tenancy.models import Organisation, ReferralKind

GROUPS: dict[str, frozenset[Status]] = {
    "unanswered": UNANSWERED,
    "running": RUNNING,
    "ended": frozenset(Status) - OPEN,
    "all": frozenset(Status),
}


@dataclass(frozen=True, slots=True)
class Filters:
    """What the inbox is narrowed to; `status` is a group's name or a status's code."""

    status: str = "unanswered"
    kind: ReferralKind | None = None
    service: uuid.UUID | None = None
    location: Location | None = None
    language: str | None = None
    overdue: bool = False

    def statuses(self) -> frozenset[Status]:
        """The statuses that are shown."""
        return GROUPS[self.status] if self.status in GROUPS else frozenset({Status(self.status)})


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the inbox; `name` is None once the disclosure is closed."""

    referral: Referral
    name: str | None
    deadline: deadlines.Deadline | None


def inbox(user: User, filters: Filters, *, page: int) -> Page[Line]:
    """The received referrals by deadline, those that owe nothing last; 25 a page."""
    query = visible(user).where(Referral.status.in_(filters.statuses()))
    if filters.kind:
        query = query.where(Referral.kind == filters.kind)
    if filters.service:
        query = query.where(Referral.service_id == filters.service)
    if filters.location:
        query = query.where(Referral.location == filters.location)
    if filters.language:
        query = query.where(
            exists().where(
                Disclosure.to_org_id == user.org_id,
                Disclosure.referral_id == Referral.id,
                or_(
                    Disclosure.language == filters.language,
                    # One that is not sealed yet.
                    type_coerce(Disclosure.content, JSONB)["language"].astext == filters.language,
                ),
            )
        )
    if filters.overdue:
        query = query.where(deadlines.overdue(user.organisation.today()))
    order = (deadlines.DEADLINE.asc().nulls_last(), Referral.sent_at.desc(), Referral.id)
    found = paged(query.order_by(*order), number=page)
    return Page(lines(found.items, user), found.number, found.size, found.total)


def lines(referrals: list[Referral], user: User) -> list[Line]:
    """Received referrals with the name that is disclosed and what is due."""
    told, due = names(referrals, user), deadlines.of(referrals)
    return [Line(referral, told.get(referral.id), due.get(referral.id)) for referral in referrals]


def counts(user: User) -> dict[str, int]:
    """How many received referrals are unanswered, running, and overdue."""
    return count_open(
        visible(user),
        unanswered=Referral.status.in_(UNANSWERED),
        running=Referral.status.in_(RUNNING),
        overdue=deadlines.overdue(user.organisation.today()),
    )


def services(user: User) -> list[Service]:
    """The services of the user's own organisation by name."""
    return list(db.session.scalars(select(Service).where(Service.org_id == user.org_id).order_by(Service.name)))


def suggestable(referral: Referral) -> list[Service]:
    """Open services of other organisations in the same country for the same kind of help."""
    query = (
        select(Service)
        .join(Organisation, Organisation.id == Service.org_id)
        .where(
            Service.kind == referral.kind,
            Service.status == ServiceStatus.ACTIVE,
            Service.org_id != referral.to_org_id,
            Organisation.country == referral.receiver.country,
        )
    )
    return list(db.session.scalars(query.order_by(Service.name)).unique())


def possible_helpers(referral: Referral, user: User) -> list[User]:
    """The active colleagues who may hold sessions, and to whom the referral is not closed."""
    return open_to(referral, accounts.colleagues(user, permission=Permission.RECORD_SESSIONS))


@dataclass(frozen=True, slots=True)
class Waiting:
    """A session to be held or recorded, with the name that is disclosed."""

    session: Session
    referral: Referral
    name: str | None

    @property
    def due(self) -> bool:
        """Whether it has begun, so that its outcome is missing."""
        return self.session.starts_at <= now()


def waiting_sessions(user: User, *, days: int = 7) -> list[Waiting]:
    """Sessions without outcome on the referrals that a user sees, past ones and those of the next days, by time."""
    query = (
        select(Session, Referral)
        .join(Referral, (Referral.org_id == Session.org_id) & (Referral.id == Session.referral_id))
        .where(
            Session.to_org_id == user.org_id,
            Session.standing,
            Session.starts_at < now() + timedelta(days=days),
            Referral.status.in_(RUNNING),
            Referral.id.in_(visible(user).with_only_columns(Referral.id)),
        )
        .order_by(Session.starts_at, Session.id)
    )
    rows = [(session, referral) for session, referral in db.session.execute(query)]
    told = names([referral for _session, referral in rows], user)
    return [Waiting(session, referral, told.get(referral.id)) for session, referral in rows]


def clashes(
    referral: Referral, starts_at: datetime, minutes: int, *, besides: Iterable[uuid.UUID] = ()
) -> list[Session]:
    """Other planned sessions of this referral's workers that overlap in time; a group may hold several people."""
    workers = [helper.user_id for helper in helpers(referral)]
    theirs = select(Helper.referral_id).where(
        Helper.org_id == referral.to_org_id, Helper.user_id.in_(workers), Helper.until.is_(None)
    )
    ends_at = starts_at + timedelta(minutes=minutes)
    query = select(Session).where(
        Session.to_org_id == referral.to_org_id,
        Session.referral_id.in_(theirs),
        Session.standing,
        Session.id.not_in(list(besides)),
        Session.starts_at < ends_at,
        Session.starts_at + func.make_interval(0, 0, 0, 0, 0, Session.minutes) > starts_at,
    )
    return list(db.session.scalars(query.order_by(Session.starts_at)))
