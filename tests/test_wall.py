"""The wall, tried table by table as the application's own role; the tables are read from the catalogue.

A table that is added later without its policies fails here before anybody writes a test for it.
"""

import re
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import ARRAY, Boolean, Column, Date, DateTime, Integer, LargeBinary, Table, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from caseflow import create_app
from caseflow.config import Config
from caseflow.core.db import Coded, Model, StrongRoleError
from caseflow.core.sealing import SealedJSON
from caseflow.core.wall import sign_context
from tests.cast import Cast
from tests.conftest import Stage

WITHOUT_ORGANISATION = {"alembic_version", "wall_key"}
DIRECTORY = {"organisations", "holidays", "services"}  # read by every organisation, written by their own

GOAL = uuid.uuid4()
ERASE = {"erase_person", "erase_rows", "erase_packets", "erase_received"}

Connect = Callable[..., Any]


@pytest.fixture
def connect(environment: dict[str, str]) -> Connect:
    """A connection as the application's role whose transaction speaks for an organisation, or for nobody."""

    @contextmanager
    def opened(org: uuid.UUID | None = None, *, key: str | None = None, context: str | None = None) -> Iterator[Any]:
        with psycopg.connect(environment["DATABASE_URL"]) as connection:
            if org is not None:
                backend = str(connection.info.backend_pid)
                context = sign_context(key or environment["CASEFLOW_WALL_KEY"], org, None, backend)
            if context is not None:
                connection.execute("SELECT set_config('caseflow.context', %s, true)", (context,))
            yield connection
            connection.rollback()

    return opened


@pytest.fixture
def rows(environment: dict[str, str], cast: Cast, stage: Stage) -> tuple[uuid.UUID, uuid.UUID, uuid.UUID]:
    """One row in every table, of almaty (and to kamqor where it is a packet); gives their ids and the stranger's."""
    sender, receiver, stranger = (cast.organisation(slug) for slug in ("almaty", "kamqor", "stranger"))
    url = stage.servers.superuser_url.rsplit("/", 1)[0] + "/" + environment["DATABASE_URL"].rsplit("/", 1)[1]
    with psycopg.connect(url) as owner:
        owner.execute("SET session_replication_role = replica")  # foreign keys are not what is tried here
        for table in Model.metadata.sorted_tables:
            if table.name != "organisations":
                _insert(owner, table, _row(table, sender, receiver))
    return sender, receiver, stranger


def _row(table: Table, org: uuid.UUID, to_org: uuid.UUID) -> dict[str, Any]:
    given = {"org_id": org, "to_org_id": to_org, "actor_org_id": org, "goal_id": GOAL}
    if table.name == "goals":
        given["id"] = GOAL  # a step is seen with its goal
    open_ended = (
        "revoked_at",
        "expires_at",
        "delivered_at",
        "given_up_at",
        "destroyed_at",
        "decided_by",
        "answered_at",
        "referral_id",  # an erasure is of a person or of a referral
        "former_org_id",
        "field",  # a part of a copy is withheld for a reason, or given out by its field
    )
    row = {column.name: given.get(column.name, _value(column)) for column in table.columns}
    return row | {column.name: None for column in table.columns if column.name in open_ended and column.nullable}


def _value(column: Column[Any]) -> Any:
    match column.type:
        case Coded() as coded:
            return next(iter(coded.codes)).value
        case Uuid():
            return uuid.uuid4()
        case DateTime():
            return datetime.now(UTC)
        case Date():
            return date(2026, 1, 1)
        case Boolean():
            return False
        case Integer():
            return 1
        case LargeBinary():
            return uuid.uuid4().bytes
        case JSONB() | SealedJSON():
            return psycopg.types.json.Jsonb({})
        case ARRAY():
            return []
        case _:
            return uuid.uuid4().hex


def _insert(connection: Any, table: Table, values: dict[str, Any]) -> None:
    statement = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
        sql.Identifier(table.name),
        sql.SQL(", ").join(map(sql.Identifier, values)),
        sql.SQL(", ").join(sql.Placeholder() * len(values)),
    )
    connection.execute(statement, list(values.values()))


def _count(connection: Any, table: Table) -> int:
    column = "org_id" if "org_id" in table.columns else "id"
    query = sql.SQL("SELECT count({}) FROM {}").format(sql.Identifier(column), sql.Identifier(table.name))
    return int(connection.execute(query).fetchone()[0])


def _tables() -> list[Table]:
    return [table for table in Model.metadata.sorted_tables if table.name != "organisations"]


def test_every_table_of_the_catalogue_is_forced_and_bounded(connect: Connect) -> None:
    with connect() as connection:
        tables = connection.execute(
            "SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity, ("
            "   SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid AND NOT p.polpermissive AND p.polcmd = '*')"
            " FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')"
        ).fetchall()
    assert {name for name, *_ in tables} == {
        table.name for table in Model.metadata.sorted_tables
    } | WITHOUT_ORGANISATION
    loose = [name for name, forced, bounds in tables if name not in WITHOUT_ORGANISATION and not (forced and bounds)]
    assert loose == []


def test_every_table_of_a_case_or_a_person_is_guarded(connect: Connect) -> None:
    with connect() as connection:
        found = connection.execute(
            "SELECT c.relname, EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'guarded'"
            "   AND NOT p.polpermissive AND p.polcmd = '*')"
            " FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')"
            " AND (c.relname IN ('persons', 'cases', 'referrals', 'handovers') OR EXISTS ("
            "   SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND NOT a.attisdropped"
            "   AND a.attname IN ('case_id', 'person_id', 'referral_id', 'handover_id', 'goal_id')))"
        ).fetchall()
    assert len(found) >= 37
    assert {name for name, guarded in found if not guarded} == set()


def test_no_policy_is_open_to_other_roles_and_no_view_goes_round(connect: Connect) -> None:
    with connect() as connection:
        roles = connection.execute("SELECT DISTINCT polroles::regrole[]::text FROM pg_policy").fetchall()
        views = connection.execute(
            "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('v', 'm')"
        ).fetchone()
    assert roles == [("{caseflow_app}",)]
    assert views == (0,)


def test_functions_that_cross_belong_to_the_role_that_cannot_sign_in(connect: Connect) -> None:
    with connect() as connection:
        functions = connection.execute(
            "SELECT proname, pg_get_userbyid(proowner), prosecdef, proconfig,"
            " has_function_privilege('public', oid, 'execute') FROM pg_proc"
            " WHERE pronamespace = 'public'::regnamespace AND (prosecdef OR prorettype <> 'trigger'::regtype)"
        ).fetchall()
        roles = "SELECT DISTINCT rolcanlogin FROM pg_roles WHERE rolname IN ('caseflow_share', 'caseflow_eraser')"
        assert connection.execute(roles).fetchall() == [(False,)]
    assert len(functions) >= 8
    # What the context claims, unchecked: inlined, it crosses nothing (every table's other policy asks app_org()).
    claims = [function[:3] + function[4:] for function in functions if function[0] == "app_claim"]
    assert claims == [("app_claim", "caseflow_owner", False, False)]
    for name, owner, definer, settings, everybody in (one for one in functions if one[0] != "app_claim"):
        whose = "caseflow_eraser" if name in ERASE else "caseflow_share"
        assert (owner, definer, everybody) == (whose, True, False), name
        assert settings == ["search_path=pg_catalog, pg_temp"], name


def _rights(connection: Any, role: str) -> dict[str, set[str]]:
    """By table what a role may, on the table or on columns of it."""
    rights = connection.execute(
        "SELECT table_name, privilege_type FROM information_schema.table_privileges WHERE grantee = %(role)s"
        " UNION SELECT table_name, privilege_type FROM information_schema.column_privileges WHERE grantee = %(role)s",
        {"role": role},
    )
    found: dict[str, set[str]] = {}
    for table, right in rights:
        found.setdefault(table, set()).add(right)
    return found


def test_the_role_that_crosses_has_the_rights_that_its_functions_ask_and_no_more(environment: dict[str, str]) -> None:
    asked: dict[str, set[str]] = {}
    with psycopg.connect(environment["OWNER_DATABASE_URL"]) as connection:
        bodies = "SELECT prosrc FROM pg_proc WHERE proowner = 'caseflow_share'::regrole"
        for (body,) in connection.execute(bodies).fetchall():
            for verb, table in re.findall(r"(INSERT INTO|UPDATE|DELETE FROM)?\s*\bpublic\.(\w+)\b(?!\()", body):
                # To find the rows that are changed or removed is to read them.
                rights = {
                    "INSERT INTO": {"INSERT"},
                    "UPDATE": {"UPDATE", "SELECT"},
                    "DELETE FROM": {"DELETE", "SELECT"},
                }
                asked.setdefault(table, set()).update(rights.get(verb, {"SELECT"}))
        assert len(asked) >= 30
        assert _rights(connection, "caseflow_share") == asked


def test_only_one_role_may_delete_everywhere_and_not_the_accounts(environment: dict[str, str]) -> None:
    with psycopg.connect(environment["OWNER_DATABASE_URL"]) as connection:
        rights = {role: _rights(connection, role) for role in ("caseflow_share", "caseflow_stats", "caseflow_eraser")}
        defaults = connection.execute("SELECT defaclacl::text FROM pg_default_acl").fetchall()
    deleting = {role: {table for table, may in of.items() if "DELETE" in may} for role, of in rights.items()}
    assert deleting["caseflow_share"] == {"referral_drafts"}
    assert rights["caseflow_stats"] == {}  # it waits for functions that count
    assert deleting["caseflow_eraser"] >= {"persons", "cases", "notes"}
    assert rights["caseflow_eraser"]["outbox"] == {"SELECT", "DELETE"}  # news of what it erases holds its id
    for table in ("users", "passwords", "audit_entries", "audit_seals", "organisations", "wall_key"):
        assert table not in rights["caseflow_eraser"], table
    assert defaults == [("{caseflow_eraser=rd/caseflow_owner}",)]


def test_stranger_reads_no_row_of_any_table(rows: tuple[uuid.UUID, uuid.UUID, uuid.UUID], connect: Connect) -> None:
    sender, _receiver, stranger = rows
    with connect(sender) as connection:
        blind = [t.name for t in _tables() if _count(connection, t) == 0 and t.name != "outbox"]
        assert blind == [], "the sender itself must see its rows, or this test could not fail"
    with connect(stranger) as connection:
        query = sql.SQL("SELECT count(org_id) FROM {} WHERE org_id = %s")
        seen = {
            table.name: connection.execute(query.format(sql.Identifier(table.name)), (sender,)).fetchone()[0]
            for table in _tables()
            if table.name not in DIRECTORY
        }
    assert not any(seen.values()), seen


def test_receiver_reads_packets_and_nothing_else(
    rows: tuple[uuid.UUID, uuid.UUID, uuid.UUID], connect: Connect
) -> None:
    sender, receiver, _stranger = rows
    with connect(receiver) as connection:
        query = sql.SQL("SELECT count(org_id) FROM {} WHERE org_id = %s")
        seen = {
            table.name
            for table in _tables()
            if connection.execute(query.format(sql.Identifier(table.name)), (sender,)).fetchone()[0]
        }
    packets = {table.name for table in _tables() if "to_org_id" in table.columns}
    assert seen == (packets | DIRECTORY) - {"organisations"}


@pytest.mark.parametrize("context", [None, "", "x", "a.b.c.d", "...", "0.0.0.0"])
def test_without_a_signed_context_nothing_is_visible(
    rows: tuple[uuid.UUID, uuid.UUID, uuid.UUID], connect: Connect, context: str | None
) -> None:
    with connect(context=context) as connection:
        assert {t.name: _count(connection, t) for t in Model.metadata.sorted_tables if _count(connection, t)} == {}


def test_forged_and_replayed_contexts_open_nothing(
    rows: tuple[uuid.UUID, uuid.UUID, uuid.UUID], connect: Connect, environment: dict[str, str]
) -> None:
    sender, _receiver, stranger = rows
    key, moment = environment["CASEFLOW_WALL_KEY"], int(time.time())
    signed_for = {f"x{moment + 60}": sender, f"x{moment - 60}": None, "1": None}  # in time, late, another backend
    for backend, found in signed_for.items():
        with connect(context=sign_context(key, sender, None, backend)) as connection:
            assert connection.execute("SELECT app_org()").fetchone() == (found,), backend
    with connect(stranger) as connection:  # signed for this very backend, with another organisation's id put in
        assert connection.execute("SELECT app_org()").fetchone() == (stranger,)
        [own] = connection.execute("SELECT current_setting('caseflow.context')").fetchone()
        swapped = own.replace(str(stranger), str(sender))
        assert swapped.startswith(str(sender))
        connection.execute("SELECT set_config('caseflow.context', %s, true)", (swapped,))
        assert connection.execute("SELECT app_org()").fetchone() == (None,)
    with connect(sender, key="another key of thirty-two letters!") as connection:
        assert connection.execute("SELECT app_org()").fetchone() == (None,)
    with connect(sender) as connection:
        assert connection.execute("SELECT app_org()").fetchone() == (sender,)


def test_nobody_writes_for_another_organisation(rows: tuple[uuid.UUID, uuid.UUID, uuid.UUID], connect: Connect) -> None:
    sender, receiver, stranger = rows
    written = []
    for table in _tables():
        for who, org, to_org in (("stranger", sender, receiver), ("stranger", sender, stranger)):
            with connect(stranger) as connection:
                try:
                    _insert(connection, table, _row(table, org, to_org))
                    written.append((table.name, who, "insert"))
                except InsufficientPrivilege:
                    pass
                except psycopg.errors.ForeignKeyViolation:
                    # A receiver may write a packet (a session, say), but only on a referral that was sent to it.
                    assert "to_org_id" in table.columns, table.name
    assert written == []


def test_stranger_changes_and_removes_no_row(rows: tuple[uuid.UUID, uuid.UUID, uuid.UUID], connect: Connect) -> None:
    sender, _receiver, stranger = rows
    changed = []
    for table in _tables():
        name = sql.Identifier(table.name)
        for column in table.columns:
            statement = sql.SQL("UPDATE {} SET {} = {} WHERE org_id = %s").format(
                name, sql.Identifier(column.name), sql.Identifier(column.name)
            )
            changed += _touched(connect, stranger, statement, sender, f"update {table.name}.{column.name}")
        statement = sql.SQL("DELETE FROM {} WHERE org_id = %s").format(name)
        changed += _touched(connect, stranger, statement, sender, f"delete {table.name}")
    assert changed == []


def _touched(connect: Connect, org: uuid.UUID, statement: sql.Composed, of: uuid.UUID, label: str) -> list[str]:
    with connect(org) as connection:
        try:
            return [label] if connection.execute(statement, (of,)).rowcount else []
        except InsufficientPrivilege:
            return []


def test_receiver_moves_a_referral_and_rewrites_nothing_of_it(
    rows: tuple[uuid.UUID, uuid.UUID, uuid.UUID], connect: Connect
) -> None:
    sender, receiver, _stranger = rows
    movable = set()
    for column in Model.metadata.tables["referrals"].columns:
        name = sql.Identifier(column.name)
        statement = sql.SQL("UPDATE referrals SET {} = {} WHERE org_id = %s").format(name, name)
        if _touched(connect, receiver, statement, sender, "x"):
            movable.add(column.name)
    assert {"status", "status_at", "version"} <= movable
    assert not movable & {"org_id", "to_org_id", "id", "service_id", "kind", "outcomes", "sent_at", "sender_name"}


def test_receiver_cannot_reopen_or_rewrite_a_disclosure(
    rows: tuple[uuid.UUID, uuid.UUID, uuid.UUID], connect: Connect
) -> None:
    sender, receiver, _stranger = rows
    for column in ("revoked_at", "expires_at", "content", "category"):
        name = sql.Identifier(column)
        statement = sql.SQL("UPDATE disclosures SET {} = {} WHERE org_id = %s").format(name, name)
        assert _touched(connect, receiver, statement, sender, column) == []


def test_revoked_and_expired_disclosures_are_gone_for_the_receiver_at_once(
    rows: tuple[uuid.UUID, uuid.UUID, uuid.UUID], connect: Connect, environment: dict[str, str]
) -> None:
    sender, receiver, _stranger = rows
    for change in ("revoked_at = now()", "revoked_at = NULL, expires_at = now() - interval '1 second'"):
        with psycopg.connect(environment["OWNER_DATABASE_URL"]) as owner:
            owner.execute(f"UPDATE disclosures SET {change}")
        with connect(receiver) as connection:
            assert connection.execute("SELECT count(*) FROM disclosures").fetchone() == (0,)
        with connect(sender) as connection:
            assert connection.execute("SELECT count(*) FROM disclosures").fetchone() == (1,)


def test_secrets_of_the_wall_and_of_passwords_cannot_be_read(
    rows: tuple[uuid.UUID, uuid.UUID, uuid.UUID], connect: Connect
) -> None:
    for query in (
        "SELECT * FROM wall_key",
        "SELECT hash FROM passwords",
        "TRUNCATE persons",
        "COPY persons FROM STDIN",
        "ALTER TABLE persons DISABLE ROW LEVEL SECURITY",
        "SET ROLE caseflow_owner",
        "SET SESSION AUTHORIZATION caseflow_owner",
    ):
        with connect(rows[0]) as connection, pytest.raises((InsufficientPrivilege, psycopg.errors.FeatureNotSupported)):
            connection.execute(query)


def test_application_refuses_to_start_as_owner_or_superuser(environment: dict[str, str], stage: Stage) -> None:
    database = environment["DATABASE_URL"].rsplit("/", 1)[1]
    superuser = stage.servers.superuser_url.rsplit("/", 1)[0] + "/" + database
    for url in (environment["OWNER_DATABASE_URL"], superuser):
        with pytest.raises(StrongRoleError, match="caseflow_app"):
            create_app(Config.from_env({**environment, "DATABASE_URL": url}))
