"""Pathway, Handover and what is logged of an incoming party's reading."""

import uuid
from datetime import date, datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from caseflow.core.db import Coded, Model, Owned, Packet, belongs_to, one_of
from caseflow.core.i18n import Labelled
from caseflow.tenancy.models import Organisation


class PathwayArea(Labelled):
    """The pathways that prepare a release (DOMAIN.md, section 9)."""

    ACCOMMODATION = "accommodation", _l("Accommodation")
    ATTITUDES = "attitudes", _l("Attitudes, thinking and behaviour")
    CHILDREN = "children", _l("Children, families and community")
    DRUGS = "drugs", _l("Drugs and alcohol")
    WORK = "work", _l("Education, skills and work")
    FINANCE = "finance", _l("Finance and identity papers")
    HEALTH = "health", _l("Health")


class PathwayStatus(Labelled):
    """Where a pathway stands."""

    NOT_STARTED = "not_started", _l("Not started")
    IN_PROGRESS = "in_progress", _l("In progress")
    SUPPORT_REQUIRED = "support_required", _l("Support needed")
    SUPPORT_NOT_REQUIRED = "support_not_required", _l("Nothing needed")
    SUPPORT_DECLINED = "support_declined", _l("The person does not want support")
    DONE = "done", _l("Done")


class Pathway(Owned, Model):
    """One pathway of a case."""

    __tablename__ = "pathways"
    __table_args__ = (
        belongs_to("case_id", "cases"),
        UniqueConstraint("org_id", "case_id", "area"),
        one_of("area", PathwayArea),
        one_of("status", PathwayStatus),
    )

    case_id: Mapped[uuid.UUID]
    area: Mapped[PathwayArea] = mapped_column(Coded(PathwayArea))
    status: Mapped[PathwayStatus] = mapped_column(Coded(PathwayStatus), default=PathwayStatus.NOT_STARTED)
    note: Mapped[str | None]
    status_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class HandoverStatus(Labelled):
    """Where a handover stands: the incoming party reads, meets the person, and becomes lead at release."""

    INVITED = "invited", _l("Invited")
    PREPARING = "preparing", _l("Incoming party, preparing")
    LED = "led", _l("Handed over")
    DECLINED = "declined", _l("Declined")
    CANCELLED = "cancelled", _l("Cancelled")


HANDOVER_MOVES: dict[HandoverStatus, frozenset[HandoverStatus]] = {
    HandoverStatus.INVITED: frozenset({HandoverStatus.PREPARING, HandoverStatus.DECLINED, HandoverStatus.CANCELLED}),
    HandoverStatus.PREPARING: frozenset({HandoverStatus.LED, HandoverStatus.CANCELLED}),
    HandoverStatus.LED: frozenset(),
    HandoverStatus.DECLINED: frozenset(),
    HandoverStatus.CANCELLED: frozenset(),
}


class Handover(Packet, Model):
    """A packet of two organisations: the one that leads the case, and the one that will.

    While it is open and its dates hold, the incoming party reads the agreed categories live, through the database's
    function `incoming_case()` and in no other way.
    """

    __tablename__ = "handovers"
    __table_args__ = (
        belongs_to("case_id", "cases"),
        CheckConstraint("org_id <> to_org_id", name="two_sides"),
        one_of("status", HandoverStatus),
        Index("ix_handovers_incoming", "to_org_id", "status", "release_on"),
        Index("ix_handovers_case", "org_id", "case_id"),
        Index(
            "ux_handovers_open",
            "org_id",
            "case_id",
            unique=True,
            postgresql_where=text("status IN ('invited', 'preparing')"),
        ),
        UniqueConstraint("to_org_id", "id"),
        ForeignKeyConstraint(["org_id", "started_by"], ["users.org_id", "users.id"]),
    )

    case_id: Mapped[uuid.UUID]
    started_by: Mapped[uuid.UUID]
    sender_name: Mapped[str]
    categories: Mapped[list[str]]
    ground: Mapped[str]  # the consent or the law that allows it, in words
    consent_id: Mapped[uuid.UUID | None]
    release_on: Mapped[date | None]
    text: Mapped[str | None]  # to the incoming party
    opens_on: Mapped[date]
    closes_on: Mapped[date]
    status: Mapped[HandoverStatus] = mapped_column(Coded(HandoverStatus), default=HandoverStatus.INVITED)
    status_at: Mapped[datetime]
    status_by: Mapped[str | None]
    reason: Mapped[str | None]
    met_on: Mapped[date | None]  # when the incoming officer met the person
    version: Mapped[int] = mapped_column(default=1)

    sender: Mapped[Organisation] = relationship(viewonly=True, foreign_keys="Handover.org_id")
    receiver: Mapped[Organisation] = relationship(viewonly=True, foreign_keys="Handover.to_org_id")

    __mapper_args__ = {"version_id_col": version}


class HandoverReading(Packet, Model):
    """That the incoming party read the case; written by `incoming_case()` itself, so that no reading goes unlogged."""

    __tablename__ = "handover_readings"
    __table_args__ = (
        ForeignKeyConstraint(["org_id", "handover_id"], ["handovers.org_id", "handovers.id"]),
        Index("ix_handover_readings_handover", "org_id", "handover_id"),
    )

    handover_id: Mapped[uuid.UUID]
    user_id: Mapped[uuid.UUID | None]


class Received(Owned, Model):
    """The incoming side's own row of a handover: who prepares it, and the case it became. Same id as the handover."""

    __tablename__ = "handovers_received"
    __table_args__ = (
        ForeignKeyConstraint(["org_id", "id"], ["handovers.to_org_id", "handovers.id"]),
        belongs_to("officer_id", "users"),
        belongs_to("case_id", "cases"),
    )

    officer_id: Mapped[uuid.UUID]
    case_id: Mapped[uuid.UUID | None]
    content: Mapped[dict[str, Any] | None]  # what was handed over, as it stood when the lead changed
