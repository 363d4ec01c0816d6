"""Entry, the seals that chain them, the heads that are told outside, the checks and the reviews."""

import uuid
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import BigInteger, FetchedValue, Index, LargeBinary, UniqueConstraint, Uuid
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, deferred, mapped_column

from caseflow.core.db import Coded, Model, Owned, Packet, belongs_to, one_of
from caseflow.core.i18n import Labelled


class Entry(Owned, Model):
    """Who (user), when (created_at), what (`referral.accept`), about which row, and details without narrative text.

    `about` holds the ids of all files that the act touched or showed, so that one index answers "who saw this person".
    `xact` is the transaction that wrote it, set by the database and not by us: entries are sealed in its order.
    """

    __tablename__ = "audit_entries"
    __audited__ = False
    __table_args__ = (
        belongs_to("user_id", "users"),
        Index("ix_audit_entries_newest", "org_id", "created_at"),
        Index("ix_audit_entries_subject", "org_id", "subject_id", "created_at"),
        Index("ix_audit_entries_user", "org_id", "user_id", "created_at"),
        Index("ix_audit_entries_order", "org_id", "xact", "id"),
        Index("ix_audit_entries_about", "about", postgresql_using="gin"),
    )

    user_id: Mapped[uuid.UUID | None]
    act: Mapped[str]
    subject: Mapped[str | None]  # the table of the row that the act is about
    subject_id: Mapped[uuid.UUID | None]
    case_id: Mapped[uuid.UUID | None]
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
    request_id: Mapped[str | None]
    about: Mapped[list[uuid.UUID]] = mapped_column(ARRAY(Uuid), default=list)
    xact: Mapped[int] = mapped_column(BigInteger, server_default=FetchedValue())

    __mapper_args__ = {"eager_defaults": False}


class Seal(Owned, Model):
    """A batch of entries, hashed together with the seal before: what it covers cannot change unseen.

    `leaves` holds 48 bytes for each entry in order, its id and the SHA-256 of its canonical form (`audit.sealing`), so
    that a check can name the entry that was changed, removed, inserted or moved.
    """

    __tablename__ = "audit_seals"
    __audited__ = False
    __table_args__ = (UniqueConstraint("org_id", "number"),)

    number: Mapped[int]  # 1, 2, 3 … within the organisation
    entries: Mapped[int]
    first_id: Mapped[uuid.UUID]
    last_id: Mapped[uuid.UUID]
    last_xact: Mapped[int] = mapped_column(BigInteger)
    leaves: Mapped[bytes] = deferred(mapped_column(LargeBinary, nullable=False))
    previous: Mapped[bytes] = mapped_column(LargeBinary)  # hash of the seal before; 32 zero bytes for the first
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class Head(Packet, Model):
    """A seal's hash as told to an oversight body, which can keep it where nobody of this installation reaches it."""

    __tablename__ = "audit_heads"
    __audited__ = False
    __table_args__ = (Index("ix_audit_heads_told", "to_org_id", "created_at"),)

    number: Mapped[int]
    total: Mapped[int]  # entries sealed so far
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class Check(Owned, Model):
    """That the chain was read from its beginning, and what was found."""

    __tablename__ = "audit_checks"
    __audited__ = False
    __table_args__ = (Index("ix_audit_checks_newest", "org_id", "created_at"),)

    entries: Mapped[int]
    seals: Mapped[int]
    faults: Mapped[int]
    first_fault: Mapped[str | None]  # its code: changed, removed, inserted, reordered, seal_changed, …
    first_id: Mapped[uuid.UUID | None]  # the entry it concerns


class Unusual(Labelled):
    """Kinds of reading that an auditor looks at (`audit.unusual`)."""

    MANY = "many", _l("Many people in an hour")
    ELSEWHERE = "elsewhere", _l("People outside their site")
    STRANGER = "stranger", _l("People they never worked with")
    NAMESAKE = "namesake", _l("People of their own family name")
    RELATIVE = "relative", _l("A colleague's relative")
    NIGHT = "night", _l("Outside working hours")


class Review(Owned, Model):
    """That an auditor looked at a user's unusual reading of one day, and what they found."""

    __tablename__ = "audit_reviews"
    __table_args__ = (
        belongs_to("user_id", "users"),
        belongs_to("reviewed_by", "users"),
        one_of("kind", Unusual),
        UniqueConstraint("org_id", "kind", "user_id", "day"),
    )

    kind: Mapped[Unusual] = mapped_column(Coded(Unusual))
    user_id: Mapped[uuid.UUID]
    day: Mapped[date]
    note: Mapped[str]
    reviewed_by: Mapped[uuid.UUID]
