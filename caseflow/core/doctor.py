"""What is wrong with an installation, in words, with what to do about it."""

import shutil
import smtplib
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg
import redis
from psycopg import Connection

from caseflow.config import Config
from caseflow.core import installation, master_keys
from caseflow.core.backups import keeping
from caseflow.core.wall import expiring_backend, sign_context

OLDEST_REDIS = (6, 2)
SECONDS = 5
CLOCK_SECONDS = 60
ROOM_BYTES = 500 * 2**20
BACKUP_HOURS = 30

_LOOPHOLES = """
    SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'org_id'
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT a.attisdropped
      AND NOT (c.relrowsecurity AND c.relforcerowsecurity) ORDER BY 1
"""
_RIGHTS = """
    SELECT r.rolsuper OR r.rolbypassrls OR pg_has_role(r.oid, d.datdba, 'MEMBER')
    FROM pg_roles r, pg_database d WHERE r.rolname = current_user AND d.datname = current_database()
"""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong (`what`) and what to do about it (`remedy`)."""

    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.what}. {self.remedy}."


def check(config: Config, *, data_dir: Path | None = None) -> list[Problem]:
    """Every problem found; an empty list means that the installation can serve."""
    problems = [*check_servers(config), *_mail(config), *_address(config), *_backups(config)]
    return problems + (list(_room(data_dir)) if data_dir else [])


def check_servers(config: Config) -> list[Problem]:
    """The problems with what no process can do without: the database and Redis."""
    return [*_database(config), *_redis(config)]


def _database(config: Config) -> Iterator[Problem]:
    try:
        with psycopg.connect(config.database_url, connect_timeout=SECONDS) as connection:
            version = connection.info.server_version
            if version < installation.OLDEST:
                yield Problem(f"PostgreSQL {version // 10000} is too old", "Use 15 or later")
            yield from _role(connection)
            yield from _tables(connection)
            yield from _clock(connection)
            yield from _wall(connection, config)
            yield from _masters(connection, config)
    except psycopg.OperationalError as error:
        yield Problem(
            f"The database does not answer: {_first_line(error)}", "Check DATABASE_URL and that PostgreSQL runs"
        )
    except psycopg.Error as error:
        yield Problem(f"The database refuses to be checked: {_first_line(error)}", "Run `caseflow migrate`")


def _role(connection: Connection) -> Iterator[Problem]:
    if connection.execute(_RIGHTS).fetchone() != (False,):
        yield Problem(
            "DATABASE_URL connects as an owner, a superuser or a role that passes row security",
            "Use the role caseflow_app there; `caseflow roles` makes it",
        )


def _tables(connection: Connection) -> Iterator[Problem]:
    wanted = installation.newest_migration()
    found = installation.applied(connection)
    if found != [wanted]:
        present = ", ".join(found) or "no tables"
        yield Problem(f"The database is at {present}, this version needs {wanted}", "Run `caseflow migrate`")
    for (table,) in connection.execute(_LOOPHOLES):
        yield Problem(
            f"The table {table} holds an organisation's rows without forced row security", "Run `caseflow migrate`"
        )


def _clock(connection: Connection) -> Iterator[Problem]:
    row = connection.execute("SELECT extract(epoch FROM clock_timestamp())::float8").fetchone()
    apart = abs(time.time() - row[0]) if row else 0
    if apart > CLOCK_SECONDS:
        yield Problem(
            f"The clocks of this machine and of the database are {apart:.0f} seconds apart",
            "Set both by the same time service (NTP)",
        )


def _wall(connection: Connection, config: Config) -> Iterator[Problem]:
    """Sign a context as the app does and see whether the database believes it."""
    if connection.execute("SELECT to_regprocedure('public.app_org()')").fetchone() == (None,):
        # No tables yet, which is a problem already told.
        return
    organisation = uuid.uuid4()
    backend = expiring_backend() if config.pgbouncer else str(connection.info.backend_pid)
    context = sign_context(config.wall_key, organisation, None, backend)
    connection.execute("SELECT set_config('caseflow.context', %s, true)", (context,))
    if connection.execute("SELECT app_org()").fetchone() != (organisation,):
        yield Problem(
            "The database does not know this CASEFLOW_WALL_KEY, so nobody would see anything",
            "Set the key that the database has, or install this one with `caseflow migrate`",
        )


def _masters(connection: Connection, config: Config) -> Iterator[Problem]:
    """Whether all persons' keys open, and lie under the current master key."""
    used = master_keys.in_use(connection)
    held = master_keys.names(config)
    if line := master_keys.missing(used, config):
        yield Problem(line, "Put the missing key back: without it these texts cannot be read")
    for name, count in used.items():
        if name in held[1:]:
            yield Problem(
                f"{count} keys of persons and referrals hang on the old master key {name}", "Run `caseflow rotate-keys`"
            )


def _redis(config: Config) -> Iterator[Problem]:
    try:
        with redis.from_url(config.redis_url, socket_connect_timeout=SECONDS, socket_timeout=SECONDS) as client:
            version = str(client.info("server")["redis_version"])
    except (redis.RedisError, OSError, ValueError) as error:
        yield Problem(f"Redis does not answer: {_first_line(error)}", "Check REDIS_URL and that Redis runs")
        return
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST_REDIS:
        yield Problem(f"Redis {version} is too old", "Use 6.2 or later")


def _mail(config: Config) -> Iterator[Problem]:
    if not config.smtp_url:
        return
    parts = urlsplit(config.smtp_url)
    kind = smtplib.SMTP_SSL if parts.scheme == "smtps" else smtplib.SMTP
    try:
        with kind(parts.hostname or "", parts.port or 0, timeout=SECONDS) as server:
            if parts.scheme == "smtp" and server.ehlo() and server.has_extn("starttls"):
                server.starttls()
            if parts.username:
                server.login(unquote(parts.username), unquote(parts.password or ""))
    except (OSError, smtplib.SMTPException) as error:
        yield Problem(f"The mail server does not take us: {_first_line(error)}", "Check CASEFLOW_SMTP_URL")


def _address(config: Config) -> Iterator[Problem]:
    host = urlsplit(config.public_url).hostname or ""
    if not config.secure and host not in ("localhost", "127.0.0.1", "::1"):
        yield Problem(
            f"{config.public_url} is not https, so sign-in can be overheard",
            "Serve the site by https and set CASEFLOW_PUBLIC_URL",
        )


def _backups(config: Config) -> Iterator[Problem]:
    if config.backup_dir is None:
        return
    age = keeping.age(Path(config.backup_dir))
    hours = None if age is None else age.total_seconds() / 3600
    remedy = "See whether cron and worker run and the worker has OWNER_DATABASE_URL, or run `caseflow backup`"
    if hours is None:
        yield Problem(f"There is no backup in {config.backup_dir}", remedy)
    elif hours > BACKUP_HOURS:
        yield Problem(f"The newest backup in {config.backup_dir} is {hours:.0f} hours old", remedy)


def _room(data_dir: Path) -> Iterator[Problem]:
    free = shutil.disk_usage(data_dir).free
    if free < ROOM_BYTES:
        yield Problem(f"Only {free // 2**20} MB are free for {data_dir}", f"Free at least {ROOM_BYTES // 2**20} MB")


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0].rstrip(".") or error.__class__.__name__
