"""The one way a request travels: who may, the transaction, the headers, and what an error looks like."""

import logging
import secrets
import time
from collections.abc import Callable, Collection
from enum import StrEnum
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Flask, Response, abort, current_app, flash, g, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import gettext as _
from flask_compress import Compress
from flask_login import current_user
from flask_wtf.csrf import CSRFError, CSRFProtect
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from caseflow.config import Config
from caseflow.core import logs, maintenance, metrics, sight
from caseflow.core.assets import HSTS
from caseflow.core.db import db
from caseflow.core.errors import Refused

log = logging.getLogger("caseflow.web")
csrf = CSRFProtect()

V = TypeVar("V", bound=Callable[..., Any])

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


QUIET = frozenset({"health_live", "health_ready", "metrics"})  # asked every few seconds


def requires(
    permission: StrEnum, *, even: Collection[StrEnum] = (), fresh: bool = False, token: bool = False
) -> Callable[[V], V]:
    """The view is for users whose role has this permission.

    `even` names the standings in which a session that is not ready may open it, too; `fresh` asks whoever has not
    shown who they are in the last minutes to do so before; `token` opens it to programs, which bring no cookie and
    need no CSRF token.
    """

    def mark(view: V) -> V:
        view.permission = permission  # type: ignore[attr-defined]
        view.even = frozenset(even)  # type: ignore[attr-defined]
        view.fresh = fresh  # type: ignore[attr-defined]
        view.token = token  # type: ignore[attr-defined]
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
        # The prefix lets no other host of the same domain set or overwrite it; browsers take it only by https.
        SESSION_COOKIE_NAME="__Host-caseflow" if config.secure else "caseflow",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=config.secure,
        WTF_CSRF_CHECK_DEFAULT=False,  # the guard checks, for it knows who came by a token instead of a cookie
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session: a form left open over lunch is not lost
        WTF_CSRF_SSL_STRICT=config.secure,
        COMPRESS_MIMETYPES=["text/html", "application/json"],  # style sheets and scripts are compressed beforehand
        COMPRESS_ALGORITHM=["br", "gzip"],
        COMPRESS_BR_WINDOW=18,  # 256 KB: more than a page
    )
    app.before_request(_number_request)  # the first, so that every refusal has its number
    maintenance.init_app(app, config)
    csrf.init_app(app)
    Compress(app)  # registered before ours, so it runs after them
    app.before_request(_refuse_nul)
    app.before_request(_guard)
    app.after_request(_tell)  # the first is the last to run, so it knows how the commit went
    app.after_request(_commit)
    app.after_request(_harden)
    app.after_request(_pad)
    app.teardown_request(_forget)
    app.log_exception = _log_late  # type: ignore[method-assign]
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
    g.began = time.perf_counter()
    g.request_id = secrets.token_hex(6)
    logs.begin(request_id=g.request_id, endpoint=request.endpoint or "none")
    sight.begin(request.endpoint or "", (request.view_args or {}).values())


def _refuse_nul() -> None:
    """No text may hold NUL: PostgreSQL stores none, and nobody types it."""
    if any("\0" in text for part in (request.args, request.form) for pair in part.items(multi=True) for text in pair):
        abort(400)
    if any("\0" in (file.filename or "") for file in request.files.values()):
        abort(400)


def _guard() -> BaseResponse | None:
    """Nobody reaches a view that asks for a permission without having it."""
    if request.endpoint is None:
        return None  # no such page: 404
    view: Any = current_app.view_functions[request.endpoint]
    permission = getattr(view, "permission", None)
    if permission is None:
        csrf.protect(apply_exemptions=True)
        return None
    by_token = current_user.is_authenticated and current_user.by_token
    if not by_token:
        csrf.protect(apply_exemptions=True)
    if current_user.is_authenticated:
        logs.begin(user=str(current_user.id))  # an id, which only the organisation itself can turn into a name
    if by_token and not view.token:
        abort(403)
    here = request.full_path.rstrip("?") if request.method == "GET" else None
    if not current_user.is_authenticated:
        if view.token or "Authorization" in request.headers:
            abort(401)
        return redirect(url_for("accounts.sign_in", next=here))
    if by_token and not current_user.ready:
        words = _("Whoever this token belongs to must sign in to caseflow first and do what is asked there.")
        return _told_program(403, current_user.standing.value, words)
    if not current_user.ready and current_user.standing not in view.even:
        return redirect(url_for(current_user.way_on, next=here))
    if not current_user.may(permission):
        abort(403)
    if view.fresh and not current_user.fresh:
        return redirect(url_for("accounts.confirm", next=here or _came_from()))
    return None


def _came_from() -> str | None:
    """The page of ours whose form was sent, to go back to."""
    parts = urlsplit(request.referrer or "")
    return parts.path if parts.netloc == request.host else None


def _commit(response: Response) -> Response:
    """A returned response commits; an error page has rolled back before it came here."""
    if response.status_code in range(300, 400):
        sight.forget()  # what was loaded in order to act was not shown
    try:
        db.session.commit()
    except (Refused, StaleDataError) as late:  # an act that left its rows to be written here
        return _pad(_harden(current_app.make_response(current_app.handle_user_exception(late))))
    return response


def _tell(response: Response) -> Response:
    """One line and one count for each request: the page's name, never its address or what was asked."""
    seconds = time.perf_counter() - g.get("began", time.perf_counter())
    quiet = request.endpoint in QUIET and response.status_code < 400
    logs.tell(
        log,
        logging.DEBUG if quiet else logging.INFO,
        "request",
        method=metrics.known_method(request.method),
        status=response.status_code,
        milliseconds=round(seconds * 1000, 1),
    )
    metrics.count_request(current_app, request.endpoint, request.method, response.status_code, seconds)
    return response


def _forget(_error: BaseException | None) -> None:
    logs.finish()


def _log_late(exc_info: Any) -> None:
    """An error after the page was made, in the commit for one; Flask's own words would hold the address."""
    log.error("request %s failed: %s", g.get("request_id"), exc_info[0].__name__, exc_info=exc_info)


def _harden(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    if current_app.extensions["caseflow"].secure:
        response.headers.setdefault("Strict-Transport-Security", HSTS)
    response.headers["X-Request-Id"] = g.get("request_id", "")
    return response


def _pad(response: Response) -> Response:
    """End a page, which holds a token, in a comment of random length: its compressed size tells nothing then."""
    if response.mimetype == "text/html" and not response.is_streamed and response.data.rstrip().endswith(b"</html>"):
        response.data += b"<!-- %s -->" % secrets.token_hex(1 + secrets.randbelow(64)).encode()
    return response


def page(template: str, status: int = 200, **values: Any) -> tuple[str, int]:
    """A rendered page; a `form` in it that was refused decides the status (422 or 409)."""
    form = values.get("form")
    if form is not None and form.errors:
        status = getattr(form, "http_status", 422)
    return render_template(template, **values), status


def done(message: str, endpoint: str, *, closed: bool = False, **values: Any) -> BaseResponse:
    """After an act: say what was done, and lead to where one wants to go on; home, where the act has `closed` that."""
    flash(_("%(done)s The file is closed to you now.", done=message) if closed else message, "success")
    return redirect("/" if closed else url_for(endpoint, **values))


def inside(target: str | None) -> str | None:
    """The address to go on to, if it is a path of ours; browsers drop tabs and line breaks, so none may stand in it."""
    if (
        not target
        or not target.startswith("/")
        or target.startswith("//")
        or "\\" in target
        or not target.isprintable()
    ):
        return None
    return target


def url_for_page(number: int, name: str = "page") -> str:
    """The present address with another page number; `name` tells which list, where there are several."""
    return here(**{name: [str(number)]})


def here(**changed: object) -> str:
    """The present address with some of its arguments changed.

    Arguments that `url_for` would take for its own (`_scheme`, `_external`, `endpoint`) are left out: whoever made the
    link does not decide where ours lead.
    """
    asked = request.args.to_dict(flat=False)
    typed = {name: values for name, values in asked.items() if name != "endpoint" and not name.startswith("_")}
    return url_for(request.endpoint or "", **{**typed, **(request.view_args or {}), **changed})


def page_number(name: str = "page") -> int:
    """The page asked for: 1 where it is missing or no number; `name` tells of which list, where there are several."""
    text = request.args.get(name, "1")
    return max(1, min(int(text), 1_000_000)) if text.isascii() and text.isdigit() else 1


def _error(status: int, title: str, text: str) -> tuple[str, int]:
    """The page that says so, and nothing kept. Drawn before that, where the transaction is whole: who asks is known."""
    said = {"title": title, "text": text, "reference": g.get("request_id")}
    with db.session.no_autoflush:  # what an act left half made is not written for the sake of a page
        drawn = render_template("error.html", status=status, counted=False, **said)
    db.session.rollback()
    return drawn, status


def _http_error(error: HTTPException) -> tuple[str, int] | HTTPException | Response:
    if error.response is not None:
        return error
    status = error.code or 500
    if "Authorization" in request.headers or status == 401:
        return _told_program(status, error.name)
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


def _told_program(status: int, name: str, words: str | None = None) -> Response:
    db.session.rollback()
    told = {"error": name, "reference": g.get("request_id")} | ({"message": words} if words else {})
    answer = jsonify(told)
    answer.status_code = status
    if status == 401:
        answer.headers["WWW-Authenticate"] = 'Bearer realm="caseflow"'
    return answer


def _refused(error: Refused) -> tuple[str, int]:
    db.session.rollback()  # first: where the database refused, the reader's language cannot be looked up before
    return _error(error.status, _("This cannot be done"), str(error))


def _stale(_: StaleDataError) -> tuple[str, int]:
    db.session.rollback()  # first, as above
    return _error(
        409,
        gettext("Somebody else changed this at the same moment"),
        gettext("Nothing of yours was saved. Go back, reload the page to see what they wrote, and decide."),
    )


def _unexpected(error: Exception) -> tuple[str, int]:
    db.session.rollback()
    # The page is drawn as for a guest: with the database away, who asks cannot be looked up again.
    g._login_user = current_app.login_manager.anonymous_user()  # type: ignore[attr-defined]
    log.error("request %s failed: %s", g.get("request_id"), type(error).__name__, exc_info=error)
    if isinstance(error, OperationalError):
        status = 503
        text = _("The database does not answer at the moment. Nothing was saved; try again in a minute.")
    else:
        status = 500
        text = _("Nothing was saved. Try again; if it happens again, tell your administrator the reference.")
    return _error(status, _("Something went wrong"), text)
