"""Signing in and out, one's own account, the users of the organisation, and the table of permissions."""

from flask import Flask

from caseflow.accounts.views import (
    account,
    factors,
    holidays,
    links,
    sign_in,
    single_sign_on,
    sites,
    terms,
    tokens,
    users,
)
from caseflow.accounts.views.blueprint import bp, login_manager

__all__ = [
    "account",
    "bp",
    "factors",
    "holidays",
    "init_app",
    "links",
    "sign_in",
    "single_sign_on",
    "sites",
    "terms",
    "tokens",
    "users",
]


def init_app(app: Flask) -> None:
    """Wire flask-login: the cookie carries a token, the session lives in the database."""
    login_manager.init_app(app)
    app.register_blueprint(bp)
