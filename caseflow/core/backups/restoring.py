"""A backup brought back into an empty installation: all of it, with every hash compared, or nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import Connection, sql

from caseflow.core import installation
from caseflow.core.backups import BackupError, destroyed, tables
from caseflow.core.backups.destroyed import Applied
from caseflow.core.backups.reading import Backup, opened

_FOREIGN_KEYS = """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE contype = 'f' AND connamespace = 'public'::regnamespace AND conparentid = 0 ORDER BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class Restored:
    """What was brought back; `applied` is None where the list of destroyed keys was left out."""

    about: dict[str, Any]
    manifest: dict[str, Any]
    applied: Applied | None


def restore(
    path: Path, *, owner_url: str, keys: Mapping[str, bytes], wall_key: str, destroyed_list: Path | None
) -> Restored:
    """Load the backup into the empty database of `owner_url` and bring it to this version's tables.

    Afterwards the audit's base is to be raised (`caseflow audit rebase`). Raises BackupError; then the database has
    tables and no row.
    """
    listed = None
    if destroyed_list is not None:
        if not destroyed_list.is_file():
            raise BackupError(
                f"{destroyed_list} is not there: without it persons who were erased after the backup would come back."
                " Name it with --destroyed-list, or say --without-destroyed-list"
            )
        listed = destroyed.read(destroyed_list)
    with opened(path, keys) as backup:
        [revision] = backup.about["revision"]
        if revision not in installation.known_migrations():
            raise BackupError(f"{path} is of a newer version of caseflow (revision {revision}); install that version")
        _prepare(owner_url, wall_key, revision)
        try:
            with psycopg.connect(owner_url) as connection:
                applied = _load(connection, backup, listed, wall_key)
        except psycopg.Error as error:
            raise BackupError(f"nothing was restored: {str(error).strip().splitlines()[0]}") from error
    installation.migrate(owner_url, wall_key=wall_key)
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute("ANALYZE")
    return Restored(backup.about, backup.manifest, applied)


def _prepare(owner_url: str, wall_key: str, revision: str) -> None:
    """Bring an empty database to the backup's revision; refuses one that holds rows."""
    with psycopg.connect(owner_url) as connection:
        _refuse_rows(connection)
        present = installation.applied(connection)
    newer = installation.known_migrations()
    newer = newer[newer.index(revision) + 1 :]
    if any(one in newer for one in present):
        installation.downgrade(owner_url, revision)
    installation.migrate(owner_url, wall_key=wall_key, target=revision)


def _refuse_rows(connection: Connection) -> None:
    for table in tables.columns(connection):
        query = sql.SQL("SELECT EXISTS (SELECT FROM {})").format(sql.Identifier(table))
        if connection.execute(query).fetchone() == (True,):
            raise BackupError(f"this database is not empty ({table} holds rows); restore only into a new installation")


def _load(
    connection: Connection, backup: Backup, listed: dict[tuple[str, str], dict[str, Any]] | None, wall_key: str
) -> Applied | None:
    """Everything in one transaction: rows without triggers, foreign keys afterwards, then every hash."""
    tables.settle(connection)
    names: dict[str, list[str]] = backup.about["tables"]
    here = tables.columns(connection)
    if {table: set(columns) for table, columns in here.items()} != {
        table: set(columns) for table, columns in names.items()
    }:
        raise BackupError("the backup's tables are not those of its revision: it was made of a changed database")
    everything = tables.identifiers(list(names))
    connection.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(everything))
    _refuse_rows(connection)
    foreign_keys = connection.execute(_FOREIGN_KEYS).fetchall()
    for table, constraint, _definition in foreign_keys:
        drop = "ALTER TABLE {} DROP CONSTRAINT {}"
        connection.execute(sql.SQL(drop).format(sql.SQL(table), sql.Identifier(constraint)))
    _switch_triggers(connection, names, "DISABLE")
    for table, parts in backup.tables():
        query = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), tables.identifiers(names[table]))
        with connection.cursor().copy(query) as copy:
            for part in parts:
                copy.write(part)
    _switch_triggers(connection, names, "ENABLE")
    for table, constraint, definition in foreign_keys:
        add = "ALTER TABLE {} ADD CONSTRAINT {} {}"
        connection.execute(sql.SQL(add).format(sql.SQL(table), sql.Identifier(constraint), sql.SQL(definition)))
    for name, value in backup.manifest["sequences"].items():
        connection.execute("SELECT setval(%s::regclass, %s)", (f'public."{name}"', value))
    orders = tables.orders(connection)
    for table, expected in backup.manifest["tables"].items():
        if tables.digest(connection, table, names[table], orders[table]) != expected:
            raise BackupError(f"nothing was restored: the rows of {table} did not arrive as they were")
    return None if listed is None else destroyed.apply(connection, listed, wall_key)


def _switch_triggers(connection: Connection, names: dict[str, list[str]], how: str) -> None:
    for table in names:
        connection.execute(sql.SQL("ALTER TABLE {} {} TRIGGER USER").format(sql.Identifier(table), sql.SQL(how)))
