"""Maintenance: every page says that caseflow is being looked after, and jobs wait until it is over.

It is noted in Redis, which all processes share and which stays while a database is restored or moved. Without Redis a
process goes on as it last knew.
"""

import json
import time
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, current_app, g, make_response, render_template, request, session
from redis import Redis
from redis.exceptions import RedisError
from rq import suspension

from caseflow.config import Config
from caseflow.core import i18n

KEY = "caseflow:maintenance"
OPEN = frozenset({"health_live", "health_ready", "metrics", "static"})
PAUSE = 5.0  # seconds without asking a Redis that did not answer


@dataclass(frozen=True, slots=True)
class Maintenance:
    """What the operators said when they closed: their words, and after how many seconds to try again."""

    message: str
    seconds: int


@dataclass(slots=True)
class _Known:
    redis: "Redis"
    last: Maintenance | None = None
    again: float = 0.0


def begin(redis: "Redis", *, message: str, minutes: int) -> None:
    """Close every page; jobs that run are finished, and no other is begun."""
    redis.set(KEY, json.dumps({"message": message, "seconds": minutes * 60}))
    suspension.suspend(redis)


def end(redis: "Redis") -> None:
    """Open again; what waited goes on."""
    suspension.resume(redis)
    redis.delete(KEY)


def held(redis: "Redis") -> Maintenance | None:
    """What is noted, or None while all is open."""
    noted: Any = redis.get(KEY)
    return None if noted is None else Maintenance(**json.loads(noted))


def init_app(app: Flask, config: Config) -> None:
    """Ask before every request; and remember each reader's language where it is known without the database."""
    redis = Redis.from_url(config.redis_url, socket_connect_timeout=0.5, socket_timeout=0.5)
    app.extensions["caseflow.maintenance"] = _Known(redis)
    app.before_request(_close)
    app.after_request(_remember_language)


def _close() -> Response | None:
    if request.endpoint in OPEN:
        return None
    now = _now_known(current_app.extensions["caseflow.maintenance"])
    if now is None:
        return None
    # Who asks is not looked up: the database may be away. The language is the session's, or the browser's.
    g._login_user = current_app.login_manager.anonymous_user()  # type: ignore[attr-defined]
    page = make_response(render_template("maintenance.html", message=now.message, minutes=now.seconds // 60), 503)
    page.headers["Retry-After"] = str(now.seconds)
    return page


def _now_known(known: _Known) -> Maintenance | None:
    if time.monotonic() >= known.again:
        try:
            known.last = held(known.redis)
        except RedisError:
            known.again = time.monotonic() + PAUSE
    return known.last


def _remember_language(response: Response) -> Response:
    if "_user_id" in session and response.status_code == 200 and i18n.chosen_locale() != i18n.locale_code():
        i18n.set_locale(i18n.locale_code())
    return response
