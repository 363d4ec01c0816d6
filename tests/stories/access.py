"""Files that are closed to some: restricted to a list, or with somebody excluded."""

import uuid
from collections.abc import Iterable

from sqlalchemy import select

from caseflow.accounts.models import User
from caseflow.core.db import db
from caseflow.people import actions
from caseflow.people import queries as cases
from caseflow.people.models import ExclusionGround
from tests.cast import Cast


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
