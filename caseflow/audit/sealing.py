"""How entries are sealed: their canonical form, their order, and what a seal's hash covers.

**Canonical form** of an entry: the text that PostgreSQL gives for `json_build_array` of, in this order, id, user_id,
created_at in microseconds since 1970, act, subject, subject_id, case_id, detail, request_id, about. Its *leaf* is the
SHA-256 of that text in UTF-8. A batch's leaves are, for each entry in order, the 16 bytes of its id and its leaf.

**Order**: by the number of the transaction that wrote the entry (`xact`, set by the database), then by id. Entries are
sealed only when their transaction is older than every one that still runs: all numbers below the snapshot's xmin belong
to transactions that ended, so no entry can come to stand before one that is sealed, however late its commit.

**Seal**: SHA-256 of a JSON line of the seal's own columns with the hash of the seal before, and the leaves.
"""

import hashlib
import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from sqlalchemy import select, text

from caseflow.audit.models import Seal
from caseflow.core.db import db, now

BATCH = 1000  # entries under one seal
LEAF = 48  # bytes: 16 of the id, 32 of the hash
NOTHING = bytes(32)  # what stands before the first seal
BEGINNING = (-1, uuid.UUID(int=0))
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_CANONICAL = text("""
    SELECT e.xact, e.id, pg_catalog.json_build_array(e.id, e.user_id,
        (extract(epoch FROM e.created_at) * 1000000)::bigint,
        e.act, e.subject, e.subject_id, e.case_id, e.detail, e.request_id, e.about)::text
    FROM public.audit_entries e
    WHERE e.org_id = :org AND (e.xact, e.id) > (:xact, :id) AND e.xact < :horizon
    ORDER BY e.xact, e.id LIMIT :most
""")
_HORIZON = text(
    "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
    " + coalesce(pg_sequence_last_value('public.audit_base'), 0)"
)

Row = tuple[int, uuid.UUID, str]


def horizon() -> int:
    """Every transaction with a smaller number has ended."""
    found: int = db.session.scalar(_HORIZON) or 0
    return found


def entries(
    org_id: uuid.UUID, after: tuple[int, uuid.UUID], until: int, *, most: int | None = None
) -> Iterator[list[Row]]:
    """The entries of an organisation in their order, as (xact, id, canonical form), in parts; not all at once."""
    values = {"org": org_id, "xact": after[0], "id": after[1], "horizon": until, "most": most}
    found = db.session.execute(_CANONICAL, values, execution_options={"yield_per": BATCH})
    for part in found.partitions():
        yield [(row[0], row[1], row[2]) for row in part]


def leaf(row: Row) -> bytes:
    """An entry's id and the hash of its canonical form."""
    return row[1].bytes + hashlib.sha256(row[2].encode()).digest()


def seal_new(org_id: uuid.UUID) -> Seal | None:
    """Seal the next batch of the organisation's entries, in this transaction; None when nothing waits."""
    # Two sealers at once would both take the same number: the second waits, and then finds nothing.
    db.session.execute(
        text("SELECT pg_advisory_xact_lock(hashtext('audit seal'), hashtext(:org))"), {"org": str(org_id)}
    )
    before = newest(org_id)
    after = BEGINNING if before is None else (before.last_xact, before.last_id)
    rows = [row for part in entries(org_id, after, horizon(), most=BATCH) for row in part]
    if not rows:
        return None
    leaves = b"".join(map(leaf, rows))
    seal = Seal(
        org_id=org_id,
        created_at=now(),
        number=1 if before is None else before.number + 1,
        entries=len(rows),
        first_id=rows[0][1],
        last_id=rows[-1][1],
        last_xact=rows[-1][0],
        leaves=leaves,
        previous=NOTHING if before is None else before.hash,
    )
    seal.hash = seal_hash(seal, leaves)
    db.session.add(seal)
    return seal


def newest(org_id: uuid.UUID) -> Seal | None:
    """The head of the organisation's chain."""
    return db.session.scalars(
        select(Seal).where(Seal.org_id == org_id).order_by(Seal.number.desc()).limit(1)
    ).one_or_none()


def seal_hash(seal: Seal, leaves: bytes) -> bytes:
    """What the seal's columns and the leaves under it come to."""
    moment = (seal.created_at - EPOCH) // timedelta(microseconds=1)
    own: list[Any] = [1, str(seal.org_id), seal.number, seal.entries, str(seal.first_id), str(seal.last_id)]
    own += [seal.last_xact, moment, seal.previous.hex()]
    return hashlib.sha256(json.dumps(own, separators=(",", ":")).encode() + b"\n" + leaves).digest()


def rebase(owner_url: str) -> int:
    """Raise `audit_base` so that this server's transactions count on from the newest entry; gives the base.

    A new server's transactions begin at a small number. To be run after a restore, before the application starts; on a
    server whose entries are its own it changes nothing.
    """
    with psycopg.connect(owner_url) as owner:
        row = owner.execute(
            "SELECT setval('audit_base', greatest(coalesce(pg_sequence_last_value('audit_base'), 0),"
            " (SELECT coalesce(max(xact), 0) FROM audit_entries) - pg_current_xact_id()::text::bigint + 1))"
        ).fetchone()
    return int(row[0]) if row else 0
