"""The auditor's pages by URL: who saw a person, what a user did, unusual reading and its review, and the person's."""

import csv
import io
import re
import uuid
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from caseflow.audit.jobs import check_all, seal_all
from caseflow.core.db import today
from tests.cast import Cast
from tests.stories.people import a_case
from tests.stories.received import an_accepted, user_id
from tests.stories.release import a_handover

NAME = "Ермек Сатыбалды"


@pytest.fixture
def owner(environment: dict[str, str]) -> Any:
    """The owner's connection, to let time pass."""
    with psycopg.connect(environment["OWNER_DATABASE_URL"], autocommit=True) as connection:
        yield connection


def _number(owner: Any, case: uuid.UUID) -> tuple[str, str]:
    [row] = owner.execute(
        "SELECT p.number, c.number FROM cases c JOIN persons p ON p.id = c.person_id WHERE c.id = %s", (case,)
    ).fetchall()
    return row[0], row[1]


def test_auditor_sees_who_saw_a_person_by_number_and_never_the_name(cast: Cast, owner: Any) -> None:
    case = a_case(cast, name=NAME)
    other = a_case(cast, name="Бауыржан Момышұлы")
    cast.be("leader").get(f"/cases/{case}")
    cast.be("aigerim").get(f"/cases/{other}")
    person, number = _number(owner, case)
    for asked in (person, number, str(case), number.lower()):
        page = cast.be("auditor").get(f"/audit/person?number={asked}")
        rows = page[page.index("<tbody>") :]
        assert "Гульнара Ахметова" in rows
        assert "case.read" in rows
        assert "row.add" in rows
        assert NAME not in page
        assert str(other)[-12:] not in rows
    assert "Nobody has this number here" in cast.be("auditor").get("/audit/person?number=nobody")
    assert "<tbody>" not in cast.be("auditor").get("/audit/person")


def test_a_list_and_a_search_count_as_having_seen(cast: Cast, owner: Any) -> None:
    case = a_case(cast, name=NAME)
    cast.be("leader").get("/caseload")
    cast.be("daniyar").get("/search?q=Сатыбалды")
    cast.be("leader").get("/search?q=Сатыбалды")
    page = cast.be("auditor").get(f"/audit/person?number={_number(owner, case)[1]}")
    assert "people.list" in page
    assert page.count("people.search") == 1, "only hers found somebody"


def test_other_roles_and_the_stranger_see_none_of_it(cast: Cast, owner: Any) -> None:
    case = a_case(cast, name=NAME)
    number = _number(owner, case)[1]
    [(person,)] = owner.execute("SELECT person_id FROM cases WHERE id = %s", (case,)).fetchall()
    pages = (
        f"/audit/person?number={number}",
        f"/audit/person/{person}/entries.csv",
        "/audit/entries.csv",
        "/audit/unusual",
        "/audit/heads",
        "/audit/heads.txt",
    )
    for name in ("aigerim", "leader", "admin", "coordinator", "officer", "stranger"):
        for page in pages:
            cast.be(name).get(page, expect=403)
    with owner.transaction():
        owner.execute("UPDATE users SET role = 'auditor' WHERE email = 'stranger_worker@example.org'")
    assert "Nobody has this number here" in cast.be("stranger_worker").get(f"/audit/person?number={number}")
    cast.be("stranger_worker").get(f"/audit/person/{person}/entries.csv", expect=404)
    assert number not in cast.be("stranger_worker").get("/audit/entries.csv")
    assert str(case) not in cast.be("stranger_worker").get("/audit/entries.csv")


def test_entries_are_narrowed_by_days_and_written_to_a_file_that_runs_no_formula(cast: Cast, owner: Any) -> None:
    a_case(cast, name=NAME)
    who = user_id(cast, "aigerim")
    owner.execute("UPDATE users SET name = '=cmd|x' WHERE id = %s", (who,))
    day = today()
    query = f"user={who}&since={day - timedelta(days=1)}&until={day + timedelta(days=1)}"
    assert "case.open" in cast.be("auditor").get(f"/audit?{query}")
    assert "No entry fits" in cast.be("auditor").get(f"/audit?user={who}&until={day - timedelta(days=3)}")
    assert "case.open" in cast.be("auditor").get(f"/audit?since=nonsense&user={who}")
    for far in ("0001-01-01", "9999-12-31"):  # the day before or after which does not exist
        assert "case.open" in cast.be("auditor").get(f"/audit?since={far}&until={far}&user={who}")
        cast.be("auditor").get(f"/audit/unusual?since={far}&until={far}")
    cast.be("auditor").get(f"/audit/entries.csv?{query}")
    answer = cast.be("auditor").last
    assert answer is not None
    assert answer.headers["Content-Disposition"].startswith("attachment")
    rows = list(csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig"))))
    assert {row["who"] for row in rows} == {"'=cmd|x"}
    assert "case.open" in {row["act"] for row in rows}
    assert NAME not in answer.get_data(as_text=True), "no name stands in the audit"


def _at(owner: Any, hour: int, act: str = "case.read") -> None:
    """Let what was read just now have been read at that hour of the last working day in Almaty."""
    owner.execute(
        "UPDATE audit_entries SET created_at = ((SELECT max(d)::date"
        " FROM generate_series(current_date - 6, current_date - 1, '1 day') d WHERE extract(isodow FROM d) < 6)"
        " + make_interval(hours => %s)) AT TIME ZONE 'Asia/Almaty' WHERE act = %s",
        (hour, act),
    )


def _found(cast: Cast, kind: str) -> str:
    page = cast.be("auditor").get(f"/audit/unusual?kind={kind}")
    return page[page.index("<main") :]


def test_reading_at_night_is_shown_from_the_threshold_on_and_reviewed_once(cast: Cast, owner: Any) -> None:
    case = a_case(cast, name=NAME)
    for _ in range(4):
        cast.be("leader").get(f"/cases/{case}")
    _at(owner, 23)
    assert "Nothing of this kind" in _found(cast, "night")
    cast.be("leader").get(f"/cases/{case}")
    _at(owner, 12)
    assert "Nothing of this kind" in _found(cast, "night")
    _at(owner, 23)
    page = _found(cast, "night")
    assert "Гульнара Ахметова" in page
    assert "Shown from 5" in re.sub("<[^>]+>", "", page)
    assert _number(owner, case)[1] in page
    sent = {name: re.search(rf'name="{name}"[^>]*value="([^"]*)"', page)[1] for name in ("kind", "user", "day")}  # type: ignore[index]
    assert "Write what you found." in cast.be("auditor").post("/audit/unusual", sent, expect=422)
    auditor = cast.be("auditor")
    auditor.post("/audit/unusual", {**sent, "note": "A transfer at night, agreed."})
    page = _found(cast, "night")
    assert "A transfer at night, agreed." in page
    assert "Mark as reviewed" not in page
    auditor.post("/audit/unusual", {**sent, "note": "Again"}, expect=409)
    assert "reading.review" in auditor.get("/audit?act=reading")
    for bad in ({"user": "x"}, {"day": "x"}):
        auditor.post("/audit/unusual", {**sent, **bad, "note": "x"}, expect=400)
    stranger = {**sent, "user": str(user_id(cast, "stranger")), "note": "x"}
    auditor.post("/audit/unusual", stranger, expect=404)
    cast.be("leader").post("/audit/unusual", {**sent, "note": "x"}, expect=403)


def test_many_people_in_an_hour(cast: Cast, owner: Any) -> None:
    a_case(cast, name=NAME)
    cast.be("leader").get("/caseload")
    assert "Nothing of this kind" in _found(cast, "many")
    person = "SELECT org_id, gen_random_uuid(), now(), 'X-' || n, 'N', 'unknown', false, '{}', 'unknown', false, false,"
    owner.execute(
        "INSERT INTO persons (org_id, id, created_at, number, name, sex, birth_estimated, languages, literacy,"
        " safe_to_phone, safe_to_text, safe_to_write, version) "
        + person
        + " false, 1 FROM persons p, generate_series(1, 70) n WHERE p.number LIKE 'P-%%' LIMIT 70"
    )
    owner.execute(
        "UPDATE audit_entries e SET about = (SELECT array_agg(p.id) FROM persons p WHERE p.org_id = e.org_id)"
        " WHERE act = 'people.list'"
    )
    assert "Гульнара Ахметова" in _found(cast, "many")


def test_people_elsewhere_never_worked_with_and_of_the_same_family(cast: Cast, owner: Any) -> None:
    for _ in range(10):
        cast.be("leader").get(f"/cases/{a_case(cast, name=NAME)}")
    assert "Гульнара Ахметова" in _found(cast, "stranger"), "ten that she was never given"
    assert "Айгерім" not in _found(cast, "stranger")
    assert "Nothing of this kind" in _found(cast, "namesake")
    assert "Nothing of this kind" in _found(cast, "elsewhere")
    cast.be("aigerim").get(f"/cases/{a_case(cast, name='Болат Сәрсенов')}")
    page = _found(cast, "namesake")
    assert "Айгерім Сәрсенова" in page
    assert "Гульнара" not in page
    owner.execute(
        "WITH s AS (INSERT INTO sites (org_id, id, created_at, code, name, kind, active)"
        " SELECT org_id, gen_random_uuid(), now(), '2', 'Elsewhere', 'prison', true FROM sites LIMIT 1"
        " RETURNING org_id, id)"
        " UPDATE users u SET site_id = s.id FROM s WHERE u.email = 'aigerim@example.org' AND u.org_id = s.org_id"
    )
    assert "Айгерім Сәрсенова" in _found(cast, "elsewhere")
    assert "Nothing of this kind" in cast.be("auditor").get("/audit/unusual?kind=elsewhere&until=2020-01-01")


def test_the_state_of_the_chain_is_shown(cast: Cast, owner: Any, app: Any) -> None:
    assert "Nothing is sealed yet" in cast.be("auditor").get("/audit")
    with app.app_context():
        seal_all()
        check_all()
    page = cast.be("auditor").get("/audit")
    assert "Nothing is sealed yet" not in page
    assert "Nothing is wrong" in page
    owner.execute("UPDATE audit_entries SET act = 'x.y' WHERE act = 'user.add'")
    with app.app_context():
        check_all()
    page = cast.be("auditor").get("/audit")
    assert "The audit was tampered with" in page
    assert "an entry was changed" in page


def test_an_oversight_body_gets_the_heads_of_its_country_and_no_others(cast: Cast, owner: Any, app: Any) -> None:
    owner.execute("UPDATE organisations SET kind = 'oversight' WHERE slug = 'kamqor'")
    owner.execute("UPDATE users SET role = 'auditor' WHERE email = 'worker@example.org'")
    with app.app_context():
        seal_all()
    page = cast.be("worker").get("/audit/heads")
    assert "Prison Service of Almaty" in page
    assert "دائرة الإصلاح" not in page
    lines = cast.be("worker").get("/audit/heads.txt").splitlines()
    assert any('"organisation":"almaty"' in line for line in lines)
    assert "No head was told yet" in cast.be("auditor").get("/audit/heads")


def test_the_person_learns_days_roles_and_organisations_and_no_names(cast: Cast, owner: Any) -> None:
    case = a_case(cast, name=NAME)
    cast.be("leader").get(f"/cases/{case}")
    cast.be("leader").get("/caseload")
    an_accepted(cast, case=case)
    a_handover(cast, case)
    page = cast.be("aigerim").get(f"/cases/{case}/who-has-seen")
    told = page[page.index("<tbody>") : page.index("</tbody>")]
    for said in ("Team leader", "Social worker", "Prison Service of Almaty", "opened or printed", "in a list", "wrote"):
        assert said in told, said
    assert "Ахметова" not in told
    assert "Сәрсенова" not in told
    assert 'lang="ar"' in cast.be("aigerim").get(f"/cases/{case}/who-has-seen?lang=ar")
    cast.be("aigerim").get(f"/cases/{case}/who-has-seen?lang=xx")
    [(act,)] = owner.execute(
        "SELECT act FROM audit_entries WHERE act LIKE '%%.print' ORDER BY created_at DESC LIMIT 1"
    ).fetchall()
    assert act == "case.print"
    for name in ("stranger", "daniyar"):
        cast.be(name).get(f"/cases/{case}/who-has-seen", expect=404)
    cast.be("auditor").get(f"/cases/{case}/who-has-seen", expect=403)
