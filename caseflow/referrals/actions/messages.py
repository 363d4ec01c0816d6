"""Messages between the two sides of a referral, and the receiver's own notes."""

import uuid

from flask_babel import gettext as _

from caseflow.accounts.models import User
from caseflow.audit.actions import record
from caseflow.core.db import db, new_id
from caseflow.core.errors import Conflict
from caseflow.notifications.actions import post
from caseflow.people import actions as people
from caseflow.referrals.actions.moves import other_side
from caseflow.referrals.models import HelperNote, Message, Referral


def send_message(referral: Referral, text: str, *, id: uuid.UUID | None = None, by: User) -> Message:
    """Write to the other side; both organisations may read it. With an `id` that is there already nothing is sent."""
    people.one_at_a_time("message", referral.id)
    found: Message | None = db.session.get(Message, (referral.org_id, id)) if id else None
    if found is not None:
        return found
    if referral.receiver_erased_at is not None:
        raise Conflict(_("The receiver has erased this referral: nobody reads messages there any more."))
    message = Message(
        org_id=referral.org_id,
        id=id or new_id(),
        to_org_id=referral.to_org_id,
        referral_id=referral.id,
        actor_org_id=by.org_id,
        actor_name=by.name,
        text=text,
    )
    db.session.add(message)
    record("referral.message", by=by, on=message, referral=str(referral.id))
    post("referral.message", by=by, to=other_side(referral, by), referral=referral.id)
    return message


def write_note(referral: Referral, text: str, *, id: uuid.UUID | None = None, by: User) -> HelperNote:
    """Write a note of the receiver's own, which the sender never sees."""
    if found := people.sent_before(HelperNote, id, by=by):
        return found
    note = HelperNote(
        org_id=referral.to_org_id, id=id or new_id(), referral_id=referral.id, text=text, written_by=by.id
    )
    db.session.add(note)
    record("referral.note", by=by, on=note, referral=str(referral.id))
    return note
