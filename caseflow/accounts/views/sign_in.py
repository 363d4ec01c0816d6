"""Signing in and out, the second factor, and the language of the pages."""

from collections.abc import Callable
from typing import TypedDict

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user, login_user, logout_user
from werkzeug.wrappers import Response

from caseflow.accounts import actions, queries
from caseflow.accounts.actions import Visit
from caseflow.accounts.forms import CodeForm, PresentPasswordForm, SignInForm
from caseflow.accounts.models import Standing, User
from caseflow.accounts.permissions import Permission
from caseflow.accounts.views.blueprint import bp, remember_device, this_device, visit
from caseflow.core import i18n
from caseflow.core.limits import limiter
from caseflow.core.web import inside, page, public, requires


class Shown(TypedDict):
    """Who shows a factor, and from where."""

    visit: Visit
    by: User


def _known_device() -> bool:
    """Others' tries from the same building do not lock out who is known here."""
    return this_device().knows(request.form.get("email", ""))


@bp.route("/sign-in", methods=["GET", "POST"])
@public
@limiter.limit("30 per minute; 200 per hour", methods=["POST"], exempt_when=_known_device)
def sign_in() -> ResponseReturnValue:
    """The way in; where to go afterwards is a path of ours and nothing else."""
    if current_user.is_authenticated:
        return redirect(url_for("casefile.home"))
    form = SignInForm(next=request.args.get("next"))
    if form.accepts(lambda: _open_session(form)):
        onward = inside(form.next.data)
        if current_user.standing is Standing.PENDING:
            return redirect(url_for(".second_step", next=onward))
        return redirect(onward or url_for("casefile.home"))
    return page("accounts/sign_in.html", form=form)


def _open_session(form: SignInForm) -> None:
    came = visit()
    try:
        user = actions.sign_in(
            (form.email.data or "").strip(),
            form.password.data or "",
            organisation=form.organisation.data or None,
            visit=came,
        )
    except actions.SeveralOrganisations as several:
        form.organisation.choices = several.choices
        raise
    i18n.clear_session()  # nothing that was planted before signing in lives on
    queries.note_session(user)
    login_user(user)
    remember_device(came.device)


@bp.route("/sign-in/second-step", methods=["GET", "POST"])
@requires(Permission.BE_SIGNED_IN, even=[Standing.PENDING])
def second_step() -> ResponseReturnValue:
    """The second factor: a code of the app, a passkey, or a recovery code."""
    if current_user.standing is not Standing.PENDING:
        return redirect(url_for("casefile.home"))
    return _ask("accounts/second_step.html")


@bp.route("/confirm", methods=["GET", "POST"])
@requires(Permission.BE_SIGNED_IN, even=[Standing.FACTOR_DUE, Standing.TERMS_DUE])
def confirm() -> ResponseReturnValue:
    """Show once more who one is, before something that matters."""
    return _ask("accounts/confirm.html")


def _ask(template: str) -> ResponseReturnValue:
    if not queries.has_factor(current_user):
        again = PresentPasswordForm(next=request.args.get("next"))
        if again.accepts(lambda: _shown(lambda came: actions.show_password(again.password.data or "", **came))):
            return redirect(inside(again.next.data) or url_for("casefile.home"))
        return page(template, form=again, options=None, again_by=_provider())
    form = CodeForm(next=request.args.get("next"))
    if form.accepts(lambda: _shown(lambda came: _show(form, came))):
        return redirect(inside(form.next.data) or url_for("casefile.home"))
    return page(template, form=form, options=actions.sign_in_options(by=current_user))


def _provider() -> str | None:
    """Where somebody shows again who they are who has neither password nor second factor here."""
    rules = queries.single_sign_on(current_user.org_id)
    if rules is None or not rules.active or queries.has_password(current_user):
        return None
    return url_for(".to_provider", id=current_user.org_id, again="yes")


def _show(form: CodeForm, came: Shown) -> None:
    if form.credential.data:
        actions.show_passkey(form.credential.data, **came)
    else:
        actions.show_code(form.code.data or "", **came)


def _shown(act: Callable[[Shown], None]) -> None:
    came = visit()
    act({"visit": came, "by": current_user})
    if queries.present_session(current_user).ended_at is not None:
        logout_user()
        flash(_("There were too many wrong codes. Sign in again."), "bad")
        return
    login_user(current_user._get_current_object())  # under the token that the action gave the session
    remember_device(came.device)


@bp.post("/sign-out")
@requires(Permission.BE_SIGNED_IN, even=list(Standing))
def sign_out() -> Response:
    """The way out."""
    actions.sign_out(by=current_user)
    logout_user()
    i18n.clear_session()
    answer = redirect(url_for("accounts.sign_in"))
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'  # cookies stay: the device is known, the language chosen
    return answer


@bp.post("/language")
@public
def language() -> Response:
    """Change the language, before or after signing in."""
    code = request.form.get("locale", "")
    if i18n.set_locale(code) and current_user.is_authenticated:
        actions.set_language(code, by=current_user)
    return redirect(inside(request.form.get("next")) or url_for("casefile.home"))
