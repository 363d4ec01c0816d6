"""One's own account: password, news by e-mail, and where one is signed in."""

import uuid

from flask import request
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from caseflow.accounts import actions, queries
from caseflow.accounts.forms import PasswordForm
from caseflow.accounts.permissions import Permission
from caseflow.accounts.views.blueprint import bp
from caseflow.core.web import done, page, requires


@bp.route("/account", methods=["GET", "POST"])
@requires(Permission.BE_SIGNED_IN)
def account() -> tuple[str, int] | Response:
    """One's own password, mail and sessions."""
    form = PasswordForm()
    if form.accepts(lambda: actions.change_password(form.old.data or "", form.password.data or "", by=current_user)):
        return done(_("Your password is changed. You are signed out everywhere else."), "accounts.account")
    here = queries.token_hash(current_user.token)
    return page("accounts/account.html", form=form, sessions=queries.sessions(current_user), here=here)


@bp.post("/account/mail")
@requires(Permission.BE_SIGNED_IN)
def mail() -> Response:
    """Switch news by e-mail on or off."""
    actions.set_mail(request.form.get("wanted") == "yes", by=current_user)
    return done(_("Saved."), "accounts.account")


@bp.post("/account/sessions/<uuid:id>/end")
@requires(Permission.BE_SIGNED_IN)
def end_session(id: uuid.UUID) -> Response:
    """End one of one's sessions."""
    actions.end_session(id, by=current_user)
    return done(_("That session has ended."), "accounts.account")
