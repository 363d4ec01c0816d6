"""The reviews of access, and whether one is due."""

import uuid
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from caseflow.access.models import AccessReview, AccessReviewLine, Decision
from caseflow.accounts import queries as accounts
from caseflow.accounts.models import User
from caseflow.accounts.permissions import POWERFUL
from caseflow.core.db import db, now, one_or_404

EVERY = timedelta(days=90)


def reviews(user: User) -> list[AccessReview]:
    """The reviews of the user's organisation, newest first."""
    query = select(AccessReview).where(AccessReview.org_id == user.org_id).options(joinedload(AccessReview.signer))
    return list(db.session.scalars(query.order_by(AccessReview.created_at.desc())).unique())


def review(id: uuid.UUID, user: User) -> AccessReview:
    """A review of the user's organisation, or 404."""
    return one_or_404(
        select(AccessReview)
        .where(AccessReview.org_id == user.org_id, AccessReview.id == id)
        .options(joinedload(AccessReview.signer))
    )


def lines(held: AccessReview) -> list[AccessReviewLine]:
    """The lines of a review, by name."""
    query = select(AccessReviewLine).where(
        AccessReviewLine.org_id == held.org_id, AccessReviewLine.review_id == held.id
    )
    found = db.session.scalars(query.options(joinedload(AccessReviewLine.user))).unique()
    return sorted(found, key=lambda line: line.user.name)


def due_at(user: User) -> datetime:
    """When the next review is due: 90 days after the last or, before the first, after the organisation began."""
    last = db.session.scalar(select(func.max(AccessReview.created_at)).where(AccessReview.org_id == user.org_id))
    return (last or user.organisation.created_at) + EVERY


def overdue(user: User) -> int:
    """1 where the organisation's review is overdue, for a count beside the page."""
    return int(due_at(user) < now())


def to_review(user: User) -> list[tuple[User, bool]]:
    """Every open account but the reviewer's own, and whether it has a second factor."""
    with_factor = accounts.with_factor(user.org_id)
    return [(one, one.id in with_factor) for one in accounts.colleagues(user) if one.id != user.id]


def choices(user: User) -> list[Decision]:
    """What a review may say of an account; of one with power not that it closes.

    Who is reviewed must not be able to close those who look after them, nor a leader who else reviews what they did.
    """
    return [one for one in Decision if one is not Decision.CLOSE or user.role not in POWERFUL]
