"""Moving persons' keys to another master key, and sealing texts that were written before: in batches, beside the work.

Both run as the database's owner over all organisations, commit each batch, and go on where they stopped.
"""

import uuid
from collections.abc import Iterator
from typing import Any

import psycopg
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from psycopg import Connection, sql
from psycopg.types.json import Jsonb

from caseflow.core import master_keys, sealing

BATCH = 500

_OLD = "SELECT DISTINCT master_id FROM person_keys WHERE destroyed_at IS NULL AND master_id <> %s ORDER BY 1"
_UNDER = (
    "SELECT org_id, id, wrapped FROM person_keys WHERE master_id = %s AND destroyed_at IS NULL"
    " ORDER BY org_id, id LIMIT %s FOR UPDATE"
)


def waiting(owner_url: str) -> int:
    """How many keys lie under another master key than the current one."""
    with psycopg.connect(owner_url) as owner:
        query = "SELECT count(*) FROM person_keys WHERE destroyed_at IS NULL AND master_id <> %s"
        [(count,)] = owner.execute(query, (master_keys.names()[0],)).fetchall()
    return int(count)


def rotate(owner_url: str) -> Iterator[int]:
    """Wrap every key that lies under an older master key under the current one; gives the size of each batch done."""
    current = master_keys.names()[0]
    with psycopg.connect(owner_url, autocommit=True) as owner:
        for (old,) in owner.execute(_OLD, (current,)).fetchall():
            while done := _rewrap(owner, old, current):
                yield done


def _rewrap(owner: Connection, old: str, current: str) -> int:
    with owner.transaction():
        rows = owner.execute(_UNDER, (old, BATCH)).fetchall()
        fresh = []
        for org_id, subject, wrapped in rows:
            about = sealing.about_key(org_id, subject)
            fresh.append((master_keys.seal(master_keys.unseal(wrapped, about), about), current, org_id, subject))
        with owner.cursor() as cursor:
            cursor.executemany(
                "UPDATE person_keys SET wrapped = %s, master_id = %s WHERE org_id = %s AND id = %s", fresh
            )
    return len(rows)


def seal_rest(owner_url: str) -> Iterator[tuple[str, int]]:
    """Seal the texts that stand in clear, table by table; gives each table's name with the rows of each batch done."""
    with psycopg.connect(owner_url, autocommit=True) as owner:
        for model, columns in sealing.sealed_columns().items():
            plain = _Plain(model, columns)
            last = (uuid.UUID(int=0), uuid.UUID(int=0))
            while (found := plain.seal(owner, last)) is not None:
                last, done = found
                yield plain.table, done


class _Plain:
    """A table's rows with a text that is not sealed yet."""

    def __init__(self, model: Any, columns: dict[str, str]) -> None:
        self.model = model
        self.table: str = model.__tablename__
        self.columns = {name: place.split(".")[1] for name, place in columns.items()}
        self.objects = {
            name for name in columns if isinstance(model.__table__.c[self.columns[name]].type, sealing.SealedJSON)
        }

    def seal(
        self, owner: Connection, last: tuple[uuid.UUID, uuid.UUID]
    ) -> tuple[tuple[uuid.UUID, uuid.UUID], int] | None:
        """Seal the next rows after `last`; gives the last one of them and how many, or None at the end."""
        with owner.transaction():
            rows = owner.execute(self._query(), (*last, BATCH)).fetchall()
            if not rows:
                return None
            keys = _keys_of(owner, {(row[0], row[2]) for row in rows})
            for org_id, id, subject, *held in rows:  # noqa: A001 -- the natural name
                key = keys.get((org_id, subject))
                if key is not None:
                    self._write(owner, org_id, id, subject, dict(zip(self.columns, held, strict=True)), key)
        return (rows[-1][0], rows[-1][1]), len(rows)

    def _query(self) -> sql.Composed:
        first, *hops = self.model.__subject__
        joins, whose = [], sql.Identifier("t", first)
        for number, hop in enumerate(hops):
            table, column = hop.split(".")
            alias = f"j{number}"
            joins.append(
                sql.SQL(" JOIN {} {} ON {} = t.org_id AND {} = {}").format(
                    sql.Identifier(table),
                    sql.Identifier(alias),
                    sql.Identifier(alias, "org_id"),
                    sql.Identifier(alias, "id"),
                    whose,
                )
            )
            whose = sql.Identifier(alias, column)
        texts = [sql.Identifier("t", column) for column in self.columns.values()]
        return sql.SQL(
            "SELECT t.org_id, t.id, {}, {} FROM {} t{} WHERE (t.org_id, t.id) > (%s, %s) AND ({})"
            " ORDER BY t.org_id, t.id LIMIT %s FOR UPDATE OF t"
        ).format(
            whose,
            sql.SQL(", ").join(texts),
            sql.Identifier(self.table),
            sql.SQL("").join(joins),
            sql.SQL(" OR ").join(self._is_plain(name) for name in self.columns),
        )

    def _is_plain(self, name: str) -> sql.Composed:
        column = sql.Identifier("t", self.columns[name])
        if name in self.objects:
            return sql.SQL("(jsonb_typeof({0}) = 'object' AND {0} <> '{{}}' AND NOT {0} ? 'sealed')").format(column)
        return sql.SQL("({0} <> '' AND NOT starts_with({0}, {1}))").format(column, sealing.PREFIX)

    def _write(
        self,
        owner: Connection,
        org_id: uuid.UUID,
        id: uuid.UUID,
        subject: uuid.UUID,
        held: dict[str, Any],
        key: AESGCM,
    ) -> None:
        fresh: dict[str, Any] = {}
        for name, clear in held.items():
            if not clear or (isinstance(clear, str) and clear.startswith(sealing.PREFIX)) or _is_sealed(clear):
                continue
            text = sealing.close_text(clear, subject, org_id, f"{self.table}.{self.columns[name]}", key)
            fresh[self.columns[name]] = Jsonb({"sealed": text}) if name in self.objects else text
            for column, source, said in getattr(self.model, "__hashed__", ()):
                if source == name:
                    fresh[column] = sealing.lookup_hash(org_id, said(clear))
        values = sql.SQL(", ").join(sql.SQL("{} = %s").format(sql.Identifier(column)) for column in fresh)
        statement = sql.SQL("UPDATE {} SET {} WHERE org_id = %s AND id = %s").format(sql.Identifier(self.table), values)
        owner.execute(statement, (*fresh.values(), org_id, id))


def _is_sealed(value: Any) -> bool:
    return isinstance(value, dict) and set(value) == {"sealed"}


def _keys_of(
    owner: Connection, subjects: set[tuple[uuid.UUID, uuid.UUID]]
) -> dict[tuple[uuid.UUID, uuid.UUID], AESGCM]:
    """The keys of these persons, made where there are none; destroyed ones are left out."""
    name = master_keys.names()[0]
    fresh = []
    for org_id, subject in sorted(subjects):
        row = sealing.new_key(org_id, subject, name)
        wrapped = master_keys.seal(row["wrapped"], sealing.about_key(org_id, subject))
        fresh.append((org_id, subject, row["created_at"], wrapped, name))
    with owner.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO person_keys (org_id, id, created_at, wrapped, master_id) VALUES (%s, %s, %s, %s, %s)"
            " ON CONFLICT DO NOTHING",
            fresh,
        )
    held = owner.execute(
        "SELECT k.org_id, k.id, k.wrapped FROM person_keys k"
        " JOIN unnest(%s::uuid[], %s::uuid[]) AS s (org_id, id) ON s.org_id = k.org_id AND s.id = k.id"
        " WHERE k.destroyed_at IS NULL",
        ([org_id for org_id, _subject in subjects], [subject for _org_id, subject in subjects]),
    )
    return {
        (org_id, subject): AESGCM(master_keys.unseal(wrapped, sealing.about_key(org_id, subject)))
        for org_id, subject, wrapped in held
    }
