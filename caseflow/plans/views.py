"""The pages of the plan."""

import uuid
from datetime import date

from flask import Blueprint, request
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from caseflow.accounts.permissions import Permission
from caseflow.assessments import queries as assessments
from caseflow.assessments.models import Need, NeedArea
from caseflow.core.formats import today
from caseflow.core.web import done, page, requires
from caseflow.people import queries as people
from caseflow.people.models import Case
from caseflow.plans import actions, queries
from caseflow.plans.forms import (
    LATER,
    NOW,
    AgreementForm,
    GoalForm,
    GoalStatusForm,
    NewGoalForm,
    StepForm,
    StepStatusForm,
    WordsForm,
)
from caseflow.plans.models import Agreement, GoalStatus, StepActor, StepStatus

bp = Blueprint("plans", __name__, template_folder="templates")


@bp.get("/cases/<uuid:id>/plan")
@requires(Permission.WORK_ON_CASES)
def show(id: uuid.UUID) -> tuple[str, int]:
    """The plan: goals with their steps, the person's words and their answer."""
    case = people.opened(id, current_user)
    plan = queries.plan(case)
    tones = queries.AGREEMENT_TONES | queries.GOAL_TONES | queries.STEP_TONES
    return page("plans/show.html", case=case, plan=plan, gaps=queries.gaps(plan), tones=tones)


@bp.route("/cases/<uuid:id>/plan/goals/new", methods=["GET", "POST"])
@requires(Permission.WORK_ON_CASES)
def new_goal(id: uuid.UUID) -> tuple[str, int] | Response:
    """Set a goal; its first step comes next."""
    case = people.opened(id, current_user)
    form = NewGoalForm(need=request.args.get("need"))
    needs = {str(need.id): need for need in assessments.open_needs(case)}
    form.need.choices = [("", _("No recorded need")), *((key, _in_short(need)) for key, need in needs.items())]
    if not needs:
        form.area.choices = [("", _("Choose an area")), *NeedArea.choices()]
    if form.accepts(lambda: _add_goal(case, form, needs.get(form.need.data or ""))):
        message = _("The goal is set. Add its first step.")
        return done(message, "plans.new_step", id=id, goal_id=form.id.row_id)
    return page("plans/goal_form.html", case=case, form=form, goal=None)


def _in_short(need: Need) -> str:
    words = need.description if len(need.description) <= 80 else need.description[:80] + "…"
    return _("%(area)s: %(words)s", area=need.area.label, words=words)


def _target(form: GoalForm) -> date | None:
    return None if form.when.data == LATER else form.target_on.data


def _add_goal(case: Case, form: NewGoalForm, need: Need | None) -> None:
    actions.add_goal(
        case,
        area=NeedArea(form.area.data) if form.area.data or need is None else need.area,
        title=form.title.data or "",
        target_on=_target(form),
        need=need,
        id=form.id.row_id,
        by=current_user,
    )


@bp.route("/cases/<uuid:id>/plan/goals/<uuid:goal_id>/edit", methods=["GET", "POST"])
@requires(Permission.WORK_ON_CASES)
def edit_goal(id: uuid.UUID, goal_id: uuid.UUID) -> tuple[str, int] | Response:
    """Correct a goal."""
    case = people.opened(id, current_user)
    goal = queries.goal(case, goal_id)
    form = GoalForm(obj=goal, when=NOW if goal.target_on else LATER)

    def act() -> None:
        area, title = NeedArea(form.area.data), form.title.data or ""
        version = form.version.data
        actions.change_goal(goal, area=area, title=title, target_on=_target(form), version=version, by=current_user)

    if form.accepts(act):
        return done(_("The goal is changed."), "plans.show", id=id, _anchor=f"goal-{goal_id}")
    return page("plans/goal_form.html", case=case, form=form, goal=goal)


@bp.route("/cases/<uuid:id>/plan/goals/<uuid:goal_id>/status", methods=["GET", "POST"])
@requires(Permission.WORK_ON_CASES)
def goal_status(id: uuid.UUID, goal_id: uuid.UUID) -> tuple[str, int] | Response:
    """Say what became of a goal."""
    case = people.opened(id, current_user)
    goal = queries.goal(case, goal_id)
    form = GoalStatusForm(standing=request.args.get("status", goal.status), note=goal.status_note, version=goal.version)

    def act() -> None:
        status = GoalStatus(form.standing.data)
        actions.set_goal_status(goal, status, form.note.data, version=form.version.data, by=current_user)

    if form.accepts(act):
        return done(_("Saved: %(status)s.", status=goal.status.label), "plans.show", id=id, _anchor=f"goal-{goal_id}")
    return page("plans/status.html", case=case, form=form, title=_("What became of this goal"), about=goal.title)


@bp.route("/cases/<uuid:id>/plan/goals/<uuid:goal_id>/steps/new", methods=["GET", "POST"])
@requires(Permission.WORK_ON_CASES)
def new_step(id: uuid.UUID, goal_id: uuid.UUID) -> tuple[str, int] | Response:
    """Add a step to a goal."""
    case = people.opened(id, current_user)
    goal = queries.goal(case, goal_id)
    form = StepForm()

    def act() -> None:
        actor, title = StepActor(form.actor.data), form.title.data or ""
        new = form.id.row_id
        actions.add_step(goal, title=title, actor=actor, due_on=form.due_on.data, id=new, by=current_user)

    if form.accepts(act):
        return done(_("The step is added."), "plans.show", id=id, _anchor=f"goal-{goal_id}")
    return page("plans/step_form.html", case=case, form=form, goal=goal, step=None)


@bp.route("/cases/<uuid:id>/plan/steps/<uuid:step_id>/edit", methods=["GET", "POST"])
@requires(Permission.WORK_ON_CASES)
def edit_step(id: uuid.UUID, step_id: uuid.UUID) -> tuple[str, int] | Response:
    """Correct a step."""
    case = people.opened(id, current_user)
    step = queries.step(case, step_id)
    form = StepForm(obj=step)

    def act() -> None:
        actor, title = StepActor(form.actor.data), form.title.data or ""
        version, day = form.version.data, form.due_on.data
        actions.change_step(step, title=title, actor=actor, due_on=day, version=version, by=current_user)

    if form.accepts(act):
        return done(_("The step is changed."), "plans.show", id=id, _anchor=f"step-{step_id}")
    return page("plans/step_form.html", case=case, form=form, goal=step.goal, step=step)


@bp.route("/cases/<uuid:id>/plan/steps/<uuid:step_id>/status", methods=["GET", "POST"])
@requires(Permission.WORK_ON_CASES)
def step_status(id: uuid.UUID, step_id: uuid.UUID) -> tuple[str, int] | Response:
    """Say how a step goes."""
    case = people.opened(id, current_user)
    step = queries.step(case, step_id)
    form = StepStatusForm(standing=step.status, note=step.status_note, version=step.version)

    def act() -> None:
        status = StepStatus(form.standing.data)
        actions.set_step_status(step, status, form.note.data, version=form.version.data, by=current_user)

    if form.accepts(act):
        return done(_("Saved: %(status)s.", status=step.status.label), "plans.show", id=id, _anchor=f"step-{step_id}")
    return page("plans/status.html", case=case, form=form, title=_("How this step goes"), about=step.title)


@bp.route("/cases/<uuid:id>/plan/own-words", methods=["GET", "POST"])
@requires(Permission.WORK_ON_CASES)
def own_words(id: uuid.UUID) -> tuple[str, int] | Response:
    """What the person says about the plan, in their own words."""
    case = people.opened(id, current_user)
    form = WordsForm(obj=queries.plan(case))
    version = form.version.data
    if form.accepts(lambda: actions.set_own_words(case, form.own_words.data, version=version, by=current_user)):
        return done(_("The person's words are saved."), "plans.show", id=id)
    return page("plans/own_words.html", case=case, form=form)


@bp.route("/cases/<uuid:id>/plan/agreement", methods=["GET", "POST"])
@requires(Permission.WORK_ON_CASES)
def agreement(id: uuid.UUID) -> tuple[str, int] | Response:
    """The person's answer to the plan."""
    case = people.opened(id, current_user)
    plan = queries.plan(case)
    form = AgreementForm(agreed_on=today(), version=0 if plan is None else plan.version)

    def act() -> None:
        answer, day = Agreement(form.agreement.data), form.agreed_on.data
        version, note = form.version.data, form.note.data
        actions.agree(case, answer, agreed_on=day, note=note, version=version, by=current_user)

    if form.accepts(act):
        return done(_("The person's answer is written down."), "plans.show", id=id)
    return page("plans/agreement.html", case=case, form=form, plan=plan, gaps=queries.gaps(plan))
