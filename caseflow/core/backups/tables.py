"""What a backup holds: every table of the product, its columns and its order, as the database's catalogue tells."""

import hashlib
from collections.abc import Iterator
from typing import Any

from psycopg import Connection, sql

# The wall key is the installation's own, and the revision stands in `about.json`.
NOT_DATA = ("alembic_version", "wall_key")

# What COPY writes must not hang on a server's settings: the hashes are compared between two servers.
SETTINGS = {
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "postgres",
    "TimeZone": "UTC",
    "bytea_output": "hex",
    "extra_float_digits": "1",
    "client_encoding": "UTF8",
    "statement_timeout": "0",
}

_COLUMNS = """
    SELECT c.relname, array_agg(a.attname::text ORDER BY a.attnum)
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname <> ALL (%s)
      AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
    GROUP BY 1 ORDER BY 1
"""
_ORDERS = """
    SELECT c.relname, array_agg(a.attname::text ORDER BY k.place),
           array_agg(a.attcollation <> 0 ORDER BY k.place)
    FROM pg_class c JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
    CROSS JOIN unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, place)
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' GROUP BY 1
"""


class Digest:
    """Rows and bytes of a table as they pass, and what they come to."""

    def __init__(self) -> None:
        self.rows, self.bytes, self._hash = 0, 0, hashlib.sha256()

    def take(self, data: bytes) -> None:
        """Count what COPY wrote: one line for each row, ends of line within a value are written as \\n."""
        self.rows += data.count(b"\n")
        self.bytes += len(data)
        self._hash.update(data)

    def told(self) -> dict[str, Any]:
        """As it stands in the manifest."""
        return {"rows": self.rows, "bytes": self.bytes, "sha256": self._hash.hexdigest()}


def settle(connection: Connection) -> None:
    """Let the connection write values in the one way."""
    for name, value in SETTINGS.items():
        connection.execute("SELECT set_config(%s, %s, false)", (name, value))


def columns(connection: Connection) -> dict[str, list[str]]:
    """The tables with their columns that hold data, in the order of names."""
    return dict(connection.execute(_COLUMNS, (list(NOT_DATA),)).fetchall())


def orders(connection: Connection) -> dict[str, sql.Composed]:
    """How each table's rows are ordered: by its primary key, texts by their bytes."""
    found = {}
    for table, names, texts in connection.execute(_ORDERS).fetchall():
        terms = [
            sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL('COLLATE "C"' if text else ""))
            for name, text in zip(names, texts, strict=True)
        ]
        found[table] = sql.SQL(", ").join(terms)
    return found


def sequences(connection: Connection) -> dict[str, int]:
    """The sequences that were used, and where they stand."""
    rows = connection.execute(
        "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL"
    )
    return dict(rows.fetchall())


def identifiers(names: list[str]) -> sql.Composed:
    """Names of tables or columns, quoted, with commas between."""
    return sql.SQL(", ").join(map(sql.Identifier, names))


def rows(connection: Connection, table: str, names: list[str], order: sql.Composable) -> Iterator[bytes]:
    """The rows as COPY writes them, whole rows at a time."""
    query = sql.SQL("COPY (SELECT {} FROM {} ORDER BY {}) TO STDOUT").format(
        identifiers(names), sql.Identifier(table), order
    )
    with connection.cursor().copy(query) as copy:
        for data in copy:
            yield bytes(data)


def digest(connection: Connection, table: str, names: list[str], order: sql.Composable) -> dict[str, Any]:
    """What the table's rows come to now."""
    found = Digest()
    for data in rows(connection, table, names, order):
        found.take(data)
    return found.told()
