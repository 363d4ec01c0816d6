"""Received referrals at their receiver: which fall due, what holds them, and what waits for a second person."""

import uuid
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Date, Select, and_, cast, exists, func, select
from sqlalchemy.orm import joinedload

from caseflow.accounts.models import User
from caseflow.core.db import db, one_or_404
from caseflow.core.paging import Page, paged
from caseflow.referrals import queries as referrals
from caseflow.referrals.models import OPEN, Referral, Status
from caseflow.rights.models import Erasure, ErasureState, ReceivedHold

ENDED = frozenset(Status) - OPEN
# Where an erasure leaves nothing to propose; a refused one may be proposed again.
STANDING = (ErasureState.PROPOSED, ErasureState.APPROVED, ErasureState.DONE)


@dataclass(frozen=True, slots=True)
class Received:
    """A received referral that has ended; `name` is None once what was told of the person is closed."""

    referral: Referral
    name: str | None
    due_on: date


def any_received(user: User) -> bool:
    """Whether the organisation has received a referral that it still holds."""
    return db.session.scalar(select(exists().where(Referral.to_org_id == user.org_id))) or False


def due(user: User, years: int, *, page: int) -> Page[Received]:
    """The ended referrals that were kept for so many years, the longest due first, among those that the user sees."""
    query, due_on = _due(user, years)
    found = paged(query.add_columns(due_on).order_by(due_on, Referral.id), number=page)
    return Page(_named([(row[0], row[1]) for row in found.items], user), found.number, found.size, found.total)


def due_referral(referral_id: uuid.UUID, user: User, years: int) -> date | None:
    """Since when one of them is due; None where it is not, is held, is proposed already or is not the user's to see."""
    query, due_on = _due(user, years)
    return db.session.scalar(query.with_only_columns(due_on).where(Referral.id == referral_id))


def _due(user: User, years: int) -> tuple[Select[Referral], ColumnElement[date]]:
    ended_on = cast(func.timezone(user.organisation.timezone, Referral.status_at), Date)
    due_on = cast(ended_on + func.make_interval(years), Date)
    query = referrals.visible(user).where(
        Referral.status.in_(ENDED),
        due_on <= user.organisation.today(),
        ~exists().where(
            ReceivedHold.org_id == Referral.to_org_id,
            ReceivedHold.referral_id == Referral.id,
            ReceivedHold.ended_at.is_(None),
        ),
        ~exists().where(
            Erasure.org_id == Referral.to_org_id, Erasure.referral_id == Referral.id, Erasure.state.in_(STANDING)
        ),
    )
    return query.options(joinedload(Referral.service_now)), due_on


def proposals(user: User) -> list[tuple[Erasure, Received]]:
    """What waits for a second person, the oldest first, where the user may open the referral."""
    query = waiting(user).options(joinedload(Erasure.proposer), joinedload(Referral.service_now))
    rows = list(db.session.execute(query.order_by(Erasure.created_at, Erasure.id)).unique())
    named = _named([(row[1], row[0].due_on) for row in rows], user)
    return [(row[0], one) for row, one in zip(rows, named, strict=True)]


def waiting(user: User) -> Select[Erasure, Referral]:
    """The same as a query, to be narrowed and ordered further."""
    seen: Any = referrals.visible(user).with_only_columns(Referral.id)
    return (
        select(Erasure, Referral)
        .join(Referral, and_(Referral.to_org_id == Erasure.org_id, Referral.id == Erasure.referral_id))
        .where(Erasure.org_id == user.org_id, Erasure.state == ErasureState.PROPOSED, Referral.id.in_(seen))
    )


def _named(rows: list[tuple[Referral, date]], user: User) -> list[Received]:
    told = referrals.names([referral for referral, _due_on in rows], user)
    return [Received(referral, told.get(referral.id), due_on) for referral, due_on in rows]


def holds(referral: Referral) -> list[ReceivedHold]:
    """What keeps, and kept, a received referral, the newest first."""
    query = _holds(referral).options(joinedload(ReceivedHold.setter)).order_by(ReceivedHold.created_at.desc())
    return list(db.session.scalars(query).unique())


def hold(referral: Referral, id: uuid.UUID) -> ReceivedHold:
    """One of them, or 404."""
    return one_or_404(_holds(referral).where(ReceivedHold.id == id))


def held(org_id: uuid.UUID, referral_id: uuid.UUID) -> bool:
    """Whether something keeps the referral at its receiver now."""
    live = (
        ReceivedHold.org_id == org_id,
        ReceivedHold.referral_id == referral_id,
        ReceivedHold.ended_at.is_(None),
    )
    return db.session.scalar(select(exists().where(*live))) or False


def _holds(referral: Referral) -> Select[ReceivedHold]:
    mine = (ReceivedHold.org_id == referral.to_org_id, ReceivedHold.referral_id == referral.id)
    return select(ReceivedHold).where(*mine)
