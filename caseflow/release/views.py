"""The pages of a release: a case's pathways and handover, the release list, and what an incoming service sees."""

import uuid
from datetime import date

from flask import Blueprint, abort, request
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from caseflow.accounts import queries as accounts
from caseflow.accounts.models import User
from caseflow.accounts.permissions import Permission
from caseflow.core.web import done, page, page_number, requires
from caseflow.people import queries as people
from caseflow.people.models import Case, Category, Consent
from caseflow.release import actions, queries
from caseflow.release.forms import (
    HandoverForm,
    LeadForm,
    MeetingForm,
    OfficerForm,
    PathwayForm,
    ReasonForm,
    ReleaseForm,
)
from caseflow.release.models import Handover, HandoverStatus, PathwayArea, PathwayStatus, plan_from
from caseflow.release.told import HANDED_OVER, USUAL, sections

bp = Blueprint("release", __name__, template_folder="templates")

TONES = {
    PathwayStatus.NOT_STARTED: "neutral",
    PathwayStatus.IN_PROGRESS: "info",
    PathwayStatus.SUPPORT_REQUIRED: "warn",
    PathwayStatus.SUPPORT_NOT_REQUIRED: "good",
    PathwayStatus.SUPPORT_DECLINED: "neutral",
    PathwayStatus.DONE: "good",
    HandoverStatus.INVITED: "info",
    HandoverStatus.PREPARING: "info",
    HandoverStatus.LED: "good",
    HandoverStatus.DECLINED: "bad",
    HandoverStatus.CANCELLED: "neutral",
}
WHICH = ("12", "24", "all", "past")


@bp.get("/cases/<uuid:id>/release")
@requires(Permission.WORK_ON_CASES)
def show(id: uuid.UUID) -> tuple[str, int]:
    """Pathways, key dates, and the handover."""
    case = people.opened(id, current_user)
    ways = queries.pathways(case)
    handovers = queries.handovers(case)
    newest = handovers[0] if handovers else None
    return page(
        "release/show.html",
        case=case,
        ways=ways,
        settled=queries.settled(ways),
        handovers=handovers,
        newest=newest,
        told=[Category(one).label for one in newest.categories] if newest else [],
        letter=queries.letter(newest) if newest else None,
        consent=_consent_of(case, newest),
        readings=queries.readings(newest) if newest else [],
        start_by=plan_from(case.release_on, case.sentence_months) if case.release_on else None,
        tones=TONES,
        today=current_user.organisation.today(),
    )


def _consent_of(case: Case, handover: Handover | None) -> Consent | None:
    if handover is None or handover.consent_id is None:
        return None
    return people.consent(case, handover.consent_id)


@bp.route("/cases/<uuid:id>/release/pathways/<string:area>", methods=["GET", "POST"])
@requires(Permission.WORK_ON_CASES)
def pathway(id: uuid.UUID, area: str) -> tuple[str, int] | Response:
    """Say where one pathway stands."""
    case = people.opened(id, current_user)
    if area not in list(PathwayArea):
        abort(404)
    way = queries.pathway(case, PathwayArea(area))
    form = PathwayForm(data={"standing": way.status, "note": way.note, "version": way.version})
    if form.accepts(
        lambda: actions.set_pathway(
            case,
            way.area,
            PathwayStatus(form.standing.data),
            form.note.data,
            version=form.version.data,
            by=current_user,
        )
    ):
        return done(_("The pathway is saved."), "release.show", id=case.id)
    return page("release/pathway.html", case=case, form=form, way=way)


@bp.route("/cases/<uuid:id>/release/confirm", methods=["GET", "POST"])
@requires(Permission.WORK_ON_CASES)
def confirm(id: uuid.UUID) -> tuple[str, int] | Response:
    """Confirm that the person was released."""
    case = people.opened(id, current_user)
    day = current_user.organisation.today()
    form = ReleaseForm(data={"released_on": min(case.release_on or day, day)})
    if form.accepts(lambda: actions.confirm_release(case, _day(form.released_on.data), by=current_user)):
        # A juvenile's file is sealed now, to all who do not work on it.
        sealed = accounts.is_closed(case.id, current_user)
        return done(_("The release is recorded."), "release.show", id=case.id, closed=sealed)
    return page("release/confirm.html", case=case, form=form)


def _day(value: date | None) -> date:
    assert value is not None  # required in the form
    return value


@bp.route("/cases/<uuid:id>/release/handovers/new", methods=["GET", "POST"])
@requires(Permission.START_HANDOVERS)
def start(id: uuid.UUID) -> tuple[str, int] | Response:
    """Start a handover."""
    case = people.opened(id, current_user)
    services = {str(one.id): one for one in queries.services(current_user)}
    consents = {str(one.id): one for one in people.consents(case) if str(one.grantee_org_id) in services}
    day = current_user.organisation.today()
    form = HandoverForm(categories=[category.value for category in USUAL])
    form.receiver.choices = [(key, one.name) for key, one in services.items()]
    form.categories.choices = [(category.value, category.label) for category in HANDED_OVER]
    live = [
        (key, f"{services[str(one.grantee_org_id)].name}: {one.purpose}")
        for key, one in consents.items()
        if one.live(day)
    ]
    form.consent.choices = [("", _("No consent")), *live]
    if form.accepts(
        lambda: actions.start_handover(
            case,
            services[form.receiver.data],
            categories=[Category(one) for one in form.categories.data or []],
            ground=form.ground.data,
            consent=consents.get(form.consent.data or ""),
            letter=form.letter.data,
            by=current_user,
        )
    ):
        return done(_("The handover is started. The probation service is told."), "release.show", id=case.id)
    return page("release/start.html", case=case, form=form, services=services)


@bp.route("/cases/<uuid:id>/release/handovers/<uuid:handover_id>/cancel", methods=["GET", "POST"])
@requires(Permission.START_HANDOVERS)
def cancel(id: uuid.UUID, handover_id: uuid.UUID) -> tuple[str, int] | Response:
    """Cancel a handover."""
    case = people.opened(id, current_user)
    handover = queries.started(case, handover_id)
    form = ReasonForm()
    if form.accepts(lambda: actions.cancel_handover(case, handover, form.reason.data or "", by=current_user)):
        return done(_("The handover is cancelled: nothing of the case is open any more."), "release.show", id=case.id)
    return page("release/cancel.html", case=case, form=form, handover=handover)


@bp.post("/cases/<uuid:id>/release/handovers/<uuid:handover_id>/date")
@requires(Permission.START_HANDOVERS)
def tell_date(id: uuid.UUID, handover_id: uuid.UUID) -> Response:
    """Tell the incoming party the release date as it is now."""
    case = people.opened(id, current_user)
    actions.tell_release_date(case, queries.started(case, handover_id), by=current_user)
    return done(_("The probation service is told."), "release.show", id=case.id)


@bp.get("/release-list")
@requires(Permission.START_HANDOVERS)
def release_list() -> tuple[str, int]:
    """Who is released when, and how far the preparation is."""
    which = request.args.get("which", WHICH[0])
    which = which if which in WHICH else WHICH[0]
    leaving = queries.release_list(current_user, which, page=page_number())
    return page("release/list.html", which=which, leaving=leaving, tones=TONES, ways=len(PathwayArea))


@bp.get("/handovers")
@requires(Permission.APPROVE_HANDOVERS)
def incoming() -> tuple[str, int]:
    """Cases that are handed over to this organisation."""
    asked = request.args.get("status")
    status = HandoverStatus(asked) if asked in list(HandoverStatus) else None
    return page(
        "release/incoming.html",
        shown=status,
        arriving=queries.arriving(current_user, status, page=page_number()),
        statuses=list(HandoverStatus),
        tones=TONES,
        today=current_user.organisation.today(),
    )


@bp.get("/handovers/<uuid:id>")
@requires(Permission.APPROVE_HANDOVERS)
def handover(id: uuid.UUID) -> tuple[str, int]:
    """One incoming handover: what is open of the case now, and what to do next."""
    handover, mine = queries.received(id, current_user)
    told = queries.read(handover) if mine is None or mine.case_id is None else queries.snapshot(mine, current_user)
    if queries.closed_before(handover, told, current_user):
        abort(404)
    return page(
        "release/handover.html",
        handover=handover,
        mine=mine,
        sections=sections(told),
        tones=TONES,
        case_open=mine is not None and mine.case_id is not None and queries.may_open(mine.case_id, current_user),
        today=current_user.organisation.today(),
    )


@bp.route("/handovers/<uuid:id>/accept", methods=["GET", "POST"])
@requires(Permission.APPROVE_HANDOVERS)
def accept(id: uuid.UUID) -> tuple[str, int] | Response:
    """Accept, and choose the officer."""
    handover, _mine = queries.received(id, current_user)
    form, officers = _officer_form(current_user.id)
    if form.accepts(lambda: actions.accept_handover(handover, officers[form.officer.data], by=current_user)):
        return _after(handover, _("You prepare the release now; the prison service is told."))
    return page("release/accept.html", handover=handover, form=form)


def _officer_form(chosen: uuid.UUID) -> tuple[OfficerForm, dict[str, User]]:
    officers = {str(one.id): one for one in accounts.colleagues(current_user, permission=Permission.SUPERVISE)}
    form = OfficerForm(officer=str(chosen))
    form.officer.choices = [(key, one.name) for key, one in officers.items()]
    return form, officers


def _after(handover: Handover, message: str) -> Response:
    """Back to the handover, or to the list where it is another's now."""
    if queries.still_open(handover, current_user):
        return done(message, "release.handover", id=handover.id)
    return done(message, "release.incoming")


@bp.route("/handovers/<uuid:id>/officer", methods=["GET", "POST"])
@requires(Permission.APPROVE_HANDOVERS)
def officer(id: uuid.UUID) -> tuple[str, int] | Response:
    """Give the preparation to another officer."""
    handover, mine = queries.received(id, current_user)
    if mine is None:
        abort(404)
    form, officers = _officer_form(mine.officer_id)
    if form.accepts(lambda: actions.change_officer(handover, officers[form.officer.data], by=current_user)):
        return _after(handover, _("The handover is given to another officer."))
    return page("release/officer.html", handover=handover, form=form)


@bp.route("/handovers/<uuid:id>/decline", methods=["GET", "POST"])
@requires(Permission.APPROVE_HANDOVERS)
def decline(id: uuid.UUID) -> tuple[str, int] | Response:
    """Decline, with a reason."""
    handover, _mine = queries.received(id, current_user)
    form = ReasonForm()
    if form.accepts(lambda: actions.decline_handover(handover, form.reason.data or "", by=current_user)):
        return done(_("The handover is declined; the prison service is told."), "release.incoming")
    return page("release/decline.html", handover=handover, form=form)


@bp.route("/handovers/<uuid:id>/meeting", methods=["GET", "POST"])
@requires(Permission.APPROVE_HANDOVERS)
def meeting(id: uuid.UUID) -> tuple[str, int] | Response:
    """Record that the officer met the person."""
    handover, _mine = queries.received(id, current_user)
    form = MeetingForm(data={"met_on": handover.met_on or current_user.organisation.today()})
    if form.accepts(lambda: actions.record_meeting(handover, _day(form.met_on.data), by=current_user)):
        return _after(handover, _("The meeting is recorded; the prison service sees it."))
    return page("release/meeting.html", handover=handover, form=form)


@bp.route("/handovers/<uuid:id>/lead", methods=["GET", "POST"])
@requires(Permission.APPROVE_HANDOVERS)
def lead(id: uuid.UUID) -> tuple[str, int] | Response:
    """Take the lead: the case is this organisation's from now on."""
    handover, mine = queries.received(id, current_user)
    day = current_user.organisation.today()
    due = handover.release_on
    form = LeadForm(data={"released_on": due if due and due <= day else None})
    made: list[Case] = []
    if form.accepts(lambda: made.append(_take_lead(handover, form))):
        if queries.may_open(made[0].id, current_user):
            return done(_("You lead the case now."), "casefile.overview", id=made[0].id)
        return done(_("The case is taken over."), "release.incoming")
    return page("release/lead.html", handover=handover, form=form, mine=mine)


def _take_lead(handover: Handover, form: LeadForm) -> Case:
    return actions.take_lead(handover, released_on=form.released_on.data, reason=form.reason.data, by=current_user)
