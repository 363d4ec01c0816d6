"""The one place where a handover's status changes: whether the step is allowed as it stands, and who made it."""

from flask_babel import gettext as _

from caseflow.accounts.models import User
from caseflow.core.db import db, now
from caseflow.core.errors import Conflict
from caseflow.release.models import MOVES, Handover, HandoverStatus


def lock_for(handover: Handover, to: HandoverStatus) -> None:
    """Read the handover anew and hold it for this step; raises Conflict where the step is not allowed any more."""
    lock(handover)
    _check(handover, to)


def move(handover: Handover, to: HandoverStatus, *, by: User) -> None:
    """Take a step that `lock_for` found allowed; the news of it is the act's own."""
    _check(handover, to)
    handover.status, handover.status_at, handover.status_by = to, now(), by.name
    db.session.flush()


def lock(handover: Handover) -> None:
    """Read the handover anew and hold it, so that of two acts at one moment the second sees the first."""
    db.session.refresh(handover, with_for_update={"of": Handover})


def moved_on(handover: Handover) -> Conflict:
    """What is told to whoever comes too late."""
    return Conflict(_("This handover has moved on: %(status)s.", status=handover.status.label))


def _check(handover: Handover, to: HandoverStatus) -> None:
    if to not in MOVES[handover.status]:
        raise moved_on(handover)
