"""Withdrawing a consent: what was told under it closes in the same transaction."""

from sqlalchemy import update

from caseflow.accounts.models import User
from caseflow.audit.actions import record
from caseflow.core.db import db, now
from caseflow.notifications.actions import post
from caseflow.people import actions as people
from caseflow.people.models import Consent
from caseflow.referrals.models import Disclosure


def withdraw_consent(consent: Consent, note: str | None, *, by: User) -> int:
    """Withdraw the consent and close all that was told under it; gives how many referrals that concerns.

    Each receiver that has not erased the referral is told that the information closed, and nothing else.
    """
    people.withdraw_consent(consent, note, by=by)
    closed = db.session.execute(
        update(Disclosure)
        .where(
            Disclosure.org_id == consent.org_id,
            Disclosure.consent_id == consent.id,
            Disclosure.revoked_at.is_(None),
        )
        .values(revoked_at=now())
        .returning(Disclosure.referral_id, Disclosure.to_org_id)
        .execution_options(synchronize_session=False)
    ).all()
    referrals = {(row.referral_id, row.to_org_id) for row in closed if row.to_org_id is not None}
    for referral_id, receiver_id in sorted(referrals):
        post("referral.disclosure-closed", by=by, to=receiver_id, referral=referral_id)
    record("disclosure.close", by=by, on=consent, case_id=consent.case_id, closed=len(closed), referrals=len(referrals))
    return len(referrals)
