"""Conflicts of interest: what a user declares, and what team leaders make of it."""

import uuid

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from caseflow.accounts.permissions import Permission
from caseflow.core.errors import Refused
from caseflow.core.web import done, page, requires
from caseflow.people import actions, queries
from caseflow.people.forms.access import ConflictForm
from caseflow.people.models import ExclusionGround
from caseflow.people.views.blueprint import bp


@bp.route("/account/conflicts", methods=["GET", "POST"])
@requires(Permission.BE_SIGNED_IN)
def conflicts() -> tuple[str, int] | Response:
    """What the user declared, and a further one."""
    form = ConflictForm()
    if form.accepts(
        lambda: actions.declare_conflict(form.name.data or "", ExclusionGround(form.ground.data), by=current_user)
    ):
        return done(_("It is written down. Your team leaders and auditors see it."), ".conflicts")
    return page("people/conflicts.html", form=form, conflicts=queries.declared(current_user))


@bp.post("/account/conflicts/<uuid:id>/end")
@requires(Permission.BE_SIGNED_IN)
def end_conflict(id: uuid.UUID) -> Response:
    """It holds no more."""
    actions.end_conflict(queries.own_conflict(id, current_user), by=current_user)
    return done(_("It has ended."), ".conflicts")


@bp.get("/declared-conflicts")
@requires(Permission.GUARD_CASES)
def declared_conflicts() -> tuple[str, int]:
    """What colleagues declared, with the cases it may be about."""
    held = [(one, queries.cases_like(one, current_user)) for one in queries.conflicts(current_user)]
    return page("people/declared_conflicts.html", held=held)


@bp.post("/declared-conflicts/<uuid:id>/exclude")
@requires(Permission.GUARD_CASES)
def exclude_declared(id: uuid.UUID) -> Response:
    """Close the case to whoever declared it."""
    conflict = queries.conflict(id, current_user)
    try:
        case = queries.opened(uuid.UUID(request.form.get("case", "")), current_user)
        actions.exclude_declared(conflict, case, by=current_user)
        flash(_("The case is closed to them."), "success")
    except (Refused, ValueError) as error:
        flash(str(error) if isinstance(error, Refused) else _("Choose a case."), "bad")
    return redirect(url_for(".declared_conflicts"))
