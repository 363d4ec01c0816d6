"""Many rows at once under row security, where COPY is refused: one INSERT from arrays, a column each, and updates."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ARRAY, Table, bindparam, text, update
from sqlalchemy.dialects.postgresql import dialect

from caseflow.core.db import Model, db

_DIALECT = dialect()  # type: ignore[no-untyped-call]  # sqlalchemy's own
SEPARATOR = "\x1f"


def insert_rows(model: type[Model], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that have the same columns; values are those of the database (codes as plain texts)."""
    if not rows:
        return
    table = model.__table__
    assert isinstance(table, Table)
    values: dict[str, Any] = {}
    arrays, selected = [], []
    for name in rows[0]:
        column = [row[name] for row in rows]
        kind = table.c[name].type
        spelled = kind.compile(dialect=_DIALECT)
        if column.count(column[0]) == len(column):
            values[name] = column[0]
            selected.append(f"CAST(:{name} AS {spelled})")
        elif isinstance(kind, ARRAY):
            values[name] = [SEPARATOR.join(texts) for texts in column]
            arrays.append((name, "TEXT"))
            selected.append(f'CAST(string_to_array(u."{name}", chr({ord(SEPARATOR)})) AS {spelled})')
        else:
            values[name] = column
            arrays.append((name, spelled))
            selected.append(f'u."{name}"')
    source = ", ".join(f"CAST(:{name} AS {kind}[])" for name, kind in arrays)
    named = ", ".join(f'"{name}"' for name, _kind in arrays)
    unnested = f" FROM unnest({source}) AS u({named})" if arrays else ""
    # Every name is a column of our own tables; what comes from outside travels as a parameter.
    columns = ", ".join(f'"{name}"' for name in rows[0])
    statement = f"INSERT INTO {table.name} ({columns}) SELECT {', '.join(selected)}{unnested}"
    db.session.execute(text(statement), values)


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
