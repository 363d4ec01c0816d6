"""Reading the chain from its beginning: what was changed, removed, inserted or moved since it was sealed."""

import hashlib
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import undefer

from caseflow.audit.models import Check, Seal
from caseflow.audit.sealing import BEGINNING, LEAF, NOTHING, Row, entries, leaf, seal_hash
from caseflow.core.db import db

FOREVER = 2**63 - 1


class Wrong(StrEnum):
    """What can be wrong with an entry, a seal, or the chain beside the heads that were told outside."""

    CHANGED = "changed"
    REMOVED = "removed"
    INSERTED = "inserted"
    REORDERED = "reordered"
    SEAL_CHANGED = "seal_changed"
    SEAL_REMOVED = "seal_removed"
    SEAL_INSERTED = "seal_inserted"
    HEAD_DIFFERS = "head_differs"  # the chain was made anew: the seal has another hash than was told outside
    HEAD_MISSING = "head_missing"  # the chain ends before a seal that was told outside


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """Something wrong: at which seal, at which place under it, what, and the entry's id (None for a seal)."""

    seal: int
    place: int
    wrong: Wrong
    entry: uuid.UUID | None = None

    def __str__(self) -> str:
        about = f"entry {self.entry}, " if self.entry else ""
        return f"{self.wrong.value.replace('_', ' ')}: {about}seal {self.seal}"


@dataclass(slots=True)
class Verdict:
    """What a reading of the whole chain found; faults in their order, the first one first."""

    entries: int = 0
    seals: int = 0
    waiting: int = 0  # entries that no seal covers yet
    faults: list[Fault] = field(default_factory=list)

    @property
    def first(self) -> Fault | None:
        """The first bad one."""
        return self.faults[0] if self.faults else None


def verify(org_id: uuid.UUID, heads: Mapping[int, bytes] | None = None) -> Verdict:
    """Read all entries and seals of the organisation; `heads` are hashes by seal number as they were told outside."""
    found = Verdict()
    rows = _Rows(org_id)
    before, number, known = NOTHING, 0, dict(heads or {})
    for seal, leaves in _seals(org_id):
        number += 1
        found.seals += 1
        if seal.number > number:
            found.faults.append(Fault(number, -1, Wrong.SEAL_REMOVED))
        elif seal.number < number:
            found.faults.append(Fault(seal.number, -1, Wrong.SEAL_INSERTED))
        elif seal.previous != before or seal.hash != seal_hash(seal, leaves) or len(leaves) != LEAF * seal.entries:
            found.faults.append(Fault(number, -1, Wrong.SEAL_CHANGED))
        if known.pop(seal.number, seal.hash) != seal.hash:
            found.faults.append(Fault(seal.number, -1, Wrong.HEAD_DIFFERS))
        number, before = seal.number, seal.hash
        held = rows.until((seal.last_xact, seal.last_id))
        found.entries += len(held)
        if b"".join(map(leaf, held)) != leaves:
            found.faults += _differences(seal.number, leaves, held)
    found.faults += [Fault(missing, -1, Wrong.HEAD_MISSING) for missing in known]
    found.waiting = rows.rest()
    found.faults = sorted(_moved(found.faults))
    return found


def remember(org_id: uuid.UUID, verdict: Verdict) -> None:
    """Keep that the chain was read, for the auditor's page."""
    first = verdict.first
    db.session.add(
        Check(
            org_id=org_id,
            entries=verdict.entries,
            seals=verdict.seals,
            faults=len(verdict.faults),
            first_fault=None if first is None else first.wrong.value,
            first_id=None if first is None else first.entry,
        )
    )


class _Rows:
    """The entries in their order, handed out as far as each seal reaches."""

    def __init__(self, org_id: uuid.UUID) -> None:
        self.parts = entries(org_id, BEGINNING, FOREVER)
        self.held: list[Row] = []

    def until(self, end: tuple[int, uuid.UUID]) -> list[Row]:
        while not self.held or self.held[-1][:2] < end:
            part = next(self.parts, None)
            if part is None:
                break
            self.held += part
        count = len(self.held)
        if count and self.held[-1][:2] > end:
            count = next(place for place, row in enumerate(self.held) if row[:2] > end)
        taken, self.held = self.held[:count], self.held[count:]
        return taken

    def rest(self) -> int:
        return len(self.held) + sum(len(part) for part in self.parts)


def _seals(org_id: uuid.UUID) -> Iterator[tuple[Seal, bytes]]:
    query = select(Seal).where(Seal.org_id == org_id).order_by(Seal.number, Seal.id).options(undefer(Seal.leaves))
    for seal in db.session.scalars(query.execution_options(yield_per=20)):
        leaves = bytes(seal.leaves)
        yield seal, leaves
        db.session.expunge(seal)


def _differences(number: int, leaves: bytes, held: list[Row]) -> list[Fault]:
    """What differs between a seal and the entries that now stand under it."""
    sealed = {
        uuid.UUID(bytes=leaves[at : at + 16]): (at // LEAF, leaves[at + 16 : at + LEAF])
        for at in range(0, len(leaves) - LEAF + 1, LEAF)
    }
    faults, last = [], -1
    for place, (_xact, entry, canonical) in enumerate(held):
        if entry not in sealed:
            faults.append(Fault(number, place, Wrong.INSERTED, entry))
            continue
        was, digest = sealed[entry]
        if digest != hashlib.sha256(canonical.encode()).digest():
            faults.append(Fault(number, was, Wrong.CHANGED, entry))
        elif was < last:
            faults.append(Fault(number, was, Wrong.REORDERED, entry))
        last = max(last, was)
    here = {row[1] for row in held}
    faults += [
        Fault(number, was, Wrong.REMOVED, entry) for entry, (was, _digest) in sealed.items() if entry not in here
    ]
    return faults


def _moved(faults: list[Fault]) -> list[Fault]:
    """An entry that is missing in one place and too many in another was moved."""
    removed = {fault.entry for fault in faults if fault.wrong is Wrong.REMOVED}
    moved = {fault.entry for fault in faults if fault.wrong is Wrong.INSERTED} & removed
    return [
        Fault(fault.seal, fault.place, Wrong.REORDERED, fault.entry) if fault.entry in moved else fault
        for fault in faults
        if not (fault.entry in moved and fault.wrong is Wrong.INSERTED)
    ]
