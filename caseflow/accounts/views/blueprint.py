"""The blueprint of this room, who is signed in, and where to go on."""

from urllib.parse import urlsplit

from flask import Blueprint
from flask_login import LoginManager

from caseflow.accounts import queries

bp = Blueprint("accounts", __name__, template_folder="../templates")
login_manager = LoginManager()
login_manager.session_protection = None  # a phone changes its address; the token is what counts
login_manager.user_loader(queries.signed_in)


def inside(target: str | None) -> str | None:
    """The path to go on to, if it is within caseflow."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return None
    parts = urlsplit(target)
    return target if not parts.scheme and not parts.netloc and "\\" not in target else None
