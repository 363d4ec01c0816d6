"""Access: which of the receiver's users may open a received referral and who may not, beyond what their role reads."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from caseflow.accounts.models import User
from caseflow.core.db import Coded, Model, Owned, belongs_to, one_of
from caseflow.core.sealing import Sealed
from caseflow.people.models import ExclusionGround
from caseflow.referrals.models.codes import ReceiverAccess
from caseflow.referrals.models.referral import OF_REFERRAL


class ReferralAccess(Owned, Model):
    """A decision of the receiver (`org_id`) on one referral; the database's policies read these rows (migration 0026).

    `restricted` closes the referral to all but the `allowed`; `excluded` closes it to one user whatever else holds.
    Being on the list opens nothing that the role does not: a worker sees what they help with.
    """

    __packet__ = OF_REFERRAL
    __writer__ = "org_id"
    __tablename__ = "referral_access"
    __table_args__ = (
        ForeignKeyConstraint(["org_id", "referral_id"], ["referrals.to_org_id", "referrals.id"]),
        belongs_to("user_id", "users"),
        belongs_to("granted_by", "users"),
        belongs_to("ended_by", "users"),
        one_of("kind", ReceiverAccess),
        one_of("ground", ExclusionGround),
        CheckConstraint("kind = 'restricted' OR user_id IS NOT NULL", name="whom"),
        Index("ix_referral_access_referral", "org_id", "referral_id"),
        Index(
            "ix_referral_access_user",
            "org_id",
            "user_id",
            "kind",
            "referral_id",
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index(
            "ix_referral_access_closing",
            "org_id",
            "kind",
            "referral_id",
            postgresql_where=text("kind IN ('restricted', 'excluded') AND ended_at IS NULL"),
        ),
        Index(
            "ux_referral_access_restricted",
            "org_id",
            "referral_id",
            unique=True,
            postgresql_where=text("kind = 'restricted' AND ended_at IS NULL"),
        ),
        Index(
            "ux_referral_access_named",
            "org_id",
            "referral_id",
            "kind",
            "user_id",
            unique=True,
            postgresql_where=text("kind IN ('allowed', 'excluded') AND ended_at IS NULL"),
        ),
    )

    referral_id: Mapped[uuid.UUID]
    kind: Mapped[ReceiverAccess] = mapped_column(Coded(ReceiverAccess))
    user_id: Mapped[uuid.UUID | None]  # none for the restriction itself
    ground: Mapped[ExclusionGround | None] = mapped_column(Coded(ExclusionGround))
    reason: Mapped[str] = mapped_column(Sealed())
    granted_by: Mapped[uuid.UUID]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[uuid.UUID | None]
    ended_reason: Mapped[str | None] = mapped_column(Sealed())

    user: Mapped[User | None] = relationship(
        viewonly=True,
        primaryjoin="and_(ReferralAccess.org_id == User.org_id, foreign(ReferralAccess.user_id) == User.id)",
    )
    giver: Mapped[User] = relationship(
        viewonly=True,
        primaryjoin="and_(ReferralAccess.org_id == User.org_id, foreign(ReferralAccess.granted_by) == User.id)",
    )
