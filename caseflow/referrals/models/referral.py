"""Referral and its packets: rows of two organisations, the sender (`org_id`) and the receiver (`to_org_id`).

What was sent is never rewritten: the application's role may insert these rows and update only their status columns.
"""

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKeyConstraint,
    Index,
    UniqueConstraint,
    and_,
    text,
)
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from caseflow.accounts.models import User
from caseflow.core.db import Coded, Leavable, Model, Owned, belongs_to, one_of
from caseflow.core.sealing import Sealed, SealedJSON
from caseflow.directory.models import Service
from caseflow.people.models import Category
from caseflow.referrals.models.codes import (
    Absence,
    Achievement,
    Asker,
    Attendance,
    Location,
    SessionForm,
    Status,
    Urgency,
)
from caseflow.tenancy.models import Organisation, ReferralKind

# Texts of a row that hangs on a referral go under the key that the writing side has for the referral.
OF_REFERRAL = ("referral_id", "referrals")


def _of_referral() -> ForeignKeyConstraint:
    """Ties a packet to a referral of the same two organisations."""
    return ForeignKeyConstraint(
        ["org_id", "referral_id", "to_org_id"], ["referrals.org_id", "referrals.id", "referrals.to_org_id"]
    )


class Referral(Leavable, Model):
    """A request to a service to help a person; both sides read this row.

    It holds nothing of the person: all that is told of them, the reason and the kind's details included, is a
    Disclosure, so that withdrawing the consent closes everything at once.
    """

    __tablename__ = "referrals"
    __noun__ = "referral"
    __table_args__ = (
        ForeignKeyConstraint(["to_org_id", "service_id"], ["services.org_id", "services.id"]),
        UniqueConstraint("org_id", "id", "to_org_id"),
        UniqueConstraint("to_org_id", "id"),
        CheckConstraint("org_id <> to_org_id", name="two_sides"),
        one_of("kind", ReferralKind),
        one_of("urgency", Urgency),
        one_of("location", Location),
        one_of("status", Status),
        Index("ix_referrals_inbox", "to_org_id", "status", "answer_by"),
        Index("ix_referrals_sent", "org_id", "status", "sent_at"),
    )

    kind: Mapped[ReferralKind] = mapped_column(Coded(ReferralKind))
    service_id: Mapped[uuid.UUID]
    sender_name: Mapped[str]  # the main contact, as it stood when sent
    sender_contact: Mapped[str | None]
    urgency: Mapped[Urgency] = mapped_column(Coded(Urgency))
    outcomes: Mapped[list[str]]
    location: Mapped[Location] = mapped_column(Coded(Location))
    site: Mapped[str | None]  # the site's name as it stood when sent
    complete_by: Mapped[date | None]
    previous_id: Mapped[uuid.UUID | None]
    sent_at: Mapped[datetime]
    # What may change after sending, and by whom: codes.MOVES.
    status: Mapped[Status] = mapped_column(Coded(Status), default=Status.SENT)
    status_at: Mapped[datetime]
    answer_by: Mapped[date]
    first_session_by: Mapped[date | None]
    report_by: Mapped[date | None]
    version: Mapped[int] = mapped_column(default=1)
    overdue_told: Mapped[str | None]  # which deadline was last told as overdue; only tell_overdue() writes it
    # The receiver that has erased what it held of this, and when; only erase_received() writes them.
    former_org_id: Mapped[uuid.UUID | None]
    receiver_erased_at: Mapped[datetime | None]

    sender: Mapped[Organisation] = relationship(viewonly=True, foreign_keys="Referral.org_id")
    receiver_now: Mapped[Organisation | None] = relationship(viewonly=True, foreign_keys="Referral.to_org_id")
    receiver_before: Mapped[Organisation | None] = relationship(
        viewonly=True, primaryjoin="foreign(Referral.former_org_id) == Organisation.id"
    )
    service_now: Mapped[Service | None] = relationship(
        viewonly=True,
        primaryjoin="and_(Referral.to_org_id == Service.org_id, foreign(Referral.service_id) == Service.id)",
    )
    service_before: Mapped[Service | None] = relationship(
        viewonly=True,
        primaryjoin="and_(Referral.former_org_id == Service.org_id, foreign(Referral.service_id) == Service.id)",
    )

    __mapper_args__ = {"version_id_col": version}

    @property
    def receiver(self) -> Organisation:
        """The organisation to which it was sent, also when that has erased its side."""
        found = self.receiver_now or self.receiver_before
        assert found is not None  # one of the two: erase_received() moves it
        return found

    @property
    def service(self) -> Service:
        """The service to which it was sent, likewise."""
        found = self.service_now or self.service_before
        assert found is not None
        return found


class Event(Leavable, Model):
    """A move of a referral: who moved it, from what to what, and why; both sides read it. Insert-only."""

    __packet__ = OF_REFERRAL
    __writer__ = "actor_org_id"
    __tablename__ = "referral_events"
    __table_args__ = (
        _of_referral(),
        one_of("before", Status),
        one_of("status", Status),
        CheckConstraint("actor_org_id IN (org_id, to_org_id)", name="actor"),
        Index("ix_referral_events_sender", "org_id", "referral_id", "created_at"),
        Index("ix_referral_events_receiver", "to_org_id", "referral_id", "created_at"),
    )

    referral_id: Mapped[uuid.UUID]
    actor_org_id: Mapped[uuid.UUID]
    actor_name: Mapped[str]
    before: Mapped[Status | None] = mapped_column(Coded(Status))
    status: Mapped[Status] = mapped_column(Coded(Status))
    reason: Mapped[str | None]  # a code of DeclineReason or WithdrawReason
    text: Mapped[str | None] = mapped_column(Sealed())
    suggested_service_id: Mapped[uuid.UUID | None]


class Disclosure(Leavable, Model):
    """What was told, of one category; the receiver reads it while it is live. Withdrawing is one UPDATE."""

    __packet__ = OF_REFERRAL
    __writer__ = "org_id"
    __told__ = (("language", "content", lambda content: content.get("language")),)
    __tablename__ = "disclosures"
    __table_args__ = (
        _of_referral(),
        belongs_to("consent_id", "consents"),
        belongs_to("approved_by", "users"),
        one_of("category", Category),
        UniqueConstraint("org_id", "referral_id", "category"),
        Index("ix_disclosures_receiver", "to_org_id", "referral_id"),
        Index("ix_disclosures_consent", "org_id", "consent_id"),
        CheckConstraint("consent_id IS NOT NULL OR legal_basis IS NOT NULL", name="ground"),
    )

    referral_id: Mapped[uuid.UUID]
    category: Mapped[Category] = mapped_column(Coded(Category))
    content: Mapped[dict[str, Any]] = mapped_column(SealedJSON())
    language: Mapped[str | None]  # the language to speak, which the receiver's inbox is filtered by
    consent_id: Mapped[uuid.UUID | None]
    legal_basis: Mapped[str | None] = mapped_column(Sealed())
    approved_by: Mapped[uuid.UUID | None]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class Message(Leavable, Model):
    """A message between the two sides. Insert-only.

    Both may read it; the receiver one of the sender's no longer, once all that was told before has closed
    (migration 0044).
    """

    __packet__ = OF_REFERRAL
    __writer__ = "actor_org_id"
    __tablename__ = "referral_messages"
    __table_args__ = (
        _of_referral(),
        CheckConstraint("actor_org_id IN (org_id, to_org_id)", name="actor"),
        Index("ix_referral_messages_sender", "org_id", "referral_id", "created_at"),
        Index("ix_referral_messages_receiver", "to_org_id", "referral_id", "created_at"),
    )

    referral_id: Mapped[uuid.UUID]
    actor_org_id: Mapped[uuid.UUID]
    actor_name: Mapped[str]
    text: Mapped[str] = mapped_column(Sealed())


class Session(Leavable, Model):
    """A planned or held session; written by the receiver, read by both. Its outcome is recorded once."""

    __packet__ = OF_REFERRAL
    __writer__ = "to_org_id"
    __tablename__ = "referral_sessions"
    __table_args__ = (
        _of_referral(),
        one_of("form", SessionForm),
        one_of("attendance", Attendance),
        one_of("absence", Absence),
        one_of("rescheduled_for", Asker),
        one_of("called_off_for", Asker),
        Index("ix_referral_sessions_sender", "org_id", "referral_id", "starts_at"),
        Index("ix_referral_sessions_receiver", "to_org_id", "referral_id", "starts_at"),
    )

    referral_id: Mapped[uuid.UUID]
    starts_at: Mapped[datetime]
    minutes: Mapped[int]
    form: Mapped[SessionForm] = mapped_column(Coded(SessionForm))
    place: Mapped[str | None] = mapped_column(Sealed())
    group: Mapped[bool] = mapped_column("in_group", default=False)
    planned_by: Mapped[str]
    attendance: Mapped[Attendance | None] = mapped_column(Coded(Attendance))
    absence: Mapped[Absence | None] = mapped_column(Coded(Absence))
    absence_reason: Mapped[str | None] = mapped_column(Sealed())
    summary: Mapped[str | None] = mapped_column(Sealed())
    concern: Mapped[str | None] = mapped_column(Sealed())
    recorded_at: Mapped[datetime | None]
    recorded_by: Mapped[str | None]
    replaced_by_id: Mapped[uuid.UUID | None]  # rescheduled: the old one is kept
    rescheduled_for: Mapped[Asker | None] = mapped_column(Coded(Asker))  # who asked
    rescheduled_reason: Mapped[str | None] = mapped_column(Sealed())
    called_off_at: Mapped[datetime | None]  # will not take place, which is nobody's absence; kept as well
    called_off_by: Mapped[str | None]
    called_off_for: Mapped[Asker | None] = mapped_column(Coded(Asker))
    called_off_reason: Mapped[str | None] = mapped_column(Sealed())

    @hybrid_property
    def standing(self) -> bool:
        """Whether it is still to be held or recorded: neither recorded nor moved nor called off."""
        return self.recorded_at is None and self.replaced_by_id is None and self.called_off_at is None

    @standing.inplace.expression
    @classmethod
    def _standing(cls) -> ColumnElement[bool]:
        return and_(cls.recorded_at.is_(None), cls.replaced_by_id.is_(None), cls.called_off_at.is_(None))


class Report(Leavable, Model):
    """The end report: one for a referral. Insert-only."""

    __packet__ = OF_REFERRAL
    __writer__ = "to_org_id"
    __tablename__ = "referral_reports"
    __table_args__ = (
        _of_referral(),
        UniqueConstraint("org_id", "referral_id"),
        Index("ix_referral_reports_receiver", "to_org_id", "referral_id"),
    )

    referral_id: Mapped[uuid.UUID]
    text: Mapped[str] = mapped_column(Sealed())
    next_steps: Mapped[str | None] = mapped_column(Sealed())
    written_by: Mapped[str]


class Outcome(Leavable, Model):
    """How far one desired outcome was reached, as the end report says. Insert-only."""

    __packet__ = OF_REFERRAL
    __writer__ = "to_org_id"
    __tablename__ = "referral_outcomes"
    __table_args__ = (
        _of_referral(),
        one_of("achievement", Achievement),
        UniqueConstraint("org_id", "referral_id", "outcome"),
        Index("ix_referral_outcomes_receiver", "to_org_id", "referral_id"),
    )

    referral_id: Mapped[uuid.UUID]
    outcome: Mapped[str]  # a code of the kind's list
    achievement: Mapped[Achievement] = mapped_column(Coded(Achievement))
    text: Mapped[str | None] = mapped_column(Sealed())


class Helper(Owned, Model):
    """A worker of the receiver who helps with a referral; `org_id` is the receiver's."""

    __tablename__ = "referral_helpers"
    __table_args__ = (
        ForeignKeyConstraint(["org_id", "referral_id"], ["referrals.to_org_id", "referrals.id"]),
        belongs_to("user_id", "users"),
        Index("ix_referral_helpers_user", "org_id", "user_id", postgresql_where=text("until IS NULL")),
        Index(
            "ux_referral_helpers_live",
            "org_id",
            "referral_id",
            "user_id",
            unique=True,
            postgresql_where=text("until IS NULL"),
        ),
    )

    referral_id: Mapped[uuid.UUID]
    user_id: Mapped[uuid.UUID]
    primary: Mapped[bool] = mapped_column("is_primary", default=False)
    since: Mapped[datetime]
    until: Mapped[datetime | None]

    user: Mapped[User] = relationship(
        viewonly=True, primaryjoin="and_(Helper.org_id == User.org_id, foreign(Helper.user_id) == User.id)"
    )


class HelperNote(Owned, Model):
    """The receiver's own note on a referral; never visible to the sender (legal privilege). Insert-only."""

    __packet__ = OF_REFERRAL
    __writer__ = "org_id"
    __tablename__ = "referral_notes"
    __table_args__ = (
        ForeignKeyConstraint(["org_id", "referral_id"], ["referrals.to_org_id", "referrals.id"]),
        belongs_to("written_by", "users"),
        Index("ix_referral_notes_referral", "org_id", "referral_id"),
    )

    referral_id: Mapped[uuid.UUID]
    text: Mapped[str] = mapped_column(Sealed())
    written_by: Mapped[uuid.UUID]

    author: Mapped[User] = relationship(
        viewonly=True, primaryjoin="and_(HelperNote.org_id == User.org_id, foreign(HelperNote.written_by) == User.id)"
    )
