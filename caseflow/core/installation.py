"""Roles, database and migrations of an installation: everything that a superuser or the owner does, never the app."""

import base64
import hashlib
import hmac
import logging
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from psycopg import Connection, sql
from sqlalchemy.exc import DBAPIError

log = logging.getLogger("caseflow.migrations")

OLDEST = 150000
PAUSES = (1, 2, 5, 10, 20, 30)  # seconds between tries of a migration that cannot get its lock
_GAVE_WAY = (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected)
LOGIN_ROLES = ("caseflow_owner", "caseflow_app")
_DEFINERS = "caseflow_share, caseflow_eraser, caseflow_stats"  # for functions to belong to; they cannot sign in

# Any fixed numbers: they serialise those who change roles or tables, and no other program takes them.
_ROLES_LOCK = 5_202_601
_MIGRATION_LOCK = 5_202_602
_HMAC_BLOCK = 64


class InstallationError(Exception):
    """An installation that cannot be prepared or migrated, told in one line."""


ROLES = {
    # Migrations also move data, and under FORCE ROW LEVEL SECURITY even an owner sees no row without BYPASSRLS.
    "caseflow_owner": "LOGIN BYPASSRLS NOSUPERUSER NOCREATEDB NOCREATEROLE",
    "caseflow_app": "LOGIN NOBYPASSRLS NOSUPERUSER NOCREATEDB NOCREATEROLE",
    # Owns the functions that cross the wall, and nothing else.
    "caseflow_share": "NOLOGIN BYPASSRLS NOSUPERUSER NOCREATEDB NOCREATEROLE",
    # Owns the four functions that erase a person and a received referral, and nothing else; it alone may delete
    # everywhere.
    "caseflow_eraser": "NOLOGIN BYPASSRLS NOSUPERUSER NOCREATEDB NOCREATEROLE",
    # For functions that count over organisations: there are none yet, so that it owns and reads nothing.
    "caseflow_stats": "NOLOGIN NOBYPASSRLS NOSUPERUSER NOCREATEDB NOCREATEROLE",
}


def prepare_server(superuser_url: str, *, database: str, passwords: Mapping[str, str]) -> None:
    """Make the roles and the empty database, or bring them to what they should be; may be run again at any time."""
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        if connection.info.server_version < OLDEST:
            version = connection.info.parameter_status("server_version")
            raise InstallationError(f"PostgreSQL {version} is too old; caseflow needs 15 or later")
        # Two at once would fail with "tuple concurrently updated".
        connection.execute("SELECT pg_advisory_lock(%s)", (_ROLES_LOCK,))
        _make_roles(connection, passwords)
        _make_database(connection, database)
    with psycopg.connect(superuser_url, dbname=database, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (_ROLES_LOCK,))  # a lock holds in its own database only
        # CREATE is lent to them for the length of a migration only: see `migrate`.
        connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        connection.execute(f"GRANT USAGE ON SCHEMA public TO caseflow_app, {_DEFINERS}")


def _make_roles(connection: Connection, passwords: Mapping[str, str]) -> None:
    known: dict[str, str | None] = dict(connection.execute("SELECT rolname, rolpassword FROM pg_authid").fetchall())
    for role, attributes in ROLES.items():
        name = sql.Identifier(role)
        verb = sql.SQL("ALTER" if role in known else "CREATE")
        connection.execute(sql.SQL("{} ROLE {} " + attributes).format(verb, name))
        password = passwords.get(role)
        if password is not None and not _matches(password, known.get(role)):
            # Hashed here, so that the password itself can stand in no log of the server.
            verifier = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256")
            connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(name, verifier.decode()))
    # A plan made for a large organisation with parallel workers hurts a small one.
    connection.execute("ALTER ROLE caseflow_app SET max_parallel_workers_per_gather = 0")
    # The application reads which policy refused a row in the message (`REFUSALS` in `core.db`).
    connection.execute("ALTER ROLE caseflow_app SET lc_messages = 'C'")
    # The owner hands functions over to these and never acts with their rights.
    option = "WITH INHERIT FALSE, SET TRUE" if connection.info.server_version >= 160000 else ""
    connection.execute(f"GRANT {_DEFINERS} TO caseflow_owner {option}")


def _matches(password: str, verifier: str | None) -> bool:
    """Whether a SCRAM verifier of pg_authid belongs to a password."""
    try:
        _, salted, keys = (verifier or "").split("$")
        rounds, salt = salted.split(":")
        stored = base64.b64decode(keys.split(":")[0])
    except ValueError:
        return False
    key = hashlib.pbkdf2_hmac("sha256", password.encode(), base64.b64decode(salt), int(rounds))
    client_key = hmac.digest(key, b"Client Key", "sha256")
    return hmac.compare_digest(hashlib.sha256(client_key).digest(), stored)


def _make_database(connection: Connection, database: str) -> None:
    name = sql.Identifier(database)
    found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (database,)).fetchone()
    if not found:
        # The same order of letters everywhere, and one in which an index serves a search by prefix.
        locale = "LOCALE 'C.UTF-8'"
        if connection.info.server_version >= 170000:
            locale = "LOCALE 'C' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'"
        make = "CREATE DATABASE {} OWNER caseflow_owner TEMPLATE template0 ENCODING 'UTF8' " + locale
        connection.execute(sql.SQL(make).format(name))
    connection.execute(sql.SQL("ALTER DATABASE {} OWNER TO caseflow_owner").format(name))
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))
    connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO caseflow_app").format(name))


def migrate(
    owner_url: str, *, wall_key: str, target: str = "head", pauses: Sequence[float] = PAUSES, lock_timeout: str = "4s"
) -> None:
    """Bring the tables to `target` and install the wall key; a second migrator waits for the first.

    A migration that cannot get its lock in time gives way to the running system and is tried again after each of
    `pauses` (seconds). Raises InstallationError when it never gets it, when the revision is unknown or when the role
    may not migrate; what was migrated before stays, and the next run goes on from there.
    """
    with _migrating(owner_url) as connection:
        _upgrade(owner_url, target, pauses, lock_timeout)
        if connection.execute("SELECT to_regclass('public.wall_key')").fetchone() == (None,):
            return
        # So that `caseflow doctor` can compare as the app's role.
        connection.execute("GRANT SELECT ON alembic_version TO caseflow_app")
        inner, outer = wall_pads(wall_key)
        connection.execute(
            "INSERT INTO wall_key (id, inner_pad, outer_pad) VALUES (1, %s, %s)"
            " ON CONFLICT (id) DO UPDATE SET inner_pad = excluded.inner_pad, outer_pad = excluded.outer_pad",
            (inner, outer),
        )


def _upgrade(owner_url: str, target: str, pauses: Sequence[float], lock_timeout: str) -> None:
    settings = _alembic(owner_url)
    settings.attributes["lock_timeout"] = lock_timeout
    for pause in (*pauses, None):
        try:
            command.upgrade(settings, target)
        except DBAPIError as error:
            if pause is None or not isinstance(error.orig, _GAVE_WAY):
                raise
            log.warning("a migration gave way to the running system; it is tried again in %s s", pause)
            time.sleep(pause)
        else:
            return


def downgrade(owner_url: str, target: str) -> None:
    """Take the tables back to `target` ("base" for none); raises InstallationError as `migrate` does."""
    with _migrating(owner_url):
        command.downgrade(_alembic(owner_url), target)


def newest_migration() -> str | None:
    """The revision that this version of the product works with."""
    return ScriptDirectory.from_config(_alembic("")).get_current_head()


def known_migrations() -> list[str]:
    """The revisions that this version of the product knows, oldest first."""
    return [one.revision for one in ScriptDirectory.from_config(_alembic("")).walk_revisions()][::-1]


def applied(connection: Connection) -> list[str]:
    """The revisions that a database is at; none before the first migration."""
    if connection.execute("SELECT to_regclass('public.alembic_version')").fetchone() == (None,):
        return []
    return [name for (name,) in connection.execute("SELECT version_num FROM alembic_version")]


def is_current(database_url: str) -> bool:
    """Whether the database is at the revision that this version works with."""
    with psycopg.connect(database_url) as connection:
        return applied(connection) == [newest_migration()]


def wall_pads(key: str) -> tuple[bytes, bytes]:
    """The key's inner and outer block (64 bytes each) as HMAC-SHA256 mixes them in (RFC 2104)."""
    raw = key.encode()
    block = (hashlib.sha256(raw).digest() if len(raw) > _HMAC_BLOCK else raw).ljust(_HMAC_BLOCK, b"\0")
    return bytes(byte ^ 0x36 for byte in block), bytes(byte ^ 0x5C for byte in block)


@contextmanager
def _migrating(owner_url: str) -> Iterator[Connection]:
    """The one migrator of a database; the definer roles may create functions meanwhile: only so can they own them."""
    try:
        with psycopg.connect(owner_url, autocommit=True) as connection:
            connection.execute("SELECT pg_advisory_lock(%s)", (_MIGRATION_LOCK,))
            _check_roles(connection)
            connection.execute(f"GRANT CREATE ON SCHEMA public TO {_DEFINERS}")
            try:
                yield connection
            finally:
                connection.execute(f"REVOKE CREATE ON SCHEMA public FROM {_DEFINERS}")
    except psycopg.OperationalError as error:
        raise InstallationError(f"the owner cannot reach the database: {_first_line(error)}") from error
    except psycopg.errors.InsufficientPrivilege as error:
        raise InstallationError(
            f"this role may not migrate ({_first_line(error)}): OWNER_DATABASE_URL must be caseflow_owner's"
        ) from error
    except CommandError as error:
        raise InstallationError(f"migration: {error}") from error
    except DBAPIError as error:
        if isinstance(error.orig, _GAVE_WAY):
            raise InstallationError(
                "a migration could not get its lock and gave way to the running system; nothing of it is left."
                " Run `caseflow migrate` again when long work (a backup, an import) is over"
            ) from error
        # What was begun is rolled back: each migration is one transaction.
        raise InstallationError(f"a migration failed and was undone: {_first_line(error.orig)}") from error


def _check_roles(connection: Connection) -> None:
    """A newer version may need a role that an older `caseflow roles` did not make."""
    query = "SELECT rolname FROM pg_roles WHERE pg_has_role(current_user, oid, 'MEMBER')"
    usable = {name for (name,) in connection.execute(query)}
    if lacking := [name for name in _DEFINERS.split(", ") if name not in usable]:
        raise InstallationError(
            f"the owner may not use the role {', '.join(lacking)}, which this version needs:"
            " run `caseflow roles --superuser-url …` again (it changes nothing else), then `caseflow migrate`"
        )


def _first_line(error: BaseException | None) -> str:
    return str(error).strip().split("\n", 1)[0]


def _alembic(url: str) -> AlembicConfig:
    """Alembic on our migrations: inside the package in a wheel, beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    places = (package / "_migrations", package.parent / "migrations")
    folder = next((place for place in places if (place / "env.py").exists()), None)
    if folder is None:
        raise InstallationError("this installation has no migrations folder; install caseflow anew")
    config = AlembicConfig(stdout=sys.stderr)
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.attributes["url"] = url
    return config
