"""Signing in by one's organisation's own provider, and setting it up."""

import uuid

from flask import abort, flash, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user, login_user

from caseflow.accounts import actions, provider, queries
from caseflow.accounts.forms import ForgottenForm, SingleSignOnForm
from caseflow.accounts.models import Standing
from caseflow.accounts.permissions import Permission
from caseflow.accounts.views.blueprint import bp, remember_device, visit
from caseflow.core.db import now
from caseflow.core.errors import Refused
from caseflow.core.limits import limiter
from caseflow.core.web import done, page, public, requires

ORGANISATION = "provider_of"
AGAIN = "provider_again"  # when somebody left to show once more who they are, seconds since 1970


@bp.route("/sign-in/organisation", methods=["GET", "POST"])
@public
@limiter.limit("30 per minute", methods=["POST"])
def choose_provider() -> ResponseReturnValue:
    """Which organisation's provider speaks for an address."""
    form = ForgottenForm()
    found: list[tuple[uuid.UUID, str]] | None = None
    if form.validate_on_submit():
        found = queries.providers(form.email.data or "")
    return page("accounts/choose_provider.html", form=form, found=found)


@bp.get("/sign-in/organisation/<uuid:id>")
@public
@limiter.limit("30 per minute")
def to_provider(id: uuid.UUID) -> ResponseReturnValue:
    """Go to the provider of an organisation."""
    settings = queries.single_sign_on_begun(id)
    if settings is None:
        abort(404)
    again = "again" in request.args
    session[ORGANISATION], session[AGAIN] = str(id), now().timestamp() if again else None
    try:
        return provider.redirect_to(settings, url_for(".from_provider", _external=True), again=again)
    except Refused as refusal:
        return _back(refusal)


@bp.get("/sign-in/from-provider")
@public
@limiter.limit("30 per minute")
def from_provider() -> ResponseReturnValue:
    """Come back from the provider."""
    chosen, again = session.pop(ORGANISATION, None), session.pop(AGAIN, None)
    settings = queries.single_sign_on_begun(uuid.UUID(chosen)) if chosen else None
    if settings is None:
        return _back(Refused(_("Begin anew: this page is out of date.")))
    came = visit()
    try:
        user = actions.sign_in_by_provider(settings, provider.claims(settings), left_at=again, visit=came)
    except Refused as refusal:
        return _back(refusal)
    language = session.get("locale")
    session.clear()
    if language:
        session["locale"] = language
    queries.note_session(user)
    login_user(user)
    remember_device(came.device)
    return redirect(url_for(".second_step" if user.standing is Standing.PENDING else "casefile.home"))


def _back(refusal: Refused) -> ResponseReturnValue:
    flash(str(refusal), "bad")
    return redirect(url_for(".sign_in"))


@bp.route("/users/single-sign-on", methods=["GET", "POST"])
@requires(Permission.MANAGE_USERS, fresh=True)
def single_sign_on() -> ResponseReturnValue:
    """How the organisation signs in by its own provider."""
    held = queries.single_sign_on(current_user.org_id)
    form = SingleSignOnForm(obj=held) if held and request.method == "GET" else SingleSignOnForm()
    if held and request.method == "GET":
        form.domains.data = "\n".join(held.domains)
    if form.accepts(lambda: _set(form)):
        return done(_("Saved."), ".users")
    back = url_for(".from_provider", _external=True)
    return page("accounts/single_sign_on.html", form=form, held=held, back=back)


def _set(form: SingleSignOnForm) -> None:
    actions.set_single_sign_on(
        issuer=form.issuer.data or "",
        client_id=form.client_id.data or "",
        secret=form.secret.data or None,
        domains=(form.domains.data or "").splitlines(),
        passwords_allowed=bool(form.passwords_allowed.data),
        active=bool(form.active.data),
        by=current_user,
    )
