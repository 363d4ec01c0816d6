"""Which of the receiver's users may open a received referral."""

import uuid
from collections.abc import Iterable

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from caseflow.accounts import queries as accounts
from caseflow.accounts.models import User
from caseflow.accounts.permissions import Permission
from caseflow.core.db import db, one_or_404
from caseflow.referrals.models import ReceiverAccess, Referral, ReferralAccess


def decisions(referral: Referral) -> list[ReferralAccess]:
    """All that was ever decided on who may open it, newest first."""
    query = _of(referral).order_by(ReferralAccess.created_at.desc(), ReferralAccess.id.desc())
    return list(db.session.scalars(query).unique())


def live_access(referral: Referral, *kinds: ReceiverAccess) -> list[ReferralAccess]:
    """The decisions of these kinds that hold now, oldest first."""
    query = _of(referral).where(ReferralAccess.kind.in_(kinds), ReferralAccess.ended_at.is_(None))
    return list(db.session.scalars(query.order_by(ReferralAccess.created_at, ReferralAccess.id)).unique())


def restriction(referral: Referral) -> ReferralAccess | None:
    """The restriction that holds now, if any."""
    return next(iter(live_access(referral, ReceiverAccess.RESTRICTED)), None)


def decision(referral: Referral, access_id: uuid.UUID) -> ReferralAccess:
    """One decision on the referral, or 404."""
    return one_or_404(_of(referral).where(ReferralAccess.id == access_id))


def readers(user: User) -> list[User]:
    """The active colleagues whose role reads received referrals."""
    return accounts.colleagues(user, permission=Permission.READ_RECEIVED)


def open_to(referral: Referral, users: Iterable[User]) -> list[User]:
    """Those of the users to whom the referral is not closed."""
    held = live_access(referral, *ReceiverAccess)
    barred = {one.user_id for one in held if one.kind is ReceiverAccess.EXCLUDED}
    listed = {one.user_id for one in held if one.kind is ReceiverAccess.ALLOWED}
    restricted = any(one.kind is ReceiverAccess.RESTRICTED for one in held)
    return [user for user in users if user.id not in barred and (not restricted or user.id in listed)]


def _of(referral: Referral) -> Select[ReferralAccess]:
    mine = ReferralAccess.org_id == referral.to_org_id, ReferralAccess.referral_id == referral.id
    return (
        select(ReferralAccess)
        .where(*mine)
        .options(joinedload(ReferralAccess.user), joinedload(ReferralAccess.giver))
        .execution_options(populate_existing=True)
    )
