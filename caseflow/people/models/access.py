"""Access: who may open a person's file and who may not, beyond what their role lets them see."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from caseflow.accounts.models import User
from caseflow.core.db import Coded, Model, Owned, belongs_to, now, one_of
from caseflow.core.sealing import Sealed
from caseflow.people.models.case import Case
from caseflow.people.models.codes import AccessKind, ExclusionGround
from caseflow.people.models.part import OF_PERSON


class Access(Owned, Model):
    """A decision on one person's file; the database's policies read these rows (migration 0015).

    `restricted` closes the file to all but the `allowed` and whoever holds a live `glass` (emergency access);
    `excluded` closes it to one user whatever else holds. `case_id` is the case on whose page it was decided.
    """

    __subject__ = OF_PERSON
    __tablename__ = "case_access"
    __table_args__ = (
        belongs_to("person_id", "persons"),
        belongs_to("case_id", "cases"),
        belongs_to("user_id", "users"),
        belongs_to("granted_by", "users"),
        belongs_to("ended_by", "users"),
        belongs_to("reviewed_by", "users"),
        one_of("kind", AccessKind),
        one_of("ground", ExclusionGround),
        CheckConstraint("kind = 'restricted' OR user_id IS NOT NULL", name="whom"),
        CheckConstraint(
            "kind <> 'glass' OR (until IS NOT NULL AND until <= created_at + interval '4 hours')", name="hours"
        ),
        CheckConstraint("reviewed_at IS NULL OR (kind = 'glass' AND reviewed_by <> user_id)", name="review"),
        Index("ix_case_access_person", "org_id", "person_id"),
        Index(
            "ix_case_access_user",
            "org_id",
            "user_id",
            "kind",
            "person_id",
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index(
            "ix_case_access_closing",
            "org_id",
            "kind",
            "person_id",
            postgresql_where=text("kind IN ('restricted', 'excluded') AND ended_at IS NULL"),
        ),
        Index(
            "ix_case_access_unreviewed",
            "org_id",
            "created_at",
            postgresql_where=text("kind = 'glass' AND reviewed_at IS NULL"),
        ),
        Index(
            "ux_case_access_restricted",
            "org_id",
            "person_id",
            unique=True,
            postgresql_where=text("kind = 'restricted' AND ended_at IS NULL"),
        ),
        Index(
            "ux_case_access_named",
            "org_id",
            "person_id",
            "kind",
            "user_id",
            unique=True,
            postgresql_where=text("kind IN ('allowed', 'excluded') AND ended_at IS NULL"),
        ),
    )

    person_id: Mapped[uuid.UUID]
    case_id: Mapped[uuid.UUID]
    kind: Mapped[AccessKind] = mapped_column(Coded(AccessKind))
    user_id: Mapped[uuid.UUID | None]  # none for the restriction itself
    ground: Mapped[ExclusionGround | None] = mapped_column(Coded(ExclusionGround))
    reason: Mapped[str] = mapped_column(Sealed())
    granted_by: Mapped[uuid.UUID | None]  # none where a seal came by the rule
    until: Mapped[datetime | None]  # of an emergency access, at most four hours after it began
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[uuid.UUID | None]
    ended_reason: Mapped[str | None] = mapped_column(Sealed())
    reviewed_at: Mapped[datetime | None]
    reviewed_by: Mapped[uuid.UUID | None]
    sealed_at: Mapped[datetime | None]  # of a juvenile's file: since when it is sealed (`settle_seals`, migration 0029)
    justified: Mapped[bool | None]
    review: Mapped[str | None] = mapped_column(Sealed())

    user: Mapped[User | None] = relationship(
        viewonly=True, primaryjoin="and_(Access.org_id == User.org_id, foreign(Access.user_id) == User.id)"
    )
    giver: Mapped[User | None] = relationship(
        viewonly=True, primaryjoin="and_(Access.org_id == User.org_id, foreign(Access.granted_by) == User.id)"
    )
    reviewer: Mapped[User | None] = relationship(
        viewonly=True, primaryjoin="and_(Access.org_id == User.org_id, foreign(Access.reviewed_by) == User.id)"
    )
    case: Mapped[Case | None] = relationship(  # none where the file is sealed to who reads this
        viewonly=True, primaryjoin="and_(Access.org_id == Case.org_id, foreign(Access.case_id) == Case.id)"
    )

    def live(self) -> bool:
        """Whether it holds now."""
        return self.ended_at is None and (self.until is None or self.until > now())
