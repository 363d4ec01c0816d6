"""What a load balancer and an operator's monitor ask: is the process alive, can it serve, and how does it fare."""

from flask import Flask, Response, current_app
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from caseflow.core import installation, metrics
from caseflow.core.db import db
from caseflow.core.limits import limiter
from caseflow.core.web import public


def init_app(app: Flask) -> None:
    """Three addresses that say nothing of the inside, and the figures for who brings the token."""
    app.extensions["caseflow.migrations"] = installation.known_migrations()
    app.add_url_rule("/health/live", "health_live", limiter.exempt(public(live)))
    app.add_url_rule("/health/ready", "health_ready", limiter.exempt(public(ready)))
    app.add_url_rule("/metrics", "metrics", public(metrics.show))


def live() -> Response:
    """The process answers."""
    return _plain("alive", 200)


def ready() -> Response:
    """The database answers and has the tables this version works with; Redis may be away, for news waits."""
    try:
        held = db.session.execute(text("SELECT version_num FROM alembic_version")).scalars().all()
    except ProgrammingError:  # no such table: nothing was ever migrated
        db.session.rollback()
        held = []
    except DBAPIError:
        db.session.rollback()
        return _plain("the database does not answer", 503)
    known = current_app.extensions["caseflow.migrations"]
    # A revision that we do not know is of a newer version, whose migrations work with this one (law 10).
    if not held or any(revision in known[:-1] for revision in held):
        return _plain("the database needs migrations", 503)
    return _plain("ready", 200)


def _plain(words: str, status: int) -> Response:
    return Response(f"{words}\n", status, mimetype="text/plain")
