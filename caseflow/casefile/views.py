"""Home pages, a person's page with its timeline, and search."""

from flask import Blueprint

from caseflow.accounts.permissions import Permission
from caseflow.core.web import page, requires

bp = Blueprint("casefile", __name__, template_folder="templates")


@bp.get("/")
@requires(Permission.BE_SIGNED_IN)
def home() -> tuple[str, int]:
    """What needs the user, by role."""
    return page("casefile/home.html")
