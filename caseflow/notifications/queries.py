"""What a user is told."""

import uuid

from sqlalchemy import bindparam, func, select

from caseflow.accounts.models import User
from caseflow.core.db import db, one_or_404
from caseflow.core.paging import Page, paged
from caseflow.notifications.models import Notification


def mine(user: User, *, page: int) -> Page[Notification]:
    """The user's news, newest first."""
    query = select(Notification).where(Notification.org_id == user.org_id, Notification.user_id == user.id)
    return paged(query.order_by(Notification.created_at.desc(), Notification.id.desc()), number=page)


def one(id: uuid.UUID, user: User) -> Notification:
    """One line of the user's news, or 404."""
    return one_or_404(
        select(Notification).where(
            Notification.org_id == user.org_id, Notification.user_id == user.id, Notification.id == id
        )
    )


def unread(user: User) -> int:
    """How many lines the user has not seen."""
    return db.session.scalar(_UNREAD, {"org": user.org_id, "user": user.id}) or 0


# Made once: every page asks for it.
_UNREAD = select(func.count()).where(
    Notification.org_id == bindparam("org"), Notification.user_id == bindparam("user"), Notification.read_at.is_(None)
)
