"""The cases of those who left: listed, and given to others."""

import uuid

from flask import abort
from flask.typing import ResponseReturnValue
from flask_babel import ngettext
from flask_login import current_user

from caseflow.accounts import queries as accounts
from caseflow.accounts.models import User
from caseflow.accounts.permissions import Permission
from caseflow.core.web import done, page, requires
from caseflow.people import queries
from caseflow.people.actions.leaving import hand_on
from caseflow.people.forms.leaving import HandOnForm
from caseflow.people.queries import leaving
from caseflow.people.views.blueprint import bp


@bp.get("/leavers")
@requires(Permission.ALLOCATE_CASES)
def leavers() -> ResponseReturnValue:
    """Who left and still has cases."""
    return page("people/leavers.html", leavers=leaving.leavers(current_user))


@bp.route("/leavers/<uuid:id>", methods=["GET", "POST"])
@requires(Permission.ALLOCATE_CASES)
def leaver(id: uuid.UUID) -> ResponseReturnValue:
    """Give the cases of somebody who left to another worker, with a note on each."""
    gone = accounts.colleague(id, current_user)
    if gone.active:
        abort(404)
    held = leaving.left_behind(gone, current_user)
    form = HandOnForm()
    form.cases.choices = [(str(case.id), case.number) for case, _held in held]
    form.worker.choices = [("", "–"), *((str(one.id), one.name) for one in queries.workers(current_user))]
    given: list[int] = []
    if form.accepts(lambda: given.append(_hand_on(form, gone))):
        words = ngettext("%(num)d case is given on.", "%(num)d cases are given on.", given[0])
        return done(words, ".leavers")
    return page("people/leaver.html", form=form, leaver=gone, held=held)


def _hand_on(form: HandOnForm, gone: User) -> int:
    chosen = set(form.cases.data or [])
    held = [(case, one) for case, one in leaving.left_behind(gone, current_user) if str(case.id) in chosen]
    worker = accounts.colleague(uuid.UUID(form.worker.data), current_user)
    return hand_on(held, gone, worker, form.note.data or "", by=current_user)
