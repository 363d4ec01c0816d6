"""Notification and the outbox."""

import uuid
from datetime import datetime
from typing import Any

from flask_babel import gettext
from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from caseflow.core.db import Model, Owned, Packet, belongs_to, request_id


class Outgoing(Packet, Model):
    """A fact to be delivered after the commit: written by `org_id`, handled by a job that runs as `to_org_id`.

    `topic` names the handler; `payload` holds ids only. Attempts are counted by the database's `outbox_claim()`.
    """

    __tablename__ = "outbox"
    __audited__ = False
    __table_args__ = (
        Index("ix_outbox_waiting", "created_at", postgresql_where=text("delivered_at IS NULL AND given_up_at IS NULL")),
        Index("ix_outbox_given_up", "given_up_at", postgresql_where=text("given_up_at IS NOT NULL")),
        Index("ix_outbox_receiver", "to_org_id", "id"),
    )

    topic: Mapped[str]
    payload: Mapped[dict[str, Any]] = mapped_column(default=dict)
    author_id: Mapped[uuid.UUID | None]
    attempts: Mapped[int] = mapped_column(default=0)
    claimed_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    given_up_at: Mapped[datetime | None]
    error: Mapped[str | None]
    request_id: Mapped[str | None] = mapped_column(default=request_id)  # so that a job's log lines lead back


class Notification(Owned, Model):
    """A line of news for one user: a message id and its `params`, so that each reads it in their language."""

    __tablename__ = "notifications"
    __audited__ = False
    __table_args__ = (
        belongs_to("user_id", "users"),
        UniqueConstraint("org_id", "user_id", "news_id"),
        Index("ix_notifications_unread", "org_id", "user_id", postgresql_where=text("read_at IS NULL")),
        Index("ix_notifications_newest", "org_id", "user_id", "created_at"),
    )

    user_id: Mapped[uuid.UUID]
    news_id: Mapped[uuid.UUID]  # the outgoing row it came from: told once, however often the job runs
    title: Mapped[str]
    params: Mapped[dict[str, Any]] = mapped_column(default=dict)
    path: Mapped[str]  # where it leads, within caseflow
    urgent: Mapped[bool] = mapped_column(default=False)
    about: Mapped[uuid.UUID | None]  # the case, referral or handover: closed to the user, this line is gone
    read_at: Mapped[datetime | None]

    @property
    def text(self) -> str:
        """The news in the reader's language."""
        return gettext(self.title, **self.params)
