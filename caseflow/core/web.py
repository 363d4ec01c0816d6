"""The one way a request travels: who may, the transaction, the headers, and what an error looks like."""

import logging
import secrets
from collections.abc import Callable
from enum import StrEnum
from typing import Any, Protocol, TypeVar

from flask import Flask, Response, abort, current_app, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import gettext as _
from flask_login import current_user
from flask_wtf.csrf import CSRFError, CSRFProtect
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from caseflow.config import Config
from caseflow.core import sight
from caseflow.core.db import db, name_request
from caseflow.core.errors import Refused

log = logging.getLogger("caseflow.web")
csrf = CSRFProtect()

V = TypeVar("V", bound=Callable[..., Any])

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Actor(Protocol):
    """What the web needs to know of whoever asks."""

    is_authenticated: bool

    def may(self, permission: Any) -> bool:
        """Whether they have the permission."""


def requires(permission: StrEnum) -> Callable[[V], V]:
    """The view is for users whose role has this permission."""

    def mark(view: V) -> V:
        view.permission = permission  # type: ignore[attr-defined]
        return view

    return mark


def public(view: V) -> V:
    """The view is for everybody, signed in or not."""
    view.permission = None  # type: ignore[attr-defined]
    return view


def init_app(app: Flask, config: Config) -> None:
    """Wire the guard, the commit, the headers and the error pages."""
    app.config.update(
        SECRET_KEY=config.secret_key,
        MAX_CONTENT_LENGTH=config.upload_max_bytes,
        SESSION_COOKIE_NAME="caseflow",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=config.public_url.startswith("https://"),
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session: a form left open over lunch is not lost
        WTF_CSRF_SSL_STRICT=config.public_url.startswith("https://"),
    )
    csrf.init_app(app)
    app.before_request(_number_request)
    app.before_request(_guard)
    app.after_request(_commit)
    app.after_request(_harden)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Refused, _refused)
    app.register_error_handler(StaleDataError, _stale)
    app.register_error_handler(Exception, _unexpected)
    app.jinja_env.globals["url_for_page"] = url_for_page


def check_views(app: Flask) -> None:
    """Refuse to start when a view says neither `@requires` nor `@public`."""
    bare = [name for name, view in app.view_functions.items() if not hasattr(view, "permission")]
    if bare:
        raise RuntimeError(f"views without @requires or @public: {', '.join(sorted(bare))}")


def _number_request() -> None:
    g.request_id = secrets.token_hex(6)
    name_request(g.request_id)
    sight.begin(request.endpoint or "", (request.view_args or {}).values())


def _guard() -> BaseResponse | None:
    """Nobody reaches a view that asks for a permission without having it."""
    if request.endpoint is None:
        return None  # no such page: 404
    permission = getattr(current_app.view_functions[request.endpoint], "permission", None)
    if permission is None:
        return None
    if not current_user.is_authenticated:
        here = request.full_path.rstrip("?") if request.method == "GET" else None
        return redirect(url_for("accounts.sign_in", next=here))
    if not current_user.may(permission):
        abort(403)
    return None


def _commit(response: Response) -> Response:
    """A returned response commits; an error page has rolled back before it came here."""
    if response.status_code in range(300, 400):
        sight.forget()  # what was loaded in order to act was not shown
    db.session.commit()
    return response


def _harden(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
    response.headers["X-Request-Id"] = g.get("request_id", "")
    return response


def page(template: str, status: int = 200, **values: Any) -> tuple[str, int]:
    """A rendered page; a `form` in it that was refused decides the status (422 or 409)."""
    form = values.get("form")
    if form is not None and form.errors:
        status = getattr(form, "http_status", 422)
    return render_template(template, **values), status


def done(message: str, endpoint: str, **values: Any) -> BaseResponse:
    """After an act: say what was done, and lead to where one wants to go on."""
    flash(message, "success")
    return redirect(url_for(endpoint, **values))


def url_for_page(number: int) -> str:
    """The present address with another page number."""
    values = {**request.args.to_dict(flat=False), **(request.view_args or {}), "page": [str(number)]}
    return url_for(request.endpoint or "", **values)


def page_number() -> int:
    """The page asked for: 1 where it is missing or no number."""
    text = request.args.get("page", "1")
    return max(1, min(int(text), 1_000_000)) if text.isascii() and text.isdigit() else 1


def _error(status: int, title: str, text: str) -> tuple[str, int]:
    db.session.rollback()
    return render_template("error.html", status=status, title=title, text=text, reference=g.get("request_id")), status


def _http_error(error: HTTPException) -> tuple[str, int] | HTTPException:
    if error.response is not None:
        return error
    status = error.code or 500
    if isinstance(error, CSRFError):
        return _error(
            400,
            _("This form has expired"),
            _("It was opened before you signed in, or cookies are off. Go back, reload the page and send it again."),
        )
    titles = {
        400: (_("This request cannot be understood"), _("Go back and try again.")),
        403: (
            _("Your role does not open this page"),
            _("If you need it for your work, ask your administrator to change your role."),
        ),
        404: (_("Page not found"), _("It does not exist, or it is not open to you. Check the address or go home.")),
        405: (_("This address takes no such request"), _("Go back and use the page's own buttons.")),
        413: (_("The file is too large"), _("Choose a smaller file, or split it.")),
        429: (_("Too many tries"), _("Wait a few minutes, then try again.")),
    }
    title, text = titles.get(status, (_("Something went wrong"), _("Go back and try again.")))
    return _error(status, title, text)


def _refused(error: Refused) -> tuple[str, int]:
    return _error(error.status, _("This cannot be done"), str(error))


def _stale(_: StaleDataError) -> tuple[str, int]:
    return _error(
        409,
        gettext("Somebody else changed this at the same moment"),
        gettext("Nothing of yours was saved. Go back, reload the page to see what they wrote, and decide."),
    )


def _unexpected(error: Exception) -> tuple[str, int]:
    # The statement's parameters may hold names: the log gets the kind of error and where, not the values.
    # The page is drawn as for a guest: with the database away, who asks cannot be looked up again.
    g._login_user = current_app.login_manager.anonymous_user()  # type: ignore[attr-defined]
    log.error("request %s failed: %s", g.get("request_id"), type(error).__name__, exc_info=_without_values(error))
    if isinstance(error, OperationalError):
        status = 503
        text = _("The database does not answer at the moment. Nothing was saved; try again in a minute.")
    else:
        status = 500
        text = _("Nothing was saved. Try again; if it happens again, tell your administrator the reference.")
    return _error(status, _("Something went wrong"), text)


def _without_values(error: Exception) -> Exception:
    if hasattr(error, "hide_parameters"):
        error.hide_parameters = True
    return error
