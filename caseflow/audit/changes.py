"""Changes record themselves: each row that a flush writes leaves an entry with its columns' old and new values.

Codes, dates, ids and numbers stand in clear. A text never does: it is told by its length and a keyed mark (HMAC-SHA256
over table, row, column and text), so that a check can say whether a text is the one that was written, and nobody can
read it out of the audit, nor find the same name in two rows. Why a row was changed is the act of the same request.
"""

import hashlib
import hmac
import uuid
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from flask import current_app
from sqlalchemy import Date, DateTime, Uuid, event, insert, inspect, select
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import LoaderCallableStatus, ORMExecuteState, Session, UOWTransaction
from sqlalchemy.sql import operators
from sqlalchemy.sql.elements import BinaryExpression, BindParameter, ClauseElement
from sqlalchemy.sql.schema import Column
from sqlalchemy.sql.visitors import iterate
from sqlalchemy.types import Boolean, Numeric, TypeEngine

from caseflow.audit.models import Entry
from caseflow.config import Config
from caseflow.core.db import Coded, Model, Tenant, new_id, now, request_id
from caseflow.core.sealing import opened
from caseflow.core.sight import FILES

CLEAR = (Boolean, Coded, Date, DateTime, Numeric, Uuid)  # Numeric: whole numbers are one in SQLAlchemy's types, too
# The last of them says what the act `session.begin` says.
UNSAID = frozenset({"org_id", "id", "created_at", "version", "last_signed_in_at"})
UNREAD = LoaderCallableStatus.NO_VALUE
MARK = 16  # hexadecimal digits


@event.listens_for(Session, "before_flush")
def _look_back(session: Session, _context: UOWTransaction, _instances: Any) -> None:
    """An attribute that was set without having been read is read now, while the row still holds the old value."""
    if _speaker(session) is None:
        return
    for row in session.dirty:
        if _watched(row) and (columns := _unread(row)):
            table = row.__table__
            mine = [column == row.__dict__[column.key] for column in table.primary_key]
            held = session.connection().execute(select(*columns).where(*mine)).one_or_none()
            if held is not None:
                session.info.setdefault("before", {})[id(row)] = dict(held._mapping)


def _unread(row: Any) -> list[Column[Any]]:
    state: Any = inspect(row)
    columns = row.__table__.columns
    if any(column.key not in row.__dict__ for column in row.__table__.primary_key):
        return []
    return [
        columns[key]
        for key in state.committed_state
        if key in columns and key not in UNSAID and state.committed_state[key] is UNREAD
    ]


@event.listens_for(Session, "after_flush")
def _flushed(session: Session, _context: UOWTransaction) -> None:
    tenant = _speaker(session)
    if tenant is None:
        return
    entries = [
        *(_entry("row.add", row, _made(row), tenant) for row in session.new if _watched(row)),
        *(
            _entry("row.change", row, changed, tenant)
            for row in session.dirty
            if _watched(row) and (changed := _changed(row, session))
        ),
        *(_entry("row.remove", row, {}, tenant) for row in session.deleted if _watched(row)),
    ]
    session.info.pop("before", None)
    if entries:
        session.connection().execute(insert(Entry.__table__), entries)  # type: ignore[arg-type]


@event.listens_for(Session, "do_orm_execute")
def _executed(state: ORMExecuteState) -> Any:
    """An UPDATE or DELETE of many rows at once leaves one entry: which rows were meant, what was set, how many."""
    if not (state.is_update or state.is_delete):
        return None
    mapper, tenant = state.bind_mapper, _speaker(state.session)
    if mapper is None or tenant is None or not getattr(mapper.class_, "__audited__", False):
        return None
    statement: Any = state.statement
    result = state.invoke_statement()
    rows = result.rowcount if isinstance(result, CursorResult) else -1
    if rows == 0:
        return result
    where = dict(_told(statement.whereclause))
    values = {} if state.is_delete else {c.key: _bound(c, v) for c, v in (statement._values or {}).items()}
    ids = [uuid.UUID(where[f"{noun}_id"]) for noun in FILES if f"{noun}_id" in where]
    entry = {
        **_common(tenant),
        "act": "row.remove" if state.is_delete else "row.change",
        "subject": mapper.class_.__tablename__,
        "subject_id": None,
        "case_id": uuid.UUID(where["case_id"]) if "case_id" in where else None,
        "detail": {"rows": rows, "where": where, "set": values},
        "about": ids,
    }
    state.session.connection().execute(insert(Entry.__table__), entry)  # type: ignore[arg-type]
    return result


def _speaker(session: Session) -> Tenant | None:
    """In whose name the rows are written; None where a bulk act sums itself up, or where nobody speaks (the owner)."""
    if session.info.get("summed_up"):
        return None
    held: Tenant | None = session.info.get("tenant")
    return held


def _watched(row: Any) -> bool:
    return isinstance(row, Model) and row.__audited__ and hasattr(row, "id")


def _common(tenant: Tenant) -> dict[str, Any]:
    return {
        "org_id": tenant.org_id,
        "id": new_id(),
        "created_at": now(),
        "user_id": tenant.user_id,
        "request_id": request_id(),
    }


def _entry(act: str, row: Any, columns: dict[str, Any], tenant: Tenant) -> dict[str, Any]:
    values = row.__dict__
    noun = row.__noun__
    files = {values.get(f"{one}_id") for one in FILES} | ({values["id"]} if noun else set())
    return {
        **_common(tenant),
        "act": act,
        "subject": row.__tablename__,
        "subject_id": values["id"],
        "case_id": values["id"] if noun == "case" else values.get("case_id"),
        "detail": {"columns": columns} if columns else {},
        "about": sorted(one for one in files if one is not None),
    }


def _made(row: Any) -> dict[str, Any]:
    values = row.__dict__
    table = row.__table__
    return {
        column.key: [None, _said(column, values[column.key], row)]
        for column in table.columns
        if column.key not in UNSAID and values.get(column.key) not in (None, False, [], {})
    }


def _changed(row: Any, session: Session) -> dict[str, Any]:
    state: Any = inspect(row)
    looked_up = session.info.get("before", {}).get(id(row), {})
    found = {}
    for key in state.committed_state:  # the attributes that were set since the row was read
        column = row.__table__.columns.get(key)
        if column is None or key in UNSAID:
            continue
        history = state.attrs[key].history
        if history.added or history.deleted:
            before = history.deleted[0] if history.deleted else UNREAD
            before = looked_up.get(key, before)
            after = history.added[0] if history.added else None
            if before == after:
                continue
            found[key] = [_said(column, before, row), _said(column, after, row)]
    return found


def _said(column: Column[Any], value: Any, row: Any) -> Any:
    """A value as the audit may hold it."""
    if value is None:
        return None
    if value is UNREAD:
        return {"unread": True}  # set without having been read: what it was stands in the entry before
    if _in_clear(column):
        return _plain(value)
    value = opened(value)  # the mark is of what was written, not of what lies sealed
    text = value if isinstance(value, str) else repr(value)
    return {"mark": mark(column.table.name, row.__dict__["id"], column.key, text), "length": len(text)}


def _in_clear(column: Column[Any]) -> bool:
    kind: TypeEngine[Any] = column.type
    return isinstance(kind, CLEAR) or _whole(kind) or bool(column.info.get("codes"))


def _whole(kind: TypeEngine[Any]) -> bool:
    return kind.python_type is int if type(kind).__module__.startswith("sqlalchemy.") else False


def _plain(value: Any) -> Any:
    match value:
        case bool() | int() | float():
            return value
        case StrEnum():
            return value.value
        case datetime() | date():
            return value.isoformat()
        case list() | tuple():
            return [_plain(one) for one in value]
        case uuid.UUID() | Decimal():
            return str(value)
    return str(value)


def mark(table: str, id: uuid.UUID, column: str, text: str) -> str:
    """The keyed mark of a text in this column of this row."""
    config: Config = current_app.extensions["caseflow"]
    key = hmac.digest(config.secret_key.encode(), b"caseflow audit marks", hashlib.sha256)
    return hmac.new(key, f"{table}.{column}.{id}.{text}".encode(), hashlib.sha256).hexdigest()[:MARK]


def _told(where: ClauseElement | None) -> Iterator[tuple[str, Any]]:
    """The plain conditions of a statement: a column that stands in clear, equal to a value."""
    for part in iterate(where) if where is not None else ():
        if isinstance(part, BinaryExpression) and part.operator is operators.eq:
            column, value = part.left, part.right
            if not isinstance(column, Column) or not isinstance(value, BindParameter) or column.key == "org_id":
                continue
            if _in_clear(column):
                yield str(column.key), _plain(value.value)


def _bound(column: Any, value: Any) -> Any:
    plain = value.value if isinstance(value, BindParameter) else None
    if plain is None:
        return None
    return _plain(plain) if _in_clear(column) else {"length": len(str(plain))}
