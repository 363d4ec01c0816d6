"""Reading the plan of a case; the case itself was opened, and so authorised, before."""

import uuid

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from caseflow.core.db import db, one_or_404
from caseflow.core.formats import date_text
from caseflow.people.models import Case
from caseflow.people.queries import Happening
from caseflow.plans.models import Agreement, Goal, GoalStatus, Plan, Step, StepStatus

AGREEMENT_TONES = {
    Agreement.DRAFT: "neutral",
    Agreement.AGREED: "good",
    Agreement.NOT_AGREED: "warn",
    Agreement.COULD_NOT_ANSWER: "warn",
}
GOAL_TONES = {
    GoalStatus.ACTIVE: "info",
    GoalStatus.FUTURE: "neutral",
    GoalStatus.ACHIEVED: "good",
    GoalStatus.REMOVED: "neutral",
}
STEP_TONES = {
    StepStatus.NOT_STARTED: "neutral",
    StepStatus.IN_PROGRESS: "info",
    StepStatus.COMPLETED: "good",
    StepStatus.CANNOT_BE_DONE_YET: "warn",
    StepStatus.NO_LONGER_NEEDED: "neutral",
}


def plan(case: Case) -> Plan | None:
    """The plan of a case with its goals and their steps, where one was begun."""
    query = select(Plan).where(Plan.org_id == case.org_id, Plan.case_id == case.id)
    query = query.options(selectinload(Plan.goals).selectinload(Goal.steps))
    return db.session.scalars(query.execution_options(populate_existing=True)).one_or_none()


def goal(case: Case, id: uuid.UUID) -> Goal:
    """One goal of the case, or 404."""
    return one_or_404(select(Goal).where(Goal.org_id == case.org_id, Goal.case_id == case.id, Goal.id == id))


def step(case: Case, id: uuid.UUID) -> Step:
    """One step of the case's plan, or 404."""
    query = select(Step).join(Goal, (Goal.org_id == Step.org_id) & (Goal.id == Step.goal_id))
    return one_or_404(query.where(Step.org_id == case.org_id, Step.id == id, Goal.case_id == case.id))


def gaps(plan: Plan | None) -> list[str]:
    """What is missing before the person can be asked to agree; empty when nothing is."""
    active = [] if plan is None else [goal for goal in plan.goals if goal.status is GoalStatus.ACTIVE]
    if not active:
        return [_("The plan needs at least one active goal.")]
    bare = [goal.title for goal in active if not goal.live_steps()]
    return [_("The goal “%(goal)s” needs at least one step.", goal=title) for title in bare]


def happenings(case: Case) -> list[Happening]:
    """What the timeline tells: goals set, what became of goals and steps, and what the person said to the plan."""
    told = []
    held = plan(case)
    if held is not None and held.agreement_at is not None:
        told.append(_answered(held))
    goals = select(Goal).where(Goal.org_id == case.org_id, Goal.case_id == case.id)
    for one in db.session.scalars(goals.options(joinedload(Goal.adder), joinedload(Goal.answerer))).unique():
        told.extend(_of_goal(one))
    steps = select(Step).join(Goal, (Goal.org_id == Step.org_id) & (Goal.id == Step.goal_id))
    steps = steps.where(Step.org_id == case.org_id, Goal.case_id == case.id, Step.status_at.is_not(None))
    for step in db.session.scalars(steps.options(joinedload(Step.answerer))).unique():
        assert step.status_at is not None
        told.append(
            Happening(
                at=step.status_at,
                kind="plan",
                title=_("Step: %(step)s – %(status)s", step=step.title, status=step.status.label),
                text=step.status_note,
                who=None if step.answerer is None else step.answerer.name,
                url=f"/cases/{case.id}/plan#step-{step.id}",
                tone=STEP_TONES[step.status],
            )
        )
    return told


def _answered(plan: Plan) -> Happening:
    assert plan.agreement_at is not None
    if plan.agreement is Agreement.DRAFT and plan.agreed_on is not None:
        title = _("Plan changed after it was agreed on %(day)s", day=date_text(plan.agreed_on))
    else:
        title = _("Plan: %(agreement)s", agreement=plan.agreement.label)
    return Happening(
        at=plan.agreement_at,
        kind="plan",
        title=title,
        text=plan.agreement_note,
        who=None if plan.answerer is None else plan.answerer.name,
        url=f"/cases/{plan.case_id}/plan",
        tone=AGREEMENT_TONES[plan.agreement],
    )


def _of_goal(goal: Goal) -> list[Happening]:
    url = f"/cases/{goal.case_id}/plan#goal-{goal.id}"
    who = None if goal.adder is None else goal.adder.name
    title = _("Goal set: %(goal)s", goal=goal.title)
    told = [Happening(at=goal.created_at, kind="plan", title=title, who=who, url=url, tone="info")]
    if goal.status_at is not None:
        told.append(
            Happening(
                at=goal.status_at,
                kind="plan",
                title=_("Goal: %(goal)s – %(status)s", goal=goal.title, status=goal.status.label),
                text=goal.status_note,
                who=None if goal.answerer is None else goal.answerer.name,
                url=url,
                tone=GOAL_TONES[goal.status],
            )
        )
    return told
