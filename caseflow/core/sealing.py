"""Texts that are sealed under the key of the person they are about: columns, keys, and when each is used.

A model declares a column as `Sealed` and the way from its row to the person as `__subject__`; after that `note.text`
is read and set as any text. What stands in the database is `sealed:` and base64 of: a version byte, the person's id
(16 bytes), a nonce (12), AES-256-GCM of the text; the organisation, the table and the column are bound to it, so that
nobody can move a text elsewhere. A text without the prefix was written before and is read as it stands; `caseflow
seal-texts` seals it.

Where a value must be found again, `__hashed__` names the column that holds its keyed hash.

A text is opened when it is read, not when its row is: the keys of all persons in sight come with one query, live as
long as the transaction and no longer. When a key is destroyed, what it sealed is gone, in every backup too.
"""

import base64
import binascii
import hashlib
import hmac
import json
import logging
import os
import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import ARRAY, Dialect, LargeBinary, Text, TypeDecorator, Uuid, any_, event, literal, select
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import InstrumentedAttribute, Mapped, Session, SessionTransaction, mapped_column

from caseflow.config import Config
from caseflow.core import master_keys
from caseflow.core.errors import Refused

log = logging.getLogger("caseflow.sealing")

PREFIX = "sealed:"
VERSION = 1
_HEAD = 1 + 16
_NONCE = 12
_TAG = 16
_KEYRING = "keyring"

Key = AESGCM | None  # None: destroyed


class Closed:
    """A sealed text as it came from the database; `place` is its table and column. Printed, it opens itself."""

    __slots__ = ("clear", "place", "text")

    def __init__(self, place: str, text: str, clear: Any = None) -> None:
        self.place = place
        self.text = text
        self.clear = clear

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Closed) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __str__(self) -> str:
        return str(opened(self))


class ClosedObject(Closed):
    """A sealed JSON object; one that cannot be read is empty."""

    __slots__ = ()


class Sealed(TypeDecorator[str]):
    """A text under the person's key; an empty one stays empty, so that SQL may ask whether there is one."""

    impl = Text
    cache_ok = True
    place = ""  # table and column, once the model is made

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """What is stored; refuses a text that nobody sealed, wherever it comes from."""
        if isinstance(value, Closed):
            return value.text
        if value:
            raise TypeError(f"{self.place} is written or compared in clear; only the session seals it")
        return None if value is None else ""

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """The text closed, or as it stands where it is not sealed yet."""
        return Closed(self.place, value) if value is not None and value.startswith(PREFIX) else value


class SealedJSON(TypeDecorator[dict[str, Any]]):
    """A JSON object under the person's key."""

    impl = JSONB
    cache_ok = True
    place = ""

    def process_bind_param(self, value: Any, dialect: Dialect) -> dict[str, Any] | None:
        """What is stored; refuses an object that nobody sealed."""
        if isinstance(value, Closed):
            return {"sealed": value.text}
        if value:
            raise TypeError(f"{self.place} is written or compared in clear; only the session seals it")
        return None if value is None else {}

    def process_result_value(self, value: dict[str, Any] | None, dialect: Dialect) -> Any:
        """The object closed, or as it stands where it is not sealed yet."""
        if value is None or set(value) != {"sealed"} or not str(value["sealed"]).startswith(PREFIX):
            return value
        return ClosedObject(self.place, value["sealed"])


class SubjectKey:
    """Columns of the table of keys: a row's id is that of the person, and a row outlives the person's records."""

    wrapped: Mapped[bytes | None] = mapped_column(LargeBinary)  # the key, sealed under a master key
    master_id: Mapped[str]
    destroyed_at: Mapped[datetime | None]


_store: list[Any] = []  # the table of keys; core does not know which room keeps it
_sealed: dict[type, dict[str, str]] = {}  # the sealed attributes of each model with their table and column


def keep_keys_in(model: Any) -> None:
    """Keys of persons lie in this table."""
    _store[:] = [model.__table__]


def sealed_columns() -> dict[type, dict[str, str]]:
    """The sealed attributes of every model that has some, with their table and column."""
    return dict(_sealed)


def prepare(model: Any) -> None:
    """Let a model's sealed columns know their place, and its attributes open what they hold."""
    found = {}
    for column in model.__table__.columns:
        if isinstance(column.type, Sealed | SealedJSON):
            column.type.place = f"{column.table.name}.{column.name}"
            name = model.__mapper__.get_property_by_column(column).key
            setattr(model, name, _Opening(model.__dict__[name]))
            found[name] = column.type.place
    if found:
        if not hasattr(model, "__subject__"):
            raise TypeError(f"{model.__name__} seals {', '.join(found)} and does not say whose they are")
        _sealed[model] = found


class _Opening:
    """An attribute before which SQLAlchemy's own stands: reading opens, setting leaves the rest to the flush."""

    def __init__(self, held: InstrumentedAttribute[Any]) -> None:
        self.held = held

    def __get__(self, instance: object | None, owner: type) -> Any:
        value = self.held.__get__(instance, owner)
        return opened(value) if isinstance(value, Closed) else value

    def __set__(self, instance: object, value: Any) -> None:
        self.held.__set__(instance, value)

    def __delete__(self, instance: object) -> None:
        self.held.__delete__(instance)


def opened(value: Any) -> Any:
    """What a sealed text says, or words that say why it cannot be read; anything else is given back as it is."""
    if not isinstance(value, Closed):
        return value
    if value.clear is None:
        session = _session()
        subject = subject_of(value.text)
        if subject is None:  # a text that only looks sealed
            return value.text
        key = _keys(session, _in_sight(session) | {subject}).get(subject)
        clear = open_text(value.text, _org(session), value.place, key)
        value.clear = {} if isinstance(value, ClosedObject) and isinstance(clear, str) else clear
    return value.clear


def open_text(text: str, org_id: uuid.UUID, place: str, key: Key) -> Any:
    """A sealed text opened with a key in hand; JSON where it was an object."""
    if key is None:
        return _("[erased]")
    raw = base64.b64decode(text[len(PREFIX) :])
    head, nonce, rest = raw[:_HEAD], raw[_HEAD : _HEAD + _NONCE], raw[_HEAD + _NONCE :]
    try:
        clear = key.decrypt(nonce, rest, _bound(org_id, place, head))
    except InvalidTag:
        log.error("a sealed text of %s does not open: it was changed or moved", place)
        return _("[cannot be opened]")
    return json.loads(clear[1:]) if clear[:1] == b"\0" else clear.decode()


def foreign_key(org_id: uuid.UUID, subject: uuid.UUID, wrapped: bytes | None) -> Key:
    """The key of another organisation's person, where a function of the database gave it."""
    return None if wrapped is None else AESGCM(master_keys.unseal(wrapped, about_key(org_id, subject)))


def open_foreign(value: Any, org_id: uuid.UUID, place: str, key: Key) -> Any:
    """A text of another organisation, as it stands where it is not sealed."""
    sealed = isinstance(value, str) and value.startswith(PREFIX) and subject_of(value)
    return open_text(value, org_id, place, key) if sealed else value


def close_text(clear: Any, subject: uuid.UUID, org_id: uuid.UUID, place: str, key: AESGCM) -> str:
    """A text, or a JSON object, sealed under the subject's key."""
    data = clear.encode() if isinstance(clear, str) else b"\0" + json.dumps(clear).encode()
    head, nonce = bytes([VERSION]) + subject.bytes, os.urandom(_NONCE)
    raw = head + nonce + key.encrypt(nonce, data, _bound(org_id, place, head))
    return PREFIX + base64.b64encode(raw).decode()


def subject_of(text: str) -> uuid.UUID | None:
    """Whose a sealed text is; None where it only looks sealed."""
    try:
        raw = base64.b64decode(text[len(PREFIX) :], validate=True)
    except (binascii.Error, ValueError):
        return None
    whole = raw[:1] == bytes([VERSION]) and len(raw) >= _HEAD + _NONCE + _TAG
    return uuid.UUID(bytes=raw[1:_HEAD]) if whole else None


def _bound(org_id: uuid.UUID, place: str, head: bytes) -> bytes:
    return org_id.bytes + place.encode() + head


def lookup_hash(org_id: uuid.UUID, value: str) -> str:
    """A keyed hash by which a value is found exactly; the same value in another organisation has another."""
    config: Config = current_app.extensions["caseflow"]
    return hmac.digest(config.lookup_key.encode(), org_id.bytes + value.encode(), hashlib.sha256).hex()


def seal_values(values: Iterable[tuple[uuid.UUID, str]], place: str) -> list[str]:
    """Texts of persons (by their ids) sealed for a statement that the session does not write, in the same order."""
    held = list(values)
    session = _session()
    keys = _keys_to_write(session, {subject for subject, _text in held})
    return [close_text(text, subject, _org(session), place, keys[subject]) for subject, text in held]


def destroy_key(subject: uuid.UUID) -> None:
    """Make everything that was sealed under the person's key unreadable, now and for ever."""
    session, table = _session(), _store[0]
    session.flush()
    _keys_to_write(session, {subject})  # a person without a key gets none later
    mine = (table.c.org_id == _org(session), table.c.id == subject)
    session.connection().execute(table.update().where(*mine).values(wrapped=None, destroyed_at=_now()))
    session.info.pop(_KEYRING, None)
    session.expire_all()


def _now() -> datetime:
    return datetime.now().astimezone()


def about_key(org_id: uuid.UUID, subject: uuid.UUID) -> bytes:
    """What a person's key is bound to when it is wrapped."""
    return org_id.bytes + subject.bytes


def _session() -> Session:
    session: Session = current_app.extensions["sqlalchemy"].session()
    return session


def _org(session: Session) -> uuid.UUID:
    org_id: uuid.UUID = session.info["tenant"].org_id
    return org_id


def _in_sight(session: Session) -> set[uuid.UUID]:
    """Whose texts are loaded and closed: their keys are fetched together."""
    found = set()
    for instance in session.identity_map.values():
        for name in _sealed.get(type(instance), ()):
            value = instance.__dict__.get(name)
            if isinstance(value, Closed) and value.clear is None and (subject := subject_of(value.text)):
                found.add(subject)
    return found


def _keys(session: Session, subjects: set[uuid.UUID]) -> dict[uuid.UUID, Key]:
    """The keys of these persons that there are, fetched once in a transaction."""
    ring: dict[uuid.UUID, Key] = session.info.setdefault(_KEYRING, {})
    missing = subjects - ring.keys()
    if missing:
        table, org_id = _store[0], _org(session)
        wanted = table.c.id == any_(literal(sorted(missing), ARRAY(Uuid)))
        query = select(table.c.id, table.c.wrapped).where(table.c.org_id == org_id, wanted)
        for subject, wrapped in session.connection().execute(query):
            opens = None if wrapped is None else AESGCM(master_keys.unseal(wrapped, about_key(org_id, subject)))
            ring[subject] = opens
    return ring


def _keys_to_write(session: Session, subjects: set[uuid.UUID]) -> dict[uuid.UUID, AESGCM]:
    """The keys of these persons, made where there are none; refuses a person whose key was destroyed."""
    ring = _keys(session, subjects)
    if missing := subjects - ring.keys():
        table, org_id = _store[0], _org(session)
        rows = [new_key(org_id, subject, master_keys.names()[0]) for subject in sorted(missing)]
        for row in rows:
            row["wrapped"] = master_keys.seal(row["wrapped"], about_key(org_id, row["id"]))
        # Somebody else may be making the same key: the first one stands, and we read which it is.
        session.connection().execute(insert(table).on_conflict_do_nothing(), rows)
        ring = _keys(session, subjects)
    found = {}
    for subject in subjects:
        key = ring.get(subject)
        if key is None:
            raise Refused(_("The records of this person were erased: nothing can be written to them."))
        found[subject] = key
    return found


def new_key(org_id: uuid.UUID, subject: uuid.UUID, master_id: str) -> dict[str, Any]:
    """A row of the table of keys, with a fresh key that is not wrapped yet."""
    fresh = AESGCM.generate_key(256)
    return {"org_id": org_id, "id": subject, "created_at": _now(), "wrapped": fresh, "master_id": master_id}


@event.listens_for(Session, "before_flush")
def _seal(session: Session, _context: Any, _instances: Any) -> None:
    """Seal what was set: first find out whose it is, then fetch or make the keys at once."""
    waiting = [(instance, name) for instance in {*session.new, *session.dirty} for name in _fresh(instance)]
    if not waiting:
        return
    owners = {id(instance): _subject(session, instance) for instance, _name in waiting}
    keys = _keys_to_write(session, set(owners.values()))
    for instance, name in waiting:
        subject, clear = owners[id(instance)], instance.__dict__[name]
        place = _sealed[type(instance)][name]
        sealed = close_text(clear, subject, instance.org_id, place, keys[subject])
        # Past the instrumentation: it is the same text, and the history already knows that it is new.
        closed = Closed if isinstance(clear, str) else ClosedObject
        instance.__dict__[name] = closed(place, sealed, clear)
        for column, source, said in getattr(instance, "__hashed__", ()):
            if source == name:
                setattr(instance, column, lookup_hash(instance.org_id, said(clear)))


def _fresh(instance: Any) -> Iterator[str]:
    """The attributes that hold a text to be sealed; one that was set to what it says already is put back."""
    state = instance._sa_instance_state
    for name in _sealed.get(type(instance), ()):
        value = instance.__dict__.get(name)
        if not value or isinstance(value, Closed):
            continue
        if state.persistent:
            if name not in state.committed_state:  # written before texts were sealed, and not changed
                continue
            before = state.committed_state[name]
            if isinstance(before, Closed) and opened(before) == value:
                instance.__dict__[name] = before
                continue
        yield name


def _subject(session: Session, instance: Any) -> uuid.UUID:
    """Whose the row is: the model's way to the person, over rows that are mostly loaded or new."""
    first, *hops = type(instance).__subject__
    value, org_id = getattr(instance, first), instance.org_id
    for hop in hops:
        table, column = hop.split(".")
        model = _models()[table]
        new = (one for one in session.new if type(one) is model and (one.org_id, one.id) == (org_id, value))
        row: Any = next(new, None) or session.get_one(model, (org_id, value))
        value = getattr(row, column)
    found: uuid.UUID = value
    return found


@cache
def _models() -> dict[str, Any]:
    registry = next(iter(_sealed)).registry  # type: ignore[attr-defined]  # every one of them is a model
    return {mapper.local_table.name: mapper.class_ for mapper in registry.mappers}


@event.listens_for(Session, "after_transaction_end")
def _forget(session: Session, transaction: SessionTransaction) -> None:
    """Keep no key beyond its transaction, nor beyond a savepoint, which may have taken back the making of a key."""
    if transaction.nested or transaction.parent is None:
        session.info.pop(_KEYRING, None)
