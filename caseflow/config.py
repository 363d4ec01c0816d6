"""The environment, read once and checked at the start; the name of an environment switches nothing."""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
LOG_FORMATS = ("auto", "json", "text")


class ConfigError(Exception):
    """Settings that cannot be used: one line for each, all of them at once."""


def _text(value: str) -> str:
    return value


def _key(value: str) -> str:
    if len(value) < 32:
        raise ValueError("must have at least 32 characters; `openssl rand -hex 32` makes one")
    return value


def _master_keys(value: str) -> tuple[tuple[str, bytes], ...]:
    # Nothing of the value is repeated but the ids: the rest is secret.
    keys: dict[str, bytes] = {}
    for place, part in enumerate(value.split(","), 1):
        name, _, encoded = part.strip().partition(":")
        if not re.fullmatch(r"[a-z0-9_]{1,32}", name):
            raise ValueError(
                f"must be id:base64, comma-separated, with ids of a-z, 0-9 and _; the id of no. {place} is not"
            )
        if name in keys:
            raise ValueError(f"names the id {name} twice")
        try:
            keys[name] = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            raise ValueError(f"has a key {name} that is not base64; `openssl rand -base64 32` makes one") from None
        if len(keys[name]) != 32:
            raise ValueError(
                f"has a key {name} of {len(keys[name])} bytes, not 32; `openssl rand -base64 32` makes one"
            )
    return tuple(keys.items())


def _kept(value: str) -> tuple[int, ...]:
    if not re.fullmatch(r"[0-9]{1,3},[0-9]{1,3},[0-9]{1,3}", value):
        raise ValueError("must be three numbers, of days, weeks and months, like 7,4,12")
    return tuple(int(part) for part in value.split(","))


def _whole(low: int, high: int) -> Callable[[str], int]:
    def parse(value: str) -> int:
        if not value.isascii() or not value.isdigit() or not low <= int(value) <= high:
            raise ValueError(f"must be a whole number from {low} to {high}, not {value!r}")
        return int(value)

    return parse


def _switch(value: str) -> bool:
    words = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    if value.lower() not in words:
        raise ValueError(f"must be true or false, not {value!r}")
    return words[value.lower()]


def _level(value: str) -> str:
    if value.upper() not in LOG_LEVELS:
        raise ValueError(f"must be one of {', '.join(LOG_LEVELS)}, not {value!r}")
    return value.upper()


def _format(value: str) -> str:
    if value.lower() not in LOG_FORMATS:
        raise ValueError(f"must be one of {', '.join(LOG_FORMATS)}, not {value!r}")
    return value.lower()


def _url(*schemes: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        # The value itself is never repeated: it may hold a password.
        try:
            parts = urlsplit(value)
            host, _ = parts.hostname, parts.port
        except ValueError:
            raise ValueError("is not an address that can be read (a password in it must be percent-encoded)") from None
        if parts.scheme not in schemes or not (host or parts.scheme == "unix"):
            raise ValueError(f"must begin with {' or '.join(f'{scheme}://' for scheme in schemes)} and name a host")
        return value

    return parse


def _database(value: str) -> str:
    address = _url("postgresql", "postgres", "postgresql+psycopg")(value)
    if not urlsplit(address).path.strip("/"):
        raise ValueError("must end with the name of the database: postgresql://user:password@host/database")
    return "postgresql://" + address.split("://", 1)[1]


def _site(value: str) -> str:
    address = _url("https", "http")(value)
    parts = urlsplit(address)
    if parts.query or parts.fragment or parts.path.strip("/"):
        raise ValueError("must be the bare address of the site, like https://caseflow.example.org")
    return address.rstrip("/")


def _setting(
    name: str,
    parse: Callable[[str], Any],
    meaning: str,
    *,
    default: Any = None,
    required: bool = False,
    secret: bool = False,
) -> Any:
    about = {"name": name, "parse": parse, "meaning": meaning, "required": required}
    if required:
        return field(metadata=about, repr=not secret)
    return field(default=default, metadata=about, repr=not secret)


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Every setting of an installation; secrets do not show in its repr."""

    database_url: str = _setting(
        "DATABASE_URL", _database, "PostgreSQL as the app's role `caseflow_app`", required=True, secret=True
    )
    owner_database_url: str | None = _setting(
        "OWNER_DATABASE_URL",
        _database,
        "PostgreSQL as `caseflow_owner`: for migrations, backups, rotate-keys, seal-texts and audit rebase",
        secret=True,
    )
    redis_url: str = _setting("REDIS_URL", _url("redis", "rediss", "unix"), "Redis", required=True, secret=True)
    secret_key: str = _setting(
        "CASEFLOW_SECRET_KEY", _key, "signs cookies and forms; 32 characters or more", required=True, secret=True
    )
    wall_key: str = _setting(
        "CASEFLOW_WALL_KEY",
        _key,
        "signs what the database is told of who asks; 32 characters or more",
        required=True,
        secret=True,
    )
    master_keys: tuple[tuple[str, bytes], ...] = _setting(
        "CASEFLOW_MASTER_KEYS",
        _master_keys,
        "keys under which persons' keys lie, `id:base64 of 32 bytes`, comma-separated; the first is current, the others"
        " only open",
        required=True,
        secret=True,
    )
    lookup_key: str = _setting(
        "CASEFLOW_LOOKUP_KEY",
        _key,
        "hashes identifiers for exact look-up; stays the same for ever; 32 characters or more",
        required=True,
        secret=True,
    )
    public_url: str = _setting(
        "CASEFLOW_PUBLIC_URL", _site, "the site's address, used in e-mails; https makes cookies secure", required=True
    )
    smtp_url: str | None = _setting(
        "CASEFLOW_SMTP_URL",
        _url("smtp", "smtps"),
        "smtp://user:password@host:port or smtps://…; without it no e-mail is sent",
        secret=True,
    )
    mail_from: str | None = _setting("CASEFLOW_MAIL_FROM", _text, "sender of e-mails; needed with CASEFLOW_SMTP_URL")
    default_locale: str = _setting(
        "CASEFLOW_DEFAULT_LOCALE", _text, "language where nothing else decides", default="en"
    )
    session_hours: int = _setting("CASEFLOW_SESSION_HOURS", _whole(1, 168), "longest time signed in, hours", default=12)
    session_idle_minutes: int = _setting(
        "CASEFLOW_SESSION_IDLE_MINUTES", _whole(1, 1440), "signed out after so many idle minutes", default=60
    )
    pgbouncer: bool = _setting(
        "CASEFLOW_PGBOUNCER", _switch, "true when DATABASE_URL goes through PgBouncer", default=False
    )
    trusted_proxies: int = _setting(
        "CASEFLOW_TRUSTED_PROXIES", _whole(0, 10), "how many proxies stand before the web server", default=0
    )
    log_level: str = _setting("CASEFLOW_LOG_LEVEL", _level, "DEBUG, INFO, WARNING or ERROR", default="INFO")
    log_format: str = _setting(
        "CASEFLOW_LOG_FORMAT", _format, "json, text, or auto: text on a terminal and JSON elsewhere", default="auto"
    )
    network_seconds: int = _setting(
        "CASEFLOW_NETWORK_SECONDS",
        _whole(2, 600),
        "how long a database or a Redis that says nothing at all is waited for, seconds",
        default=10,
    )
    slow_query_ms: int = _setting(
        "CASEFLOW_SLOW_QUERY_MS",
        _whole(0, 600_000),
        "log statements that take longer, milliseconds; 0 for none",
        default=500,
    )
    metrics_token: str | None = _setting(
        "CASEFLOW_METRICS_TOKEN", _key, "opens /metrics as a bearer token; 32 characters or more", secret=True
    )
    web_workers: int = _setting("CASEFLOW_WEB_WORKERS", _whole(1, 128), "web processes", default=2)
    web_threads: int = _setting("CASEFLOW_WEB_THREADS", _whole(1, 64), "threads in each web process", default=4)
    upload_max_bytes: int = _setting(
        "CASEFLOW_UPLOAD_MAX_BYTES", _whole(1024, 2**34), "largest upload, bytes", default=64 * 2**20
    )
    private_providers: bool = _setting(
        "CASEFLOW_PRIVATE_PROVIDERS",
        _switch,
        "true lets single sign-on ask providers in the own network, also by http",
        default=False,
    )
    audit_heads: str | None = _setting(
        "CASEFLOW_AUDIT_HEADS", _text, "file to which the heads of the audit's chains are appended; keep it elsewhere"
    )
    audit_mail: str | None = _setting(
        "CASEFLOW_AUDIT_MAIL", _text, "e-mail address to which the heads of the audit's chains are sent once a day"
    )
    backup_dir: str | None = _setting(
        "CASEFLOW_BACKUP_DIR", _text, "folder of the backups; with OWNER_DATABASE_URL one is made every day"
    )
    backup_keep: tuple[int, ...] = _setting(
        "CASEFLOW_BACKUP_KEEP", _kept, "how many backups are kept: of days, of weeks, of months", default=(7, 4, 12)
    )
    limits: bool = _setting("CASEFLOW_LIMITS", _switch, "false turns the rate limits off", default=True)

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Self:
        """Read every setting X, or the file that X_FILE names; raises ConfigError with one line for each problem."""
        values: dict[str, Any] = {}
        problems: list[str] = []
        for one in fields(cls):
            name = one.metadata["name"]
            try:
                raw = read_setting(environ, name)
                if raw is not None:
                    values[one.name] = one.metadata["parse"](raw)
                elif one.metadata["required"]:
                    problems.append(f"{name} is not set: {one.metadata['meaning']}")
            except ValueError as error:
                problems.append(f"{name} {error}")
        if values.get("smtp_url") and not values.get("mail_from"):
            problems.append("CASEFLOW_MAIL_FROM is not set: e-mails need a sender when CASEFLOW_SMTP_URL is set")
        if values.get("secret_key") and values.get("secret_key") == values.get("wall_key"):
            problems.append("CASEFLOW_WALL_KEY must differ from CASEFLOW_SECRET_KEY")
        if values.get("lookup_key") and values["lookup_key"] in (values.get("secret_key"), values.get("wall_key")):
            problems.append("CASEFLOW_LOOKUP_KEY must differ from the other keys")
        if problems:
            raise ConfigError("\n".join(problems))
        return cls(**values)

    @property
    def sqlalchemy_url(self) -> str:
        """`database_url` with the driver named, as SQLAlchemy wants it."""
        return self.database_url.replace("postgresql://", "postgresql+psycopg://", 1)

    @property
    def secure(self) -> bool:
        """Whether the site is reached by https, so that cookies may be Secure."""
        return self.public_url.startswith("https://")


def describe() -> list[tuple[str, str, str]]:
    """Name, default and meaning of every setting, for the README and for `caseflow doctor`."""
    table = []
    for one in fields(Config):
        default = "required" if one.metadata["required"] else one.default
        if isinstance(default, tuple):
            default = ",".join(map(str, default))
        text = str(default).lower() if isinstance(default, bool) else str(default or "none" if default != 0 else 0)
        table.append((one.metadata["name"], text, one.metadata["meaning"]))
    return table


def read_master_keys(environ: Mapping[str, str]) -> dict[str, bytes]:
    """The master keys alone, for who has nothing but them and a backup; raises ConfigError."""
    try:
        raw = read_setting(environ, "CASEFLOW_MASTER_KEYS")
        if raw is None:
            raise ValueError("is not set: nothing that is sealed can be opened without it")
        return dict(_master_keys(raw))
    except ValueError as error:
        raise ConfigError(f"CASEFLOW_MASTER_KEYS {error}") from None


def read_setting(environ: Mapping[str, str], name: str) -> str | None:
    """The text of X or of the file that X_FILE names, or None; an empty X counts as not set. ValueError says why."""
    value, path = environ.get(name), environ.get(f"{name}_FILE")
    if value and path:
        raise ValueError(f"and {name}_FILE are both set; keep one")
    if path:
        try:
            value = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(f"cannot be read: {name}_FILE names {path} ({error.__class__.__name__})") from None
        if not value:
            raise ValueError(f"is empty: {name}_FILE names {path}, and nothing is in it")
    return value or None
