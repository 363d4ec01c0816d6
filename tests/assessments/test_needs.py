"""Recording needs and how they were answered, by URL."""

import re
import uuid

import psycopg
import pytest
from sqlalchemy.exc import IntegrityError

from caseflow.assessments import actions, queries
from caseflow.assessments.models import Need, NeedArea, NeedPriority, NeedStatus
from caseflow.core.db import db
from caseflow.people import actions as people_acts
from caseflow.people import queries as people
from caseflow.people.models import CaseOutcome
from tests.cast import Cast
from tests.stories.assessments import a_need
from tests.stories.people import a_case

NEED = {"area": "legal", "description": "Needs help with the appeal", "priority": "now"}


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}"[^>]*value="([^"]+)"', page)
    assert found, page
    return found[1]


def needs(cast: Cast, case_id: uuid.UUID) -> list[tuple[NeedArea, NeedStatus, str]]:
    with cast.acting("aigerim") as user:
        return [(one.area, one.status, one.description) for one in queries.needs(people.opened(case_id, user))]


def test_need_is_recorded_and_stands_on_the_page_with_what_to_do_next(cast: Cast) -> None:
    case_id = a_case(cast)
    aigerim = cast.be("aigerim")
    form = aigerim.get(f"/cases/{case_id}/needs/new?area=legal")
    assert '<option selected value="legal">' in form
    aigerim.post(f"/cases/{case_id}/needs/new", {**NEED, "id": hidden(form, "id")})
    page = aigerim.get(f"/cases/{case_id}/needs")
    [need] = _ids(cast, case_id)
    assert "1 open need" in page
    assert "Needs help with the appeal" in page
    assert f"/cases/{case_id}/referrals/new?need={need}" in page
    assert f"/cases/{case_id}/plan/goals/new?need={need}" in page
    with cast.acting("leader") as user:
        told = [(one.title, one.who) for one in queries.happenings(people.opened(case_id, user))]
    assert told == [("Need recorded: Legal matters", "Айгерім Сәрсенова")]


def _ids(cast: Cast, case_id: uuid.UUID) -> list[uuid.UUID]:
    with cast.acting("aigerim") as user:
        return [one.id for one in queries.needs(people.opened(case_id, user))]


def test_double_click_records_one_need(cast: Cast) -> None:
    case_id = a_case(cast)
    aigerim = cast.be("aigerim")
    sent = {**NEED, "id": hidden(aigerim.get(f"/cases/{case_id}/needs/new"), "id")}
    aigerim.post(f"/cases/{case_id}/needs/new", sent)
    aigerim.post(f"/cases/{case_id}/needs/new", sent)
    assert len(needs(cast, case_id)) == 1


def test_form_id_that_was_tampered_with_is_replaced(cast: Cast) -> None:
    case_id = a_case(cast)
    cast.be("aigerim").post(f"/cases/{case_id}/needs/new", {**NEED, "id": "no-id"})
    assert len(needs(cast, case_id)) == 1


def test_need_without_words_or_with_an_unknown_area_is_refused_and_kept(cast: Cast) -> None:
    case_id = a_case(cast)
    page = cast.be("aigerim").post(
        f"/cases/{case_id}/needs/new", {"area": "weather", "description": "Typed", "priority": "now"}, expect=422
    )
    assert "Typed" in page
    assert 'href="#area"' in page
    page = cast.be("aigerim").post(f"/cases/{case_id}/needs/new", {"area": "legal", "priority": "soon"}, expect=422)
    assert 'href="#description"' in page
    assert needs(cast, case_id) == []


def test_nothing_needed_is_an_answer_and_leaves_the_count_of_open_needs_right(cast: Cast) -> None:
    case_id = a_case(cast)
    a_need(cast, case_id)
    aigerim = cast.be("aigerim")
    address = f"/cases/{case_id}/needs/nothing-needed"
    for _click in range(2):
        aigerim.post(address, {"area": "faith"})
    assert [status for area, status, _ in needs(cast, case_id) if area is NeedArea.FAITH] == [NeedStatus.NOTHING_NEEDED]
    page = aigerim.get(f"/cases/{case_id}/needs")
    assert "1 open need" in page
    assert page.count('name="area" value="') == len(NeedArea) - 2, "ten areas are left to talk about"
    with cast.acting("aigerim") as user:
        assert queries.count_open(people.opened(case_id, user)) == 1


def test_nothing_needed_is_refused_where_a_need_is_open_and_where_the_area_is_unknown(cast: Cast) -> None:
    case_id = a_case(cast)
    a_need(cast, case_id)
    aigerim = cast.be("aigerim")
    address = f"/cases/{case_id}/needs/nothing-needed"
    assert "There is an open need in this area" in aigerim.post(address, {"area": "legal"}, expect=422)
    aigerim.post(address, {"area": "weather"}, expect=400)
    assert len(needs(cast, case_id)) == 1


def test_need_is_met_declined_and_opened_again_with_what_was_said(cast: Cast) -> None:
    case_id = a_case(cast)
    need_id = a_need(cast, case_id)
    aigerim = cast.be("aigerim")
    address = f"/cases/{case_id}/needs/{need_id}/status"

    def say(standing: str, note: str, *, expect: int = 302) -> str:
        version = hidden(aigerim.get(address), "version")
        return aigerim.post(address, {"standing": standing, "note": note, "version": version}, expect=expect)

    say("met", "")
    assert "0 open needs" in aigerim.get(f"/cases/{case_id}/needs")
    assert "Write what the person said" in say("declined", "", expect=422)
    say("declined", "Wants no lawyer")
    assert "Write why this need is open again" in say("open", "", expect=422)
    say("open", "Changed their mind")
    assert needs(cast, case_id) == [(NeedArea.LEGAL, NeedStatus.OPEN, "Needs help with the appeal")]
    with cast.acting("aigerim") as user:
        [recorded, answered] = queries.happenings(people.opened(case_id, user))
    assert recorded.title == "Need recorded: Legal matters"
    assert (answered.text, answered.who) == ("Changed their mind", "Айгерім Сәрсенова")


def test_second_writer_of_a_need_sees_both_versions(cast: Cast) -> None:
    case_id = a_case(cast)
    need_id = a_need(cast, case_id)
    aigerim, leader = cast.be("aigerim"), cast.be("leader")
    address = f"/cases/{case_id}/needs/{need_id}/edit"
    version = hidden(aigerim.get(address), "version")
    leader.post(address, {**NEED, "description": "As the leader sees it", "version": version})
    page = aigerim.post(address, {**NEED, "description": "As Aigerim sees it", "version": version}, expect=409)
    assert "As the leader sees it" in page
    assert "As Aigerim sees it" in page
    assert needs(cast, case_id)[0][2] == "As the leader sees it"
    aigerim.post(address, {**NEED, "description": "As Aigerim sees it", "version": hidden(page, "version")})
    assert needs(cast, case_id)[0][2] == "As Aigerim sees it"


def test_same_change_sent_twice_is_done_once(cast: Cast) -> None:
    case_id = a_case(cast)
    need_id = a_need(cast, case_id)
    aigerim = cast.be("aigerim")
    for path, sent in (("edit", {**NEED, "priority": "later"}), ("status", {"standing": "met", "note": "Done"})):
        address = f"/cases/{case_id}/needs/{need_id}/{path}"
        version = hidden(aigerim.get(address), "version")
        aigerim.post(address, {**sent, "version": version})
        aigerim.post(address, {**sent, "version": version})


def test_status_that_somebody_else_changed_is_a_conflict(cast: Cast) -> None:
    case_id = a_case(cast)
    need_id = a_need(cast, case_id)
    address = f"/cases/{case_id}/needs/{need_id}/status"
    version = hidden(cast.be("aigerim").get(address), "version")
    cast.be("leader").post(address, {"standing": "met", "note": "Papers are here", "version": version})
    page = cast.be("aigerim").post(
        address, {"standing": "declined", "note": "Wants no help", "version": version}, expect=409
    )
    assert "Papers are here" in page
    assert "Wants no help" in page


def test_needs_stand_in_order_the_pressing_and_open_ones_first(cast: Cast) -> None:
    case_id = a_case(cast)
    for priority in (NeedPriority.LATER, NeedPriority.NOW, NeedPriority.SOON):
        a_need(cast, case_id, priority=priority, description=priority.value)
    with cast.acting("aigerim") as user:
        case = people.opened(case_id, user)
        most_pressing = queries.open_needs(case)[0]
        actions.set_need_status(most_pressing, NeedStatus.MET, by=user)
        actions.set_need_status(most_pressing, NeedStatus.MET, by=user)
    assert [words for _, _, words in needs(cast, case_id)] == ["soon", "later", "now"]


def test_closed_case_takes_no_new_need(cast: Cast) -> None:
    case_id = a_case(cast)
    with cast.acting("aigerim") as user:
        people_acts.close_case(people.opened(case_id, user), CaseOutcome.MOVED, "Moved", by=user)
    page = cast.be("aigerim").post(f"/cases/{case_id}/needs/new", NEED, expect=422)
    assert "This case is closed" in page
    page = cast.be("aigerim").get(f"/cases/{case_id}/needs")
    assert f"/cases/{case_id}/needs/new" not in page
    assert "No intake was made" in cast.be("aigerim").get(f"/cases/{case_id}/intake")


def test_stranger_sees_no_need_by_url_and_none_by_query(cast: Cast, environment: dict[str, str]) -> None:
    case_id = a_case(cast)
    need_id = a_need(cast, case_id)
    for name in ("stranger", "stranger_worker", "daniyar"):
        browser = cast.be(name)
        for path in ("needs", "needs/new", f"needs/{need_id}/edit", f"needs/{need_id}/status"):
            browser.get(f"/cases/{case_id}/{path}", expect=404)
        browser.post(f"/cases/{case_id}/needs/new", NEED, expect=404)
        browser.post(f"/cases/{case_id}/needs/nothing-needed", {"area": "faith"}, expect=404)
    with psycopg.connect(environment["DATABASE_URL"]) as nobody:
        assert nobody.execute("SELECT count(*) FROM needs").fetchone() == (0,)
    assert len(needs(cast, case_id)) == 1


def test_need_of_one_case_is_not_reached_through_another(cast: Cast) -> None:
    mine, other = a_case(cast), a_case(cast, name="Другой Человек")
    need_id = a_need(cast, other)
    cast.be("aigerim").get(f"/cases/{mine}/needs/{need_id}/edit", expect=404)


def test_stranger_cannot_attach_a_need_to_a_case_of_another_organisation(cast: Cast) -> None:
    case_id = a_case(cast)
    with cast.acting("stranger") as user:
        # Without a text: to seal one, the person would be asked for, whom the stranger does not see.
        need = Need(org_id=user.org_id, case_id=case_id, area=NeedArea.DRUGS, description="", recorded_by=user.id)
        db.session.add(need)
        with pytest.raises(IntegrityError):
            db.session.flush()
        db.session.rollback()
    assert needs(cast, case_id) == []
