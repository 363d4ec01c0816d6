"""Pathway, Handover and what is logged of an incoming party's reading."""

import uuid
from datetime import date, datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from caseflow.accounts.models import User
from caseflow.core.db import Coded, Model, Owned, Packet, belongs_to, one_of
from caseflow.core.i18n import Labelled
from caseflow.core.sealing import Sealed, SealedJSON
from caseflow.people.models import OF_CASE, Case
from caseflow.tenancy.models import Organisation


class PathwayArea(Labelled):
    """The pathways that prepare a release: the seven resettlement pathways of England and Wales."""

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


# Somebody has looked into it, and nothing more is to be arranged; "nothing needed" is an answer.
SETTLED = frozenset({PathwayStatus.SUPPORT_NOT_REQUIRED, PathwayStatus.SUPPORT_DECLINED, PathwayStatus.DONE})


class Pathway(Owned, Model):
    """One pathway of a case."""

    __subject__ = OF_CASE
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
    note: Mapped[str | None] = mapped_column(Sealed())
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


# The steps that are allowed: `actions/moves.py` refuses the others.
MOVES: dict[HandoverStatus, frozenset[HandoverStatus]] = {
    HandoverStatus.INVITED: frozenset({HandoverStatus.PREPARING, HandoverStatus.DECLINED, HandoverStatus.CANCELLED}),
    HandoverStatus.PREPARING: frozenset({HandoverStatus.LED, HandoverStatus.CANCELLED}),
    HandoverStatus.LED: frozenset(),
    HandoverStatus.DECLINED: frozenset(),
    HandoverStatus.CANCELLED: frozenset(),
}

OPEN = frozenset({HandoverStatus.INVITED, HandoverStatus.PREPARING})
ANSWER_DAYS = 30  # an invitation that nobody answered so near the release is late


class Handover(Packet, Model):
    """A packet of two organisations: the one that leads the case, and the one that will.

    While it is open and its dates hold, the incoming party reads the agreed categories live, through the database's
    function `incoming_case()` and in no other way.
    """

    __packet__ = ("id", "handovers")
    __writer__ = "org_id"
    __tablename__ = "handovers"
    __noun__ = "handover"
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
    ground: Mapped[str] = mapped_column(Sealed())  # the consent or the law that allows it, in words
    consent_id: Mapped[uuid.UUID | None]
    release_on: Mapped[date | None]  # as the sender expects it
    released_on: Mapped[date | None]  # as the incoming party saw it, when it took the lead
    opens_on: Mapped[date]
    closes_on: Mapped[date]
    status: Mapped[HandoverStatus] = mapped_column(Coded(HandoverStatus), default=HandoverStatus.INVITED)
    status_at: Mapped[datetime]
    status_by: Mapped[str | None]
    reason: Mapped[str | None] = mapped_column(Sealed())
    met_on: Mapped[date | None]  # when the incoming officer met the person
    version: Mapped[int] = mapped_column(default=1)

    sender: Mapped[Organisation] = relationship(viewonly=True, foreign_keys="Handover.org_id")
    receiver: Mapped[Organisation] = relationship(viewonly=True, foreign_keys="Handover.to_org_id")

    __mapper_args__ = {"version_id_col": version}

    def open(self) -> bool:
        """Whether it is still on its way."""
        return self.status in OPEN

    def late(self, on: date) -> bool:
        """Whether it should have come further by that day; False while the release date is missing."""
        if self.release_on is None or not self.open():
            return False
        margin = ANSWER_DAYS if self.status is HandoverStatus.INVITED else 0
        return self.release_on - timedelta(days=margin) < on

    @property
    def reference(self) -> str:
        """What both sides may call it on the telephone: it names nobody."""
        return f"H-{self.id.hex[-6:].upper()}"


LONG_SENTENCE = 120  # months


def plan_from(release_on: date, sentence_months: int | None) -> date:
    """The day from which a handover is prepared: 8 months before the release, 12 for a long or open sentence."""
    long = sentence_months is None or sentence_months >= LONG_SENTENCE
    return release_on - timedelta(days=365 if long else 243)


class HandoverReading(Packet, Model):
    """That the incoming party read the case; written by `incoming_case()` itself, so that no reading goes unlogged."""

    __tablename__ = "handover_readings"
    __table_args__ = (
        ForeignKeyConstraint(["org_id", "handover_id"], ["handovers.org_id", "handovers.id"]),
        Index("ix_handover_readings_handover", "org_id", "handover_id"),
    )

    handover_id: Mapped[uuid.UUID]
    user_id: Mapped[uuid.UUID | None]
    reader_name: Mapped[str | None]


class Letter(Owned, Model):
    """What the sender writes to the incoming party, under the handover's id; read there through `incoming_case()` only,
    so that it closes with the rest."""

    __subject__ = ("id", "handovers.case_id", "cases.person_id")
    __tablename__ = "handover_letters"
    __table_args__ = (ForeignKeyConstraint(["org_id", "id"], ["handovers.org_id", "handovers.id"]),)

    text: Mapped[str] = mapped_column(Sealed())


class Received(Owned, Model):
    """The incoming side's own row of a handover: who prepares it, and the case it became. Same id as the handover."""

    __subject__ = OF_CASE
    __hashed__ = (("number_hash", "content", lambda content: content["identity"]["number"]),)
    __tablename__ = "handovers_received"
    __table_args__ = (
        ForeignKeyConstraint(["org_id", "id"], ["handovers.to_org_id", "handovers.id"]),
        belongs_to("officer_id", "users"),
        belongs_to("case_id", "cases"),
        Index("ix_handovers_received_case", "org_id", "case_id"),
    )

    officer_id: Mapped[uuid.UUID]
    case_id: Mapped[uuid.UUID | None]
    # What was handed over, as it stood when the lead changed, and a hash of the number by which the sender knows them.
    content: Mapped[dict[str, Any] | None] = mapped_column(SealedJSON())
    number_hash: Mapped[str | None]

    officer: Mapped[User] = relationship(
        viewonly=True, primaryjoin="and_(Received.org_id == User.org_id, foreign(Received.officer_id) == User.id)"
    )
    case: Mapped[Case | None] = relationship(
        viewonly=True, primaryjoin="and_(Received.org_id == Case.org_id, foreign(Received.case_id) == Case.id)"
    )
