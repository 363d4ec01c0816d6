"""Signing a review of who has access."""

import uuid
from collections.abc import Mapping

from flask_babel import gettext as _

from caseflow.access import queries
from caseflow.access.models import AccessReview, AccessReviewLine, Decision
from caseflow.accounts.actions import deactivate
from caseflow.accounts.models import User
from caseflow.audit.actions import record
from caseflow.core.db import db
from caseflow.core.errors import Conflict, Refused
from caseflow.core.jobs import announce

SIGNED = "access.review_signed"


def sign_review(decisions: Mapping[uuid.UUID, tuple[Decision, str | None]], *, by: User) -> AccessReview:
    """Sign a review: one decision for each open account. What is to be closed is closed at once.

    Raises Conflict when an account was opened since the list was shown.
    """
    listed = queries.to_review(by)
    if {user.id for user, _factor in listed} - set(decisions):
        raise Conflict(_("An account was opened meanwhile. Look at the list again."))
    review = AccessReview(org_id=by.org_id, signed_by=by.id)
    db.session.add(review)
    db.session.flush()
    for user, second_factor in listed:
        decision, note = decisions[user.id]
        if decision is Decision.CHANGE and not note:
            raise Refused(_("Say what is to be changed for %(name)s.", name=user.name), field=f"note-{user.id}")
        if decision not in queries.choices(user):
            text = _("Only an administrator closes the account of %(name)s: choose a change, and say why.")
            raise Refused(text % {"name": user.name}, field=f"note-{user.id}")
        db.session.add(
            AccessReviewLine(
                org_id=by.org_id,
                review_id=review.id,
                user_id=user.id,
                role=user.role.value,
                site=user.site.name if user.site else None,
                last_signed_in_at=user.last_signed_in_at,
                second_factor=second_factor,
                decision=decision,
                note=note or None,
            )
        )
        if decision is Decision.CLOSE:
            deactivate(user, by=by)
    counts = {decision.value: sum(one is decision for one, _note in decisions.values()) for decision in Decision}
    record("access.review", by=by, on=review, counts=counts)
    announce(SIGNED, org_id=by.org_id, author_id=by.id, review=review.id)
    return review
