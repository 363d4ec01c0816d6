"""AccessReview and its lines: insert-only, as they were signed."""

import uuid
from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from caseflow.accounts.models import User
from caseflow.accounts.permissions import Role
from caseflow.core.db import Coded, Model, Owned, belongs_to, one_of
from caseflow.core.i18n import Labelled


class Decision(Labelled):
    """What a review says of an account."""

    KEEP = "keep", _l("Keep")
    CHANGE = "change", _l("Change role or site")
    CLOSE = "close", _l("Close now")


class AccessReview(Owned, Model):
    """A review that a team leader signed; `created_at` is when."""

    __tablename__ = "access_reviews"
    __table_args__ = (belongs_to("signed_by", "users"), Index("ix_access_reviews_newest", "org_id", "created_at"))

    signed_by: Mapped[uuid.UUID]

    signer: Mapped[User] = relationship(
        viewonly=True,
        primaryjoin="and_(AccessReview.org_id == User.org_id, foreign(AccessReview.signed_by) == User.id)",
    )


class AccessReviewLine(Owned, Model):
    """One account as it stood then, and what was decided."""

    __tablename__ = "access_review_lines"
    __table_args__ = (
        belongs_to("review_id", "access_reviews"),
        belongs_to("user_id", "users"),
        UniqueConstraint("org_id", "review_id", "user_id"),
        one_of("decision", Decision),
    )

    review_id: Mapped[uuid.UUID]
    user_id: Mapped[uuid.UUID]
    role: Mapped[str]
    site: Mapped[str | None]
    last_signed_in_at: Mapped[datetime | None]
    second_factor: Mapped[bool]
    decision: Mapped[Decision] = mapped_column(Coded(Decision))
    note: Mapped[str | None]

    user: Mapped[User] = relationship(
        viewonly=True,
        primaryjoin="and_(AccessReviewLine.org_id == User.org_id, foreign(AccessReviewLine.user_id) == User.id)",
    )

    def role_then(self) -> Role:
        """The role that the account had."""
        return Role(self.role)
