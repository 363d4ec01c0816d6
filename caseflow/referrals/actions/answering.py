"""The receiver's answer: accept, put on the waiting list, ask, decline; and pausing what was begun."""

import uuid

from flask_babel import gettext as _

from caseflow.accounts.models import User
from caseflow.core.errors import Refused
from caseflow.referrals.actions.moves import move
from caseflow.referrals.models import DeclineReason, Event, Referral, Status
from caseflow.referrals.queries.receiving import suggestable


def accept(referral: Referral, *, text: str | None = None, version: int | None = None, by: User) -> Event:
    """Take the referral on; the first session falls due."""
    return move(referral, Status.ACCEPTED, by=by, text=text, version=version)


def waitlist(referral: Referral, *, text: str | None = None, version: int | None = None, by: User) -> Event:
    """Take the person onto the waiting list."""
    return move(referral, Status.WAITLISTED, by=by, text=text, version=version)


def ask(referral: Referral, text: str | None, *, version: int | None = None, by: User) -> Event:
    """Ask the sender for information; it is theirs to move until they have answered."""
    return move(referral, Status.INFO_REQUESTED, by=by, text=text, version=version)


def decline(
    referral: Referral,
    reason: DeclineReason | None,
    *,
    text: str | None = None,
    suggested: uuid.UUID | None = None,
    version: int | None = None,
    by: User,
) -> Event:
    """Say no, with a reason; `suggested` is an open service of the same kind that may help instead."""
    if suggested is not None and suggested not in {service.id for service in suggestable(referral)}:
        raise Refused(_("Choose a service from the list."), field="suggested")
    return move(
        referral, Status.DECLINED, by=by, reason=reason, text=text, suggested_service_id=suggested, version=version
    )


def pause(referral: Referral, text: str | None, *, version: int | None = None, by: User) -> Event:
    """Put the help on hold, with the reason; what was overdue stays so."""
    return move(referral, Status.ON_HOLD, by=by, text=text, version=version)


def resume(referral: Referral, *, version: int | None = None, by: User) -> Event:
    """Go on after a pause."""
    return move(referral, Status.IN_PROGRESS, by=by, version=version)
