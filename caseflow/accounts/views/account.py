"""One's own account: password, news by e-mail, and where one is signed in."""

import uuid

from flask import request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from caseflow.accounts import actions, queries
from caseflow.accounts.forms import PasswordForm
from caseflow.accounts.models import Standing
from caseflow.accounts.permissions import Permission
from caseflow.accounts.views.blueprint import bp
from caseflow.core.web import done, page, requires


@bp.get("/account")
@requires(Permission.BE_SIGNED_IN, even=[Standing.TERMS_DUE])
def account() -> ResponseReturnValue:
    """One's own account."""
    return _page(PasswordForm())


@bp.post("/account")
@requires(Permission.BE_SIGNED_IN, even=[Standing.TERMS_DUE], fresh=True)
def change_password() -> ResponseReturnValue:
    """One's own password."""
    form = PasswordForm()
    if form.accepts(lambda: actions.change_password(form.old.data or "", form.password.data or "", by=current_user)):
        return done(_("Your password is changed. You are signed out everywhere else."), "accounts.account")
    return _page(form)


def _page(form: PasswordForm) -> ResponseReturnValue:
    here = queries.token_hash(current_user.token)
    return page("accounts/account.html", form=form, sessions=queries.sessions(current_user), here=here)


@bp.post("/account/mail")
@requires(Permission.BE_SIGNED_IN, even=[Standing.TERMS_DUE])
def mail() -> Response:
    """Switch news by e-mail on or off."""
    actions.set_mail(request.form.get("wanted") == "yes", by=current_user)
    return done(_("Saved."), "accounts.account")


@bp.post("/account/sessions/<uuid:id>/end")
@requires(Permission.BE_SIGNED_IN, even=[Standing.TERMS_DUE], fresh=True)
def end_session(id: uuid.UUID) -> Response:
    """End one of one's sessions."""
    actions.end_session(queries.session(id, current_user), by=current_user)
    return done(_("That session has ended."), "accounts.account")


@bp.post("/account/sessions/end-others")
@requires(Permission.BE_SIGNED_IN, even=[Standing.TERMS_DUE], fresh=True)
def end_other_sessions() -> Response:
    """End all of one's sessions but this one."""
    actions.end_sessions(current_user, by=current_user)
    return done(_("You are signed out everywhere else."), "accounts.account")
