"""Entry: one change or one reading, insert-only for the application's role."""

import uuid
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from caseflow.core.db import Model, Owned, belongs_to


class Entry(Owned, Model):
    """Who (user), when (created_at), what (`referral.accept`), about which row, and details without narrative text."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        belongs_to("user_id", "users"),
        Index("ix_audit_entries_newest", "org_id", "created_at"),
        Index("ix_audit_entries_subject", "org_id", "subject_id", "created_at"),
    )

    user_id: Mapped[uuid.UUID | None]
    act: Mapped[str]
    subject: Mapped[str | None]  # the table of the row that the act is about
    subject_id: Mapped[uuid.UUID | None]
    case_id: Mapped[uuid.UUID | None]
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
    request_id: Mapped[str | None]
