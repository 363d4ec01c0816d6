"""The bell: what a user is told."""

import uuid

from flask import Blueprint, redirect
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from caseflow.accounts.permissions import Permission
from caseflow.core.web import done, page, page_number, requires
from caseflow.notifications import actions, queries

bp = Blueprint("notifications", __name__, url_prefix="/notifications", template_folder="templates")


@bp.get("")
@requires(Permission.BE_SIGNED_IN)
def index() -> tuple[str, int]:
    """The user's news, newest first."""
    return page("notifications/index.html", news=queries.mine(current_user, page=page_number()))


@bp.post("/<uuid:id>/open")
@requires(Permission.BE_SIGNED_IN)
def read(id: uuid.UUID) -> Response:
    """Mark a line as read and go where it leads."""
    news = queries.one(id, current_user)
    actions.mark_read(id, by=current_user)
    return redirect(news.path)


@bp.post("/read-all")
@requires(Permission.BE_SIGNED_IN)
def read_all() -> Response:
    """Mark everything as read."""
    actions.mark_all_read(by=current_user)
    return done(_("All news is marked as read."), ".index")
