"""Setting a password by a link: after an invitation, or when the old one is forgotten."""

import uuid

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from caseflow.accounts import actions, queries
from caseflow.accounts.forms import ForgottenForm, NewPasswordForm
from caseflow.accounts.models import LinkKind
from caseflow.accounts.permissions import Permission
from caseflow.accounts.views.blueprint import bp
from caseflow.core import i18n
from caseflow.core.limits import limiter
from caseflow.core.web import done, page, public, requires


@bp.route("/forgotten-password", methods=["GET", "POST"])
@public
@limiter.limit("5 per 10 minutes", methods=["POST"])
def forgotten() -> ResponseReturnValue:
    """Ask for a new password; the answer is the same for every address."""
    form = ForgottenForm()
    if form.accepts(lambda: actions.forgot(form.email.data or "")):
        return page("accounts/forgotten_sent.html", mails=actions.sends_mail())
    return page("accounts/forgotten.html", form=form)


@bp.route("/welcome/<string:token>", methods=["GET", "POST"])
@public
@limiter.limit("30 per 10 minutes")
def welcome(token: str) -> ResponseReturnValue:
    """Set the password by a link; a spent link says so."""
    form = NewPasswordForm()
    if form.accepts(lambda: actions.use_link(token, form.password.data or "")):
        i18n.clear_session()
        flash(_("Your password is set. Sign in with it."), "success")
        return redirect(url_for(".sign_in"))
    found = queries.link_of(token)
    if found is None:
        return page("accounts/link_spent.html", status=404)
    return page("accounts/welcome.html", form=form, email=found[1].email, name=found[1].name)


@bp.post("/users/<uuid:id>/link")
@requires(Permission.MANAGE_USERS, fresh=True)
def send_link(id: uuid.UUID) -> ResponseReturnValue:
    """A new link for a user: by e-mail or, where none is sent, shown once to be handed over."""
    user = queries.colleague(id, current_user)
    link = actions.send_link(user, LinkKind.INVITATION, by=current_user)
    if actions.sends_mail():
        return done(_("A link is on its way to %(name)s.", name=user.name), ".user", id=user.id)
    url = url_for(".welcome", token=actions.make_token(link), _external=True)
    return page("accounts/user_added.html", user=user, url=url)


@bp.post("/users/<uuid:id>/link/withdraw")
@requires(Permission.MANAGE_USERS, fresh=True)
def withdraw_link(id: uuid.UUID) -> Response:
    """The user's link opens nothing any more."""
    user = queries.colleague(id, current_user)
    actions.withdraw_link(user, by=current_user)
    return done(_("The link is withdrawn."), ".user", id=user.id)
