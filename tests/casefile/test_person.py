"""A person's page and timeline, by URL: what is true, what is next, what happened."""

import uuid
from datetime import timedelta

from sqlalchemy import select

from caseflow.audit.models import Entry
from caseflow.core.db import db, now, unit_of_work
from caseflow.people import actions as people
from caseflow.people.models import Case, NoteKind
from caseflow.tenancy.models import ReferralKind
from tests.cast import Cast
from tests.stories.access import colleague
from tests.stories.people import a_case
from tests.stories.referrals import a_draft, a_referral


def english(cast: Cast, name: str, path: str, expect: int = 200) -> str:
    cast.be(name).post("/language", {"locale": "en"})
    return cast.be(name).get(path, expect=expect)


def a_note(cast: Cast, case_id: uuid.UUID, text: str, *, days_ago: int = 0, kind: NoteKind = NoteKind.CONTACT) -> None:
    with cast.acting("aigerim") as user:
        case = db.session.get_one(Case, (user.org_id, case_id))
        people.write_note(case, kind=kind, text=text, occurred_at=now() - timedelta(days=days_ago, minutes=1), by=user)


def test_new_case_says_what_to_do_next(cast: Cast) -> None:
    page = english(cast, "aigerim", f"/cases/{a_case(cast)}")
    acts = ["Complete the intake", "Record the needs", "Set the first goal of the plan"]
    places = [page.index(act) for act in acts]
    assert places == sorted(places)


def test_overview_shows_facts_workers_tasks_drafts_and_open_referrals(cast: Cast) -> None:
    case_id = a_case(cast)
    a_referral(cast, case=case_id)
    a_draft(cast, case=case_id, kind=ReferralKind.EDUCATION)
    with cast.acting("aigerim") as user:
        case = db.session.get_one(Case, (user.org_id, case_id))
        people.add_task(case, title="Call his mother", due_on=user.organisation.today(), by=user)
    page = english(cast, "aigerim", f"/cases/{case_id}")
    for text in ("Sentenced", "Call his mother", "Айгерім Сәрсенова", "Free legal advice", "Kamqor Foundation"):
        assert text in page
    assert "Draft referral: Education" in page
    assert page.count("Refer to a service") >= 1


def test_timeline_tells_newest_first_and_narrows_by_kind(cast: Cast) -> None:
    case_id = a_case(cast)
    a_note(cast, case_id, "He spoke of his brother.", days_ago=9)
    a_note(cast, case_id, "He asked for a school.", days_ago=2)
    a_referral(cast, case=case_id)
    page = english(cast, "aigerim", f"/cases/{case_id}/timeline")
    assert page.index("Referral sent: Legal aid") < page.index("He asked for a school.") < page.index("his brother")
    notes = cast.be("aigerim").get(f"/cases/{case_id}/timeline?kind=note")
    assert "his brother" in notes
    assert "Referral sent" not in notes
    both = cast.be("aigerim").get(f"/cases/{case_id}/timeline?kind=note&kind=referral")
    assert "his brother" in both
    assert "Referral sent" in both


def test_timeline_is_paged_by_fifty(cast: Cast) -> None:
    case_id = a_case(cast)
    for number in range(55):
        a_note(cast, case_id, f"Note number {number}.", days_ago=number)
    first = english(cast, "aigerim", f"/cases/{case_id}/timeline?kind=note")
    assert "55 entries" in first
    assert "Note number 49." in first
    assert "Note number 50." not in first
    second = cast.be("aigerim").get(f"/cases/{case_id}/timeline?kind=note&page=2")
    assert "Note number 54." in second
    assert "Note number 49." not in second


def test_unknown_kind_shows_everything(cast: Cast) -> None:
    case_id = a_case(cast)
    a_note(cast, case_id, "He spoke of his brother.")
    assert "his brother" in cast.be("aigerim").get(f"/cases/{case_id}/timeline?kind=nonsense")


def test_colleague_without_the_case_and_strangers_get_404(cast: Cast) -> None:
    case_id = a_case(cast)
    for path in (f"/cases/{case_id}", f"/cases/{case_id}/timeline"):
        for name in ("daniyar", "stranger", "stranger_worker", "officer"):
            cast.be(name).get(path, expect=404)
        for name in ("coordinator", "worker", "admin", "auditor", "steward", "stranger_cso"):
            cast.be(name).get(path, expect=403)
        cast.be("leader").get(path)


def test_reading_a_file_is_recorded_with_who_and_which(cast: Cast) -> None:
    case_id = a_case(cast)
    cast.be("leader").get(f"/cases/{case_id}")
    cast.be("leader").get(f"/cases/{case_id}/timeline")
    cast.be("stranger").get(f"/cases/{case_id}", expect=404)
    leader_id = colleague(cast, "leader")
    with cast.acting("auditor"):
        read = db.session.scalars(select(Entry).where(Entry.act == "case.read", Entry.case_id == case_id)).all()
        assert [entry.user_id for entry in read] == [leader_id, leader_id]
    with cast.app.app_context(), unit_of_work(cast.organisation("stranger")):
        assert not db.session.scalars(select(Entry).where(Entry.case_id == case_id)).all()
