"""Files that are closed to some: restricted to a list, or with somebody excluded."""

import uuid
from collections.abc import Iterable

from sqlalchemy import select

from caseflow.accounts import actions as accounts
from caseflow.accounts.models import User
from caseflow.accounts.permissions import Role
from caseflow.core.db import db
from caseflow.people import actions
from caseflow.people import queries as cases
from caseflow.people.models import ExclusionGround
from caseflow.referrals.actions import access as receiving
from caseflow.referrals.queries import shared
from tests.cast import PASSWORD, Cast, settle_in


def colleague(cast: Cast, name: str) -> uuid.UUID:
    """The id of somebody of the cast."""
    with cast.acting(name) as user:
        return user.id


def restricted(cast: Cast, case_id: uuid.UUID, *names: str, by: str = "leader") -> None:
    """Restrict a case to whoever works on it, the leader, and these."""
    ids = [colleague(cast, name) for name in names]
    with cast.acting(by) as user:
        actions.restrict(cases.opened(case_id, user), _users(user, ids), "A witness in another trial", by=user)


def excluded(cast: Cast, case_id: uuid.UUID, name: str, *, by: str = "leader") -> None:
    """Exclude somebody from a case."""
    other_id = colleague(cast, name)
    with cast.acting(by) as user:
        [other] = _users(user, [other_id])
        actions.exclude(cases.opened(case_id, user), other, ExclusionGround.RELATIVE, "A cousin", by=user)


def _users(user: User, ids: Iterable[uuid.UUID]) -> list[User]:
    return list(db.session.scalars(select(User).where(User.org_id == user.org_id, User.id.in_(list(ids)))).unique())


def hired(cast: Cast, name: str, role: Role, *, by: str = "kamqor_admin") -> None:
    """A further colleague, whom `cast.be(name)` signs in."""
    with cast.acting(by) as admin:
        user, _link = accounts.add_user(
            name=f"Colleague {name}",
            email=f"{name}@example.org",
            role=role,
            site_id=None,
            password=PASSWORD,
            by=admin,
        )
        settle_in(user)


def referral_restricted(cast: Cast, referral_id: uuid.UUID, *names: str, by: str = "coordinator") -> None:
    """Restrict a received referral to whoever helps with it, who restricts it, and these."""
    ids = [colleague(cast, name) for name in names]
    with cast.acting(by) as user:
        receiving.restrict(shared.received(referral_id, user), _users(user, ids), "The family is known here", by=user)


def referral_excluded(cast: Cast, referral_id: uuid.UUID, name: str, *, by: str = "coordinator") -> None:
    """Exclude somebody of the receiver from a referral."""
    other_id = colleague(cast, name)
    with cast.acting(by) as user:
        [other] = _users(user, [other_id])
        receiving.exclude(shared.received(referral_id, user), other, ExclusionGround.RELATIVE, "A sister", by=user)
