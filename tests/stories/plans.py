"""The plan of a case, made by the product's own actions."""

import uuid
from datetime import timedelta

from caseflow.assessments import queries as assessments
from caseflow.assessments.models import NeedArea
from caseflow.core.db import today
from caseflow.people import queries as people
from caseflow.plans import actions, queries
from caseflow.plans.models import Agreement, StepActor
from tests.cast import Cast


def a_goal(
    cast: Cast,
    case_id: uuid.UUID,
    by: str = "aigerim",
    *,
    title: str = "The appeal is heard",
    area: NeedArea = NeedArea.LEGAL,
    need: uuid.UUID | None = None,
    later: bool = False,
) -> uuid.UUID:
    """A goal in the case's plan; the first one begins the plan."""
    with cast.acting(by) as user:
        case = people.opened(case_id, user)
        answers = None if need is None else assessments.need(case, need)
        target = None if later else today() + timedelta(days=90)
        return actions.add_goal(case, area=area, title=title, target_on=target, need=answers, by=user).id


def a_step(
    cast: Cast,
    case_id: uuid.UUID,
    goal_id: uuid.UUID,
    by: str = "aigerim",
    *,
    title: str = "Find a lawyer",
    actor: StepActor = StepActor.CSO,
) -> uuid.UUID:
    """A step towards the goal."""
    with cast.acting(by) as user:
        goal = queries.goal(people.opened(case_id, user), goal_id)
        return actions.add_step(goal, title=title, actor=actor, due_on=today() + timedelta(days=30), by=user).id


def an_agreed_plan(cast: Cast, case_id: uuid.UUID, by: str = "aigerim") -> tuple[uuid.UUID, uuid.UUID]:
    """A plan of one goal with one step, agreed with the person today; gives the goal's and the step's ids."""
    goal_id = a_goal(cast, case_id, by)
    step_id = a_step(cast, case_id, goal_id, by)
    with cast.acting(by) as user:
        case = people.opened(case_id, user)
        actions.agree(case, Agreement.AGREED, agreed_on=user.organisation.today(), by=user)
    return goal_id, step_id
