"""Writing the plan: goals, steps, and what the person says to it."""

import uuid
from datetime import date

from flask_babel import gettext as _

from caseflow.accounts.models import User
from caseflow.assessments.models import Need, NeedArea
from caseflow.audit.actions import record
from caseflow.core.db import db, new_id, now
from caseflow.core.errors import Refused
from caseflow.core.formats import date_text
from caseflow.core.forms import check_version
from caseflow.people import actions as people
from caseflow.people.models import Case, Phase
from caseflow.plans import queries
from caseflow.plans.models import Agreement, Goal, GoalStatus, Plan, Step, StepActor, StepStatus

# A plan that is agreed is carried out: where the case goes on to, from each phase, one move at a time.
_ONWARD = {Phase.ASSESSMENT: Phase.PLANNING, Phase.PLANNING: Phase.DELIVERY}


def add_goal(
    case: Case,
    *,
    area: NeedArea,
    title: str,
    target_on: date | None,
    need: Need | None = None,
    id: uuid.UUID | None = None,
    by: User,
) -> Goal:
    """Set a goal; without a target date it is one for later. The first goal begins the plan.

    With an `id` that is there already nothing is written twice.
    """
    plan = _begin(case, by)
    if found := people.sent_before(Goal, id, by=by):
        return found
    goal = Goal(
        org_id=case.org_id,
        id=id or new_id(),
        plan_id=plan.id,
        case_id=case.id,
        need_id=None if need is None else need.id,
        added_by=by.id,
        area=area,
        title=title,
        target_on=target_on,
        status=GoalStatus.FUTURE if target_on is None else GoalStatus.ACTIVE,
    )
    db.session.add(goal)
    _changed(plan, by)
    db.session.flush()
    db.session.expire(plan, ["goals"])
    record("goal.add", by=by, on=goal, case_id=case.id, area=area.value)
    return goal


def change_goal(
    goal: Goal, *, area: NeedArea, title: str, target_on: date | None, version: int | None = None, by: User
) -> None:
    """Correct a goal; a target date makes a goal for later an active one, and taking it away the reverse."""
    plan = _plan_of(goal)
    _hold(goal)
    if (goal.area, goal.title, goal.target_on) == (area, title, target_on):
        return
    shown_day = _("For later") if goal.target_on is None else date_text(goal.target_on)
    check_version(goal, version, area=goal.area.label, title=goal.title, target_on=shown_day)
    goal.area, goal.title, goal.target_on = area, title, target_on
    if goal.open():
        goal.status = GoalStatus.FUTURE if target_on is None else GoalStatus.ACTIVE
    _changed(plan, by)
    record("goal.change", by=by, on=goal, case_id=goal.case_id, area=area.value)


def set_goal_status(
    goal: Goal, status: GoalStatus, note: str | None = None, *, version: int | None = None, by: User
) -> None:
    """Say what became of a goal; doing the same twice changes nothing. Removing one is explained with a note.

    A goal for later has no target date, and an active one has.
    """
    _hold(goal)
    if (goal.status, goal.status_note) == (status, note):
        return
    check_version(goal, version, standing=goal.status.label, note=goal.status_note or "")
    if status is GoalStatus.REMOVED and not note:
        raise Refused(_("Write why this goal is removed."), field="note")
    if status is GoalStatus.ACTIVE and goal.target_on is None:
        raise Refused(_("Give the goal a target date first; without one it is a goal for later."), field="standing")
    if status is GoalStatus.FUTURE:
        goal.target_on = None
    before = goal.status
    goal.status, goal.status_note, goal.status_at, goal.status_by = status, note, now(), by.id
    record("goal.status", by=by, on=goal, case_id=goal.case_id, before=before.value, status=status.value)


def add_step(
    goal: Goal,
    *,
    title: str,
    actor: StepActor,
    due_on: date | None = None,
    id: uuid.UUID | None = None,
    by: User,
) -> Step:
    """Add a step to a goal; with an `id` that is there already nothing is written twice."""
    plan = _plan_of(goal)
    if found := people.sent_before(Step, id, by=by):
        return found
    if not goal.open():
        raise Refused(_("This goal is achieved or removed. Open it again to add a step."))
    step = Step(org_id=goal.org_id, id=id or new_id(), goal_id=goal.id, title=title, actor=actor, due_on=due_on)
    db.session.add(step)
    _changed(plan, by)
    db.session.flush()
    db.session.expire(goal, ["steps"])
    record("step.add", by=by, on=step, case_id=goal.case_id, actor=actor.value)
    return step


def change_step(
    step: Step, *, title: str, actor: StepActor, due_on: date | None, version: int | None = None, by: User
) -> None:
    """Correct a step: what it is, who does it, by when."""
    plan = _plan_of(step.goal)
    _hold(step)
    if (step.title, step.actor, step.due_on) == (title, actor, due_on):
        return
    shown_day = _("No date") if step.due_on is None else date_text(step.due_on)
    check_version(step, version, title=step.title, actor=step.actor.label, due_on=shown_day)
    step.title, step.actor, step.due_on = title, actor, due_on
    _changed(plan, by)
    record("step.change", by=by, on=step, case_id=step.goal.case_id, actor=actor.value)


def set_step_status(
    step: Step, status: StepStatus, note: str | None = None, *, version: int | None = None, by: User
) -> None:
    """Say how a step goes; doing the same twice changes nothing. What cannot or need not be done is explained."""
    _hold(step)
    if (step.status, step.status_note) == (status, note):
        return
    check_version(step, version, standing=step.status.label, note=step.status_note or "")
    if status in (StepStatus.CANNOT_BE_DONE_YET, StepStatus.NO_LONGER_NEEDED) and not note:
        raise Refused(_("Write why."), field="note")
    before = step.status
    step.status, step.status_note, step.status_at, step.status_by = status, note, now(), by.id
    record("step.status", by=by, on=step, case_id=step.goal.case_id, before=before.value, status=status.value)


def set_own_words(case: Case, words: str | None, *, version: int | None = None, by: User) -> Plan:
    """Write down what the person says about the plan, in their words; `version` 0 where there was no plan yet."""
    plan = _begin(case, by)
    if plan.own_words == words:
        return plan
    if plan.own_words is not None:
        check_version(plan, version, own_words=plan.own_words)
    plan.own_words = words
    record("plan.words", by=by, on=plan, case_id=case.id)
    return plan


def agree(
    case: Case,
    agreement: Agreement,
    *,
    agreed_on: date | None = None,
    note: str | None = None,
    version: int | None = None,
    by: User,
) -> Plan:
    """Write down the person's answer to the plan.

    To agree there must be an active goal, and a step under each; the case then goes on to delivery. That the person
    does not agree, or could not answer, is explained with a note. `version` is the plan's as the person saw it.
    """
    _work_on(case)
    plan = queries.plan(case)
    if plan is None:
        raise Refused(queries.gaps(None)[0], field="agreement")
    day = agreed_on if agreement is Agreement.AGREED else None
    if (plan.agreement, plan.agreement_note) == (agreement, note) and (day is None or plan.agreed_on == day):
        return plan
    check_version(plan, version, agreement=plan.agreement.label, note=plan.agreement_note or "")
    _check_answer(plan, agreement, day, note)
    plan.agreement, plan.agreement_note = agreement, note
    plan.agreement_at, plan.agreement_by = now(), by.id
    plan.agreed_on = day or plan.agreed_on
    db.session.flush()
    record("plan.agreement", by=by, on=plan, case_id=case.id, agreement=agreement.value)
    while agreement is Agreement.AGREED and case.phase in _ONWARD:
        people.change_phase(case, _ONWARD[case.phase], by=by)
    return plan


def _check_answer(plan: Plan, agreement: Agreement, day: date | None, note: str | None) -> None:
    """Refuse an answer that says too little, or an agreement to a plan that holds too little."""
    if agreement is Agreement.DRAFT:
        raise Refused(_("Choose what the person answered."), field="agreement")
    if agreement is Agreement.AGREED:
        missing = queries.gaps(plan)
        if missing:
            raise Refused(" ".join(missing), field="agreement")
        if day is None:
            raise Refused(_("Enter the day on which the person agreed."), field="agreed_on")
    elif not note:
        raise Refused(_("Write what the person does not agree with, or why they could not answer."), field="note")


def _begin(case: Case, by: User) -> Plan:
    """The plan of the case, begun now where there was none; one writer at a time."""
    _work_on(case)
    plan = queries.plan(case)
    if plan is None:
        plan = Plan(org_id=case.org_id, id=new_id(), case_id=case.id)
        db.session.add(plan)
        db.session.flush()
        record("plan.begin", by=by, on=plan, case_id=case.id)
    return plan


def _plan_of(goal: Goal) -> Plan:
    """The plan that the goal is in, for a change to it; one writer at a time."""
    case = db.session.get_one(Case, (goal.org_id, goal.case_id))
    _work_on(case)
    return db.session.get_one(Plan, (goal.org_id, goal.plan_id), populate_existing=True)


def _changed(plan: Plan, by: User) -> None:
    """A plan that the person agreed to and that has changed since is a draft again, until they are asked."""
    plan.changed_at = now()
    if plan.agreement is Agreement.AGREED:
        plan.agreement, plan.agreement_note = Agreement.DRAFT, None
        plan.agreement_at, plan.agreement_by = now(), by.id


def _work_on(case: Case) -> None:
    """Let one writer at a time into the plan of a case."""
    if not case.open():
        raise Refused(_("This case is closed. Reopen it to go on working on it."))
    people.one_at_a_time("plan", case.org_id, case.id)


def _hold(row: Goal | Step) -> None:
    """Read the row as it stands now, and keep other writers from it until this transaction ends."""
    db.session.refresh(row, with_for_update={"key_share": True})
