"""Goals and steps of the plan, by URL."""

import re
import uuid
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy.exc import IntegrityError

from caseflow.assessments.models import NeedArea
from caseflow.core.db import db, new_id, today
from caseflow.people import actions as people_acts
from caseflow.people import queries as people
from caseflow.people.models import CaseOutcome
from caseflow.plans import actions, queries
from caseflow.plans.models import Goal, GoalStatus, StepActor, StepStatus
from tests.cast import Cast
from tests.stories.assessments import a_need
from tests.stories.people import a_case
from tests.stories.plans import a_goal, a_step, an_agreed_plan


def parts(name: str, day: date) -> dict[str, str]:
    return {f"{name}-day": str(day.day), f"{name}-month": str(day.month), f"{name}-year": str(day.year)}


TARGET = parts("target_on", today() + timedelta(days=60))
GOAL = {"title": "Reads and writes", "area": "education", "when": "now", **TARGET}
STEP = {"title": "Join the evening class", "actor": "person"}


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}"[^>]*value="([^"]+)"', page)
    assert found, page
    return found[1]


def goals(cast: Cast, case_id: uuid.UUID) -> list[dict[str, Any]]:
    with cast.acting("aigerim") as user:
        plan = queries.plan(people.opened(case_id, user))
        return [
            {
                "title": goal.title,
                "area": goal.area,
                "status": goal.status,
                "target_on": goal.target_on,
                "need": goal.need_id,
                "steps": [(step.title, step.actor, step.status, step.status_note) for step in goal.steps],
                "progress": goal.progress(),
            }
            for goal in (plan.goals if plan else [])
        ]


def test_first_goal_begins_the_plan_and_leads_to_its_first_step(cast: Cast) -> None:
    case_id = a_case(cast)
    aigerim = cast.be("aigerim")
    assert "No goal yet" in aigerim.get(f"/cases/{case_id}/plan")
    goal_id = hidden(aigerim.get(f"/cases/{case_id}/plan/goals/new"), "id")
    aigerim.post(f"/cases/{case_id}/plan/goals/new", {**GOAL, "id": goal_id})
    assert aigerim.location == f"/cases/{case_id}/plan/goals/{goal_id}/steps/new"
    aigerim.post(aigerim.location, {**STEP, **parts("due_on", today() + timedelta(days=31))})
    assert aigerim.location == f"/cases/{case_id}/plan#goal-{goal_id}"
    page = aigerim.get(f"/cases/{case_id}/plan")
    assert "Reads and writes" in page
    assert "Join the evening class" in page
    assert "in 4 weeks" in page
    [goal] = goals(cast, case_id)
    assert (goal["status"], goal["progress"]) == (GoalStatus.ACTIVE, (0, 1))


def test_goal_from_a_need_takes_its_area_and_offers_a_referral_for_its_step(cast: Cast) -> None:
    case_id = a_case(cast)
    need_id = a_need(cast, case_id)
    aigerim = cast.be("aigerim")
    form = aigerim.get(f"/cases/{case_id}/plan/goals/new?need={need_id}")
    assert f'<option selected value="{need_id}">' in form
    sent = {"title": "The appeal is heard", "area": "", "need": str(need_id), "when": "now", **TARGET}
    aigerim.post(f"/cases/{case_id}/plan/goals/new", {**sent, "id": (goal_id := str(new_id()))})
    [goal] = goals(cast, case_id)
    assert (goal["area"], goal["need"]) == (NeedArea.LEGAL, need_id)
    step_id = a_step(cast, case_id, uuid.UUID(goal_id))
    page = aigerim.get(f"/cases/{case_id}/plan")
    assert f"/cases/{case_id}/referrals/new?step={step_id}&amp;need={need_id}" in page


def test_double_click_adds_one_goal_and_one_step(cast: Cast) -> None:
    case_id = a_case(cast)
    aigerim = cast.be("aigerim")
    goal_id = str(new_id())
    for _click in range(2):
        aigerim.post(f"/cases/{case_id}/plan/goals/new", {**GOAL, "id": goal_id})
    step_id = str(new_id())
    for _click in range(2):
        aigerim.post(f"/cases/{case_id}/plan/goals/{goal_id}/steps/new", {**STEP, "id": step_id})
    [goal] = goals(cast, case_id)
    assert len(goal["steps"]) == 1


def test_goal_for_later_needs_no_date_and_becomes_active_with_one(cast: Cast) -> None:
    case_id = a_case(cast)
    aigerim = cast.be("aigerim")
    aigerim.post(f"/cases/{case_id}/plan/goals/new", {**GOAL, "when": "later", "id": (goal_id := str(new_id()))})
    assert [(goal["status"], goal["target_on"]) for goal in goals(cast, case_id)] == [(GoalStatus.FUTURE, None)]
    address = f"/cases/{case_id}/plan/goals/{goal_id}"
    page = aigerim.get(f"{address}/status")
    sent = {"standing": "active", "version": hidden(page, "version")}
    assert "Give the goal a target date first" in aigerim.post(f"{address}/status", sent, expect=422)
    aigerim.post(f"{address}/edit", {**GOAL, "version": hidden(aigerim.get(f"{address}/edit"), "version")})
    assert [goal["status"] for goal in goals(cast, case_id)] == [GoalStatus.ACTIVE]
    page = aigerim.get(f"{address}/status")
    aigerim.post(f"{address}/status", {"standing": "future", "version": hidden(page, "version")})
    assert [(goal["status"], goal["target_on"]) for goal in goals(cast, case_id)] == [(GoalStatus.FUTURE, None)]


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        ({"title": ""}, "title", "Fill this in."),
        ({"area": ""}, "area", "Choose the area."),
        ({"area": "", "need": " \t"}, "area", "Choose the area."),  # a blank choice is none
        ({"area": " \t"}, "area", "Choose the area."),
        ({"target_on-day": "", "target_on-month": "", "target_on-year": ""}, "target_on-day", "Enter the target date"),
        ({"target_on-year": "2001"}, "target_on-day", "The date must be today or in the future."),
        ({"target_on-month": "13"}, "target_on-month", "The month must be a number from 1 to 12."),
    ],
)
def test_goal_that_says_too_little_is_refused_at_its_field(
    cast: Cast, change: dict[str, str], field: str, says: str
) -> None:
    case_id = a_case(cast)
    page = cast.be("aigerim").post(f"/cases/{case_id}/plan/goals/new", {**GOAL, **change}, expect=422)
    assert says in page
    assert f'href="#{field}"' in page
    assert goals(cast, case_id) == []


def test_status_of_a_step_is_set_with_a_note_and_told_on_the_timeline(cast: Cast) -> None:
    case_id = a_case(cast)
    goal_id, step_id = an_agreed_plan(cast, case_id)
    aigerim = cast.be("aigerim")
    address = f"/cases/{case_id}/plan/steps/{step_id}/status"
    version = hidden(aigerim.get(address), "version")
    page = aigerim.post(address, {"standing": "cannot_be_done_yet", "version": version}, expect=422)
    assert "Write why." in page
    aigerim.post(address, {"standing": "completed", "note": "The lawyer came", "version": version})
    [goal] = goals(cast, case_id)
    assert goal["steps"] == [("Find a lawyer", StepActor.CSO, StepStatus.COMPLETED, "The lawyer came")]
    assert "All steps are completed. Is the goal reached?" in aigerim.get(f"/cases/{case_id}/plan")
    aigerim.post(
        f"/cases/{case_id}/plan/goals/{goal_id}/status",
        {
            "standing": "achieved",
            "version": hidden(aigerim.get(f"/cases/{case_id}/plan/goals/{goal_id}/status"), "version"),
        },
    )
    assert "1 goal achieved or removed" in aigerim.get(f"/cases/{case_id}/plan")
    with cast.acting("leader") as user:
        told = {one.title: one for one in queries.happenings(people.opened(case_id, user))}
    assert set(told) == {
        "Plan: Agreed",
        "Goal set: The appeal is heard",
        "Goal: The appeal is heard – Achieved",
        "Step: Find a lawyer – Completed",
    }
    step = told["Step: Find a lawyer – Completed"]
    assert (step.text, step.who, step.tone) == ("The lawyer came", "Айгерім Сәрсенова", "good")


def test_what_a_referral_says_of_a_step_is_done_once_however_often_it_comes(cast: Cast) -> None:
    case_id = a_case(cast)
    _, step_id = an_agreed_plan(cast, case_id)
    moments = []
    for _delivery in range(2):
        with cast.acting("aigerim") as user:
            step = queries.step(people.case_of(user.org_id, case_id), step_id)
            actions.set_step_status(step, StepStatus.IN_PROGRESS, "Referred", by=user)
            moments.append(step.status_at)
    assert moments[0] == moments[1]


def test_goal_is_removed_only_with_a_reason_and_takes_no_step_afterwards(cast: Cast) -> None:
    case_id = a_case(cast)
    goal_id = a_goal(cast, case_id)
    aigerim = cast.be("aigerim")
    address = f"/cases/{case_id}/plan/goals/{goal_id}"
    version = hidden(aigerim.get(f"{address}/status"), "version")
    sent = {"standing": "removed", "version": version}
    assert "Write why this goal is removed." in aigerim.post(f"{address}/status", sent, expect=422)
    aigerim.post(f"{address}/status", {**sent, "note": "Not wanted any more"})
    page = aigerim.post(f"{address}/steps/new", STEP, expect=422)
    assert "Open it again to add a step." in page
    assert "Join the evening class" in page


@pytest.mark.parametrize("what", ["goal", "step", "goal status", "step status", "words"])
def test_second_writer_sees_both_versions_and_decides(cast: Cast, what: str) -> None:
    case_id = a_case(cast)
    goal_id = a_goal(cast, case_id)
    step_id = a_step(cast, case_id, goal_id)
    base = f"/cases/{case_id}/plan"
    address, field, sent = {
        "goal": (f"{base}/goals/{goal_id}/edit", "title", GOAL),
        "step": (f"{base}/steps/{step_id}/edit", "title", STEP),
        "goal status": (f"{base}/goals/{goal_id}/status", "note", {"standing": "removed"}),
        "step status": (f"{base}/steps/{step_id}/status", "note", {"standing": "cannot_be_done_yet"}),
        "words": (f"{base}/own-words", "own_words", {}),
    }[what]
    aigerim, leader = cast.be("aigerim"), cast.be("leader")
    if what == "words":
        aigerim.post(address, {field: "First words", "version": hidden(aigerim.get(address), "version")})
    version = hidden(aigerim.get(address), "version")
    leader.post(address, {**sent, field: "Written by the leader", "version": version})
    page = aigerim.post(address, {**sent, field: "Written by Aigerim", "version": version}, expect=409)
    assert "Written by the leader" in page
    assert "Written by Aigerim" in page
    aigerim.post(address, {**sent, field: "Written by Aigerim", "version": hidden(page, "version")})
    aigerim.post(address, {**sent, field: "Written by Aigerim", "version": hidden(page, "version")})
    page = aigerim.get(base)
    assert "Written by Aigerim" in page
    assert "Written by the leader" not in page


def test_closed_case_keeps_its_plan_as_it_is(cast: Cast) -> None:
    case_id = a_case(cast)
    goal_id, _ = an_agreed_plan(cast, case_id)
    with cast.acting("aigerim") as user:
        people_acts.close_case(people.opened(case_id, user), CaseOutcome.COMPLETED, "Done", by=user)
    aigerim = cast.be("aigerim")
    page = aigerim.get(f"/cases/{case_id}/plan")
    assert "The appeal is heard" in page
    assert "/plan/goals/new" not in page
    assert "This case is closed" in aigerim.post(f"/cases/{case_id}/plan/goals/new", GOAL, expect=422)
    assert "This case is closed" in aigerim.post(f"/cases/{case_id}/plan/goals/{goal_id}/steps/new", STEP, expect=422)


def test_stranger_sees_no_plan_by_url_and_none_by_query(cast: Cast, environment: dict[str, str]) -> None:
    case_id = a_case(cast)
    goal_id, step_id = an_agreed_plan(cast, case_id)
    for name in ("stranger", "stranger_worker", "daniyar"):
        browser = cast.be(name)
        for path in (
            "",
            "/goals/new",
            f"/goals/{goal_id}/edit",
            f"/goals/{goal_id}/status",
            f"/goals/{goal_id}/steps/new",
            f"/steps/{step_id}/edit",
            f"/steps/{step_id}/status",
            "/own-words",
            "/agreement",
        ):
            browser.get(f"/cases/{case_id}/plan{path}", expect=404)
            if path:
                browser.post(f"/cases/{case_id}/plan{path}", {**GOAL, **STEP}, expect=404)
    with psycopg.connect(environment["DATABASE_URL"]) as nobody:
        for table in ("plans", "goals", "steps"):
            assert nobody.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
    assert len(goals(cast, case_id)) == 1


def test_goal_and_step_of_one_case_are_not_reached_through_another(cast: Cast) -> None:
    mine, other = a_case(cast), a_case(cast, name="Другой Человек")
    goal_id, step_id = an_agreed_plan(cast, other)
    aigerim = cast.be("aigerim")
    aigerim.get(f"/cases/{mine}/plan/goals/{goal_id}/edit", expect=404)
    aigerim.get(f"/cases/{mine}/plan/steps/{step_id}/edit", expect=404)


def test_need_of_another_case_answers_no_goal(cast: Cast) -> None:
    mine, other = a_case(cast), a_case(cast, name="Другой Человек")
    need_id = a_need(cast, other)
    cast.be("aigerim").post(f"/cases/{mine}/plan/goals/new", {**GOAL, "need": str(need_id)}, expect=422)
    assert goals(cast, mine) == []


def test_stranger_cannot_put_a_goal_into_a_plan_of_another_organisation(cast: Cast) -> None:
    case_id = a_case(cast)
    a_goal(cast, case_id)
    with cast.acting("aigerim") as user:
        plan = queries.plan(people.opened(case_id, user))
        assert plan is not None
        plan_id = plan.id
    with cast.acting("stranger") as user:
        # Without a text: to seal one, the person would be asked for, whom the stranger does not see.
        goal = Goal(org_id=user.org_id, plan_id=plan_id, case_id=case_id, area=NeedArea.LEGAL, title="")
        db.session.add(goal)
        with pytest.raises(IntegrityError):
            db.session.flush()
        db.session.rollback()
    assert len(goals(cast, case_id)) == 1
