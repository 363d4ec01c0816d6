"""The person's answer to the plan, by URL."""

import re
import uuid
from datetime import date, timedelta
from typing import Any

from caseflow.core.db import today
from caseflow.people import queries as people
from caseflow.people.models import Phase
from caseflow.plans import queries
from caseflow.plans.models import Agreement
from tests.cast import Browser, Cast
from tests.stories.assessments import a_completed_intake
from tests.stories.people import a_case
from tests.stories.plans import a_goal, a_step, an_agreed_plan

AGREED = {"agreement": "agreed"}


def parts(day: date) -> dict[str, str]:
    return {"agreed_on-day": str(day.day), "agreed_on-month": str(day.month), "agreed_on-year": str(day.year)}


def version_on(page: str) -> str:
    found = re.search(r'name="version"[^>]*value="(\d+)"', page)
    assert found, page
    return found[1]


def answer(browser: Browser, case_id: uuid.UUID, sent: dict[str, Any], *, expect: int = 302) -> str:
    address = f"/cases/{case_id}/plan/agreement"
    return browser.post(address, {"version": version_on(browser.get(address)), **sent}, expect=expect)


def state(cast: Cast, case_id: uuid.UUID) -> tuple[Phase, Agreement | None, date | None]:
    with cast.acting("aigerim") as user:
        case = people.opened(case_id, user)
        plan = queries.plan(case)
        return case.phase, plan and plan.agreement, plan and plan.agreed_on


def test_agreeing_moves_the_case_from_assessment_through_planning_to_delivery(cast: Cast) -> None:
    case_id = a_case(cast)
    a_completed_intake(cast, case_id)
    a_step(cast, case_id, a_goal(cast, case_id))
    answer(cast.be("aigerim"), case_id, {**AGREED, **parts(today())})
    assert state(cast, case_id) == (Phase.DELIVERY, Agreement.AGREED, today())
    with cast.acting("aigerim") as user:
        moves = [change.phase for change, _ in people.phase_changes(people.opened(case_id, user))]
    assert moves == [Phase.DELIVERY, Phase.PLANNING, Phase.ASSESSMENT, Phase.INTAKE]
    assert "Agreed" in cast.be("aigerim").get(f"/cases/{case_id}/plan")


def test_agreeing_before_the_intake_is_completed_leaves_the_phase(cast: Cast) -> None:
    case_id = a_case(cast)
    an_agreed_plan(cast, case_id)
    assert state(cast, case_id)[:2] == (Phase.INTAKE, Agreement.AGREED)


def test_plan_without_an_active_goal_with_a_step_cannot_be_agreed(cast: Cast) -> None:
    case_id = a_case(cast)
    aigerim = cast.be("aigerim")
    sent = {**AGREED, **parts(today())}
    assert "Before the person can agree" in aigerim.get(f"/cases/{case_id}/plan/agreement")
    assert "at least one active goal" in answer(aigerim, case_id, sent, expect=422)
    a_step(cast, case_id, a_goal(cast, case_id, later=True))
    assert "at least one active goal" in answer(aigerim, case_id, sent, expect=422)
    goal_id = a_goal(cast, case_id, title="Home again")
    assert "The goal “Home again” needs at least one step." in answer(aigerim, case_id, sent, expect=422)
    assert state(cast, case_id)[1] is Agreement.DRAFT
    step_id = a_step(cast, case_id, goal_id)
    address = f"/cases/{case_id}/plan/steps/{step_id}/status"
    aigerim.post(address, {"standing": "no_longer_needed", "note": "x", "version": version_on(aigerim.get(address))})
    assert "needs at least one step" in answer(aigerim, case_id, sent, expect=422)


def test_answer_without_its_date_its_note_or_itself_is_refused_and_kept(cast: Cast) -> None:
    case_id = a_case(cast)
    a_step(cast, case_id, a_goal(cast, case_id))
    aigerim = cast.be("aigerim")
    nothing = {"agreed_on-day": "", "agreed_on-month": "", "agreed_on-year": ""}
    assert "Enter the day on which the person agreed." in answer(aigerim, case_id, {**AGREED, **nothing}, expect=422)
    tomorrow = parts(today() + timedelta(days=2))
    assert "The date must be today or in the past." in answer(aigerim, case_id, {**AGREED, **tomorrow}, expect=422)
    assert "Write what the person does not agree with" in answer(
        aigerim, case_id, {"agreement": "not_agreed", "note": " "}, expect=422
    )
    page = answer(aigerim, case_id, {"agreement": "draft", "note": "Typed before"}, expect=422)
    assert "Typed before" in page
    assert state(cast, case_id)[1] is Agreement.DRAFT


def test_person_who_does_not_agree_is_heard_and_the_phase_stays(cast: Cast) -> None:
    case_id = a_case(cast)
    a_completed_intake(cast, case_id)
    a_goal(cast, case_id)
    answer(cast.be("aigerim"), case_id, {"agreement": "not_agreed", "note": "Wants work first"})
    assert state(cast, case_id) == (Phase.ASSESSMENT, Agreement.NOT_AGREED, None)
    page = cast.be("aigerim").get(f"/cases/{case_id}/plan")
    assert "Wants work first" in page
    answer(cast.be("aigerim"), case_id, {"agreement": "could_not_answer", "note": "Ill"})
    assert state(cast, case_id)[1] is Agreement.COULD_NOT_ANSWER


def test_second_click_on_agree_is_done_already(cast: Cast) -> None:
    case_id = a_case(cast)
    a_step(cast, case_id, a_goal(cast, case_id))
    aigerim = cast.be("aigerim")
    sent = {**AGREED, **parts(today()), "version": version_on(aigerim.get(f"/cases/{case_id}/plan/agreement"))}
    for _click in range(2):
        aigerim.post(f"/cases/{case_id}/plan/agreement", sent)
    with cast.acting("aigerim") as user:
        titles = [one.title for one in queries.happenings(people.opened(case_id, user))]
    assert titles.count("Plan: Agreed") == 1


def test_nobody_agrees_to_a_plan_that_changed_since_it_was_shown(cast: Cast) -> None:
    case_id = a_case(cast)
    a_step(cast, case_id, a_goal(cast, case_id))
    aigerim = cast.be("aigerim")
    shown = version_on(aigerim.get(f"/cases/{case_id}/plan/agreement"))
    a_step(cast, case_id, a_goal(cast, case_id, "leader", title="Added by the leader"), "leader")
    page = answer(aigerim, case_id, {**AGREED, **parts(today()), "version": shown}, expect=409)
    assert "Somebody else changed this" in page
    assert state(cast, case_id)[1] is Agreement.DRAFT


def test_plan_that_changes_after_it_was_agreed_is_a_draft_until_the_person_is_asked_again(cast: Cast) -> None:
    case_id = a_case(cast)
    goal_id, step_id = an_agreed_plan(cast, case_id)
    aigerim = cast.be("aigerim")
    address = f"/cases/{case_id}/plan/steps/{step_id}/status"
    aigerim.post(address, {"standing": "in_progress", "version": version_on(aigerim.get(address))})
    assert state(cast, case_id)[1] is Agreement.AGREED, "carrying out the plan does not change it"
    aigerim.post(f"/cases/{case_id}/plan/goals/{goal_id}/steps/new", {"title": "One more", "actor": "family"})
    assert state(cast, case_id)[1] is Agreement.DRAFT
    assert "Changed since it was agreed" in aigerim.get(f"/cases/{case_id}/plan")
    with cast.acting("aigerim") as user:
        titles = [one.title for one in queries.happenings(people.opened(case_id, user))]
    assert any(title.startswith("Plan changed after it was agreed on") for title in titles)
    answer(aigerim, case_id, {**AGREED, **parts(today())})
    assert state(cast, case_id)[1] is Agreement.AGREED


def test_words_of_the_person_begin_a_plan_and_stand_on_it(cast: Cast) -> None:
    case_id = a_case(cast)
    aigerim = cast.be("aigerim")
    address = f"/cases/{case_id}/plan/own-words"
    for _click in range(2):
        aigerim.post(address, {"own_words": "أريد أن أرى أولادي", "version": "0"})
    assert "أريد أن أرى أولادي" in aigerim.get(f"/cases/{case_id}/plan")
