"""Signing in and out, and the language of the pages."""

from flask import redirect, request, session, url_for
from flask_limiter.util import get_remote_address
from flask_login import current_user, login_user, logout_user
from werkzeug.wrappers import Response

from caseflow.accounts import actions
from caseflow.accounts.forms import SignInForm
from caseflow.accounts.permissions import Permission
from caseflow.accounts.views.blueprint import bp, inside
from caseflow.core import i18n
from caseflow.core.limits import limiter
from caseflow.core.web import page, public, requires


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
