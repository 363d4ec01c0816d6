"""Migrations beside a running system: what the previous version reads, writes and calls goes on working.

The product before a migration is known by its database: its tables, columns, defaults, functions and rights as they
are at the revision before. Each migration after FIRST is judged against the revision that it follows.
"""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, MetaData, create_engine, select, text
from sqlalchemy.exc import IntegrityError

from caseflow.core import installation
from tests.cast import Cast

FIRST = "0012"  # the first version that runs anywhere
NEWER = installation.known_migrations()[installation.known_migrations().index(FIRST) + 1 :]

# Rights that a migration takes on purpose: no statement of the version before used them.
UNUSED: dict[str, set[tuple[str, str]]] = {
    "0035": {
        (f"organisations.{column}", "UPDATE")
        for column in ("id", "created_at", "slug", "name", "kind", "country", "locale", "timezone", "rest_days")
    },
    # Keys were destroyed by the erasing functions, which are not the application's.
    "0036": {
        (f"{table}.{column}", "UPDATE")
        for table in ("person_keys", "packet_keys")
        for column in ("wrapped", "destroyed_at")
    },
}

COLUMNS = """
    SELECT c.relname || '.' || a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
"""
RIGHTS = """
    SELECT table_name || '.' || column_name, privilege_type FROM information_schema.column_privileges
    WHERE grantee = 'caseflow_app' AND table_schema = 'public'
    UNION SELECT table_name, privilege_type FROM information_schema.table_privileges
    WHERE grantee = 'caseflow_app' AND table_schema = 'public' AND privilege_type = 'DELETE'
    UNION SELECT p.oid::regprocedure::text, 'EXECUTE'
    FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace
      AND has_function_privilege('caseflow_app', p.oid, 'EXECUTE')
"""
NEEDED = """
    SELECT c.relname || '.' || a.attname
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
      AND a.attnotnull AND NOT a.atthasdef AND a.attidentity = '' AND a.attgenerated = ''
"""


@pytest.fixture
def owner(environment: dict[str, str]) -> Iterator[Engine]:
    engine = create_engine(environment["OWNER_DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://", 1))
    yield engine
    engine.dispose()


def ask(engine: Engine, question: str) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(question))]


@pytest.mark.skipif(not NEWER, reason="no migration is newer than the first version")
def test_each_newer_migration_leaves_the_previous_version_running(
    cast: Cast, owner: Engine, environment: dict[str, str]
) -> None:
    cast.be("aigerim").get("/account")
    url, key = environment["OWNER_DATABASE_URL"], environment["CASEFLOW_WALL_KEY"]
    installation.downgrade(url, FIRST)
    for revision in NEWER:
        before = MetaData()
        before.reflect(owner)
        columns, rights = ask(owner, COLUMNS), ask(owner, RIGHTS)
        installation.migrate(url, wall_key=key, target=revision)
        _is_additive(owner, columns, rights, revision)
        _works_as_before(owner, before, revision)


def _is_additive(owner: Engine, columns: list[Any], rights: list[Any], revision: str) -> None:
    now = {name: (kind, needed) for name, kind, needed in ask(owner, COLUMNS)}
    gone = [name for name, kind, _ in columns if now.get(name, ("",))[0] != kind]
    assert gone == [], f"{revision} takes away or changes what the previous version uses"
    tightened = [name for name, _, needed in columns if now[name][1] and not needed]
    assert tightened == [], f"{revision} asks for values that the previous version leaves out"
    tables = {name.split(".")[0] for name, *_ in columns}
    known = {name for name, *_ in columns}
    fresh = [name for (name,) in ask(owner, NEEDED) if name.split(".")[0] in tables and name not in known]
    assert fresh == [], f"{revision} adds columns that the previous version's INSERT does not fill"
    lost = set(rights) - set(ask(owner, RIGHTS)) - UNUSED.get(revision, set())
    assert lost == set(), f"{revision} takes rights that the previous version's pages use"


def _works_as_before(owner: Engine, before: MetaData, revision: str) -> None:
    """The previous version's SELECT of every column, and its INSERT and UPDATE of every row there is, undone again."""
    tried = 0
    with owner.connect() as connection:
        connection.execute(text("SET CONSTRAINTS ALL DEFERRED"))
        for table in before.sorted_tables:
            if table.name in {"alembic_version", "wall_key"}:
                continue
            rows = [dict(row._mapping) for row in connection.execute(select(table).limit(20))]
            keys = [column.name for column in table.primary_key]
            for row in rows:
                mine = [table.c[name] == row[name] for name in keys]
                with connection.begin_nested() as point:
                    connection.execute(table.update().where(*mine).values(row))
                    point.rollback()
                if "hash" in row:
                    continue  # a password is its user's row: it cannot be a second one
                tried += _inserted_again(connection, table, mine, row)
    assert tried > 0, revision


def _inserted_again(connection: Any, table: Any, mine: list[Any], row: dict[str, Any]) -> int:
    """Take the row out and put it in again by the old INSERT; rows that others hang on cannot be taken out."""
    with connection.begin_nested() as point:
        try:
            connection.execute(table.delete().where(*mine))
        except IntegrityError:
            point.rollback()
            return 0
        connection.execute(table.insert().values(row))
        point.rollback()
    return 1


def test_a_migration_behind_a_long_transaction_gives_way_and_can_be_run_again(
    environment: dict[str, str], owner: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    url, key = environment["OWNER_DATABASE_URL"], environment["CASEFLOW_WALL_KEY"]
    installation.downgrade(url, "0011")
    with psycopg.connect(environment["OWNER_DATABASE_URL"]) as long:
        long.execute("LOCK TABLE cases IN ROW EXCLUSIVE MODE")  # as an import holds it
        with pytest.raises(installation.InstallationError, match="gave way to the running system"):
            installation.migrate(url, wall_key=key, pauses=(0.01, 0.01), lock_timeout="100ms")
        # Nothing waits behind it, and nothing is half done.
        with psycopg.connect(environment["DATABASE_URL"]) as running:
            running.execute("SET statement_timeout = '2s'; SELECT count(*) FROM cases")
        assert ask(owner, "SELECT version_num FROM alembic_version") == [("0011",)]
    assert caplog.text.count("tried again in") == 2
    installation.migrate(url, wall_key=key)
    with psycopg.connect(url) as connection:
        assert installation.applied(connection) == [installation.newest_migration()]
        granted = connection.execute("SELECT has_schema_privilege('caseflow_share', 'public', 'CREATE')").fetchone()
    assert granted == (False,)
