"""Texts that are sealed: the columns, whose key each goes under, and when it is sealed and opened.

A model declares a column as `Sealed` and says under whose key its texts go; after that `note.text` is read and set as
any text. `__subject__` is the way from its row to the person. `__packet__` is, for a row of two organisations, the
column that names the packet, and the packet's table: such a text goes under the key of the side that writes it. What
stands in the database is told in `core.keyring`; a text without the prefix was written before and is read as it stands
(`caseflow seal-texts` seals it).

Where something of a text must be found again, `__hashed__` names the column that holds its keyed hash, `__told__` one
that repeats a code of it in clear.

A text is opened when it is read, not when its row is: the keys of all that is in sight come with one query, live as
long as the transaction and no longer. When a key is destroyed, what it sealed is gone, in every backup too.
"""

import hashlib
import hmac
import uuid
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from flask import current_app
from sqlalchemy import Dialect, Text, TypeDecorator, event, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import InstrumentedAttribute, Session, SessionTransaction

from caseflow.config import Config
from caseflow.core import keyring
from caseflow.core.keyring import PREFIX, Key, KeyName, Kind, PacketRef, close_text, named_in, open_text


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
    """A text under a key; an empty one stays empty, so that SQL may ask whether there is one."""

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
    """A JSON object under a key."""

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


_sealed: dict[type, dict[str, str]] = {}  # the sealed attributes of each model with their table and column


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
        if not hasattr(model, "__subject__") and not hasattr(model, "__packet__"):
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
        name = named_in(value.text)
        if name is None:  # a text that only looks sealed
            return value.text
        keys = keyring.ring(session).keys
        if name not in keys:
            keyring.fetch(session, _in_sight(session, name.kind) | {name})
        clear = open_text(value.text, value.place, keys.get(name))
        value.clear = {} if isinstance(value, ClosedObject) and isinstance(clear, str) else clear
    return value.clear


def opened_all(values: Iterable[Any]) -> list[Any]:
    """The same for values that no loaded row holds: their keys come together, too."""
    held = list(values)
    names = (named_in(one.text) for one in held if isinstance(one, Closed) and one.clear is None)
    keyring.fetch(_session(), {name for name in names if name is not None})
    return [opened(one) for one in held]


def foreign_key(org_id: uuid.UUID, subject: uuid.UUID, wrapped: bytes) -> Key:
    """The key of another organisation's person, where a function of the database gave it."""
    return keyring.store(Kind.PERSON).key({"org_id": org_id, "id": subject, "wrapped": wrapped})


def open_foreign(value: Any, place: str, key: Key | None) -> Any:
    """A text of another organisation, as it stands where it is not sealed."""
    sealed = isinstance(value, str) and value.startswith(PREFIX) and named_in(value)
    return open_text(value, place, key) if sealed else value


def lookup_hash(org_id: uuid.UUID, value: str) -> str:
    """A keyed hash by which a value is found exactly; the same value in another organisation has another."""
    config: Config = current_app.extensions["caseflow"]
    return hmac.digest(config.lookup_key.encode(), org_id.bytes + value.encode(), hashlib.sha256).hex()


def seal_values(values: Iterable[tuple[uuid.UUID, str]], place: str) -> list[str]:
    """Texts of persons (by their ids) sealed for a statement that the session does not write, in the same order."""
    held = list(values)
    keys = keyring.of_persons(_session(), {subject for subject, _text in held})
    return [close_text(text, place, keys[subject]) for subject, text in held]


def _session() -> Session:
    session: Session = current_app.extensions["sqlalchemy"].session()
    return session


def _in_sight(session: Session, kind: Kind) -> set[KeyName]:
    """The keys of this kind of what is loaded and closed: they are fetched together."""
    found = set()
    for instance in session.identity_map.values():
        for name in _sealed.get(type(instance), ()):
            value = instance.__dict__.get(name)
            if isinstance(value, Closed) and value.clear is None:
                found.add(named_in(value.text))
    return {name for name in found if name is not None and name.kind is kind}


@event.listens_for(Session, "before_flush")
def _seal(session: Session, _context: Any, _instances: Any) -> None:
    """Seal what was set: first find out whose it is, then fetch or make the keys at once."""
    waiting = [(instance, name) for instance in {*session.new, *session.dirty} for name in _fresh(instance)]
    if not waiting:
        return
    owners = {id(instance): _owner(session, instance) for instance, _name in waiting}
    packets = {owner for owner in owners.values() if isinstance(owner, PacketRef)}
    keys: dict[Any, Key] = {**keyring.of_packets(session, packets)} if packets else {}
    if persons := {owner for owner in owners.values() if not isinstance(owner, PacketRef)}:
        keys |= keyring.of_persons(session, persons)
    for instance, name in waiting:
        clear = instance.__dict__[name]
        sealed = close_text(clear, _sealed[type(instance)][name], keys[owners[id(instance)]])
        # Past the instrumentation: it is the same text, and the history already knows that it is new.
        closed = Closed if isinstance(clear, str) else ClosedObject
        instance.__dict__[name] = closed(_sealed[type(instance)][name], sealed, clear)
        for column, value in repeated(type(instance), instance.org_id, name, clear):
            setattr(instance, column, value)


def repeated(model: Any, org_id: uuid.UUID, name: str, clear: Any) -> Iterator[tuple[str, Any]]:
    """What other columns hold of a text that is being sealed: hashes, and codes in clear."""
    for column, source, said in getattr(model, "__hashed__", ()):
        if source == name:
            yield column, lookup_hash(org_id, said(clear))
    for column, source, said in getattr(model, "__told__", ()):
        if source == name:
            yield column, said(clear)


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


def _owner(session: Session, instance: Any) -> uuid.UUID | PacketRef:
    """Under whose key the row's texts go: a person's, or this side's of a packet."""
    return _packet(session, instance) if hasattr(instance, "__packet__") else _subject(session, instance)


def _packet(session: Session, instance: Any) -> PacketRef:
    column, table = type(instance).__packet__
    packet_id: uuid.UUID = getattr(instance, column)
    if hasattr(instance, "to_org_id"):
        return PacketRef(instance.org_id, instance.to_org_id, packet_id)
    packets = _models()[table].__table__  # the receiver's own row: the packet says who sent it
    query = select(packets.c.org_id).where(packets.c.to_org_id == instance.org_id, packets.c.id == packet_id)
    return PacketRef(session.connection().execute(query).scalar_one(), instance.org_id, packet_id)


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
        keyring.drop(session)
