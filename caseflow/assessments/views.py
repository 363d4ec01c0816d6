"""The pages of the intake and of needs."""

import uuid

from flask import Blueprint, abort, request
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from caseflow.accounts.permissions import Permission
from caseflow.assessments import actions, queries
from caseflow.assessments.forms import IntakeForm, NeedForm, NeedStatusForm
from caseflow.assessments.models import Need, NeedArea, NeedPriority, NeedStatus
from caseflow.core.web import done, page, requires
from caseflow.people import queries as people
from caseflow.people.models import Case

bp = Blueprint("assessments", __name__, template_folder="templates")


@bp.route("/cases/<uuid:id>/intake", methods=["GET", "POST"])
@requires(Permission.WORK_ON_CASES)
def intake(id: uuid.UUID) -> tuple[str, int] | Response:
    """The first conversation: saved as it grows, completed once, read afterwards."""
    case = people.opened(id, current_user)
    held = queries.intake(case)
    form = IntakeForm(obj=held)
    completing = "complete" in request.form
    if form.accepts(lambda: _keep_intake(case, form, completing)):
        if completing:
            return done(_("The intake is completed. Now record what the person needs."), "assessments.needs", id=id)
        return done(_("The intake is saved. You can finish it later."), "casefile.overview", id=id)
    if not form.is_submitted() and (not case.open() or (held is not None and held.completed_at is not None)):
        return page("assessments/intake_done.html", case=case, intake=held)
    return page("assessments/intake.html", case=case, form=form)


def _keep_intake(case: Case, form: IntakeForm, completing: bool) -> None:
    answers = actions.IntakeAnswers(**{name: form[name].data for name in actions.ANSWERS})
    keep = actions.complete_intake if completing else actions.save_intake
    keep(case, answers, version=form.version.data, by=current_user)


@bp.get("/cases/<uuid:id>/needs")
@requires(Permission.WORK_ON_CASES)
def needs(id: uuid.UUID) -> tuple[str, int]:
    """What the person needs, area by area."""
    case = people.opened(id, current_user)
    return page("assessments/needs.html", case=case, areas=queries.areas(case), tones=queries.TONES)


@bp.route("/cases/<uuid:id>/needs/new", methods=["GET", "POST"])
@requires(Permission.WORK_ON_CASES)
def new_need(id: uuid.UUID) -> tuple[str, int] | Response:
    """Record a need."""
    case = people.opened(id, current_user)
    form = NeedForm(area=request.args.get("area"))
    if form.accepts(lambda: _record_need(case, form)):
        return done(_("The need is recorded."), "assessments.needs", id=id)
    return page("assessments/need_form.html", case=case, form=form, need=None)


def _record_need(case: Case, form: NeedForm) -> None:
    actions.record_need(
        case,
        area=NeedArea(form.area.data),
        description=form.description.data or "",
        priority=NeedPriority(form.priority.data),
        id=form.id.row_id,
        by=current_user,
    )


@bp.route("/cases/<uuid:id>/needs/<uuid:need_id>/edit", methods=["GET", "POST"])
@requires(Permission.WORK_ON_CASES)
def edit_need(id: uuid.UUID, need_id: uuid.UUID) -> tuple[str, int] | Response:
    """Correct a need."""
    case = people.opened(id, current_user)
    need = queries.need(case, need_id)
    form = NeedForm(obj=need)
    if form.accepts(lambda: _change_need(need, form)):
        return done(_("The need is changed."), "assessments.needs", id=id)
    return page("assessments/need_form.html", case=case, form=form, need=need)


def _change_need(need: Need, form: NeedForm) -> None:
    actions.change_need(
        need,
        area=NeedArea(form.area.data),
        description=form.description.data or "",
        priority=NeedPriority(form.priority.data),
        version=form.version.data,
        by=current_user,
    )


@bp.route("/cases/<uuid:id>/needs/<uuid:need_id>/status", methods=["GET", "POST"])
@requires(Permission.WORK_ON_CASES)
def need_status(id: uuid.UUID, need_id: uuid.UUID) -> tuple[str, int] | Response:
    """Say how a need was answered, or open it again."""
    case = people.opened(id, current_user)
    need = queries.need(case, need_id)
    form = NeedStatusForm(standing=need.status, note=need.status_note, version=need.version)

    def act() -> None:
        status = NeedStatus(form.standing.data)
        actions.set_need_status(need, status, form.note.data, version=form.version.data, by=current_user)

    if form.accepts(act):
        return done(_("Saved: %(status)s.", status=need.status.label), "assessments.needs", id=id)
    return page("assessments/need_status.html", case=case, form=form, need=need)


@bp.post("/cases/<uuid:id>/needs/nothing-needed")
@requires(Permission.WORK_ON_CASES)
def nothing_needed(id: uuid.UUID) -> Response:
    """Record that nothing is needed in one area."""
    case = people.opened(id, current_user)
    if request.form.get("area") not in list(NeedArea):
        abort(400)
    need = actions.answer_nothing_needed(case, NeedArea(request.form["area"]), by=current_user)
    return done(_("%(area)s: nothing needed.", area=need.area.label), "assessments.needs", id=id)
