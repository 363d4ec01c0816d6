"""The keys under which texts are sealed: where they lie, how a transaction gets them, how a sealed text looks.

There are two kinds. A person's key lies under the person's id, in the organisation whose person it is. A packet's key
belongs to one side of a packet, a row of two organisations: what a side writes there is sealed under the key of that
side, both sides open it, and either side can destroy its own alone.

A sealed text is `sealed:` and base64 of: a byte for the kind of key, the key's id (16 bytes), a nonce (12), AES-256-GCM
of the text; the organisation of the key's row, the table and the column are bound to it as associated data.
"""

import base64
import binascii
import json
import logging
import os
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import Any, NamedTuple, TypeVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from flask_babel import gettext as _
from sqlalchemy import ARRAY, LargeBinary, Table, Uuid, any_, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column
from uuid_utils.compat import uuid7

from caseflow.core import master_keys
from caseflow.core.errors import Refused

log = logging.getLogger("caseflow.sealing")

PREFIX = "sealed:"
_HEAD = 1 + 16
_NONCE = 12
_TAG = 16


class Kind(IntEnum):
    """Whose key it is: the first byte of a sealed text."""

    PERSON = 1
    PACKET = 2


class KeyName(NamedTuple):
    """Which key sealed a text."""

    kind: Kind
    id: uuid.UUID


@dataclass(slots=True)
class Key:
    """A key as its row holds it, unwrapped when it is first needed; `org_id` is bound to what it seals."""

    name: KeyName
    org_id: uuid.UUID
    wrapped: bytes | None
    about: bytes
    _cipher: AESGCM | None = None

    @property
    def destroyed(self) -> bool:
        """Whether nothing opens what it sealed any more."""
        return self.wrapped is None

    def cipher(self) -> AESGCM:
        """What seals and opens; refuses where the key was destroyed."""
        if self.wrapped is None:
            raise Refused(_("The records of this person were erased: nothing can be written to them."))
        if self._cipher is None:
            self._cipher = AESGCM(master_keys.unseal(self.wrapped, self.about))
        return self._cipher


class PacketRef(NamedTuple):
    """A packet, the way its keys are found: who sent it, who received it, its id."""

    org_id: uuid.UUID
    to_org_id: uuid.UUID
    id: uuid.UUID


class KeyColumns:
    """Columns of a table of keys: a row outlives the records, so that nothing is written under a destroyed key."""

    wrapped: Mapped[bytes | None] = mapped_column(LargeBinary)  # the key, sealed under a master key
    master_id: Mapped[str]
    destroyed_at: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class Store:
    """A table of keys; a wrapped key is bound to these columns of its row, and opens in no other row.

    A receiver that has erased its side leaves the row (`core.db.Leavable`): the key stays bound to it.
    """

    kind: Kind
    table: Table
    bound: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that tell what a row's key is bound to."""
        return (*self.bound, _FORMER) if _FORMER in self.table.columns else self.bound

    def about(self, row: dict[str, Any]) -> bytes:
        """What the row's key is bound to when it is wrapped."""
        return b"".join((row[column] or row[_FORMER]).bytes for column in self.bound)

    def key(self, row: dict[str, Any]) -> Key:
        """The key that a row holds."""
        return Key(KeyName(self.kind, row["id"]), row["org_id"], row["wrapped"], self.about(row))


W = TypeVar("W")  # whose key it is

_BOUND = {
    Kind.PERSON: ("org_id", "id"),
    Kind.PACKET: ("org_id", "id", "to_org_id", "packet_id", "actor_org_id"),
}
_FORMER = "former_org_id"
_stores: dict[Kind, Store] = {}  # core does not know which room keeps them


def keep_keys_in(kind: Kind, model: Any) -> None:
    """Keys of this kind lie in this table."""
    _stores[kind] = Store(kind, model.__table__, _BOUND[kind])


def stores() -> list[Store]:
    """The tables of keys."""
    return [_stores[kind] for kind in Kind]


def store(kind: Kind) -> Store:
    """The table of keys of one kind."""
    return _stores[kind]


def close_text(clear: Any, place: str, key: Key) -> str:
    """A text, or a JSON object, sealed under a key for a place (its table and column)."""
    data = clear.encode() if isinstance(clear, str) else b"\0" + json.dumps(clear).encode()
    head, nonce = bytes([key.name.kind]) + key.name.id.bytes, os.urandom(_NONCE)
    raw = head + nonce + key.cipher().encrypt(nonce, data, _bound(key.org_id, place, head))
    return PREFIX + base64.b64encode(raw).decode()


def open_text(text: str, place: str, key: Key | None) -> Any:
    """A sealed text opened with a key in hand; JSON where it was an object, words where it cannot be opened."""
    if key is None or key.destroyed:
        return _("[erased]")
    raw = base64.b64decode(text[len(PREFIX) :])
    head, nonce, rest = raw[:_HEAD], raw[_HEAD : _HEAD + _NONCE], raw[_HEAD + _NONCE :]
    try:
        clear = key.cipher().decrypt(nonce, rest, _bound(key.org_id, place, head))
    except InvalidTag:
        log.error("a sealed text of %s does not open: it was changed or moved", place)
        return _("[cannot be opened]")
    return json.loads(clear[1:]) if clear[:1] == b"\0" else clear.decode()


def named_in(text: str) -> KeyName | None:
    """The key under which a text is sealed; None where it only looks sealed."""
    try:
        raw = base64.b64decode(text[len(PREFIX) :], validate=True)
        kind = Kind(raw[0])
    except (binascii.Error, ValueError, IndexError):
        return None
    return KeyName(kind, uuid.UUID(bytes=raw[1:_HEAD])) if len(raw) >= _HEAD + _NONCE + _TAG else None


def _bound(org_id: uuid.UUID, place: str, head: bytes) -> bytes:
    return org_id.bytes + place.encode() + head


@dataclass(slots=True)
class Ring:
    """The keys that a transaction has fetched, and which of them are this side's of a packet."""

    keys: dict[KeyName, Key] = field(default_factory=dict)
    mine: dict[PacketRef, KeyName] = field(default_factory=dict)


_RING = "keyring"


def ring(session: Session) -> Ring:
    """The present transaction's keys."""
    held: Ring = session.info.setdefault(_RING, Ring())
    return held


def drop(session: Session) -> None:
    """Keep no key any longer."""
    session.info.pop(_RING, None)


def fetch(session: Session, names: Iterable[KeyName]) -> dict[KeyName, Key]:
    """The keys of these names that there are, fetched once in a transaction: a query for each kind."""
    held = ring(session).keys
    missing = set(names) - held.keys()
    if ids := sorted(name.id for name in missing if name.kind is Kind.PERSON):
        table = _stores[Kind.PERSON].table
        _take(session, Kind.PERSON, table.c.org_id == _org(session), table.c.id == _among(ids))
    if ids := sorted(name.id for name in missing if name.kind is Kind.PACKET):
        # Both sides' keys of the packet at once, since a page mostly shows what both wrote. Row security leaves the
        # keys of packets that this organisation sent or received.
        table, named = _stores[Kind.PACKET].table, _stores[Kind.PACKET].table.alias()
        packets = select(named.c.packet_id).where(named.c.id == _among(ids))
        _take(session, Kind.PACKET, table.c.packet_id.in_(packets))
    return held


def of_persons(session: Session, persons: set[uuid.UUID]) -> dict[uuid.UUID, Key]:
    """Keys to write with: those of these persons, made where there are none; refuses one that was destroyed."""
    names = {person: KeyName(Kind.PERSON, person) for person in persons}
    held = fetch(session, names.values())
    if missing := [person for person, name in sorted(names.items()) if name not in held]:
        org_id = _org(session)
        _make(session, Kind.PERSON, [{"org_id": org_id, "id": person} for person in missing])
        held = fetch(session, names.values())
    return _usable({person: held[name] for person, name in names.items()})


def of_packets(session: Session, packets: set[PacketRef]) -> dict[PacketRef, Key]:
    """The same for packets: the keys of the side that writes, which is the organisation of this transaction."""
    held = ring(session)
    if packets - held.mine.keys():
        _find_mine(session, packets)
    if missing := sorted(packets - held.mine.keys()):
        writer = _org(session)
        rows = [
            {
                "org_id": one.org_id,
                "id": uuid7(),
                "to_org_id": one.to_org_id,
                "packet_id": one.id,
                "actor_org_id": writer,
            }
            for one in missing
        ]
        _make(session, Kind.PACKET, rows)
        _find_mine(session, packets)
    return _usable({one: held.keys[held.mine[one]] for one in packets})


def _usable(keys: dict[W, Key]) -> dict[W, Key]:
    for key in keys.values():
        key.cipher()
    return keys


def _find_mine(session: Session, packets: set[PacketRef]) -> None:
    table, held = _stores[Kind.PACKET].table, ring(session)
    wanted = sorted(one.id for one in packets - held.mine.keys())
    for row in _take(session, Kind.PACKET, table.c.packet_id == _among(wanted), table.c.actor_org_id == _org(session)):
        held.mine[PacketRef(row["org_id"], row["to_org_id"], row["packet_id"])] = KeyName(Kind.PACKET, row["id"])


def _take(session: Session, kind: Kind, *where: Any) -> list[dict[str, Any]]:
    """Put the keys of these rows on the ring."""
    place = _stores[kind]
    columns = [place.table.c[column] for column in (*place.columns, "wrapped")]
    rows = [dict(row._mapping) for row in session.connection().execute(select(*columns).where(*where))]
    held = ring(session).keys
    for row in rows:
        key = place.key(row)
        held.setdefault(key.name, key)
    return rows


def _make(session: Session, kind: Kind, rows: list[dict[str, Any]]) -> None:
    place, master_id = _stores[kind], master_keys.names()[0]
    fresh = [new_key(place, row, master_id)[0] for row in rows]
    # Somebody else may be making the same key: the first one stands, and we read which it is.
    session.connection().execute(insert(place.table).on_conflict_do_nothing(), fresh)


def new_key(place: Store, row: dict[str, Any], master_id: str) -> tuple[dict[str, Any], Key]:
    """A row of the table of keys with a fresh key, wrapped; and the key."""
    fresh = AESGCM.generate_key(256)
    wrapped = master_keys.seal(fresh, place.about(row))
    made = row | {"created_at": datetime.now().astimezone(), "wrapped": wrapped, "master_id": master_id}
    key = place.key(made)
    key._cipher = AESGCM(fresh)
    return made, key


def _org(session: Session) -> uuid.UUID:
    org_id: uuid.UUID = session.info["tenant"].org_id
    return org_id


def _among(ids: list[uuid.UUID]) -> Any:
    return any_(literal(ids, ARRAY(Uuid)))
