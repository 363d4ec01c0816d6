"""The users of the organisation, and the table of permissions."""

import uuid

from flask import flash, redirect, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from caseflow.accounts import actions, queries
from caseflow.accounts.forms import UserForm
from caseflow.accounts.models import User
from caseflow.accounts.permissions import ROLES, Permission, Role
from caseflow.accounts.views.blueprint import bp
from caseflow.core.errors import Refused
from caseflow.core.web import done, page, requires
from caseflow.tenancy import queries as tenancy


@bp.get("/users")
@requires(Permission.MANAGE_USERS)
def users() -> tuple[str, int]:
    """Who works here."""
    return page("accounts/users.html", users=queries.everybody(current_user))


@bp.route("/users/new", methods=["GET", "POST"])
@requires(Permission.MANAGE_USERS)
def new_user() -> tuple[str, int] | Response:
    """Open an account; its first password is shown once."""
    form = UserForm()
    form.site.choices = [("", _("No site")), *((str(s.id), s.name) for s in tenancy.sites(current_user.org_id))]
    made: list[tuple[User, str]] = []
    if form.accepts(lambda: made.append(_add_user(form))):
        user, password = made[0]
        return page("accounts/user_added.html", user=user, password=password)
    return page("accounts/new_user.html", form=form)


def _add_user(form: UserForm) -> tuple[User, str]:
    return actions.add_user(
        name=form.name.data or "",
        email=form.email.data or "",
        role=Role(form.role.data),
        site_id=uuid.UUID(form.site.data) if form.site.data else None,
        by=current_user,
    )


@bp.post("/users/<uuid:id>/deactivate")
@requires(Permission.MANAGE_USERS)
def deactivate(id: uuid.UUID) -> Response:
    """Close an account, at once and everywhere."""
    user = queries.colleague(id, current_user)
    try:
        actions.deactivate(user, by=current_user)
    except Refused as refusal:
        flash(str(refusal), "bad")
        return redirect(url_for(".users"))
    return done(_("%(name)s can no longer sign in.", name=user.name), ".users")


@bp.post("/users/<uuid:id>/reactivate")
@requires(Permission.MANAGE_USERS)
def reactivate(id: uuid.UUID) -> Response:
    """Open a closed account again."""
    user = queries.colleague(id, current_user)
    actions.reactivate(user, by=current_user)
    return done(_("%(name)s can sign in again.", name=user.name), ".users")


@bp.get("/permissions")
@requires(Permission.MANAGE_USERS)
def permissions() -> tuple[str, int]:
    """Which role may do what, as the code has it."""
    return page("accounts/permissions.html", roles=ROLES, permissions=list(Permission))
