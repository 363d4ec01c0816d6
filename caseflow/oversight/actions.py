"""What an auditor writes: that unusual reading was looked at, and what came of it."""

import uuid
from datetime import date

from flask_babel import gettext as _
from sqlalchemy import select

from caseflow.accounts.models import User
from caseflow.audit.actions import record
from caseflow.audit.models import Review, Unusual
from caseflow.core.db import db
from caseflow.core.errors import Conflict, Refused
from caseflow.core.forms import LONG


def review(kind: Unusual, user_id: uuid.UUID, day: date, note: str, *, by: User) -> Review:
    """Say what was found about a user's reading of a day; said once, and never changed."""
    if not note:
        raise Refused(_("Write what you found."), field="note")
    if len(note) > LONG:
        raise Refused(_("The note is longer than %(most)s characters.", most=LONG), field="note")
    if user_id == by.id:
        raise Refused(_("Nobody reviews their own reading."))
    held = select(Review.id).where(
        Review.org_id == by.org_id, Review.kind == kind, Review.user_id == user_id, Review.day == day
    )
    if db.session.scalar(held) is not None:
        raise Conflict(_("This was reviewed before."))
    made = Review(org_id=by.org_id, kind=kind, user_id=user_id, day=day, note=note, reviewed_by=by.id)
    db.session.add(made)
    record("reading.review", by=by, on=made, kind=kind.value, user=str(user_id), day=day.isoformat())
    return made
