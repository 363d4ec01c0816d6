"""What a load balancer asks: is the process alive, and can it serve."""

from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from caseflow.core.db import db
from caseflow.core.limits import limiter
from caseflow.core.web import public


def init_app(app: Flask) -> None:
    """Two addresses that say nothing of the inside."""
    app.add_url_rule("/health/live", "health_live", limiter.exempt(public(live)))
    app.add_url_rule("/health/ready", "health_ready", limiter.exempt(public(ready)))


def live() -> tuple[str, int]:
    """The process answers."""
    return "alive\n", 200


def ready() -> tuple[str, int]:
    """The database answers; Redis may be away, for news waits in the outbox."""
    try:
        db.session.execute(text("SELECT 1"))
    except DBAPIError:
        db.session.rollback()
        return "the database does not answer\n", 503
    return "ready\n", 200
