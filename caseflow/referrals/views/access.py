"""Who may open a received referral: its list and its exclusions."""

import uuid
from typing import Any

from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from caseflow.accounts import queries as accounts
from caseflow.accounts.models import User
from caseflow.accounts.permissions import Permission
from caseflow.core.forms import Form
from caseflow.core.web import done, page, requires
from caseflow.people.models import ExclusionGround
from caseflow.referrals import queries
from caseflow.referrals.actions import access as actions
from caseflow.referrals.forms.access import AdmitForm, EndForm, ExcludeForm, RestrictForm
from caseflow.referrals.models import ReceiverAccess, Referral
from caseflow.referrals.queries import access as reading
from caseflow.referrals.queries import shared
from caseflow.referrals.views.blueprint import bp


def _colleague(text: str | None) -> User:
    """The chosen colleague; the form has checked that it is one of ours."""
    return accounts.colleague(uuid.UUID(text), current_user)


def _named(referral: Referral) -> dict[str, Any]:
    return {"referral": referral, "name": queries.names([referral], current_user).get(referral.id)}


def _form(form: Form, referral: Referral, title: str, lead: str = "", submit: str = "") -> tuple[str, int]:
    return page(
        "referrals/access_form.html", form=form, heading=title, words=lead, submit=submit or title, **_named(referral)
    )


@bp.get("/referrals/<uuid:id>/access")
@requires(Permission.GUARD_RECEIVED)
def access(id: uuid.UUID) -> tuple[str, int]:
    """Who may open the referral, who may not, and what was decided before."""
    referral = queries.received(id, current_user)
    decided = reading.decisions(referral)
    live = [one for one in decided if one.ended_at is None]
    return page(
        "referrals/access.html",
        restriction=next((one for one in live if one.kind is ReceiverAccess.RESTRICTED), None),
        allowed=[one for one in live if one.kind is ReceiverAccess.ALLOWED],
        excluded=[one for one in live if one.kind is ReceiverAccess.EXCLUDED],
        ended=[one for one in decided if one.ended_at is not None],
        helping=[helper.user_id for helper in shared.helpers(referral)],
        **_named(referral),
    )


@bp.route("/referrals/<uuid:id>/access/restrict", methods=["GET", "POST"])
@requires(Permission.GUARD_RECEIVED)
def restrict(id: uuid.UUID) -> tuple[str, int] | Response:
    """Close the referral to everybody who is not on its list."""
    referral = queries.received(id, current_user)
    form, always = RestrictForm(), {current_user.id, *(helper.user_id for helper in shared.helpers(referral))}
    others = reading.open_to(referral, reading.readers(current_user))
    form.users.choices = [one.choice for one in others if one.id not in always]

    def act() -> None:
        chosen = [_colleague(one) for one in form.users.data or []]
        actions.restrict(referral, chosen, form.reason.data or "", by=current_user)

    if form.accepts(act):
        return done(_("The referral is restricted."), ".access", id=id)
    return _form(
        form, referral, _("Restrict the referral"), _("Only you, whoever helps, and whom you name see it then.")
    )


@bp.route("/referrals/<uuid:id>/access/admit", methods=["GET", "POST"])
@requires(Permission.GUARD_RECEIVED)
def admit(id: uuid.UUID) -> tuple[str, int] | Response:
    """Put a colleague on the list."""
    referral = queries.received(id, current_user)
    form = AdmitForm()
    form.user.choices = [("", _("Choose")), *(one.choice for one in reading.readers(current_user))]
    if form.accepts(
        lambda: actions.admit(referral, _colleague(form.user.data), form.reason.data or "", by=current_user)
    ):
        return done(_("They may open the referral now."), ".access", id=id)
    lead = _("Coordinators and team leaders see it then; workers once it is assigned to them.")
    return _form(form, referral, _("Add a colleague"), lead, _("Let them open it"))


@bp.route("/referrals/<uuid:id>/access/exclude", methods=["GET", "POST"])
@requires(Permission.GUARD_RECEIVED)
def exclude(id: uuid.UUID) -> tuple[str, int] | Response:
    """Close the referral to one colleague."""
    referral = queries.received(id, current_user)
    form = ExcludeForm()
    form.user.choices = [("", _("Choose")), *(one.choice for one in accounts.colleagues(current_user))]

    def act() -> None:
        ground = ExclusionGround(form.ground.data)
        actions.exclude(referral, _colleague(form.user.data), ground, form.reason.data or "", by=current_user)

    if form.accepts(act):
        return done(_("The referral is closed to them."), ".access", id=id)
    lead = _("For them this referral is in no list, search or count, and they cannot be assigned. They are not told.")
    return _form(form, referral, _("Exclude a colleague"), lead, _("Close it to them"))


@bp.route("/referrals/<uuid:id>/access/lift", methods=["GET", "POST"])
@requires(Permission.GUARD_RECEIVED)
def lift_restriction(id: uuid.UUID) -> tuple[str, int] | Response:
    """Open the referral again to whoever's role reads it."""
    referral = queries.received(id, current_user)
    form = EndForm()
    if form.accepts(lambda: actions.lift_restriction(referral, form.reason.data or "", by=current_user)):
        return done(_("The referral is not restricted any more."), ".access", id=id)
    return _form(form, referral, _("Lift the restriction"), _("Everybody whose role reads it may open it again."))


@bp.route("/referrals/<uuid:id>/access/<uuid:access_id>/end", methods=["GET", "POST"])
@requires(Permission.GUARD_RECEIVED)
def end_access(id: uuid.UUID, access_id: uuid.UUID) -> tuple[str, int] | Response:
    """Take a name off the list, or end an exclusion."""
    referral = queries.received(id, current_user)
    decision = reading.decision(referral, access_id)
    form = EndForm()
    if form.accepts(lambda: actions.end_access(decision, referral, form.reason.data or "", by=current_user)):
        if accounts.is_closed(id, current_user):  # whoever leaves the list sees the referral no more
            return done(_("It has ended."), ".inbox")
        return done(_("It has ended."), ".access", id=id)
    titles = {ReceiverAccess.ALLOWED: _("Take off the list"), ReceiverAccess.EXCLUDED: _("End the exclusion")}
    who = decision.user.name if decision.user else ""
    return _form(form, referral, titles.get(decision.kind, _("Lift the restriction")), who)
