"""The database: the base of all models, and the one transaction that carries the organisation."""

import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, ClassVar, TypeVar

from flask import Flask, abort, current_app
from flask_sqlalchemy import SQLAlchemy
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    ForeignKeyConstraint,
    MetaData,
    Select,
    Text,
    TypeDecorator,
    Uuid,
    event,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Connection, Engine, ExceptionContext
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, SessionTransaction, mapped_column
from uuid_utils.compat import uuid7

from caseflow.config import Config
from caseflow.core import sealing
from caseflow.core.errors import Refused
from caseflow.core.logs import bound
from caseflow.core.wall import expiring_backend, sign_context

log = logging.getLogger("caseflow.db")
T = TypeVar("T")

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Model(DeclarativeBase):
    """The base of all tables; declares once how Python's types are stored.

    `__noun__` says that a row is itself a file of which readings are recorded (`core.sight`); with `__audited__` False
    its changes are not recorded, because it is an index, news, or the record itself.
    """

    __noun__: ClassVar[str | None] = None
    __audited__: ClassVar[bool] = True

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {
        str: Text,
        datetime: DateTime(timezone=True),
        date: Date,
        uuid.UUID: Uuid,
        dict[str, Any]: JSONB,
        list[str]: ARRAY(Text),
    }

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        sealing.prepare(cls)


db = SQLAlchemy(disable_autonaming=True)


def new_id() -> uuid.UUID:
    """A UUIDv7: made by us, sorted by time, so that no insert needs RETURNING."""
    return uuid7()


# The moment that `now()` tells instead of the clock's: the demo's past is told so. Nothing else sets it.
told_moment: ContextVar[datetime | None] = ContextVar("told_moment", default=None)


def now() -> datetime:
    """The present moment, in UTC."""
    return told_moment.get() or datetime.now(UTC)


def today() -> date:
    """The present day by UTC; what a person sees is their organisation's day (`core.i18n`)."""
    return now().date()


class Coded(TypeDecorator[StrEnum]):
    """A StrEnum stored as text; its values are held by a CHECK (`one_of`), never by an enum type."""

    impl = Text
    cache_ok = True

    def __init__(self, codes: type[StrEnum]) -> None:
        super().__init__()
        self.codes = codes

    def process_bind_param(self, value: StrEnum | str | None, dialect: Dialect) -> str | None:
        """The code's text; refuses a text that is no code."""
        return None if value is None else self.codes(value).value

    def process_result_value(self, value: Any, dialect: Dialect) -> StrEnum | None:
        """The member that the stored text names."""
        return None if value is None else self.codes(value)


def one_of(column: str, codes: type[StrEnum]) -> CheckConstraint:
    """The CHECK that keeps a `Coded` column to its codes."""
    values = ", ".join(f"'{code.value}'" for code in codes)
    return CheckConstraint(f"{column} IN ({values})", name=column)


class Owned:
    """Columns of every row that belongs to one organisation; the key is led by the organisation."""

    org_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organisations.id"), primary_key=True, sort_order=-4)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id, sort_order=-3)
    created_at: Mapped[datetime] = mapped_column(default=now, sort_order=-1)


class Packet(Owned):
    """A row of two organisations: `org_id` sent it or owns what it is about, `to_org_id` receives it."""

    to_org_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organisations.id"), sort_order=-2)


class Leavable(Packet):
    """A packet whose receiver may erase what it holds of it (migration 0032); the sender keeps its record.

    `to_org_id` is empty in the database from then on, so that no policy shows the row to the receiver. Only the
    sender's pages meet such a row.
    """

    to_org_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organisations.id"), nullable=True, sort_order=-2)


def belongs_to(column: str, table: str) -> ForeignKeyConstraint:
    """A key into the same organisation's rows: a foreign key that names the organisation cannot cross the wall."""
    return ForeignKeyConstraint(["org_id", column], [f"{table}.org_id", f"{table}.id"])


@dataclass(frozen=True, slots=True)
class Tenant:
    """In whose name a transaction runs."""

    org_id: uuid.UUID
    user_id: uuid.UUID | None = None


def init_app(app: Flask, config: Config) -> None:
    """Connect the app's role; every transaction begins with the signed context."""
    app.config["SQLALCHEMY_DATABASE_URI"] = config.sqlalchemy_url
    options: dict[str, Any] = {
        "pool_pre_ping": True,
        "pool_size": config.web_threads,
        "max_overflow": 4,
        "hide_parameters": True,  # an error must not quote a name
    }
    options["connect_args"] = _patience(config) | ({"prepare_threshold": None} if config.pgbouncer else {})
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = options
    db.init_app(app)


def _patience(config: Config) -> dict[str, Any]:
    """How both ends of a connection find out that the other is gone, where no packet says so.

    Without it a request would wait for a cut network a quarter of an hour, and what a vanished client had locked would
    stay locked for two hours. A slow statement is not cut short: its server answers the probes.
    """
    seconds = config.network_seconds
    probe = max(1, seconds // 4)
    ours = {
        "connect_timeout": seconds,
        "keepalives_idle": probe,
        "keepalives_interval": probe,
        "keepalives_count": 3,
        "tcp_user_timeout": seconds * 1000,
    }
    if config.pgbouncer:  # it has settings of its own for its connections to the server, and refuses these
        return ours
    theirs = {
        "tcp_keepalives_idle": probe,
        "tcp_keepalives_interval": probe,
        "tcp_keepalives_count": 3,
        "tcp_user_timeout": seconds * 1000,
    }
    return ours | {"options": " ".join(f"-c {name}={value}" for name, value in theirs.items())}


# What a policy says when it refuses a row, by its name: for rules that a user may run into by a page.
REFUSALS: dict[str, Any] = {}


@event.listens_for(Engine, "handle_error")
def _refuse_in_words(context: ExceptionContext) -> None:
    """A row that such a policy refuses is a refusal of the act, in words; any other is a fault of ours."""
    error = context.original_exception
    if isinstance(error, InsufficientPrivilege):
        for policy, words in REFUSALS.items():
            if f'"{policy}"' in (error.diag.message_primary or ""):
                raise Refused(words) from error


@event.listens_for(Session, "after_begin")
def _carry_context(session: Session, transaction: SessionTransaction, connection: Connection) -> None:
    if not transaction.nested:
        _set_context(connection, session.info.get("tenant"))


def _set_context(connection: Connection, tenant: Tenant | None) -> None:
    config: Config = current_app.extensions["caseflow"]
    context = ""
    if tenant is not None:
        if config.pgbouncer:
            backend = expiring_backend()
        else:
            driver: Any = connection.connection.dbapi_connection
            backend = str(driver.info.backend_pid)
        context = sign_context(config.wall_key, tenant.org_id, tenant.user_id, backend)
    connection.execute(text("SELECT set_config('caseflow.context', :context, true)"), {"context": context})


def enter(org_id: uuid.UUID, user_id: uuid.UUID | None = None) -> None:
    """From here on the present transaction, and those after it in this unit of work, speak for this organisation."""
    session = db.session()
    session.info["tenant"] = Tenant(org_id, user_id)
    if session.in_transaction():
        _set_context(session.connection(), session.info["tenant"])


def leave() -> None:
    """Speak for nobody: nothing is visible any more."""
    session = db.session()
    session.info.pop("tenant", None)
    if session.in_transaction():
        _set_context(session.connection(), None)


@contextmanager
def speaking_for(org_id: uuid.UUID) -> Iterator[None]:
    """What is asked here is asked in this name and no user's; afterwards in the name of before, or nobody's."""
    before: Tenant | None = db.session().info.get("tenant")
    enter(org_id)
    try:
        yield
    finally:
        if before is None:
            leave()
        else:
            enter(before.org_id, before.user_id)


@contextmanager
def as_organisation() -> Iterator[None]:
    """What is asked here is asked as a job asks: for the organisation, without its user, to whom files may be closed.

    For rules that must know what they hide; nothing of what is read in here is shown.
    """
    with speaking_for(tenant().org_id):
        yield


def tenant() -> Tenant:
    """In whose name the present unit of work runs."""
    held: Tenant = db.session().info["tenant"]
    return held


@contextmanager
def unit_of_work(
    org_id: uuid.UUID | None = None, user_id: uuid.UUID | None = None, *, keep: bool = True
) -> Iterator[Session]:
    """One transaction of a job or a command, in an organisation's name.

    Commits at the end, rolls back on any error, or in any case where `keep` is False (a dry run).
    """
    db.session.remove()
    if org_id is not None:
        enter(org_id, user_id)
    try:
        yield db.session()
        if keep:
            db.session.commit()
    finally:
        db.session.remove()


def one_or_404(query: "Select[T]") -> T:
    """The single row of a query, or the answer a stranger gets: 404."""
    row: T | None = db.session.scalars(query).unique().one_or_none()
    if row is None:
        abort(404)
    return row


def refuse_strong_roles(app: Flask) -> None:
    """Stop the start when the wall would not hold: connected as a superuser, an owner, or past row security.

    A database that does not answer yet is no reason to stop: the check is made again with the first connection.
    """
    with app.app_context():
        event.listen(db.engine, "connect", _check_role)
        try:
            db.engine.connect().close()
        except OperationalError:
            log.warning("the database does not answer yet")
        db.engine.dispose()


def _check_role(connection: Any, _record: Any) -> None:
    if getattr(_check_role, "passed", None) == connection.info.dsn:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT r.rolsuper OR r.rolbypassrls OR EXISTS (SELECT FROM pg_class c WHERE c.relowner = r.oid"
            " AND c.relnamespace = 'public'::regnamespace) FROM pg_roles r WHERE r.rolname = current_user"
        )
        strong = cursor.fetchone()[0]
    connection.rollback()
    if strong:
        raise StrongRoleError(
            "DATABASE_URL connects as a role that the tenancy wall does not hold (a superuser, an owner of tables, or "
            "BYPASSRLS); use caseflow_app"
        )
    _check_role.passed = connection.info.dsn  # type: ignore[attr-defined]


class StrongRoleError(RuntimeError):
    """The application was about to run as a role that the tenancy wall does not hold."""


def request_id() -> str | None:
    """The number of the request, if any, that the present work belongs to: in it, or in a job that it caused."""
    return bound("request_id")
