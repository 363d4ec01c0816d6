"""Ids swapped and settings smuggled: nothing of another organisation gets into a row, and nobody becomes another."""

import os
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

import psycopg
import pytest
from sqlalchemy import event

from caseflow.accounts.permissions import Permission
from caseflow.core.db import db
from caseflow.core.wall import sign_context
from tests.trust.asking import Asker, kept_nothing
from tests.trust.pages import Sheet
from tests.trust.scene import ACCOUNTS, MARK, Scene
from tests.trust.seeing import may_read
from tests.trust.tables import hashes
from tests.trust.test_injection import _send, _shape, forms

LONG = os.environ.get("ATTACKS") == "long"
Count = Callable[[str, object], None]

# Names of columns that no form holds, and what a hostile sender would like them to be.
SMUGGLED = ("org_id", "to_org_id", "user_id", "case_id", "person_id", "referral_id", "written_by", "by", "officer_id")


@contextmanager
def watched(scene: Scene, forbidden: set[str]) -> Iterator[list[str]]:
    """Collects the statements that would write a forbidden id."""
    found: list[str] = []

    def look(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        if statement.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE", "WITH")):
            values = str(parameters)
            found.extend(f"{statement[:60]} {one}" for one in forbidden if one in values or f"UUID('{one}')" in values)

    with scene.app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", look)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", look)


def foreign(scene: Scene, name: str) -> dict[str, set[str]]:
    """The ids of things that the account does not reach, by kind; and of organisations not its own."""
    account = ACCOUNTS[name]
    found: dict[str, set[str]] = {}
    for world in scene.worlds.values():
        if account.org in (world.org, world.receiver, world.incoming) and account.name not in ("aigerim", "officer"):
            continue
        if account.name in world.workers or account.name in world.helpers or account.name == world.officer:
            continue
        invited = world.incoming == account.org and not world.officer and account.may(Permission.APPROVE_HANDOVERS)
        for thing, id in world.ids.items():
            if invited and thing in ("handover", "case"):
                continue  # whoever may take it reads it, and what they read is written down
            if thing == "site" and world.org == account.org:
                continue  # the organisation's, whoever's case is there
            if thing != "service" or world.receiver == "stranger-cso":
                found.setdefault(thing, set()).add(str(id))
    found["user"] = {id for id in found.get("user", set()) if id not in colleagues(scene, account.org)}
    found["organisation"] = {str(scene.cast.organisation("stranger")), str(scene.cast.organisation("stranger-cso"))}
    return found


def colleagues(scene: Scene, org: str) -> set[str]:
    """The ids of the users of worlds of this organisation."""
    return {str(world.ids["user"]) for world in scene.worlds.values() if world.org == org}


@pytest.mark.parametrize("name", ["aigerim", "leader", "coordinator", "officer"] if LONG else ["coordinator"])
def test_no_form_takes_an_id_that_is_not_ones_own_to_give(scene: Scene, name: str, record_property: Count) -> None:
    account, asker = ACCOUNTS[name], Asker(scene.app, name)
    theirs = foreign(scene, name)
    known = {str(id) for world in scene.worlds.values() for id in world.ids.values()}
    wrong, asked = [], Counter[str]()
    with kept_nothing(), watched(scene, set().union(*theirs.values())) as written:
        for sheet in forms(scene, asker, account, set()):
            if sheet.method == "GET" or sheet.action in ("/sign-out", "/language"):
                continue
            for what, data in swaps(sheet, theirs, known):
                written.clear()  # the pages that the forms were found on told what was read on them
                answer = _send(asker, sheet, data)
                asked[what.partition(":")[0]] += 1
                where = f"{_shape(sheet.action)} {what}: {answer.status_code}"
                if answer.status_code >= 500:
                    wrong.append(where)
                wrong += [f"{where} wrote {one}" for one in written]
                for world, mark in MARK.findall(answer.get_data(as_text=True)):
                    if not may_read(account, scene.worlds[world], mark):
                        wrong.append(f"{where} mark {world} {mark}")
    for what, count in asked.items():
        record_property(f"probes:smuggling:{what}", count)
    assert not wrong, f"{len(wrong)} for {name}:\n" + "\n".join(islice(dict.fromkeys(wrong), 40))


def swaps(sheet: Sheet, theirs: dict[str, set[str]], known: set[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """What a hostile sender sends: another's id in each choice, and columns that the form does not have."""
    honest = sheet.filled()
    kinds = theirs if LONG else ("case", "user", "referral", "consent", "organisation")
    one_of_each = {thing: min(theirs[thing]) for thing in kinds if theirs.get(thing)}
    for one in sheet.fields.values():
        named = [value for value in [one.value, *one.offered] if _is_id(value)]
        if one.name == "csrf_token" or (not named and one.kind not in {"select", "radio"}):
            continue
        if one.kind == "hidden" and not set(named) & known:
            continue  # the id of the row to be made: whatever it is, the row is one's own
        for thing, id in one_of_each.items():
            if id in one.offered:
                continue  # a consent may name any organisation that is told something
            yield f"id in a choice: {one.name}={thing}", {**honest, one.name: [id] if one.many else id}
        yield f"code in a choice: {one.name}", {**honest, one.name: "zqx"}
    ids = [*one_of_each.values()]
    columns = {column: ids[place % len(ids)] for place, column in enumerate(SMUGGLED)}
    yield "columns", {**honest, **columns, "role": "steward", "status": "completed"}
    if LONG:
        for column, id in columns.items():
            yield f"column: {column}", {**honest, column: id}


def _is_id(text: str) -> bool:
    try:
        return bool(uuid.UUID(text))
    except ValueError:
        return False


# Settings and the signed context

STATEMENTS = (
    "/* caseflow.context = '{token}' */ SELECT count(*) FROM persons",
    "SET caseflow.context = '{token}'; SELECT count(*) FROM persons",
    "SET LOCAL caseflow.context TO '{token}'; SELECT count(*) FROM persons",
    "SET SESSION caseflow.context TO '{token}'; COMMIT; BEGIN; SELECT count(*) FROM persons",
    "SELECT set_config('caseflow.context', '{token}', false); SELECT count(*) FROM persons",
    "SELECT set_config('caseflow.context', '{token}', true); SELECT count(*) FROM persons",
    "DO $$ BEGIN PERFORM set_config('caseflow.context', '{token}', true); END $$; SELECT count(*) FROM persons",
    "RESET ALL; SELECT count(*) FROM persons",
    "DISCARD ALL",
    "SET row_security = off; SELECT count(*) FROM persons",
    "SET session_replication_role = replica",
    "SET ROLE caseflow_share; SELECT count(*) FROM persons",
    "SET ROLE caseflow_owner; SELECT count(*) FROM persons",
    "SET SESSION AUTHORIZATION caseflow_owner",
    "CREATE FUNCTION pg_temp.app_org() RETURNS uuid LANGUAGE sql AS $$ SELECT '{org}'::uuid $$",
    "CREATE FUNCTION public.app_org(x int) RETURNS uuid LANGUAGE sql AS $$ SELECT '{org}'::uuid $$",
    "CREATE OR REPLACE FUNCTION public.app_org() RETURNS uuid LANGUAGE sql AS $$ SELECT '{org}'::uuid $$",
    "CREATE TEMP TABLE organisations AS SELECT '{org}'::uuid AS id; SELECT count(*) FROM public.persons",
    "CREATE POLICY open ON persons USING (true)",
    "ALTER TABLE persons NO FORCE ROW LEVEL SECURITY",
    "ALTER ROLE caseflow_app BYPASSRLS",
    "GRANT caseflow_share TO caseflow_app",
    "SELECT key FROM wall_key",
    "SELECT lo_import('/etc/passwd')",
    "COPY persons TO PROGRAM 'cat'",
    "COPY (SELECT 1) TO '/tmp/zqx'",
    "SELECT pg_read_file('/etc/passwd')",
    "TRUNCATE audit_entries",
    "DELETE FROM audit_entries",
    "UPDATE audit_entries SET act = 'zqx'",
)


def test_settings_and_contexts_smuggled_by_sql_open_nothing(attacked: Scene, record_property: Count) -> None:
    key, theirs = attacked.environment["CASEFLOW_WALL_KEY"], attacked.cast.organisation("almaty")
    mine = attacked.cast.organisation("stranger")
    before, asked, wrong = hashes(attacked, leave_out=()), 0, []
    with psycopg.connect(attacked.environment["DATABASE_URL"]) as replayed:
        tokens = {
            "another backend's": sign_context(key, theirs, None, str(replayed.info.backend_pid)),
            "another key": sign_context("x" * 40, theirs, None, "{pid}"),
            "no signature": f"{theirs}.." + "{pid}" + ".",
            "expired": sign_context(key, theirs, None, "x1000000000"),
            "forever": f"{theirs}..x99999999999." + "0" * 64,
            "another's signature": "{mine}",
            "longer": sign_context(key, theirs, None, "x1000000000") + "." + "0" * 64,
        }
        for statement in STATEMENTS:
            for what, token in tokens.items() if "{token}" in statement else [("", "")]:
                with psycopg.connect(attacked.environment["DATABASE_URL"]) as connection:
                    own = sign_context(key, mine, None, str(connection.info.backend_pid))
                    connection.execute("SELECT set_config('caseflow.context', %s, true)", (own,))
                    sent = token.replace("{pid}", str(connection.info.backend_pid))
                    sent = sent.replace("{mine}", own.replace(str(mine), str(theirs)))
                    asked += 1
                    seen = _seen(connection, statement.replace("{token}", sent).replace("{org}", str(theirs)), theirs)
                    wrong += [f"{statement} ({what}): {seen}"] if seen else []
    record_property("probes:smuggling:settings and contexts", asked)
    assert wrong == []
    assert hashes(attacked, leave_out=()) == before


def _seen(connection: psycopg.Connection[Any], statement: str, theirs: uuid.UUID) -> int:
    """How many of the other organisation's rows are seen once the statement has run, where it runs at all."""
    try:
        connection.execute(statement)
        row = connection.execute("SELECT count(*) FROM persons WHERE org_id = %s", (theirs,)).fetchone()
    except psycopg.Error:
        connection.rollback()
        row = connection.execute("SELECT count(*) FROM persons WHERE org_id = %s", (theirs,)).fetchone()
    connection.rollback()
    return int(row[0]) if row else 0


@pytest.mark.parametrize(
    "header", ["X-Organisation", "X-Org-Id", "X-User", "X-Forwarded-User", "Authorization", "X-Tenant"]
)
def test_headers_make_nobody_another(scene: Scene, header: str, record_property: Count) -> None:
    case = scene.worlds["w1"].ids["case"]
    stranger = Asker(scene.app, "stranger")
    ids = [str(scene.cast.organisation("almaty")), str(scene.worlds["w1"].ids["user"]), "aigerim@example.org"]
    with kept_nothing():
        for text in [*ids, f"Bearer {ids[1]}", f"'; SET caseflow.context = '{ids[0]}' --"]:
            answer = stranger.ask("GET", f"/cases/{case}?org_id={ids[0]}&user_id={ids[1]}", headers={header: text})
            assert answer.status_code == 404
            assert not MARK.search(answer.get_data(as_text=True))
    record_property("probes:smuggling:headers", 5)
