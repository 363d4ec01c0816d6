"""Moving keys to another master key, and sealing texts that were written before: in batches, beside the work.

Both run as the database's owner over all organisations, commit each batch, and go on where they stopped.
"""

import uuid
from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg import Connection, sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from uuid_utils.compat import uuid7

from caseflow.core import keyring, master_keys, sealing
from caseflow.core.keyring import Key, Kind, Store

BATCH = 500

Owner = tuple[uuid.UUID, ...]  # a person's (organisation, id), or a packet's (sender, receiver, id, writer)


def waiting(owner_url: str) -> int:
    """How many keys lie under another master key than the current one."""
    with psycopg.connect(owner_url) as owner:
        query = "SELECT count(*) FROM {} WHERE destroyed_at IS NULL AND master_id <> %s"
        counts = [
            owner.execute(sql.SQL(query).format(_table(store)), (master_keys.names()[0],)).fetchall()[0][0]
            for store in keyring.stores()
        ]
    return sum(counts)


def rotate(owner_url: str) -> Iterator[int]:
    """Wrap every key that lies under an older master key under the current one; gives the size of each batch done."""
    current = master_keys.names()[0]
    query = "SELECT DISTINCT master_id FROM {} WHERE destroyed_at IS NULL AND master_id <> %s ORDER BY 1"
    with psycopg.connect(owner_url, autocommit=True) as owner:
        for store in keyring.stores():
            for (old,) in owner.execute(sql.SQL(query).format(_table(store)), (current,)).fetchall():
                while done := _rewrap(owner, store, old, current):
                    yield done


def _rewrap(owner: Connection, store: Store, old: str, current: str) -> int:
    under = sql.SQL(
        "SELECT {}, wrapped FROM {} WHERE master_id = %s AND destroyed_at IS NULL"
        " ORDER BY org_id, id LIMIT %s FOR UPDATE"
    ).format(_columns(store.columns), _table(store))
    change = sql.SQL("UPDATE {} SET wrapped = %s, master_id = %s WHERE org_id = %s AND id = %s").format(_table(store))
    with owner.transaction(), owner.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(under, (old, BATCH)).fetchall()
        fresh = []
        for row in rows:
            about = store.about(row)
            again = master_keys.seal(master_keys.unseal(row["wrapped"], about), about)
            fresh.append((again, current, row["org_id"], row["id"]))
        cursor.executemany(change, fresh)
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
        self.kind = Kind.PACKET if hasattr(model, "__packet__") else Kind.PERSON
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
            keys = _keys_of(owner, self.kind, {tuple(row[2]) for row in rows})
            for org_id, row_id, whose, *held in rows:
                key = keys.get(tuple(whose))
                if key is not None:
                    self._write(owner, org_id, row_id, dict(zip(self.columns, held, strict=True)), key)
        return (rows[-1][0], rows[-1][1]), len(rows)

    def _query(self) -> sql.Composed:
        joins, whose = self._packet() if self.kind is Kind.PACKET else self._person()
        texts = [sql.Identifier("t", column) for column in self.columns.values()]
        return sql.SQL(
            "SELECT t.org_id, t.id, ARRAY[{}], {} FROM {} t{} WHERE (t.org_id, t.id) > (%s, %s) AND ({})"
            " ORDER BY t.org_id, t.id LIMIT %s FOR UPDATE OF t"
        ).format(
            whose,
            sql.SQL(", ").join(texts),
            sql.Identifier(self.table),
            joins,
            sql.SQL(" OR ").join(self._is_plain(name) for name in self.columns),
        )

    def _person(self) -> tuple[sql.Composable, sql.Composable]:
        """The way from a row to the person: what is joined, and organisation and person."""
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
        return sql.SQL("").join(joins), sql.SQL("t.org_id, {}").format(whose)

    def _packet(self) -> tuple[sql.Composable, sql.Composable]:
        """The packet that a row belongs to, and who wrote the row: what is joined, and the four of them.

        One whose receiver has erased its side is left as it is: nobody makes a key for that side any more.
        """
        column, table = self.model.__packet__
        sides = "org_id" if "to_org_id" in self.model.__table__.columns else "to_org_id"  # the receiver's own row
        join = sql.SQL(" JOIN {} p ON p.id = {} AND {} = t.org_id AND p.to_org_id IS NOT NULL").format(
            sql.Identifier(table), sql.Identifier("t", column), sql.Identifier("p", sides)
        )
        return join, sql.SQL("p.org_id, p.to_org_id, p.id, {}").format(sql.Identifier("t", self.model.__writer__))

    def _is_plain(self, name: str) -> sql.Composed:
        column = sql.Identifier("t", self.columns[name])
        if name in self.objects:
            return sql.SQL("(jsonb_typeof({0}) = 'object' AND {0} <> '{{}}' AND NOT {0} ? 'sealed')").format(column)
        return sql.SQL("({0} <> '' AND NOT starts_with({0}, {1}))").format(column, keyring.PREFIX)

    def _write(self, owner: Connection, org_id: uuid.UUID, id: uuid.UUID, held: dict[str, Any], key: Key) -> None:
        fresh: dict[str, Any] = {}
        for name, clear in held.items():
            if not clear or (isinstance(clear, str) and clear.startswith(keyring.PREFIX)) or _is_sealed(clear):
                continue
            text = keyring.close_text(clear, f"{self.table}.{self.columns[name]}", key)
            fresh[self.columns[name]] = Jsonb({"sealed": text}) if name in self.objects else text
            fresh |= dict(sealing.repeated(self.model, org_id, name, clear))
        values = sql.SQL(", ").join(sql.SQL("{} = %s").format(sql.Identifier(column)) for column in fresh)
        statement = sql.SQL("UPDATE {} SET {} WHERE org_id = %s AND id = %s").format(sql.Identifier(self.table), values)
        owner.execute(statement, (*fresh.values(), org_id, id))


def _is_sealed(value: Any) -> bool:
    return isinstance(value, dict) and set(value) == {"sealed"}


# By which columns of its table a key is found.
_FOUND_BY = {Kind.PERSON: ("org_id", "id"), Kind.PACKET: ("org_id", "to_org_id", "packet_id", "actor_org_id")}


def _keys_of(owner: Connection, kind: Kind, owners: set[Owner]) -> dict[Owner, Key]:
    """The keys of these persons or of these sides of packets, made where there are none; without destroyed ones."""
    store, by = keyring.store(kind), _FOUND_BY[kind]
    held = _held(owner, store, by, owners)
    missing = owners - held.keys()
    if missing:
        _make_keys(owner, store, [dict(zip(by, one, strict=True)) for one in sorted(missing)])
        held |= _held(owner, store, by, missing)
    return {one: key for one, key in held.items() if not key.destroyed}


def _held(owner: Connection, store: Store, by: tuple[str, ...], owners: set[Owner]) -> dict[Owner, Key]:
    query = sql.SQL("SELECT {}, wrapped FROM {} WHERE ({}) IN (SELECT * FROM unnest({}))").format(
        _columns(store.columns), _table(store), _columns(by), sql.SQL(", ").join([sql.SQL("%s::uuid[]")] * len(by))
    )
    with owner.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(query, [list(column) for column in zip(*sorted(owners), strict=True)]).fetchall()
    return {tuple(row[column] for column in by): store.key(row) for row in rows}


def _make_keys(owner: Connection, store: Store, rows: list[dict[str, Any]]) -> None:
    """New keys for these rows; where there is one already it stays."""
    name = master_keys.names()[0]
    fresh = [keyring.new_key(store, {"id": uuid7()} | row, name)[0] for row in rows]
    statement = sql.SQL("INSERT INTO {} ({}) VALUES ({}) ON CONFLICT DO NOTHING").format(
        _table(store), _columns(fresh[0]), sql.SQL(", ").join(sql.Placeholder(column) for column in fresh[0])
    )
    with owner.cursor() as cursor:
        cursor.executemany(statement, fresh)


def _table(store: Store) -> sql.Identifier:
    return sql.Identifier(store.table.name)


def _columns(names: Any) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, names))
