"""A backup made while everything runs: one snapshot of every table, written, read again, and only then named."""

import contextlib
import io
import json
import os
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg import Connection, sql

from caseflow.core import installation
from caseflow.core.backups import BackupError, destroyed, keeping, reading, tables
from caseflow.core.backups.sealed_file import SealedWriter

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PART = 4 * 2**20
LEVEL = 3
_LOCK = 5_202_603  # any fixed number: one backup of a database at a time


def make(owner_url: str, keys: Mapping[str, bytes], to: Path) -> Path:
    """Make a backup in the folder `to`, or as the new file `to` (named *.backup); gives the file.

    Beside it the list of destroyed keys is brought up to date. Raises BackupError; what was there before stays.
    """
    is_folder = to.is_dir() or to.suffix != keeping.SUFFIX
    folder = to if is_folder else to.parent
    with _told(folder), psycopg.connect(owner_url) as connection:
        folder.mkdir(parents=True, exist_ok=True)
        path = to / keeping.name(datetime.now(UTC)) if is_folder else to
        if path.exists():
            raise BackupError(f"{path} is there already; a backup does not replace another")
        with _snapshot(connection) as names, _unnamed(folder) as fresh:
            with fresh.open("wb") as file:
                writer = SealedWriter(file, keys)
                _write(connection, names, writer)
                writer.finish()
                file.flush()
                os.fsync(file.fileno())
            # A backup that nobody has read is a hope.
            reading.verify(fresh, keys)
            destroyed.update(connection, folder)
            fresh.replace(path)
        keeping.sync(folder)
    return path


@contextlib.contextmanager
def _told(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise BackupError(f"no backup in {folder}: {os.strerror(error.errno or 0)}") from error
    except psycopg.OperationalError as error:
        raise BackupError(f"no backup: the database does not answer: {str(error).strip().splitlines()[0]}") from error
    except psycopg.Error as error:
        raise BackupError(f"no backup: {str(error).strip().splitlines()[0]}") from error


@contextlib.contextmanager
def _unnamed(folder: Path) -> Iterator[Path]:
    """A file that has no backup's name yet, and is gone unless it gets one."""
    handle, name = tempfile.mkstemp(prefix=".being-made-", dir=folder)
    os.close(handle)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


@contextlib.contextmanager
def _snapshot(connection: Connection) -> Iterator[dict[str, list[str]]]:
    """One moment of every table, held until the end; no migration can change a table meanwhile, all else goes on."""
    tables.settle(connection)
    if connection.execute("SELECT pg_try_advisory_lock(%s)", (_LOCK,)).fetchone() != (True,):
        raise BackupError("another backup of this database is being made")
    if installation.applied(connection) == []:
        raise BackupError("this database has no tables yet: there is nothing to back up")
    names = list(tables.columns(connection))
    connection.commit()
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    connection.read_only = True
    # The locks come before the snapshot, which the first query takes.
    everything = tables.identifiers([*names, "alembic_version"])
    connection.execute(sql.SQL("LOCK TABLE {} IN ACCESS SHARE MODE").format(everything))
    found = tables.columns(connection)
    if list(found) != names:
        raise BackupError("a migration came in between; make the backup again")
    yield found
    connection.rollback()


def _write(connection: Connection, names: dict[str, list[str]], file: SealedWriter) -> None:
    orders = tables.orders(connection)
    about = {
        "format": reading.FORMAT,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "revision": installation.applied(connection),
        "tables": names,
    }
    manifest: dict[str, Any] = {"tables": {}, "sequences": tables.sequences(connection)}
    with (
        zstd.ZstdFile(file, "w", level=LEVEL) as packed,
        tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as tar,
    ):
        _add(tar, reading.ABOUT, json.dumps(about).encode())
        for table, columns in names.items():
            digest, part, number = tables.Digest(), bytearray(), 0
            for data in tables.rows(connection, table, columns, orders[table]):
                digest.take(data)
                part += data
                if len(part) >= PART:
                    _add(tar, f"{reading.TABLES}{table}/{number:08}", bytes(part))
                    part, number = bytearray(), number + 1
            if part:
                _add(tar, f"{reading.TABLES}{table}/{number:08}", bytes(part))
            manifest["tables"][table] = digest.told()
        manifest["organisations"] = manifest["tables"].get("organisations", {"rows": 0})["rows"]
        _add(tar, reading.MANIFEST, json.dumps(manifest).encode())


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mtime, member.mode = len(data), int(time.time()), 0o600
    tar.addfile(member, io.BytesIO(data))
