"""Retention by URL: what falls due, two persons who decide, holds, and that nothing of the person is left."""

import re
import uuid
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from caseflow.accounts import actions as accounts
from caseflow.accounts.models import User
from caseflow.accounts.permissions import Role
from caseflow.core.db import db, new_id, now, today
from caseflow.people import actions as people
from caseflow.people import queries
from caseflow.people.models import Case, CaseOutcome, IdentifierKind, NoteKind, Person, PersonKey
from caseflow.rights import queries as rights
from caseflow.rights.models import Erasure, ErasureState, Hold, RuleKind
from tests.cast import PASSWORD, Cast
from tests.people.test_sealing import owner
from tests.stories.people import a_case
from tests.stories.plans import a_goal
from tests.stories.release import a_handover

LONG_AGO = 11 * 366
MARK = "кукушка"


def a_second_leader(cast: Cast) -> str:
    with cast.acting("admin") as user:
        made, _password = accounts.add_user(
            name="Вторая Руководитель",
            email="second_leader@example.org",
            role=Role.TEAM_LEADER,
            site_id=None,
            password=PASSWORD,
            by=user,
        )
        made.locale = "en"
    with cast.acting("second_leader") as user:
        accounts.accept_terms(by=user)
    return "second_leader"


def closed(
    cast: Cast,
    environment: dict[str, str],
    days: int = LONG_AGO,
    outcome: CaseOutcome = CaseOutcome.SENTENCE_ENDED,
    **person: Any,
) -> tuple[uuid.UUID, uuid.UUID]:
    """A case that was closed so many days ago, and its person; the leaders of the service see it."""
    case_id = a_case(cast, name=f"{MARK} Имя", phone=f"{MARK} phone", **person)
    with cast.acting("aigerim") as user:
        case = queries.opened(case_id, user)
        person_id = case.person_id
        people.write_note(case, kind=NoteKind.CONTACT, text=f"{MARK} note", by=user)
        people.add_relative(case, people.RelativeFields(name=f"{MARK} mother", relation="mother"), by=user)
    with cast.acting("aigerim") as user:
        people.close_case(queries.opened(case_id, user), outcome, None, by=user)
    with owner(environment) as connection:
        connection.execute(
            "UPDATE cases SET closed_on = %s, opened_on = %s, site_id = NULL WHERE id = %s",
            (today() - timedelta(days=days), today() - timedelta(days=days + 400), case_id),
        )
    return case_id, person_id


def waiting(cast: Cast, name: str) -> str:
    """The number beside the entry of the navigation."""
    count = r'(?: <span class="cf-count"><bdi>(\d+)</bdi></span>)?'
    found = re.search(rf'href="/retention"[^>]*>Retention{count}</a>', cast.be(name).get("/"))
    assert found is not None
    return found[1] or ""


def proposed(cast: Cast, person_id: uuid.UUID, by: str = "leader") -> uuid.UUID:
    cast.be(by).post("/retention/propose", {"person": str(person_id)})
    with cast.acting(by) as user:
        query = select(Erasure).where(Erasure.org_id == user.org_id, Erasure.person_id == person_id)
        return db.session.scalars(query.where(Erasure.state == ErasureState.PROPOSED)).one().id


def left(environment: dict[str, str], *words: str) -> dict[str, int]:
    """Which tables still hold one of these words."""
    found = {}
    with owner(environment) as connection:
        tables = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        for (name,) in connection.execute(tables).fetchall():
            query = sql.SQL("SELECT count(*) FROM {} t WHERE t::text ~ %s").format(sql.Identifier(name))
            count = connection.execute(query, ("|".join(words),)).fetchone()[0]
            if count:
                found[name] = count
    return found


def test_what_two_persons_decide_is_gone_with_its_key(cast: Cast, environment: dict[str, str], redis: Any) -> None:
    second = a_second_leader(cast)
    case_id, person_id = closed(cast, environment, identifiers={IdentifierKind.NATIONAL: "901231300123"})
    other_id, _other_person = closed(cast, environment, days=20)
    with cast.acting("aigerim") as user:
        user_id = user.id
        queries.opened(case_id, user)
    page = cast.be("leader").get("/retention")
    assert "The records of <bdi>1</bdi> person fall due." in page or "The records of 1 person fall due." in page
    assert MARK in page
    cast.be("leader").post("/retention/propose")
    assert "Nothing was chosen." in cast.be("leader").get("/retention")
    assert waiting(cast, second) == ""
    erasure_id = proposed(cast, person_id)
    assert [waiting(cast, name) for name in ("leader", second, "stranger", "probation_leader")] == ["", "1", "", ""]
    approve = f"/retention/{erasure_id}/approve"
    assert "Nobody approves what they proposed" in cast.be("leader").post(approve, expect=422)
    for stranger in ("stranger", "probation_leader"):
        cast.be(stranger).get(approve, expect=404)
        assert MARK not in cast.be(stranger).get("/retention")
    cast.be("aigerim").get("/retention", expect=403)
    assert MARK in cast.be(second).get(approve)  # whose records, before it is too late
    cast.be(second).post(approve)
    cast.be(second).get(approve, expect=404)  # decided
    assert MARK in cast.be("aigerim").get(f"/cases/{case_id}/notes")  # until the job has run
    cast.deliver(redis)
    cast.be("aigerim").get(f"/cases/{case_id}/notes", expect=404)
    assert str(case_id) not in cast.be("leader").get(f"/search?q={MARK}")
    with owner(environment) as connection:
        key = connection.execute("SELECT wrapped, destroyed_at FROM person_keys WHERE id = %s", (person_id,)).fetchone()
        assert key[0] is None
        assert key[1] is not None
    # Nothing names the person, but the audit and the log, which hold ids alone.
    assert set(left(environment, str(case_id), str(person_id))) <= {
        "audit_entries", "erasures", "person_keys", "outbox", "notifications",
    }  # fmt: skip
    assert MARK in cast.be("aigerim").get(f"/cases/{other_id}/notes")  # nobody else was touched
    log = cast.be("leader").get("/retention/log")
    assert "Erased" in log
    assert MARK not in log
    with cast.acting("leader") as user:
        done = db.session.get_one(Erasure, (user.org_id, erasure_id))
        assert done.rows_removed is not None
        assert done.rows_removed > 10
        assert db.session.execute(text("SELECT erase_person(:id)"), {"id": erasure_id}).scalar() == 0  # twice
        assert db.session.get(User, (user.org_id, user_id)) is not None
        assert db.session.scalars(select(PersonKey).where(PersonKey.id == person_id)).one().wrapped is None


def test_a_hold_keeps_the_records_at_every_step(cast: Cast, environment: dict[str, str], redis: Any) -> None:
    second = a_second_leader(cast)
    case_id, person_id = closed(cast, environment)
    erasure_id = proposed(cast, person_id)
    holds = f"/cases/{case_id}/holds"
    assert "reason-error" in cast.be("aigerim").post(holds, {"kind": "court"}, expect=422)
    cast.be("aigerim").post(holds, {"kind": "court", "reason": "Appeal pending"})
    assert "Appeal pending" in cast.be("aigerim").get(holds)
    for name in ("stranger", "daniyar"):
        cast.be(name).get(holds, expect=404)
    assert "on hold" in cast.be(second).post(f"/retention/{erasure_id}/approve", expect=422)
    cast.be(second).post(f"/retention/{erasure_id}/refuse")
    assert MARK not in cast.be("leader").get("/retention")
    with cast.acting("leader") as user:
        [hold] = [one.id for one in _holds(case_id, user)]
    cast.be("aigerim").post(f"{holds}/{hold}/end", expect=403)
    cast.be("leader").post(f"{holds}/{hold}/end")
    again = proposed(cast, person_id)
    cast.be(second).post(f"/retention/{again}/approve")
    cast.be("aigerim").post(holds, {"kind": "complaint", "reason": "Late"})  # before the job has run
    cast.deliver(redis)
    assert MARK in cast.be("aigerim").get(f"/cases/{case_id}/notes")
    with cast.acting("leader") as user:
        assert db.session.get_one(Erasure, (user.org_id, again)).state is ErasureState.REFUSED


def _holds(case_id: uuid.UUID, user: User) -> list[Hold]:
    return rights.holds(queries.opened(case_id, user).person)


def test_rules_decide_who_falls_due(cast: Cast, environment: dict[str, str]) -> None:
    _case, young = closed(
        cast, environment, days=4 * 366, birth_date=today() - timedelta(days=4 * 366 + 400 + 16 * 365)
    )
    _case, adult = closed(cast, environment, days=4 * 366, birth_date=date(1970, 1, 1))
    _case, dead = closed(cast, environment, days=4 * 366, birth_date=date(1970, 1, 1), outcome=CaseOutcome.DIED)
    leader = cast.be("leader")

    def due() -> set[uuid.UUID]:
        return {uuid.UUID(one) for one in re.findall(r'name="person" value="([^"]+)"', leader.get("/retention"))}

    assert due() == {young}
    assert "adult-error" in leader.post("/retention/rules", {"adult": "-1", "juvenile": "3"}, expect=422)
    leader.post("/retention/rules/special", {"kind": "adult", "outcome": "died", "years": "2"})
    assert due() == {young, dead}
    leader.post("/retention/rules", {"adult": "4", "juvenile": "30"})
    assert due() == {adult, dead}
    leader.post("/retention/rules/special", {"kind": "adult", "outcome": "died", "years": ""})
    leader.post("/retention/rules", {"adult": "100", "juvenile": "100"})
    assert due() == set()
    with cast.acting("stranger") as user:
        assert rights.rules(user)[RuleKind.ADULT] == 15  # their own country's


def test_an_open_or_later_case_keeps_everything(cast: Cast, environment: dict[str, str]) -> None:
    case_id, person_id = closed(cast, environment)
    with cast.acting("aigerim") as user:
        person = queries.opened(case_id, user).person
        assert person.id == person_id
    with owner(environment) as connection:
        connection.execute("UPDATE cases SET phase = 'intake', closed_on = NULL WHERE id = %s", (case_id,))
    assert MARK not in cast.be("leader").get("/retention")
    cast.be("leader").post("/retention/propose", {"person": str(person_id)})
    cast.be("leader").post("/retention/propose", {"person": "x"}, expect=400)
    with cast.acting("leader"):
        assert db.session.scalars(select(Erasure)).all() == []


def test_a_handed_over_case_leaves_an_empty_row_and_the_other_side_its_own(
    cast: Cast, environment: dict[str, str], redis: Any
) -> None:
    second = a_second_leader(cast)
    case_id = a_case(cast, name=f"{MARK} Имя")
    a_goal(cast, case_id)
    handover = a_handover(cast, case_id, letter=f"{MARK} letter")
    with cast.acting("aigerim") as user:
        case = queries.opened(case_id, user)
        person_id = case.person_id
        people.close_case(case, CaseOutcome.HANDED_OVER, None, by=user)
    with owner(environment) as connection:
        connection.execute("UPDATE handovers SET status = 'cancelled'")
        connection.execute(
            "UPDATE cases SET closed_on = %s, site_id = NULL WHERE id = %s",
            (today() - timedelta(days=LONG_AGO), case_id),
        )
    erasure_id = proposed(cast, person_id)
    cast.be(second).post(f"/retention/{erasure_id}/approve")
    cast.deliver(redis)
    assert left(environment, MARK) == {}
    with cast.acting("leader") as user:
        assert db.session.get_one(Person, (user.org_id, person_id)).name == "–"
        assert db.session.get_one(Case, (user.org_id, case_id)).number.startswith("erased")
    assert "H-" in cast.be("officer").get(f"/handovers/{handover}")


# What stays of a case that was handed over and of its person, column by column: when something was, and how it ended.
KEPT = {"cases": {"org_id", "id", "created_at", "person_id", "phase", "opened_on", "closed_on", "outcome"}}
KEPT["persons"] = {"org_id", "id", "created_at"}


def test_no_column_of_a_handed_over_case_keeps_what_it_held(
    cast: Cast, environment: dict[str, str], redis: Any
) -> None:
    second = a_second_leader(cast)
    case_id = a_case(cast)
    a_handover(cast, case_id)
    with cast.acting("aigerim") as user:
        people.close_case(queries.opened(case_id, user), CaseOutcome.HANDED_OVER, None, by=user)
    samples = {"text": MARK, "bool": True, "int4": 77, "date": date(2001, 2, 3), "timestamptz": now()}
    samples |= {"_text": [MARK], "bytea": MARK.encode()}
    coded = {"sex": "male", "literacy": "full", "legal_status": "appeal"}
    with owner(environment) as connection:
        connection.execute("UPDATE handovers SET status = 'cancelled'")
        # Later columns, too: one may be empty, one has a default and one a value to be given.
        connection.execute("ALTER TABLE persons ADD COLUMN later text; ALTER TABLE cases ADD COLUMN later date")
        [(person_id,)] = connection.execute("SELECT person_id FROM cases WHERE id = %s", (case_id,)).fetchall()
        for table, id in (("cases", case_id), ("persons", person_id)):
            columns = connection.execute(
                "SELECT attname, typname FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid"
                " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped",
                (table,),
            ).fetchall()
            filled = {
                name: coded.get(name, samples[kind])
                for name, kind in columns
                if name not in KEPT[table] | {"site_id", "guarded"}
            }
            sets = sql.SQL(", ").join(sql.SQL("{} = %s").format(sql.Identifier(name)) for name in filled)
            query = sql.SQL("UPDATE {} SET {} WHERE id = %s").format(sql.Identifier(table), sets)
            connection.execute(query, [*filled.values(), id])
        connection.execute("UPDATE cases SET closed_on = %s", (today() - timedelta(days=LONG_AGO),))
        before = {table: _row(connection, table, id) for table, id in (("cases", case_id), ("persons", person_id))}
    erasure_id = proposed(cast, person_id)
    cast.be(second).post(f"/retention/{erasure_id}/approve")
    cast.deliver(redis)
    with owner(environment) as connection:
        for table, id in (("cases", case_id), ("persons", person_id)):
            after = _row(connection, table, id)
            same = {name for name, value in after.items() if value == before[table][name] and value is not None}
            assert same - {"guarded"} == KEPT[table], table
            assert after["later"] is None


def _row(connection: Any, table: str, id: uuid.UUID) -> dict[str, Any]:
    query = sql.SQL("SELECT to_jsonb(t) FROM {} t WHERE id = %s").format(sql.Identifier(table))
    return dict(connection.execute(query, (id,)).fetchone()[0])


def test_nobody_erases_by_sql_what_was_not_decided_by_two(cast: Cast, environment: dict[str, str]) -> None:
    _case_id, person_id = closed(cast, environment)
    with cast.acting("leader") as user:
        alone = {"org_id": user.org_id, "id": new_id(), "person_id": person_id, "by": user.id, "now": now()}
        forged = text(
            "INSERT INTO erasures (org_id, id, created_at, person_id, kind, due_on, state, proposed_by, decided_by)"
            " VALUES (:org_id, :id, :now, :person_id, 'adult', '2020-01-01', 'approved', :by, :by)"
        )
        with pytest.raises(DBAPIError, match="row-level security"):
            db.session.execute(forged, alone)
        db.session.rollback()
    for statement in (
        "SELECT erase_rows(app_org(), 'persons', '{}', '{}')",
        "UPDATE erasures SET person_id = person_id",
        "DELETE FROM persons",
        "DELETE FROM erasures",
        "SET ROLE caseflow_eraser",
    ):
        with cast.acting("leader"), pytest.raises(DBAPIError, match="permission denied"):
            db.session.execute(text(statement))
    erasure_id = proposed(cast, person_id)
    with cast.acting("stranger"):
        assert db.session.execute(text("SELECT erase_person(:id)"), {"id": erasure_id}).scalar() == 0
    with cast.acting("leader"):
        assert db.session.execute(text("SELECT erase_person(:id)"), {"id": erasure_id}).scalar() == 0  # only proposed
    with psycopg.connect(environment["OWNER_DATABASE_URL"]) as connection:
        assert connection.execute("SELECT count(*) FROM persons WHERE id = %s", (person_id,)).fetchone() == (1,)
