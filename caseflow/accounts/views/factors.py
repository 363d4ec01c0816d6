"""One's own second factors."""

import uuid
from typing import Any

import segno
from flask import redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user, login_user
from pyotp import TOTP
from werkzeug.wrappers import Response

from caseflow.accounts import actions, queries
from caseflow.accounts.forms import ConfirmTotpForm, PasskeyForm
from caseflow.accounts.models import Standing, TotpSecret
from caseflow.accounts.permissions import Permission
from caseflow.accounts.views.blueprint import bp, remember_device, visit
from caseflow.core.web import done, page, requires

DUE = [Standing.FACTOR_DUE, Standing.TERMS_DUE]


@bp.get("/account/factors")
@requires(Permission.BE_SIGNED_IN, even=DUE)
def factors() -> ResponseReturnValue:
    """What one shows besides the password."""
    totp = queries.totp(current_user)
    return page(
        "accounts/factors.html",
        totp=totp if totp and totp.confirmed_at else None,
        passkeys=queries.passkeys(current_user),
        codes_left=queries.recovery_codes_left(current_user),
    )


@bp.post("/account/factors/totp/begin")
@requires(Permission.BE_SIGNED_IN, even=DUE, fresh=True)
def begin_totp() -> Response:
    """A new secret for an authenticator app."""
    actions.begin_totp(by=current_user)
    return redirect(url_for(".confirm_totp"))


@bp.route("/account/factors/totp", methods=["GET", "POST"])
@requires(Permission.BE_SIGNED_IN, even=DUE, fresh=True)
def confirm_totp() -> ResponseReturnValue:
    """Scan the secret, and type the code that the app then shows."""
    totp = queries.totp(current_user)
    if totp is None or totp.confirmed_at is not None:
        return redirect(url_for(".factors"))
    form, codes, came = ConfirmTotpForm(), list[str](), visit()
    if form.accepts(lambda: codes.extend(actions.confirm_totp(form.code.data or "", visit=came, by=current_user))):
        return _set_up(codes)
    return page("accounts/totp.html", form=form, **_shown(totp))


def _shown(totp: TotpSecret) -> dict[str, Any]:
    secret = actions.secret_text(totp)
    address = TOTP(secret).provisioning_uri(name=current_user.email, issuer_name="caseflow")
    picture = segno.make(address, micro=False).svg_data_uri(scale=5, dark="#000", light="#fff")
    spaced = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    return {"picture": picture, "secret": spaced}


@bp.route("/account/factors/passkey", methods=["GET", "POST"])
@requires(Permission.BE_SIGNED_IN, even=DUE, fresh=True)
def add_passkey() -> ResponseReturnValue:
    """Make a passkey; the browser does it, by our script."""
    form, codes, came = PasskeyForm(), list[str](), visit()
    name, answer = form.name.data or "", form.credential.data or ""
    if form.accepts(lambda: codes.extend(actions.add_passkey(name, answer, visit=came, by=current_user))):
        return _set_up(codes)
    return page("accounts/passkey.html", form=form, options=actions.passkey_options(by=current_user))


def _set_up(codes: list[str]) -> ResponseReturnValue:
    login_user(current_user._get_current_object())  # the session has a new token where it was not whole
    remember_device(visit().device)
    if codes:
        return page("accounts/recovery_codes.html", codes=codes)
    return done(_("The second factor is set up."), ".factors")


@bp.post("/account/factors/recovery-codes")
@requires(Permission.BE_SIGNED_IN, fresh=True)
def new_recovery_codes() -> ResponseReturnValue:
    """New recovery codes, shown once."""
    if not queries.has_factor(current_user):
        return redirect(url_for(".factors"))
    return page("accounts/recovery_codes.html", codes=actions.new_recovery_codes(by=current_user))


@bp.post("/account/factors/<uuid:id>/remove")
@requires(Permission.BE_SIGNED_IN, fresh=True)
def remove_factor(id: uuid.UUID) -> Response:
    """Take one of one's own factors away."""
    actions.remove_factor(id, by=current_user)
    return done(_("It is removed."), ".factors")
