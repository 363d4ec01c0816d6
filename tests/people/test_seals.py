"""The seal on a juvenile's file: on at release, everywhere; open to whom it must be; off on recall; ended in time."""

import re
import uuid
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from caseflow.audit.models import Entry
from caseflow.core.db import db, new_id, now, today
from caseflow.core.jobs import PERIODIC
from caseflow.people import actions, queries
from caseflow.people.models import CaseOutcome, NoteKind, Person
from caseflow.rights.models import Erasure
from tests.cast import Cast
from tests.rights.test_retention import a_second_leader
from tests.stories.access import colleague
from tests.stories.people import a_case
from tests.stories.referrals import a_referral
from tests.stories.release import a_handover, accepted, led

NAME, NUMBER = "Юный Сапаров", "J-77"
YOUNG = {"birth_date": today() - timedelta(days=16 * 365)}
RELEASED = {
    "released_on-day": str(today().day),
    "released_on-month": str(today().month),
    "released_on-year": str(today().year),
}


def a_juvenile(cast: Cast, **more: Any) -> uuid.UUID:
    case_id = a_case(cast, name=NAME, number=NUMBER, latin_name="Yuny Saparov", **{**YOUNG, **more})
    with cast.acting("aigerim") as user:
        actions.write_note(queries.opened(case_id, user), kind=NoteKind.CONTACT, text="Слова о нём", by=user)
    return case_id


def release(cast: Cast, case_id: uuid.UUID, by: str = "aigerim") -> None:
    cast.be(by).post(f"/cases/{case_id}/release/confirm", RELEASED)


def close(cast: Cast, case_id: uuid.UUID, by: str = "aigerim") -> None:
    cast.be(by).post(f"/cases/{case_id}/close", {"outcome": "sentence_ended"})


def glass(cast: Cast, name: str, *, expect: int = 302) -> str:
    typed = {"number": NUMBER, "reason": "A court asks for it", "minutes": "30"}
    return cast.be(name).post("/emergency-access", typed, expect=expect)


def seals(environment: dict[str, str]) -> list[tuple[str, bool]]:
    """The live restrictions and names on lists, with whether they are of a seal."""
    with psycopg.connect(environment["OWNER_DATABASE_URL"]) as owner:
        return owner.execute(
            "SELECT kind, sealed_at IS NOT NULL FROM case_access"
            " WHERE ended_at IS NULL AND kind <> 'glass' ORDER BY kind, created_at"
        ).fetchall()


def test_at_release_it_is_sealed_to_all_but_who_works_on_it_and_at_closing_to_all(
    cast: Cast, environment: dict[str, str]
) -> None:
    case_id = a_juvenile(cast)
    referral_id = a_referral(cast, case=case_id)
    assert NAME in cast.be("deputy").get("/caseload")
    cast.be("stranger").post(f"/cases/{case_id}/release/confirm", RELEASED, expect=404)
    release(cast, case_id)
    assert seals(environment) == [("allowed", True), ("restricted", True)]
    assert "Sealed" in cast.be("aigerim").get(f"/cases/{case_id}")  # whoever must end it
    for name in ("leader", "deputy", "daniyar", "stranger"):
        browser = cast.be(name)
        for path in (f"/cases/{case_id}", f"/cases/{case_id}/notes", f"/cases/{case_id}/copies"):
            browser.get(path, expect=404)
        for path in ("/", "/caseload", "/caseload?phase=closed", "/search?q=Сапаров", f"/search?q={NUMBER}"):
            page = browser.get(path)
            assert NAME not in page, (name, path)
            assert str(case_id) not in page, (name, path)
    cast.be("leader").get(f"/referrals/{referral_id}", expect=404)
    close(cast, case_id)
    assert cast.be("aigerim").location == "/"
    assert "closed to you now" in cast.be("aigerim").get("/")
    cast.be("aigerim").get(f"/cases/{case_id}", expect=404)
    assert seals(environment) == [("restricted", True)]
    with cast.acting("auditor"):
        assert "access.seal" in set(db.session.scalars(select(Entry.act)))
    cast.be("coordinator").get(f"/referrals/{referral_id}")  # the receiver's own


def test_by_sql_no_table_shows_a_leader_a_row_of_a_sealed_file(cast: Cast, environment: dict[str, str]) -> None:
    case_id = a_juvenile(cast)
    a_referral(cast, case=case_id)
    release(cast, case_id)

    def rows(name: str) -> dict[str, int]:
        found = {}
        with cast.acting(name) as user:
            for table in (
                "persons",
                "cases",
                "names",
                "name_keys",
                "notes",
                "tasks",
                "stays",
                "referrals",
                "disclosures",
            ):
                query = text(f"SELECT count(*) FROM {table} WHERE org_id = :org")
                found[table] = db.session.scalar(query, {"org": user.org_id})
        return found

    assert all(rows("aigerim").values())
    assert not any(rows("leader").values())
    # No page opens a case to auditors; they must see who read the sealed ones, too (migration 0015, `closed_to`).
    assert rows("auditor") == rows("aigerim")
    with cast.acting("leader") as user:
        # Nobody writes themselves onto the list, nor takes the seal off.
        values = {"org": user.org_id, "id": new_id(), "case": case_id, "me": user.id, "now": now()}
        assert db.session.scalar(text("SELECT count(*) FROM case_access")) == 0
        forged = text(
            "INSERT INTO case_access (org_id, id, created_at, person_id, case_id, kind, user_id, reason, granted_by)"
            " SELECT :org, :id, :now, person_id, :case, 'allowed', :me, 'x', :me FROM case_access"
        )
        assert db.session.execute(forged, values).rowcount == 0
        assert db.session.execute(text("UPDATE case_access SET ended_at = now()")).rowcount == 0
    with cast.acting("leader"), pytest.raises(DBAPIError, match="permission denied"):
        db.session.execute(text("UPDATE case_access SET sealed_at = NULL"))


def test_a_leader_opens_it_for_a_reason_that_another_reviews_who_reads_no_name(cast: Cast, redis: Any) -> None:
    case_id = a_juvenile(cast)
    release(cast, case_id)
    close(cast, case_id)
    for name in ("daniyar", "aigerim", "stranger"):
        assert "no restricted case with this number" in glass(cast, name, expect=422)
    glass(cast, "leader")
    notes = cast.be("leader").get(f"/cases/{case_id}/notes")
    assert "Слова о нём" in notes
    # Nobody keeps it any more, and so somebody must be able to take it up again.
    assert [text in notes for text in ("sealed file open in an emergency", "Give it back now", "/reopen")] == [True] * 3
    assert "write nothing to it" not in notes
    cast.be("leader").post(f"/cases/{case_id}/access/lift", {"reason": "x"}, expect=422)
    admitted = {"user": str(colleague(cast, "daniyar")), "reason": "x"}
    cast.be("leader").post(f"/cases/{case_id}/access/admit", admitted, expect=422)
    cast.deliver(redis)
    assert "opened the sealed file of a juvenile" in cast.be("deputy").get("/notifications")
    assert "opened the sealed file" not in cast.be("leader").get("/notifications")
    assert "opened a restricted case" in cast.be("auditor").get("/notifications")
    page = cast.be("deputy").get("/restricted-cases")
    assert "The sealed file of a juvenile" in page
    assert NAME not in page
    [review] = re.findall(r"/restricted-cases/[^\"]+/review", page)
    for name in ("stranger", "leader"):
        cast.be(name).get(review, expect=404)
    cast.be("daniyar").get(review, expect=403)
    page = cast.be("deputy").get(review)
    assert "A court asks for it" in page
    assert NAME not in page
    assert NUMBER not in page
    cast.be("deputy").post(review, {"justified": "yes", "review": "Right"})
    assert "to review" not in cast.be("deputy").get("/restricted-cases")
    cast.be("deputy").get(f"/cases/{case_id}", expect=404)


def test_recall_takes_the_seal_off_with_the_reason(cast: Cast, environment: dict[str, str]) -> None:
    case_id = a_juvenile(cast)
    release(cast, case_id)
    cast.be("aigerim").post(f"/cases/{case_id}/phase", {"phase": "delivery"}, expect=422)
    cast.be("aigerim").post(f"/cases/{case_id}/phase", {"phase": "delivery", "reason": "Arrested again"})
    assert seals(environment) == []
    assert NAME in cast.be("leader").get("/caseload")
    assert "Arrested again" in cast.be("leader").get(f"/cases/{case_id}/access")
    with cast.acting("auditor"):
        assert "access.unseal" in set(db.session.scalars(select(Entry.act)))
    release(cast, case_id)
    close(cast, case_id)
    glass(cast, "leader")
    cast.be("leader").post(f"/cases/{case_id}/reopen", {"phase": "delivery", "reason": "Back again"})
    assert seals(environment) == []


def test_a_file_that_was_restricted_before_is_so_after_the_recall(cast: Cast, environment: dict[str, str]) -> None:
    case_id = a_juvenile(cast)
    cast.be("leader").post(f"/cases/{case_id}/access/restrict", {"reason": "A threat"})
    release(cast, case_id)
    assert ("restricted", True) in seals(environment)
    cast.be("aigerim").post(f"/cases/{case_id}/phase", {"phase": "delivery", "reason": "Arrested again"})
    assert ("restricted", False) in seals(environment)
    cast.be("deputy").get(f"/cases/{case_id}", expect=404)
    cast.be("leader").get(f"/cases/{case_id}")


@pytest.mark.parametrize(
    ("person", "is_sealed"),
    [
        ({"birth_date": today() - timedelta(days=18 * 366)}, False),
        ({"birth_date": None}, False),
        ({"birth_date": None, "age_group": "14-17"}, True),
        ({"birth_date": None, "age_group": "Under 18"}, True),
        ({"birth_date": None, "age_group": "до 18"}, True),
        ({"birth_date": None, "age_group": "18-24"}, False),
        ({"birth_date": None, "age_group": "55 and over"}, False),
        ({"birth_date": None, "age_group": "unknown"}, False),
        ({"birth_date": date(1990, 1, 1), "age_group": "14-17"}, False),
    ],
)
def test_who_was_a_juvenile(cast: Cast, environment: dict[str, str], person: dict[str, Any], is_sealed: bool) -> None:
    release(cast, a_juvenile(cast, **person))
    assert (("restricted", True) in seals(environment)) is is_sealed


def test_probation_goes_on_with_its_own_case_and_reads_what_was_handed_over(
    cast: Cast, redis: Any, environment: dict[str, str]
) -> None:
    case_id = a_juvenile(cast)
    handover = accepted(cast, a_handover(cast, case_id))
    release(cast, case_id)
    assert "H-" in cast.be("officer").get(f"/handovers/{handover}")
    led(cast, handover, released_on=today())
    cast.deliver(redis)
    with cast.acting("officer") as user:
        own = db.session.scalars(select(Person).where(Person.org_id == user.org_id)).one()
        [mine] = db.session.scalars(text("SELECT id FROM cases WHERE person_id = :id"), {"id": own.id})
    cast.be("officer").get(f"/cases/{mine}")
    assert NAME in cast.be("probation_leader").get("/caseload")  # theirs is sealed when it is closed
    cast.be("officer").post(f"/cases/{mine}/supervision/close", {"outcome": "sentence_ended", "note": "Done"})
    assert cast.be("officer").location == "/"
    assert "closed to you now" in cast.be("officer").get("/")
    cast.be("probation_leader").get(f"/cases/{mine}", expect=404)
    close(cast, case_id)  # who worked on it in prison could still end it
    cast.be("aigerim").get(f"/cases/{case_id}", expect=404)


def test_what_the_register_or_a_correction_tells_later_is_sealed_by_the_cron(
    cast: Cast, environment: dict[str, str]
) -> None:
    case_id = a_juvenile(cast, birth_date=date(1990, 1, 1))
    grown = a_case(cast, name="Взрослый")
    for one in (case_id, grown):
        with cast.acting("aigerim") as user:
            actions.close_case(queries.opened(one, user), CaseOutcome.SENTENCE_ENDED, None, by=user)
    with psycopg.connect(environment["OWNER_DATABASE_URL"]) as owner:
        owner.execute("UPDATE persons SET birth_date = %s WHERE name = %s", (YOUNG["birth_date"], NAME))
    for _ in range(2):
        with cast.app.app_context():
            PERIODIC["seals.settle"].run()
        assert seals(environment) == [("restricted", True)]
    cast.be("leader").get(f"/cases/{case_id}", expect=404)
    cast.be("leader").get(f"/cases/{grown}")
    with cast.acting("stranger"):
        assert db.session.execute(text("SELECT * FROM sealed_files()")).all() == []


def test_a_row_of_a_register_takes_no_seal_off_and_leaders_let_a_worker_in(
    cast: Cast, environment: dict[str, str], redis: Any
) -> None:
    case_id = a_juvenile(cast)
    release(cast, case_id)
    close(cast, case_id)
    with psycopg.connect(environment["OWNER_DATABASE_URL"]) as owner:  # a register brings a case as the organisation
        [again] = (
            owner.execute(
                "INSERT INTO cases (org_id, id, created_at, version, person_id, number, opened_on, phase, legal_status)"
                " SELECT org_id, gen_random_uuid(), now(), 1, person_id, 'J-78', current_date, 'intake', 'sentenced'"
                " FROM cases WHERE id = %s RETURNING id",
                (case_id,),
            ).fetchone()
            or ()
        )
    news = "Their file is sealed, and by the register they are back"
    for _ in range(2):
        with cast.app.app_context():
            PERIODIC["seals.settle"].run()
        assert seals(environment) == [("restricted", True)]
        cast.deliver(redis)
        for name in ("leader", "deputy"):
            assert "J-78" in cast.be(name).get("/notifications")
            assert news in cast.be(name).get("/notifications")
    for name in ("aigerim", "auditor", "stranger"):
        assert news not in cast.be(name).get("/notifications")
    leader = cast.be("leader")
    leader.get(f"/cases/{case_id}", expect=404)
    told = leader.get("/notifications").count(news)
    glass(cast, "leader")
    aigerim = str(colleague(cast, "aigerim"))
    leader.post(f"/cases/{again}/access/admit", {"user": aigerim, "reason": "She works with him again"})
    with cast.app.app_context():
        PERIODIC["seals.settle"].run()
    cast.deliver(redis)
    assert leader.get("/notifications").count(news) == told
    cast.be("aigerim").get(f"/cases/{again}")
    cast.be("deputy").get(f"/cases/{again}", expect=404)


def test_a_sealed_file_is_expunged_in_time_by_two_who_read_no_name(
    cast: Cast, environment: dict[str, str], redis: Any
) -> None:
    second = a_second_leader(cast)
    case_id = a_juvenile(cast)
    with cast.acting("aigerim") as user:
        person_id = queries.opened(case_id, user).person_id
    release(cast, case_id)
    close(cast, case_id)
    leader = cast.be("leader")
    assert NUMBER not in leader.get("/retention")
    with psycopg.connect(environment["OWNER_DATABASE_URL"]) as owner:
        owner.execute(
            "UPDATE cases SET closed_on = %s, opened_on = %s", (today() - timedelta(days=4 * 366), date(2020, 1, 1))
        )
    page = leader.get("/retention")
    assert NUMBER in page
    assert NAME not in page
    for name in ("stranger", "probation_leader"):
        assert NUMBER not in cast.be(name).get("/retention")
        cast.be(name).post("/retention/propose", {"person": str(person_id)})
    leader.post("/retention/propose", {"person": str(person_id)})
    with cast.acting("leader"):
        erasure_id = db.session.scalars(select(Erasure.id)).one()
    page = cast.be(second).get("/retention")
    assert NUMBER in page
    assert NAME not in page
    approve = f"/retention/{erasure_id}/approve"
    cast.be("stranger").get(approve, expect=404)
    assert "Nobody approves what they proposed" in leader.post(approve, expect=422)
    cast.be(second).post(approve)
    cast.deliver(redis)
    with psycopg.connect(environment["OWNER_DATABASE_URL"]) as owner:
        for table in ("persons", "cases", "notes", "case_access"):
            query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
            assert owner.execute(query).fetchone() == (0,), table


def test_a_hold_and_an_exclusion_are_respected_for_sealed_files(cast: Cast, environment: dict[str, str]) -> None:
    case_id = a_juvenile(cast)
    cast.be("leader").post(
        f"/cases/{case_id}/access/exclude",
        {"user": str(colleague(cast, "deputy")), "ground": "relative", "reason": "x"},
    )
    cast.be("aigerim").post(f"/cases/{case_id}/holds", {"kind": "court", "reason": "Appeal"})
    release(cast, case_id)
    close(cast, case_id)
    with psycopg.connect(environment["OWNER_DATABASE_URL"]) as owner:
        owner.execute("UPDATE cases SET closed_on = %s", (today() - timedelta(days=4 * 366),))
    assert NUMBER not in cast.be("leader").get("/retention")  # held
    with psycopg.connect(environment["OWNER_DATABASE_URL"]) as owner:
        owner.execute("UPDATE retention_holds SET ended_at = now()")
    assert NUMBER in cast.be("leader").get("/retention")
    assert NUMBER not in cast.be("deputy").get("/retention")  # excluded
    assert "no restricted case with this number" in glass(cast, "deputy", expect=422)
