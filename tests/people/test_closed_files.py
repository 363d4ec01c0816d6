"""A closed file in the database: as the application's own role, table by table, and each policy taken away once."""

import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.errors import CheckViolation, InsufficientPrivilege
from sqlalchemy import Table

from caseflow.accounts.permissions import Role
from caseflow.core import installation
from caseflow.core.db import Model
from caseflow.core.wall import sign_context
from tests.cast import Cast
from tests.conftest import Stage
from tests.stories.access import colleague, excluded, hired, restricted
from tests.stories.people import a_case
from tests.test_wall import _insert, _row

IDS = ("case_id", "person_id", "referral_id", "handover_id", "goal_id", "about")


@pytest.fixture
def superuser(environment: dict[str, str], stage: Stage) -> Iterator[Any]:
    """A connection past every policy; nothing that it does is kept unless it commits."""
    url = stage.servers.superuser_url.rsplit("/", 1)[0] + "/" + environment["DATABASE_URL"].rsplit("/", 1)[1]
    with psycopg.connect(url) as connection:
        yield connection
        connection.rollback()


@contextmanager
def speaking(connection: Any, environment: dict[str, str], org: uuid.UUID, user: uuid.UUID) -> Iterator[None]:
    """What is asked here is asked by the application's role in this user's name; undone at the end."""
    connection.execute("SAVEPOINT speaking")
    connection.execute("SET LOCAL ROLE caseflow_app")
    context = sign_context(environment["CASEFLOW_WALL_KEY"], org, user, str(connection.info.backend_pid))
    connection.execute("SELECT set_config('caseflow.context', %s, true)", (context,))
    yield
    connection.execute("ROLLBACK TO SAVEPOINT speaking")


def _guarded(connection: Any) -> set[str]:
    query = "SELECT polrelid::regclass::text FROM pg_policy WHERE polname = 'guarded'"
    return {name for (name,) in connection.execute(query)}


def _refuses(connection: Any, error: type[Exception], statement: str, values: tuple[Any, ...] = ()) -> None:
    connection.execute("SAVEPOINT refused")
    with pytest.raises(error):
        connection.execute(statement, values)
    connection.execute("ROLLBACK TO SAVEPOINT refused")


def _filled(connection: Any, case_id: uuid.UUID, receiver: uuid.UUID) -> tuple[uuid.UUID, dict[str, dict[str, Any]]]:
    """One row in every guarded table that belongs to the case; gives the organisation, and the rows."""
    org, person = connection.execute("SELECT org_id, person_id FROM cases WHERE id = %s", (case_id,)).fetchone()
    known = {name: uuid.uuid4() for name in ("referrals", "handovers", "goals")}
    given = {
        "case_id": case_id, "person_id": person, "about": case_id, "referral_id": known["referrals"],
        "handover_id": known["handovers"], "goal_id": known["goals"],
    }  # fmt: skip
    rows = {}
    connection.execute("SET session_replication_role = replica")  # foreign keys are not what is tried here
    for table in Model.metadata.sorted_tables:
        if table.name not in _guarded(connection) - {"cases", "persons", "case_access"}:
            continue
        row = _row(table, org, receiver) | {name: id for name, id in given.items() if name in table.columns}
        if table.name == "erasures":
            row["referral_id"] = None  # one of a person
        if table.name == "audit_entries":
            row["about"] = [case_id, person]
        if table.name in known:
            row["id"] = known[table.name]
        if table.name == "referral_origins":
            row["id"] = known["referrals"]
        if table.name == "handover_letters":
            row["id"] = known["handovers"]
        _insert(connection, table, row)
        rows[table.name] = row
    connection.execute("SET session_replication_role = origin")
    return org, rows


def _seen(connection: Any, table: str, row: dict[str, Any]) -> int:
    keys = [name for name in ("id", "person_id", "key") if name in row]
    where = sql.SQL(" AND ").join(sql.SQL("{} = %s").format(sql.Identifier(key)) for key in keys)
    query = sql.SQL("SELECT count(*) FROM {} WHERE {}").format(sql.Identifier(table), where)
    return int(connection.execute(query, [row[key] for key in keys]).fetchone()[0])


@pytest.mark.parametrize("how", ["restricted", "excluded"])
def test_no_row_of_a_closed_file_is_read_or_written_by_whom_it_is_closed_to(
    cast: Cast, superuser: Any, environment: dict[str, str], how: str
) -> None:
    case_id = a_case(cast)
    leader, deputy, receiver = colleague(cast, "leader"), colleague(cast, "deputy"), cast.organisation("kamqor")
    restricted(cast, case_id) if how == "restricted" else excluded(cast, case_id, "deputy")
    org, rows = _filled(superuser, case_id, receiver)
    person = superuser.execute("SELECT person_id FROM cases WHERE id = %s", (case_id,)).fetchone()[0]
    access = superuser.execute("SELECT id FROM case_access WHERE person_id = %s", (person,)).fetchone()[0]
    rows |= {"cases": {"id": case_id}, "persons": {"id": person}, "case_access": {"id": access}}
    assert rows.pop("audit_entries")  # auditors alone read the table: tests/people/test_glass.py
    # Of a register's file, whoever has a closed case sees what they brought themselves.
    assert set(rows) == _guarded(superuser) - {"audit_entries"}
    address = "UPDATE notifications SET user_id = %s"  # news is seen by whom it was told to alone
    superuser.execute(address, (deputy,))
    with speaking(superuser, environment, org, deputy):
        assert {table for table, row in rows.items() if _seen(superuser, table, row)} == set()
    superuser.execute(address, (leader,))
    with speaking(superuser, environment, org, leader):
        blind = {table for table, row in rows.items() if not _seen(superuser, table, row)}
    assert blind == set(), "whom it is open to must see it, or this test could not fail"
    superuser.execute(address, (deputy,))
    for table, row in rows.items():
        superuser.execute("SAVEPOINT whole")
        superuser.execute(sql.SQL("DROP POLICY guarded ON {}").format(sql.Identifier(table)))
        with speaking(superuser, environment, org, deputy):
            # A part is seen with its whole: the policy of the goals goes, too.
            assert _seen(superuser, table, row), f"without its policy {table} hides the row: the policy is not tried"
        superuser.execute("ROLLBACK TO SAVEPOINT whole")


# What the policy `lent` leaves out: decisions about who may open the file, what is recorded of a reading, what belongs
# to the receiver of a referral or to no file, and the row that says what was erased.
NOT_LENT = {
    "case_access", "audit_entries", "notifications", "handover_readings", "erasures", "register_imports",
    "received_holds", "referral_access", "referral_helpers", "referral_notes", "referral_outcomes", "referral_reports",
    "referral_sessions",
}  # fmt: skip


def test_nothing_of_a_file_that_is_open_by_emergency_alone_is_written(
    cast: Cast, superuser: Any, environment: dict[str, str]
) -> None:
    case_id = a_case(cast, number="R-0815")
    daniyar, receiver = colleague(cast, "daniyar"), cast.organisation("kamqor")
    restricted(cast, case_id)
    org, rows = _filled(superuser, case_id, receiver)
    [person] = superuser.execute("SELECT person_id FROM cases WHERE id = %s", (case_id,)).fetchone()
    for name, ids in (("cases", {"person_id": person}), ("persons", {"id": person})):
        rows[name] = _row(Model.metadata.tables[name], org, receiver) | ids
    query = "SELECT polrelid::regclass::text FROM pg_policy WHERE polname = 'lent'"
    lent = {name for (name,) in superuser.execute(query)}
    assert lent == _guarded(superuser) - NOT_LENT
    others = "SELECT polrelid::regclass::text, polname FROM pg_policy WHERE NOT polpermissive AND polname <> 'lent'"
    for table, policy in superuser.execute(others).fetchall():
        superuser.execute(sql.SQL("DROP POLICY {} ON {}").format(sql.Identifier(policy), sql.Identifier(table)))
    tables = [table for table in Model.metadata.sorted_tables if table.name in lent]
    with speaking(superuser, environment, org, daniyar):
        assert _refused_as_lent(superuser, tables, rows) == set()
        assert superuser.execute("SELECT count(*) FROM break_glass('R-0815', 'Fire', 60)").fetchone() == (1,)
        assert _refused_as_lent(superuser, tables, rows) == lent


def _refused_as_lent(connection: Any, tables: Iterable[Table], rows: dict[str, dict[str, Any]]) -> set[str]:
    refused = set()
    for table in tables:
        connection.execute("SAVEPOINT written")
        try:
            _insert(connection, table, rows[table.name])
        except psycopg.Error as error:
            if 'policy "lent"' in str(error):
                refused.add(table.name)
        connection.execute("ROLLBACK TO SAVEPOINT written")
    return refused


def test_nobody_writes_into_a_file_that_is_closed_to_them(
    cast: Cast, superuser: Any, environment: dict[str, str]
) -> None:
    case_id = a_case(cast)
    deputy, receiver = colleague(cast, "deputy"), cast.organisation("kamqor")
    excluded(cast, case_id, "deputy")
    org, rows = _filled(superuser, case_id, receiver)
    written = []
    for table in Model.metadata.sorted_tables:
        if not (table.name in rows and any(column in table.columns for column in IDS)):
            continue
        for statement in (
            sql.SQL("UPDATE {} SET org_id = org_id WHERE org_id = %s"),
            sql.SQL("DELETE FROM {} WHERE org_id = %s"),
        ):
            with speaking(superuser, environment, org, deputy):
                try:
                    if superuser.execute(statement.format(sql.Identifier(table.name)), (org,)).rowcount:
                        written.append((table.name, statement.as_string()[:6]))
                except InsufficientPrivilege:
                    superuser.execute("ROLLBACK TO SAVEPOINT speaking")
        with speaking(superuser, environment, org, deputy):
            try:
                row = rows[table.name] | ({"id": uuid.uuid4()} if "id" in table.columns else {"key": 77})
                _insert(superuser, table, row)
                written.append((table.name, "INSERT"))
            except InsufficientPrivilege:
                superuser.execute("ROLLBACK TO SAVEPOINT speaking")
    assert written == []


def test_auditor_sees_who_read_a_restricted_file_and_nothing_of_one_they_are_excluded_from(
    cast: Cast, superuser: Any, environment: dict[str, str]
) -> None:
    case_id = a_case(cast, number="R-1")
    restricted(cast, case_id)
    cast.be("leader").get(f"/cases/{case_id}")
    org, person = superuser.execute("SELECT org_id, person_id FROM cases WHERE id = %s", (case_id,)).fetchone()

    def seen(name: str) -> int:
        who = colleague(cast, name)
        with speaking(superuser, environment, org, who):
            return _seen(superuser, "cases", {"id": case_id}) + _seen(superuser, "persons", {"id": person})

    assert {name: seen(name) for name in ("leader", "auditor", "deputy", "daniyar")} == {
        "leader": 2, "auditor": 2, "deputy": 0, "daniyar": 0,
    }  # fmt: skip
    found = cast.be("auditor").get("/audit/person?number=R-1")
    assert "Гульнара Ахметова" in found[found.index("<tbody>") :], "who opened it"
    for page in ("", "/access", "/notes"):
        cast.be("auditor").get(f"/cases/{case_id}{page}", expect=403)
    hired(cast, "second_auditor", Role.AUDITOR, by="admin")  # without another they could not be excluded
    excluded(cast, case_id, "auditor")
    assert seen("auditor") == 0
    assert "Nobody has this number here" in cast.be("auditor").get("/audit/person?number=R-1")


def test_emergency_access_is_given_by_the_database_alone_and_for_four_hours_at_most(
    cast: Cast, superuser: Any, environment: dict[str, str]
) -> None:
    case_id = a_case(cast, number="G-1")
    restricted(cast, case_id)
    daniyar, leader = colleague(cast, "daniyar"), colleague(cast, "leader")
    org, person = superuser.execute("SELECT org_id, person_id FROM cases WHERE id = %s", (case_id,)).fetchone()
    glass = (
        "INSERT INTO case_access (org_id, id, created_at, person_id, case_id, kind, user_id, reason, granted_by, until)"
        " VALUES (%s, gen_random_uuid(), now(), %s, %s, %s, %s, 'x', %s, now() + make_interval(hours => %s))"
    )
    for kind, giver in (("glass", leader), ("allowed", daniyar)):  # not by hand, and not in another's name
        with speaking(superuser, environment, org, leader):
            _refuses(superuser, InsufficientPrivilege, glass, (org, person, case_id, kind, daniyar, giver, 1))
    _refuses(superuser, CheckViolation, glass, (org, person, case_id, "glass", daniyar, daniyar, 5))
    broken = "SELECT case_id FROM break_glass(%s, 'Fire', %s)"
    with speaking(superuser, environment, org, daniyar):
        for number, minutes in (("G-1", 241), ("G-1", 0), ("G-2", 60)):
            assert superuser.execute(broken, (number, minutes)).fetchone() is None
        assert superuser.execute(broken, ("G-1", 240)).fetchone() == (case_id,)
        assert superuser.execute("SELECT count(*) FROM cases WHERE id = %s", (case_id,)).fetchone() == (1,)
        # It cannot be prolonged, and what has ended cannot be taken up again.
        for change in ("until = now() + interval '4 hours'", "user_id = granted_by"):
            _refuses(superuser, InsufficientPrivilege, f"UPDATE case_access SET {change}")
    with speaking(superuser, environment, org, leader):
        ended = (
            "UPDATE case_access SET ended_at = now(), ended_by = app_user() WHERE kind = 'allowed' AND user_id <> %s"
        )
        superuser.execute(ended, (leader,))
        assert superuser.execute("UPDATE case_access SET ended_at = NULL WHERE ended_at IS NOT NULL").rowcount == 0
        _refuses(superuser, InsufficientPrivilege, "UPDATE cases SET guarded = false WHERE id = %s", (case_id,))


def test_further_case_of_a_closed_person_is_closed_from_its_first_moment(cast: Cast, superuser: Any) -> None:
    case_id = a_case(cast)
    excluded(cast, case_id, "deputy")
    superuser.execute("SET session_replication_role = origin")
    superuser.execute(
        "INSERT INTO cases (org_id, id, created_at, person_id, number, phase, opened_on, legal_status, version)"
        " SELECT org_id, gen_random_uuid(), now(), person_id, 'N-2', 'intake', opened_on, legal_status, 1"
        " FROM cases WHERE id = %s",
        (case_id,),
    )
    assert superuser.execute("SELECT array_agg(guarded) FROM cases").fetchone() == ([True, True],)
    superuser.execute("UPDATE case_access SET ended_at = now()")
    assert superuser.execute("SELECT array_agg(guarded) FROM cases").fetchone() == ([False, False],)


def test_what_is_closed_is_asked_once_for_a_table_and_takes_no_index_away(
    cast: Cast, superuser: Any, environment: dict[str, str]
) -> None:
    case_id = a_case(cast)
    org = cast.organisation("almaty")
    superuser.execute("SET LOCAL enable_seqscan = off")
    superuser.execute("SET LOCAL enable_bitmapscan = off")

    def plan(query: str) -> str:
        with speaking(superuser, environment, org, colleague(cast, "leader")):
            return "\n".join(line for (line,) in superuser.execute(f"EXPLAIN (ANALYZE, COSTS OFF) {query}").fetchall())

    counted = plan(f"SELECT count(*) FROM cases WHERE org_id = '{org}' AND phase <> 'closed'")
    assert "Index Only Scan using ix_cases_open" in counted
    assert "never executed" in counted, "of a case that nobody guards nothing more is asked"
    noted = plan(f"SELECT * FROM phase_changes WHERE org_id = '{org}' AND case_id = '{case_id}'")
    assert "Index Scan using ix_phase_changes_case" in noted
    assert noted.count("hashed SubPlan") == 1
    assert "ProjectSet (actual" in noted
    assert "loops=1)" in noted.split("ProjectSet")[1]


def test_older_news_learns_what_it_is_about(cast: Cast, environment: dict[str, str]) -> None:
    org, aigerim, case_id = cast.organisation("almaty"), colleague(cast, "aigerim"), uuid.uuid4()
    installation.downgrade(environment["OWNER_DATABASE_URL"], "0012")
    with psycopg.connect(environment["OWNER_DATABASE_URL"]) as owner:
        for path in (f"/cases/{case_id}/release", "/account"):
            owner.execute(
                "INSERT INTO notifications (org_id, id, created_at, user_id, news_id, title, params, path, urgent)"
                " VALUES (%s, gen_random_uuid(), now(), %s, gen_random_uuid(), 'x', '{}', %s, false)",
                (org, aigerim, path),
            )
    installation.migrate(environment["OWNER_DATABASE_URL"], wall_key=environment["CASEFLOW_WALL_KEY"])
    with psycopg.connect(environment["OWNER_DATABASE_URL"]) as owner:
        assert owner.execute("SELECT about FROM notifications ORDER BY path DESC").fetchall() == [(case_id,), (None,)]
