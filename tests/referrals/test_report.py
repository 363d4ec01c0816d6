"""The end report and the end of a referral, by URL; the loop closes into the sender's plan."""

import uuid
from typing import Any

from redis import Redis
from sqlalchemy import func, select

from caseflow.core.db import db
from caseflow.people import queries as people
from caseflow.people.models import Case, Task, TaskKind
from caseflow.plans import actions
from caseflow.plans import queries as plans
from caseflow.plans.models import StepStatus
from caseflow.referrals.models import Achievement, Origin, Referral, Report, Status
from caseflow.referrals.queries import shared
from tests.cast import Cast
from tests.stories.people import a_case
from tests.stories.plans import a_goal, a_step
from tests.stories.received import a_completed, a_planned_session, a_session, an_accepted, past

WANTED = ["papers", "advice"]


def report(cast: Cast, id: uuid.UUID, *, expect: int = 302, path: str = "report", **data: Any) -> str:
    """The worker's end report; both outcomes reached unless said otherwise."""
    with cast.acting("coordinator") as user:
        version = shared.received(id, user).version
    said = {
        "version": version,
        "text": "He has his passport.",
        "achieved_papers": "achieved",
        "words_papers": "Passport issued.",
        "achieved_advice": "partly_achieved",
    }
    return cast.be("worker").post(f"/referrals/{id}/{path}", {**said, **data}, expect=expect)


def status(cast: Cast, id: uuid.UUID) -> Status:
    """The referral's status."""
    with cast.acting("coordinator") as user:
        return shared.received(id, user).status


def test_report_names_each_outcome_and_completes_the_referral(cast: Cast) -> None:
    id = an_accepted(cast, outcomes=WANTED)
    a_session(cast, id)
    report(cast, id)
    assert status(cast, id) is Status.COMPLETED
    page = cast.be("aigerim").get(f"/referrals/{id}")
    assert "He has his passport." in page
    assert "Passport issued." in page
    report(cast, id, expect=409, version="1")


def test_report_without_a_finding_for_each_outcome_is_refused_and_kept(cast: Cast) -> None:
    id = an_accepted(cast, outcomes=WANTED)
    page = report(cast, id, achieved_advice="", expect=422)
    assert 'href="#achieved_advice-0"' in page
    assert "He has his passport." in page
    report(cast, id, text="", expect=422)
    assert status(cast, id) is Status.ACCEPTED


def test_past_session_without_outcome_comes_first(cast: Cast, environment: dict[str, str]) -> None:
    id = an_accepted(cast, outcomes=WANTED)
    past(environment["OWNER_DATABASE_URL"], a_planned_session(cast, id))
    report(cast, id, expect=422)
    assert status(cast, id) is Status.ACCEPTED


def test_ending_early_needs_only_a_reason_while_nobody_came(cast: Cast) -> None:
    id = an_accepted(cast, outcomes=WANTED)
    page = report(cast, id, path="end-early", expect=422)
    assert 'href="#reason"' in page
    report(cast, id, path="end-early", reason="He was moved to another city.")
    assert status(cast, id) is Status.ENDED_EARLY
    assert "moved to another city" in cast.be("aigerim").get(f"/referrals/{id}")
    with cast.acting("coordinator"):
        assert db.session.scalar(select(func.count()).select_from(Report)) == 0


def test_ending_early_after_a_session_takes_the_report_along(cast: Cast) -> None:
    id = an_accepted(cast, outcomes=WANTED)
    a_session(cast, id)
    page = report(cast, id, path="end-early", reason="He was moved.", achieved_papers="", expect=422)
    assert 'href="#achieved_papers-0"' in page
    report(cast, id, path="end-early", reason="He was moved.")
    assert status(cast, id) is Status.ENDED_EARLY
    assert "Passport issued." in cast.be("aigerim").get(f"/referrals/{id}")


def _with_step(cast: Cast) -> tuple[uuid.UUID, uuid.UUID, uuid.UUID]:
    """A referral that serves a step of the plan: ids of referral, case and step."""
    case = a_case(cast)
    step = a_step(cast, case, a_goal(cast, case))
    return an_accepted(cast, case=case, step_id=step), case, step


def step_of(cast: Cast, case: uuid.UUID, step: uuid.UUID) -> tuple[StepStatus, str | None]:
    """Where the step stands, and why."""
    with cast.acting("aigerim") as user:
        found = plans.step(people.opened(case, user), step)
        return found.status, found.status_note


def test_reached_outcome_completes_the_step_and_asks_for_a_look_once(cast: Cast, redis: "Redis") -> None:
    id, case, step = _with_step(cast)
    a_session(cast, id)
    assert step_of(cast, case, step)[0] is StepStatus.IN_PROGRESS
    a_completed(cast, id, achievement=Achievement.PARTLY_ACHIEVED)
    cast.deliver(redis)
    cast.deliver(redis)
    state, note = step_of(cast, case, step)
    assert state is StepStatus.COMPLETED
    assert note
    with cast.acting("aigerim") as user:
        asked = select(Task.user_id).where(Task.org_id == user.org_id, Task.case_id == case, Task.kind == TaskKind.OWN)
        assert list(db.session.scalars(asked)) == [user.id]


def test_outcome_not_reached_leaves_the_step_to_be_done(cast: Cast, redis: "Redis") -> None:
    id, case, step = _with_step(cast)
    a_session(cast, id)
    a_completed(cast, id, achievement=Achievement.NOT_ACHIEVED)
    cast.deliver(redis)
    assert step_of(cast, case, step)[0] is StepStatus.CANNOT_BE_DONE_YET


def test_step_that_the_worker_settled_meanwhile_is_left_alone(cast: Cast, redis: "Redis") -> None:
    id, case, step = _with_step(cast)
    with cast.acting("aigerim") as user:
        actions.set_step_status(
            plans.step(people.opened(case, user), step), StepStatus.NO_LONGER_NEEDED, "Solved.", by=user
        )
    a_completed(cast, id)
    cast.deliver(redis)
    assert step_of(cast, case, step) == (StepStatus.NO_LONGER_NEEDED, "Solved.")


def test_stranger_sender_and_second_worker_write_no_report(cast: Cast) -> None:
    id = an_accepted(cast)
    for name, expect in (("second", 404), ("stranger_cso", 404), ("stranger", 404), ("aigerim", 403)):
        for path in ("report", "end-early", "pause"):
            cast.be(name).get(f"/referrals/{id}/{path}", expect=expect)
            cast.be(name).post(f"/referrals/{id}/{path}", {"text": "x", "reason": "x"}, expect=expect)
        cast.be(name).post(f"/referrals/{id}/resume", expect=expect)
    assert status(cast, id) is Status.ACCEPTED
    with cast.acting("stranger_cso"):
        for table in (Referral, Report, Origin, Case):
            assert db.session.scalar(select(func.count()).select_from(table)) == 0
