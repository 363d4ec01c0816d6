"""The users of the organisation, and the table of permissions."""

import uuid
from typing import Any

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from caseflow.accounts import actions, queries
from caseflow.accounts.forms import ChangeUserForm, FactorRolesForm, ReasonForm, UserForm
from caseflow.accounts.models import AccountLink, User
from caseflow.accounts.permissions import ROLES, Permission, Role
from caseflow.accounts.views.blueprint import bp
from caseflow.core.errors import Refused
from caseflow.core.web import done, page, requires
from caseflow.tenancy import queries as tenancy


@bp.get("/users")
@requires(Permission.MANAGE_USERS)
def users() -> tuple[str, int]:
    """Who works here."""
    return page(
        "accounts/users.html",
        users=queries.everybody(current_user),
        second_factors=queries.with_factor(current_user.org_id),
    )


@bp.route("/users/new", methods=["GET", "POST"])
@requires(Permission.MANAGE_USERS, fresh=True)
def new_user() -> ResponseReturnValue:
    """Invite somebody: the link goes by e-mail or, where none is sent, is shown once to be handed over."""
    form = UserForm()
    form.role.choices, form.site.choices = _roles(), _sites()
    made: list[tuple[User, AccountLink]] = []
    if form.accepts(lambda: made.append(_invite(form))):
        user, link = made[0]
        if actions.sends_mail():
            return done(_("An invitation is on its way to %(name)s.", name=user.name), ".user", id=user.id)
        url = url_for(".welcome", token=actions.make_token(link), _external=True)
        return page("accounts/user_added.html", user=user, url=url)
    return page("accounts/new_user.html", form=form)


def _roles() -> list[tuple[str, str]]:
    return Role.choices(actions.assignable(current_user.organisation.kind))


def _sites() -> list[tuple[str, str]]:
    return [("", _("No site")), *((str(s.id), s.name) for s in tenancy.sites(current_user.org_id))]


def _described(form: ChangeUserForm) -> dict[str, Any]:
    site_id = uuid.UUID(form.site.data) if form.site.data else None
    return {"name": form.name.data or "", "role": Role(form.role.data), "site_id": site_id}


def _invite(form: UserForm) -> tuple[User, AccountLink]:
    return actions.invite(email=form.email.data or "", **_described(form), by=current_user)


@bp.get("/users/<uuid:id>")
@requires(Permission.MANAGE_USERS)
def user(id: uuid.UUID) -> tuple[str, int]:
    """One user: what they may, where they are signed in, and what can be done for them."""
    return _user_page(queries.colleague(id, current_user))


def _user_page(user: User, **forms: Any) -> tuple[str, int]:
    return page(
        "accounts/user.html",
        user=user,
        sessions=queries.sessions(user),
        second_factor=queries.has_factor(user),
        link=queries.newest_link(user),
        has_password=queries.has_password(user),
        tokens=[token for token in queries.api_tokens(user) if token.open()],
        **{"reset": ReasonForm(), **forms},
    )


@bp.route("/users/<uuid:id>/change", methods=["GET", "POST"])
@requires(Permission.MANAGE_USERS, fresh=True)
def change_user(id: uuid.UUID) -> ResponseReturnValue:
    """Another name, role or site."""
    user = queries.colleague(id, current_user)
    form = ChangeUserForm(name=user.name, role=user.role.value, site=str(user.site_id or ""))
    form.role.choices, form.site.choices = _roles(), _sites()
    if form.accepts(lambda: actions.change_user(user, **_described(form), by=current_user)):
        return done(_("Saved."), ".user", id=user.id)
    return page("accounts/change_user.html", form=form, user=user)


@bp.post("/users/<uuid:id>/reset-factors")
@requires(Permission.MANAGE_USERS, fresh=True)
def reset_factors(id: uuid.UUID) -> ResponseReturnValue:
    """Take the second factors of a user away, with a reason."""
    user, form = queries.colleague(id, current_user), ReasonForm()
    if form.accepts(lambda: actions.reset_factors(user, form.reason.data or "", by=current_user)):
        return done(_("The second factor of %(name)s is reset; they are told.", name=user.name), ".user", id=user.id)
    return _user_page(user, form=form, reset=form)


@bp.post("/users/<uuid:id>/untie-provider")
@requires(Permission.MANAGE_USERS, fresh=True)
def untie_provider(id: uuid.UUID) -> Response:
    """Let the account be tied anew to somebody of the organisation's provider."""
    user = queries.colleague(id, current_user)
    actions.untie_provider(user, by=current_user)
    return done(_("The next one who comes with this address is tied to it."), ".user", id=user.id)


@bp.post("/users/<uuid:id>/end-sessions")
@requires(Permission.MANAGE_USERS, fresh=True)
def end_user_sessions(id: uuid.UUID) -> Response:
    """Sign a user out everywhere."""
    user = queries.colleague(id, current_user)
    actions.end_sessions(user, by=current_user)
    return done(_("%(name)s is signed out everywhere.", name=user.name), ".user", id=user.id)


@bp.post("/users/<uuid:id>/sessions/<uuid:session>/end")
@requires(Permission.MANAGE_USERS, fresh=True)
def end_user_session(id: uuid.UUID, session: uuid.UUID) -> Response:
    """End one session of a user."""
    user = queries.colleague(id, current_user)
    actions.end_session(queries.session(session, user), by=current_user)
    return done(_("That session has ended."), ".user", id=user.id)


@bp.route("/users/rules", methods=["GET", "POST"])
@requires(Permission.MANAGE_USERS, fresh=True)
def rules() -> ResponseReturnValue:
    """Which roles must have a second factor."""
    form = FactorRolesForm(roles=[role.value for role in queries.factor_roles(current_user.org_id)])
    form.roles.choices = _roles()
    if form.accepts(lambda: actions.require_factors(map(Role, form.roles.data or []), by=current_user)):
        return done(_("Saved."), ".users")
    return page("accounts/rules.html", form=form)


@bp.post("/users/<uuid:id>/deactivate")
@requires(Permission.MANAGE_USERS, fresh=True)
def deactivate(id: uuid.UUID) -> Response:
    """Close an account, at once and everywhere."""
    user = queries.colleague(id, current_user)
    try:
        actions.deactivate(user, by=current_user)
    except Refused as refusal:
        flash(str(refusal), "bad")
        return redirect(url_for(".user", id=user.id))
    return done(_("%(name)s can no longer sign in.", name=user.name), ".user", id=user.id)


@bp.post("/users/<uuid:id>/reactivate")
@requires(Permission.MANAGE_USERS, fresh=True)
def reactivate(id: uuid.UUID) -> Response:
    """Open a closed account again."""
    user = queries.colleague(id, current_user)
    actions.reactivate(user, by=current_user)
    return done(_("%(name)s can sign in again.", name=user.name), ".user", id=user.id)


@bp.get("/permissions")
@requires(Permission.MANAGE_USERS)
def permissions() -> tuple[str, int]:
    """Which role may do what, as the code has it."""
    due = queries.factor_roles(current_user.org_id)
    return page("accounts/permissions.html", roles=ROLES, permissions=list(Permission), due=due)
