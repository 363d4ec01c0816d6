"""Tokens for programs, and the one page that shows a program whose it is."""

import uuid
from typing import Any

from flask import Request, jsonify
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from caseflow.accounts import actions, queries
from caseflow.accounts.forms import TokenForm
from caseflow.accounts.models import User
from caseflow.accounts.permissions import Permission
from caseflow.accounts.views.blueprint import bp, login_manager
from caseflow.core.web import done, page, requires


@login_manager.request_loader  # type: ignore[untyped-decorator]  # flask-login is untyped
def by_token(request: Request) -> User | None:
    """Whoever the `Authorization: Bearer` header names; asked only where no cookie says who it is."""
    kind, _space, token = request.headers.get("Authorization", "").partition(" ")
    return queries.by_token(token.strip()) if kind.lower() == "bearer" and token else None


@bp.get("/api/me")
@requires(Permission.BE_SIGNED_IN, token=True)
def me() -> Response:
    """Whose token it is, and what it allows."""
    user: User = current_user
    told: dict[str, Any] = {
        "id": str(user.id),
        "name": user.name,
        "role": user.role.value,
        "organisation": {"id": str(user.org_id), "name": user.organisation.name},
        "permissions": [permission.value for permission in Permission if user.may(permission)],
    }
    return jsonify(told)


@bp.route("/account/tokens", methods=["GET", "POST"])
@requires(Permission.BE_SIGNED_IN, fresh=True)
def tokens() -> ResponseReturnValue:
    """One's tokens; a new one is shown once."""
    form = TokenForm()
    mine = [permission for permission in Permission if current_user.may(permission)]
    form.permissions.choices = [(one.value, one.label) for one in mine if one is not Permission.BE_SIGNED_IN]
    made: list[str] = []
    if form.accepts(lambda: made.append(_make(form))):
        return page("accounts/token_made.html", token=made[0])
    return page("accounts/tokens.html", form=form, tokens=queries.api_tokens(current_user))


def _make(form: TokenForm) -> str:
    chosen = [Permission(one) for one in form.permissions.data or []]
    return actions.make_api_token(form.name.data or "", chosen, int(form.days.data), by=current_user)


@bp.post("/account/tokens/<uuid:id>/revoke")
@requires(Permission.BE_SIGNED_IN)
def revoke_token(id: uuid.UUID) -> Response:
    """The token opens nothing from now on."""
    actions.revoke_api_token(id, by=current_user)
    return done(_("The token is revoked."), ".tokens")


@bp.post("/users/<uuid:id>/tokens/<uuid:token>/revoke")
@requires(Permission.MANAGE_USERS, fresh=True)
def revoke_user_token(id: uuid.UUID, token: uuid.UUID) -> Response:
    """Revoke a token of another user."""
    user = queries.colleague(id, current_user)
    actions.revoke_api_token(token, of=user, by=current_user)
    return done(_("The token is revoked."), ".user", id=user.id)
