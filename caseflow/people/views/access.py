"""Who may open a case: its list, its exclusions, and emergency access with its review."""

import uuid

from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from caseflow.accounts import queries as accounts
from caseflow.accounts.models import User
from caseflow.accounts.permissions import Permission
from caseflow.core.errors import Refused
from caseflow.core.limits import limiter
from caseflow.core.web import done, page, requires
from caseflow.people import actions, queries
from caseflow.people.forms.access import AdmitForm, EmergencyForm, EndForm, ExcludeForm, RestrictForm, ReviewForm
from caseflow.people.models import AccessKind, ExclusionGround
from caseflow.people.views.blueprint import bp


def _who_asks() -> str:
    return str(getattr(current_user, "id", ""))


def _colleague(text: str | None) -> User:
    """The chosen colleague; the form has checked that it is one of ours."""
    return accounts.colleague(uuid.UUID(text), current_user)


@bp.get("/cases/<uuid:id>/access")
@requires(Permission.GUARD_CASES)
def access(id: uuid.UUID) -> tuple[str, int]:
    """Who may open the file, who may not, and what was decided before."""
    case = queries.opened(id, current_user)
    decided = queries.decisions(case)
    live = [one for one in decided if one.live()]
    return page(
        "people/access.html",
        case=case,
        restriction=next((one for one in live if one.kind is AccessKind.RESTRICTED), None),
        allowed=[one for one in live if one.kind is AccessKind.ALLOWED],
        excluded=[one for one in live if one.kind is AccessKind.EXCLUDED],
        glass=[one for one in decided if one.kind is AccessKind.GLASS],
        ended=[one for one in decided if not one.live() and one.kind is not AccessKind.GLASS],
        working=[one.id for one in queries.working(case)],
        reviewing=[one.id for one in queries.to_review(current_user)],
        keeps=queries.keeps(current_user, case),
        kept=queries.kept(case),
    )


@bp.route("/cases/<uuid:id>/access/restrict", methods=["GET", "POST"])
@requires(Permission.GUARD_CASES)
def restrict(id: uuid.UUID) -> tuple[str, int] | Response:
    """Close the file to everybody who is not on its list."""
    case = queries.opened(id, current_user)
    form, working = RestrictForm(), queries.working(case)
    always = {one.id for one in working} | {current_user.id}
    form.users.choices = [one.choice for one in queries.workers(current_user) if one.id not in always]
    if form.accepts(
        lambda: actions.restrict(
            case, [_colleague(one) for one in form.users.data or []], form.reason.data or "", by=current_user
        )
    ):
        return done(_("The case is restricted."), ".access", id=case.id)
    return page("people/restrict.html", form=form, case=case, working=working)


@bp.route("/cases/<uuid:id>/access/admit", methods=["GET", "POST"])
@requires(Permission.GUARD_CASES)
def admit(id: uuid.UUID) -> tuple[str, int] | Response:
    """Put a colleague on the list."""
    case = queries.opened(id, current_user)
    form = AdmitForm()
    form.user.choices = [("", _("Choose")), *(one.choice for one in queries.workers(current_user))]
    if form.accepts(lambda: actions.admit(case, _colleague(form.user.data), form.reason.data or "", by=current_user)):
        return done(_("They may open the case now."), ".access", id=case.id)
    return page("people/admit.html", form=form, case=case)


@bp.route("/cases/<uuid:id>/access/exclude", methods=["GET", "POST"])
@requires(Permission.GUARD_CASES)
def exclude(id: uuid.UUID) -> tuple[str, int] | Response:
    """Close the file to one colleague."""
    case = queries.opened(id, current_user)
    form = ExcludeForm()
    form.user.choices = [("", _("Choose")), *(one.choice for one in accounts.colleagues(current_user))]
    if form.accepts(
        lambda: actions.exclude(
            case,
            _colleague(form.user.data),
            ExclusionGround(form.ground.data),
            form.reason.data or "",
            by=current_user,
        )
    ):
        return done(_("The case is closed to them."), ".access", id=case.id)
    return page("people/exclude.html", form=form, case=case)


@bp.route("/cases/<uuid:id>/access/lift", methods=["GET", "POST"])
@requires(Permission.GUARD_CASES)
def lift_restriction(id: uuid.UUID) -> tuple[str, int] | Response:
    """Open the file again to whoever's role reaches it."""
    case = queries.opened(id, current_user)
    form = EndForm()
    if form.accepts(lambda: actions.lift_restriction(case, form.reason.data or "", by=current_user)):
        return done(_("The case is not restricted any more."), ".access", id=case.id)
    return page("people/end_access.html", form=form, case=case, access=queries.restriction(case))


@bp.route("/cases/<uuid:id>/access/<uuid:access_id>/end", methods=["GET", "POST"])
@requires(Permission.GUARD_CASES)
def end_access(id: uuid.UUID, access_id: uuid.UUID) -> tuple[str, int] | Response:
    """Take a name off the list, or end an exclusion or an emergency access."""
    case = queries.opened(id, current_user)
    decision = queries.decision(case, access_id)
    form = EndForm()
    if form.accepts(lambda: actions.end_access(decision, form.reason.data or "", by=current_user)):
        if accounts.is_closed(id, current_user):  # whoever leaves the list sees the case no more
            return done(_("It has ended."), ".restricted_cases")
        return done(_("It has ended."), ".access", id=case.id)
    return page("people/end_access.html", form=form, case=case, access=decision)


@bp.get("/restricted-cases")
@requires(Permission.GUARD_CASES)
def restricted_cases() -> tuple[str, int]:
    """The emergency accesses to review, and the files that are closed to some, as far as they are open to the user."""
    return page(
        "people/restricted_cases.html",
        reviews=queries.to_review(current_user),
        guarded=queries.guarded(current_user),
        kinds=AccessKind,
    )


@bp.route("/restricted-cases/<uuid:id>/review", methods=["GET", "POST"])
@requires(Permission.GUARD_CASES)
def review_emergency(id: uuid.UUID) -> tuple[str, int] | Response:
    """Say whether an emergency access was justified."""
    glass = queries.emergency(id, current_user)
    form = ReviewForm()
    if form.accepts(
        lambda: actions.review_glass(glass, form.justified.data == "yes", form.review.data or "", by=current_user)
    ):
        return done(_("The review is recorded."), ".restricted_cases")
    return page("people/review_emergency.html", form=form, glass=glass)


@bp.route("/emergency-access", methods=["GET", "POST"])
@limiter.limit("20 per hour", key_func=_who_asks, methods=["POST"])
@requires(Permission.OPEN_CASES)
def emergency_access() -> tuple[str, int] | Response:
    """Open a restricted case by its exact number, with a reason, for a limited time."""
    form = EmergencyForm()
    opened: list[uuid.UUID | None] = []
    if form.accepts(
        lambda: opened.append(
            actions.break_glass(form.number.data or "", form.reason.data or "", int(form.minutes.data), by=current_user)
        )
    ):
        if opened[0] is not None:
            return done(_("The case is open to you for a limited time."), "casefile.overview", id=opened[0])
        # What was tried stays in the audit: the page is refused, the request is not.
        form.refuse(Refused(_("There is no restricted case with this number that can be opened."), field="number"))
    return page("people/emergency_access.html", form=form, emergencies=queries.emergencies(current_user))


@bp.post("/cases/<uuid:id>/emergency-access/give-back")
@requires(Permission.OPEN_CASES)
def give_back(id: uuid.UUID) -> Response:
    """End one's own emergency access, once what it was for is done."""
    actions.give_back(queries.opened(id, current_user), by=current_user)
    return done(_("It has ended."), ".emergency_access")
