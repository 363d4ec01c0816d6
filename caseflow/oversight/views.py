"""The audit page: who did and saw what, for auditors."""

from flask import Blueprint, request, url_for
from flask_login import current_user

from caseflow.accounts import queries as accounts
from caseflow.accounts.permissions import Permission
from caseflow.core.web import page, page_number, requires
from caseflow.oversight import queries
from caseflow.oversight.forms import AuditFilter
from caseflow.oversight.words import noun

bp = Blueprint("audit", __name__, template_folder="templates")


@bp.get("/audit")
@requires(Permission.READ_AUDIT)
def index() -> tuple[str, int]:
    """The organisation's entries, newest first; `act` and `user` narrow them."""
    users = accounts.everybody(current_user)
    form = AuditFilter(formdata=request.args)
    form.offer(users)
    by = next((user for user in users if str(user.id) == form.user.data), None)
    entries = queries.newest(current_user, act=form.act.data, by=by.id if by else None, page=page_number())
    chips = []
    if form.act.data:
        chips.append({"label": noun(form.act.data), "remove_url": url_for(".index", user=by.id if by else None)})
    if by:
        chips.append({"label": by.name, "remove_url": url_for(".index", act=form.act.data or None)})
    return page("audit/index.html", entries=entries, filters=form, chips=chips, noun=noun)
