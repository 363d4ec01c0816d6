"""Signing in and out, one's own account, the users of the organisation, and the table of permissions."""

import uuid

from flask import Blueprint, Flask, flash, redirect, request, session, url_for
from flask_babel import gettext as _
from flask_limiter.util import get_remote_address
from flask_login import LoginManager, current_user, login_user, logout_user
from werkzeug.wrappers import Response

from caseflow.accounts import actions, queries
from caseflow.accounts.forms import PasswordForm, SignInForm, SiteForm, UserForm
from caseflow.accounts.models import User
from caseflow.accounts.permissions import ROLES, Permission, Role
from caseflow.core import i18n
from caseflow.core.errors import Refused
from caseflow.core.limits import limiter
from caseflow.core.web import done, inside, page, public, requires
from caseflow.tenancy import queries as tenancy
from caseflow.tenancy.models import SiteKind

bp = Blueprint("accounts", __name__, template_folder="templates")
login_manager = LoginManager()


def init_app(app: Flask) -> None:
    """Wire flask-login: the cookie carries a token, the session lives in the database."""
    login_manager.session_protection = None  # a phone changes its address; the token is what counts
    login_manager.user_loader(queries.signed_in)
    login_manager.init_app(app)
    app.register_blueprint(bp)


def _typed_address() -> str:
    return f"{get_remote_address()} {request.form.get('email', '').strip().lower()[:200]}"


@bp.route("/sign-in", methods=["GET", "POST"])
@public
@limiter.limit("30 per minute; 200 per hour", methods=["POST"])
@limiter.limit("10 per 5 minutes", key_func=_typed_address, methods=["POST"])
def sign_in() -> tuple[str, int] | Response:
    """The way in; where to go afterwards is a path of ours and nothing else."""
    if current_user.is_authenticated:
        return redirect(url_for("casefile.home"))
    form = SignInForm(next=request.args.get("next"))
    if form.accepts(lambda: _open_session(form)):
        return redirect(inside(form.next.data) or url_for("casefile.home"))
    return page("accounts/sign_in.html", form=form)


def _open_session(form: SignInForm) -> None:
    try:
        user = actions.sign_in(
            (form.email.data or "").strip(),
            form.password.data or "",
            organisation=form.organisation.data or None,
            user_agent=request.headers.get("User-Agent"),
            address=get_remote_address(),
        )
    except actions.SeveralOrganisations as several:
        form.organisation.choices = several.choices
        raise
    language = session.get("locale")
    session.clear()  # nothing that was planted before signing in lives on
    if language:
        session["locale"] = language
    login_user(user)


@bp.post("/sign-out")
@requires(Permission.BE_SIGNED_IN)
def sign_out() -> Response:
    """The way out."""
    actions.sign_out(by=current_user)
    logout_user()
    session.clear()
    return redirect(url_for("accounts.sign_in"))


@bp.post("/language")
@public
def language() -> Response:
    """Change the language, before or after signing in."""
    code = request.form.get("locale", "")
    if i18n.set_locale(code) and current_user.is_authenticated:
        actions.set_language(code, by=current_user)
    return redirect(inside(request.form.get("next")) or url_for("casefile.home"))


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
    actions.end_session(queries.session(id, current_user), by=current_user)
    return done(_("That session has ended."), "accounts.account")


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
    form.role.choices = Role.choices(actions.assignable(current_user.organisation.kind))
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


@bp.route("/sites/<uuid:id>", methods=["GET", "POST"])
@requires(Permission.MANAGE_USERS)
def edit_site(id: uuid.UUID) -> tuple[str, int] | Response:
    """Change what is said of a site."""
    site = tenancy.site(id, current_user.org_id)
    form = SiteForm(obj=site)

    def act() -> None:
        actions.change_site(
            site,
            name=form.name.data or "",
            kind=SiteKind(form.kind.data),
            city=form.city.data,
            capacity=form.capacity.data,
            version=form.version.data,
            by=current_user,
        )

    if form.accepts(act):
        return done(_("The site is saved."), "casefile.home", _anchor="sites")
    return page("accounts/edit_site.html", form=form, site=site)


@bp.get("/permissions")
@requires(Permission.MANAGE_USERS)
def permissions() -> tuple[str, int]:
    """Which role may do what, as the code has it."""
    return page("accounts/permissions.html", roles=ROLES, permissions=list(Permission))
