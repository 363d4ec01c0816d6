"""Changes record themselves: what from, what to, by whom, from which request; and no text of anybody in clear."""

import json
import re
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import select, update

from caseflow.audit.actions import sum_up
from caseflow.audit.changes import mark
from caseflow.audit.models import Entry
from caseflow.core.db import db, today, unit_of_work
from caseflow.people import actions as people
from caseflow.people import queries
from caseflow.people.models import Case, LegalStatus, NoteKind, Person, Stay
from tests.cast import Cast
from tests.stories.people import a_case
from tests.stories.received import a_session, an_accepted
from tests.stories.referrals import a_draft

TEXT = "He told me of his brother Нұрлан and the debt"


@pytest.fixture
def owner(environment: dict[str, str]) -> Iterator[Any]:
    """The owner's connection: it sees every organisation's entries."""
    with psycopg.connect(environment["OWNER_DATABASE_URL"], autocommit=True) as connection:
        yield connection


def _entries(owner: Any, act: str, subject: str) -> list[Any]:
    found: list[Any] = owner.execute(
        "SELECT u.email, e.detail, e.subject_id, e.case_id, e.about, e.request_id, e.org_id FROM audit_entries e"
        " LEFT JOIN users u ON u.id = e.user_id WHERE e.act = %s AND e.subject = %s ORDER BY e.xact, e.id",
        (act, subject),
    ).fetchall()
    return found


def test_a_changed_row_tells_what_from_what_to_by_whom_and_from_which_request(cast: Cast, owner: Any) -> None:
    case = a_case(cast, release_on=today())
    later = today() + timedelta(days=30)
    page = cast.be("aigerim").get(f"/cases/{case}/facts")
    fields = dict(re.findall(r'name="([^"]+)"[^>]*?value="([^"]*)"', page))
    fields |= {"release_on-day": str(later.day), "release_on-month": str(later.month)}
    fields |= {"release_on-year": str(later.year), "legal_status": "appeal", "commitment_order": "Order 18/2025"}
    cast.be("aigerim").post(f"/cases/{case}/facts", {k: v for k, v in fields.items() if k != "csrf_token"})
    answer = cast.be("aigerim").last
    assert answer is not None
    [(email, detail, subject_id, case_id, about, request, _org)] = [
        one for one in _entries(owner, "row.change", "cases") if one[5] == answer.headers["X-Request-Id"]
    ]
    assert (email, subject_id, case_id) == ("aigerim@example.org", case, case)
    assert case in about
    columns = detail["columns"]
    assert columns["release_on"] == [today().isoformat(), later.isoformat()]
    assert columns["legal_status"] == ["sentenced", "appeal"]
    before, after = columns["commitment_order"]
    assert before != after
    assert after["length"] == len("Order 18/2025")
    assert "Order" not in json.dumps(detail)
    acts = owner.execute("SELECT act FROM audit_entries WHERE request_id = %s", (request,)).fetchall()
    assert ("case.edit",) in acts, "why: the act of the same request"


def test_no_text_name_or_identifier_stands_in_clear_anywhere(cast: Cast, owner: Any, app: Flask) -> None:
    case = a_case(cast, name="Ермек Сатыбалды", phone="+77015550101", address="Abay street 7")
    with cast.acting("aigerim") as user:
        people.write_note(queries.opened(case, user), kind=NoteKind.CONTACT, text=TEXT, by=user)
    a_session(cast, an_accepted(cast, case=case))
    told = "\n".join(row[0] for row in owner.execute("SELECT row_to_json(e)::text FROM audit_entries e").fetchall())
    for text in ("Сатыбалды", "Satybaldy", "+77015550101", "Abay", "Нұрлан", "debt", "We spoke", "Order 17"):
        assert text not in told, text
    [(_email, detail, note, *_rest)] = _entries(owner, "row.add", "notes")
    with app.app_context():
        assert detail["columns"]["text"] == [None, {"mark": mark("notes", note, "text", TEXT), "length": len(TEXT)}]
        assert mark("notes", uuid.uuid4(), "text", TEXT) != mark("notes", note, "text", TEXT), (
            "two rows cannot be joined"
        )
    assert detail["columns"]["kind"] == [None, "contact"]


def test_a_bulk_statement_leaves_one_entry_with_what_was_set_and_for_which_rows(cast: Cast, owner: Any) -> None:
    case = a_case(cast)
    with cast.acting("leader") as user:
        people.allocate(queries.opened(case, user), db.session.get_one(type(user), _id(cast, "daniyar")), by=user)
    [(email, detail, _subject, case_id, about, *_rest)] = _entries(owner, "row.change", "tasks")
    assert (email, case_id) == ("leader@example.org", case)
    assert about == [case]
    assert detail["rows"] == 1
    assert detail["where"]["case_id"] == str(case)
    assert detail["set"] == {"user_id": str(_id(cast, "daniyar")[1])}
    with cast.acting("leader") as user:
        db.session.execute(
            update(Stay).where(Stay.org_id == user.org_id, Stay.case_id == uuid.uuid4()).values(until=None)
        )
    assert _entries(owner, "row.change", "stays") == [], "no row was meant"


def _id(cast: Cast, name: str) -> tuple[uuid.UUID, uuid.UUID]:
    with cast.acting(name) as user:
        return user.org_id, user.id


def test_a_removed_row_is_recorded_and_a_refused_act_is_not(cast: Cast, owner: Any) -> None:
    case = a_case(cast)
    draft = a_draft(cast, case=case)
    cast.be("aigerim").post(f"/referral-drafts/{draft}/delete")
    [(email, _detail, subject, case_id, *_rest)] = _entries(owner, "row.remove", "referral_drafts")
    assert (email, subject, case_id) == ("aigerim@example.org", draft, case)
    cast.be("aigerim").post(f"/cases/{case}/close", {"outcome": "nonsense"}, expect=422)
    assert not [one for one in _entries(owner, "row.change", "cases") if "outcome" in one[1]["columns"]]


def test_a_receiver_s_change_of_a_packet_stands_in_the_receiver_s_audit(cast: Cast, owner: Any) -> None:
    referral = an_accepted(cast)
    kamqor = cast.organisation("kamqor")
    mine = [one for one in _entries(owner, "row.change", "referrals") if one[6] == kamqor]
    assert mine
    assert all(referral in one[4] and one[0] == "coordinator@example.org" for one in mine)
    assert mine[0][1]["columns"]["status"] == ["sent", "accepted"]


def test_a_bulk_act_that_sums_itself_up_leaves_no_entry_for_each_row(cast: Cast, app: Flask, owner: Any) -> None:
    case = a_case(cast)
    org_id, user_id = _id(cast, "aigerim")
    with app.app_context(), unit_of_work(org_id, user_id):
        sum_up()
        db.session.scalars(select(Case).where(Case.id == case)).unique().one().offence_type = "other"
    assert _entries(owner, "row.change", "cases") == []
    with app.app_context(), unit_of_work(org_id, user_id):
        db.session.scalars(select(Case).where(Case.id == case)).unique().one().offence_type = "another"
    assert len(_entries(owner, "row.change", "cases")) == 1, "the next unit of work is recorded again"


def test_what_is_rolled_back_leaves_no_entry(cast: Cast, app: Flask, owner: Any) -> None:
    a_case(cast)
    org_id, user_id = _id(cast, "auditor")
    with app.app_context(), unit_of_work(org_id, user_id, keep=False):
        person = db.session.scalars(select(Person)).first()
        assert person is not None
        person.gender = "other"
        db.session.flush()
        assert db.session.scalars(select(Entry).where(Entry.act == "row.change", Entry.subject == "persons")).all()
    assert _entries(owner, "row.change", "persons") == []


def test_a_worker_changes_a_relative_by_url(cast: Cast, owner: Any) -> None:
    case = a_case(cast)
    with cast.acting("aigerim") as user:
        fields = people.RelativeFields(name="Гүлнар", relation="mother")
        relative = people.add_relative(queries.opened(case, user), fields, by=user).id
    path = f"/cases/{case}/relatives/{relative}"
    assert "Гүлнар" in cast.be("aigerim").get(path)
    cast.be("aigerim").post(path, {"name": "Гүлнар", "relation": "aunt", "version": "1"})
    [(_email, detail, *_rest)] = _entries(owner, "row.change", "relatives")
    assert set(detail["columns"]) >= {"relation"}
    cast.be("stranger").get(path, expect=404)


def test_what_was_set_without_having_been_read_still_tells_what_it_was(cast: Cast, owner: Any) -> None:
    case = a_case(cast)
    with cast.acting("aigerim") as user:
        held = queries.opened(case, user)
        db.session.expire(held, ["legal_status", "sentence_months"])
        held.legal_status, held.sentence_months = LegalStatus.APPEAL, None
    [(_email, detail, *_rest)] = _entries(owner, "row.change", "cases")
    assert detail["columns"] == {"legal_status": ["sentenced", "appeal"]}
