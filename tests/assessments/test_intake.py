"""The intake, by URL."""

import re
import uuid
from typing import Any

from caseflow.assessments import queries
from caseflow.people import queries as people
from caseflow.people.models import Phase, TaskKind
from tests.cast import Cast
from tests.stories.assessments import a_completed_intake
from tests.stories.people import a_case

ANSWERS = {"injuries": "A cut on the left hand", "urgent_needs": "Insulin", "own_words": "Хочу увидеть детей"}


def version_on(page: str) -> str:
    found = re.search(r'name="version"[^>]*value="(\d+)"', page)
    assert found, page
    return found[1]


def state(cast: Cast, case_id: uuid.UUID) -> dict[str, Any]:
    with cast.acting("aigerim") as user:
        case = people.opened(case_id, user)
        intake = queries.intake(case)
        assert intake is not None
        open_intake_tasks = [task for task in people.open_tasks(case) if task.kind is TaskKind.INTAKE]
        return {
            "phase": case.phase,
            "completed": intake.completed_at is not None,
            "injuries": intake.injuries,
            "version": intake.version,
            "tasks": len(open_intake_tasks),
        }


def test_intake_is_saved_unfinished_and_taken_up_again(cast: Cast) -> None:
    case_id = a_case(cast)
    aigerim = cast.be("aigerim")
    page = aigerim.get(f"/cases/{case_id}/intake")
    aigerim.post(f"/cases/{case_id}/intake", {**ANSWERS, "version": version_on(page), "later": "1"})
    assert aigerim.location == f"/cases/{case_id}"
    page = aigerim.get(f"/cases/{case_id}/intake")
    assert "A cut on the left hand" in page
    assert "Хочу увидеть детей" in page
    assert state(cast, case_id) == {
        "phase": Phase.INTAKE,
        "completed": False,
        "injuries": "A cut on the left hand",
        "version": 1,
        "tasks": 1,
    }


def test_completing_the_intake_moves_the_case_to_assessment_and_finishes_the_task(cast: Cast) -> None:
    case_id = a_case(cast)
    aigerim = cast.be("aigerim")
    assert state_before(cast, case_id) == 1
    aigerim.post(f"/cases/{case_id}/intake", {**ANSWERS, "order_seen": "y", "version": "0", "complete": "1"})
    assert aigerim.location == f"/cases/{case_id}/needs"
    found = state(cast, case_id)
    assert (found["phase"], found["completed"], found["tasks"]) == (Phase.ASSESSMENT, True, 0)
    page = aigerim.get(f"/cases/{case_id}/intake")
    assert "<form" not in page.split('id="main"')[1].split("</main>")[0]
    assert "Insulin" in page
    assert "Айгерім Сәрсенова" in page
    assert f"/cases/{case_id}/notes/new" in page


def state_before(cast: Cast, case_id: uuid.UUID) -> int:
    with cast.acting("aigerim") as user:
        return sum(task.kind is TaskKind.INTAKE for task in people.open_tasks(people.opened(case_id, user)))


def test_intake_is_not_completed_before_the_order_was_seen(cast: Cast) -> None:
    case_id = a_case(cast)
    page = cast.be("aigerim").post(f"/cases/{case_id}/intake", {**ANSWERS, "version": "0", "complete": "1"}, expect=422)
    assert "Nobody may be held without a valid order" in page
    assert "A cut on the left hand" in page, "what was typed is kept"
    with cast.acting("aigerim") as user:
        case = people.opened(case_id, user)
        assert queries.intake(case) is None
        assert case.phase is Phase.INTAKE


def test_second_click_on_complete_is_done_already(cast: Cast) -> None:
    case_id = a_case(cast)
    aigerim = cast.be("aigerim")
    sent = {**ANSWERS, "order_seen": "y", "version": "0", "complete": "1"}
    aigerim.post(f"/cases/{case_id}/intake", sent)
    before = state(cast, case_id)
    aigerim.post(f"/cases/{case_id}/intake", sent)
    assert aigerim.location == f"/cases/{case_id}/needs"
    assert state(cast, case_id) == before


def test_completed_intake_is_not_changed_any_more(cast: Cast) -> None:
    case_id = a_case(cast)
    a_completed_intake(cast, case_id, injuries="None seen")
    page = cast.be("aigerim").post(
        f"/cases/{case_id}/intake", {"order_seen": "y", "injuries": "Changed later", "version": "2"}, expect=409
    )
    assert "Changed later" in page, "what was typed is kept"
    assert state(cast, case_id)["injuries"] == "None seen"


def test_second_writer_sees_both_versions_and_decides(cast: Cast) -> None:
    case_id = a_case(cast)
    aigerim, leader = cast.be("aigerim"), cast.be("leader")
    address = f"/cases/{case_id}/intake"
    aigerim.post(address, {"injuries": "First", "version": "0"})
    shown = version_on(aigerim.get(address))
    leader.post(address, {"injuries": "The leader's words", "version": shown})
    page = aigerim.post(address, {"injuries": "Aigerim's words", "version": shown}, expect=409)
    assert "The leader&#39;s words" in page
    assert "Aigerim&#39;s words" in page
    assert state(cast, case_id)["injuries"] == "The leader's words"
    aigerim.post(address, {"injuries": "Aigerim's words", "version": version_on(page)})
    assert state(cast, case_id)["injuries"] == "Aigerim's words"


def test_stranger_and_colleague_without_the_case_cannot_open_or_write_the_intake(cast: Cast) -> None:
    case_id = a_case(cast)
    a_completed_intake(cast, case_id, injuries="None seen")
    for name in ("stranger", "stranger_worker", "daniyar"):
        cast.be(name).get(f"/cases/{case_id}/intake", expect=404)
        cast.be(name).post(f"/cases/{case_id}/intake", {"injuries": "x", "version": "2"}, expect=404)
    for name in ("coordinator", "stranger_cso"):
        cast.be(name).get(f"/cases/{case_id}/intake", expect=403)
    assert state(cast, case_id)["injuries"] == "None seen"


def test_timeline_tells_that_the_intake_was_completed_and_by_whom(cast: Cast) -> None:
    case_id = a_case(cast)
    a_completed_intake(cast, case_id)
    with cast.acting("leader") as user:
        [told] = queries.happenings(people.opened(case_id, user))
    assert (told.kind, told.title, told.who) == ("intake", "Intake completed", "Айгерім Сәрсенова")
