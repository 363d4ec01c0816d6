"""Conflict: whom a user is related to, or in conflict with, by their own word."""

import uuid
from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from caseflow.accounts.models import User
from caseflow.core.db import Coded, Model, Owned, belongs_to, one_of
from caseflow.people.models.codes import ExclusionGround


class Conflict(Owned, Model):
    """A name that a user declares: seen by them, the team leaders and the auditors; ended, never changed."""

    __tablename__ = "conflicts"
    __table_args__ = (
        belongs_to("user_id", "users"),
        one_of("ground", ExclusionGround),
        Index("ix_conflicts_user", "org_id", "user_id"),
    )

    user_id: Mapped[uuid.UUID]
    name: Mapped[str]  # in full, as it is written
    ground: Mapped[ExclusionGround] = mapped_column(Coded(ExclusionGround))
    ended_at: Mapped[datetime | None]

    user: Mapped[User] = relationship(
        viewonly=True, primaryjoin="and_(Conflict.org_id == User.org_id, foreign(Conflict.user_id) == User.id)"
    )
