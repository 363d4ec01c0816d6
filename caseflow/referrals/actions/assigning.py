"""Who of the receiver helps with a referral: one to five workers, one of them primary; history is kept."""

from collections.abc import Collection
from uuid import UUID

from flask_babel import gettext as _

from caseflow.accounts.models import User
from caseflow.audit.actions import record
from caseflow.core.db import db, now
from caseflow.core.errors import Conflict, Refused
from caseflow.notifications.actions import post
from caseflow.referrals.actions.moves import lock
from caseflow.referrals.models import RUNNING, Helper, Referral
from caseflow.referrals.queries.receiving import possible_helpers
from caseflow.referrals.queries.shared import helpers

MOST = 5  # workers on one referral


def assign(referral: Referral, workers: Collection[UUID], primary: UUID | None, *, by: User) -> None:
    """Let exactly these workers help from now on; who was there and stays as they were is left alone.

    Raises Refused for none, more than five, a primary who is not among them, or somebody who may not.
    """
    lock(referral)
    if referral.status not in RUNNING:
        raise Conflict(_("Workers can be assigned once the referral is accepted, and until it ends."))
    chosen = set(workers)
    if not chosen:
        raise Refused(_("Choose at least one worker."), field="workers")
    if len(chosen) > MOST:
        raise Refused(_("Choose at most %(number)s workers.", number=MOST), field="workers")
    if not chosen <= {user.id for user in possible_helpers(referral, by)}:
        raise Refused(_("Choose workers from the list."), field="workers")
    if primary is None and len(chosen) == 1:
        primary = next(iter(chosen))
    if primary not in chosen:
        raise Refused(_("Choose one of these workers as the responsible one."), field="primary")
    was = {helper.user_id for helper in helpers(referral)}
    staying = _end_others(referral, chosen, primary)
    if was == chosen == staying:
        return
    for user_id in sorted(chosen - staying):
        db.session.add(
            Helper(
                org_id=referral.to_org_id,
                referral_id=referral.id,
                user_id=user_id,
                primary=user_id == primary,
                since=now(),
            )
        )
    record("referral.assign", by=by, on=referral, workers=[str(one) for one in sorted(chosen)], primary=str(primary))
    if chosen - was:
        post("referral.assigned", by=by, referral=referral.id, workers=",".join(map(str, sorted(chosen - was))))


def _end_others(referral: Referral, chosen: set[UUID], primary: UUID) -> set[UUID]:
    """End who leaves or changes between primary and other; gives who stays untouched."""
    staying = set()
    for helper in helpers(referral):
        if helper.user_id in chosen and helper.primary == (helper.user_id == primary):
            staying.add(helper.user_id)
        else:
            helper.until = now()
    db.session.flush()  # before the new rows: one live row a worker
    return staying
