"""Recording and withdrawing the person's consent."""

import uuid
from collections.abc import Iterable
from datetime import date

from flask_babel import gettext as _

from caseflow.accounts.models import User
from caseflow.audit.actions import record
from caseflow.core.db import db, new_id, now
from caseflow.core.errors import Conflict, Refused
from caseflow.people.actions.once import sent_before
from caseflow.people.models import Case, Category, Consent, ConsentForm, ConsentGiver


def record_consent(
    case: Case,
    *,
    grantee_org_id: uuid.UUID,
    purpose: str,
    categories: Iterable[Category],
    given_by: ConsentGiver = ConsentGiver.PERSON,
    guardian: str | None = None,
    form: ConsentForm = ConsentForm.SIGNED,
    witness: str | None = None,
    starts_on: date,
    ends_on: date | None = None,
    id: uuid.UUID | None = None,
    by: User,
) -> Consent:
    """Write down what the person agrees may be told to whom, for what and until when."""
    if found := sent_before(Consent, id, by=by):
        return found
    chosen = [category.value for category in Category if category in set(categories)]
    if grantee_org_id == case.org_id:
        raise Refused(_("Choose another organisation than your own."), field="grantee")
    if not chosen:
        raise Refused(_("Choose at least one category."), field="categories")
    if given_by is ConsentGiver.GUARDIAN and not guardian:
        raise Refused(_("Name the parent or guardian."), field="guardian")
    if form is not ConsentForm.SIGNED and not witness:
        raise Refused(_("Name the witness or the interpreter."), field="witness")
    if ends_on is not None and ends_on < starts_on:
        raise Refused(_("The end lies before the start."), field="ends_on")
    consent = Consent(
        org_id=case.org_id,
        id=id or new_id(),
        person_id=case.person_id,
        case_id=case.id,
        grantee_org_id=grantee_org_id,
        purpose=purpose,
        categories=chosen,
        given_by=given_by,
        guardian=guardian if given_by is ConsentGiver.GUARDIAN else None,
        form=form,
        witness=witness,
        starts_on=starts_on,
        ends_on=ends_on,
        recorded_by=by.id,
    )
    db.session.add(consent)
    db.session.flush()
    record("consent.record", by=by, on=consent, case_id=case.id, grantee=str(grantee_org_id), categories=chosen)
    return consent


def withdraw_consent(consent: Consent, note: str | None, *, by: User) -> None:
    """The person takes the consent back; what was disclosed under it is closed by the room of referrals.

    Raises Conflict when it was withdrawn before.
    """
    db.session.refresh(consent, with_for_update=True)
    if consent.withdrawn_at is not None:
        raise Conflict(_("This consent was withdrawn before."))
    consent.withdrawn_at = now()
    consent.withdrawal_note = note
    db.session.flush()
    record("consent.withdraw", by=by, on=consent, case_id=consent.case_id, grantee=str(consent.grantee_org_id))
