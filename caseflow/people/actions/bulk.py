"""Many rows at once under row security, where COPY is refused: one INSERT from arrays, a column each, and updates."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from operator import attrgetter
from typing import Any

import uuid_utils
from sqlalchemy import ARRAY, Table, bindparam, text, update
from sqlalchemy.dialects.postgresql import dialect

from caseflow.core.db import Model, db

RowId = uuid.UUID | uuid_utils.UUID
_DIALECT = dialect()  # type: ignore[no-untyped-call]  # sqlalchemy's own


def row_id() -> RowId:
    """An id such as `new_id` makes, for `insert_rows` alone: a uuid.UUID takes five times as long to make."""
    return uuid_utils.uuid7()


def insert_rows(model: type[Model], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that have the same columns; values are those of the database (codes as plain texts)."""
    if rows:
        insert_columns(model, {name: [row[name] for row in rows] for name in rows[0]})


def insert_columns(model: type[Model], columns: Mapping[str, Sequence[Any]]) -> None:
    """The same from columns of one length; a value that all rows share travels once."""
    table = model.__table__
    assert isinstance(table, Table)
    values: dict[str, Any] = {}
    arrays, selected = [], []
    for name, column in columns.items():
        kind = table.c[name].type
        spelled = kind.compile(dialect=_DIALECT)
        if column[0] == column[-1] and column.count(column[0]) == len(column):
            values[name] = str(column[0]) if isinstance(column[0], uuid_utils.UUID) else column[0]
            selected.append(f"CAST(:{name} AS {spelled})")
            continue
        values[name] = _spelled(column)
        if isinstance(kind, ARRAY):  # an array of arrays would have to be rectangular
            arrays.append((name, "TEXT"))
            selected.append(f'CAST(u."{name}" AS {spelled})')
        else:
            arrays.append((name, spelled))
            selected.append(f'u."{name}"')
    source = ", ".join(f"CAST(CAST(:{name} AS TEXT) AS {kind}[])" for name, kind in arrays)
    named = ", ".join(f'"{name}"' for name, _kind in arrays)
    unnested = f" FROM unnest({source}) AS u({named})" if arrays else ""
    into = ", ".join(f'"{name}"' for name in columns)
    # Every name is a column of our own tables; what comes from outside travels as a parameter.
    statement = f"INSERT INTO {table.name} ({into}) SELECT {', '.join(selected)}{unnested}"
    db.session.execute(text(statement), values)


def _spelled(values: Sequence[Any]) -> str:
    """An array as PostgreSQL writes it; several times as quick as letting the driver look at each value."""
    spell = _spelling(next((value for value in values if value is not None), None))
    known: dict[Any, str] = {None: "NULL"}
    if spell is _quoted:  # codes and classes repeat, and most texts are unlike anything that must be escaped
        known |= {value: spell(value) for value in set(values) if value is not None}
        return "{" + ",".join([known[value] for value in values]) + "}"
    return "{" + ",".join(["NULL" if value is None else spell(value) for value in values]) + "}"


def _spelling(example: Any) -> Callable[[Any], str]:
    """How the values of a column are written, which are of one type."""
    match example:
        case uuid.UUID() | uuid_utils.UUID():
            return attrgetter("hex")
        case bool() | int():
            return str
        case bytes():
            return lambda value: f'"\\\\x{value.hex()}"'
        case list():
            return lambda value: _quoted(_spelled(value))
        case date():  # and moments
            return lambda value: _quoted(value.isoformat())
    return _quoted


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def update_rows(model: type[Model], org_id: uuid.UUID, rows: list[dict[str, Any]]) -> None:
    """Update rows of the same columns by their ids; the version goes on, so that a worker notices."""
    if not rows:
        return
    table: Any = model.__table__
    values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in rows[0] if name != "id"}
    statement = update(table).where(table.c.org_id == bindparam("of_org"), table.c.id == bindparam("of_id"))
    statement = statement.values(**values, version=table.c.version + 1)
    given = [
        {"of_org": org_id, "of_id": row["id"]} | {f"new_{n}": v for n, v in row.items() if n != "id"} for row in rows
    ]
    db.session.connection().execute(statement, given)
