"""The periodic review of who has access."""

import uuid

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from caseflow.access import actions, queries
from caseflow.access.forms import ReviewForm
from caseflow.access.models import Decision
from caseflow.accounts import queries as accounts
from caseflow.accounts.permissions import Permission
from caseflow.core.db import now
from caseflow.core.web import done, page, requires

bp = Blueprint("access", __name__, template_folder="templates")


@bp.get("/access-reviews")
@requires(Permission.READ_REVIEWS)
def reviews() -> ResponseReturnValue:
    """The reviews that were signed, and when the next is due."""
    due = queries.due_at(current_user)
    return page(
        "access/reviews.html",
        reviews=queries.reviews(current_user),
        due=due,
        overdue=due < now(),
        may_sign=current_user.may(Permission.REVIEW_ACCESS),
        unsigned=not accounts.colleagues(current_user, permission=Permission.REVIEW_ACCESS),
        may_allocate=current_user.may(Permission.ALLOCATE_CASES),
    )


@bp.get("/access-reviews/<uuid:id>")
@requires(Permission.READ_REVIEWS)
def review(id: uuid.UUID) -> ResponseReturnValue:
    """A review as it was signed."""
    held = queries.review(id, current_user)
    return page("access/review.html", review=held, lines=queries.lines(held))


@bp.route("/access-reviews/new", methods=["GET", "POST"])
@requires(Permission.REVIEW_ACCESS, fresh=True)
def new_review() -> ResponseReturnValue:
    """Look at each account, decide, and sign."""
    form = ReviewForm()
    listed = queries.to_review(current_user)
    if form.accepts(lambda: actions.sign_review(_decided(), by=current_user)):
        return done(_("The review is signed."), ".reviews")
    return page("access/new_review.html", form=form, listed=listed, choices=queries.choices, typed=request.form)


def _decided() -> dict[uuid.UUID, tuple[Decision, str | None]]:
    """The decision and note of each account whose line came with the form; a code that is none counts as missing."""
    known = {decision.value: decision for decision in Decision}
    return {
        user.id: (known[chosen], request.form.get(f"note-{user.id}", "").strip()[:500] or None)
        for user, _factor in queries.to_review(current_user)
        if (chosen := request.form.get(f"decision-{user.id}")) in known
    }
