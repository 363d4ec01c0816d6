"""The needs of a case, recorded by the product's own actions."""

import uuid

from caseflow.assessments import actions
from caseflow.assessments.models import NeedArea, NeedPriority
from caseflow.people import queries as people
from tests.cast import Cast


def a_completed_intake(cast: Cast, case_id: uuid.UUID, by: str = "aigerim", **answers: str) -> None:
    """The intake of the case, completed: it goes on to assessment."""
    with cast.acting(by) as user:
        case = people.opened(case_id, user)
        written = actions.IntakeAnswers(order_seen=True, rights_explained=True, family_told=True, **answers)
        actions.complete_intake(case, written, by=user)


def a_need(
    cast: Cast,
    case_id: uuid.UUID,
    by: str = "aigerim",
    *,
    area: NeedArea = NeedArea.LEGAL,
    description: str = "Needs help with the appeal",
    priority: NeedPriority = NeedPriority.NOW,
) -> uuid.UUID:
    """An open need of the case."""
    with cast.acting(by) as user:
        case = people.opened(case_id, user)
        return actions.record_need(case, area=area, description=description, priority=priority, by=user).id
