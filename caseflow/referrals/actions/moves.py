"""The one place where a referral's status changes: what is allowed, whose move it is, and what goes with it."""

import uuid

from flask_babel import gettext as _
from sqlalchemy import func, select

from caseflow.accounts.models import User
from caseflow.audit.actions import record
from caseflow.core.db import db, new_id, now
from caseflow.core.errors import Conflict, Refused
from caseflow.core.forms import check_version
from caseflow.notifications.actions import post
from caseflow.referrals.models import (
    ANSWER_DAYS,
    FIRST_SESSION_DAYS,
    MOVES,
    OPEN,
    DeclineReason,
    Event,
    Referral,
    Report,
    Side,
    Status,
    WithdrawReason,
)
from caseflow.referrals.queries import deadlines
from caseflow.referrals.queries.shared import attended
from caseflow.tenancy import queries as tenancy

# Where the reason is one of a list; anywhere else that a move needs a reason, it is words.
REASONS: dict[Status, type[DeclineReason] | type[WithdrawReason]] = {
    Status.DECLINED: DeclineReason,
    Status.WITHDRAWN: WithdrawReason,
}


# Where the need to know ends.
ENDS = frozenset(Status) - OPEN


def side_of(referral: Referral, user: User) -> Side:
    """Which side of the referral this user is on."""
    return Side.SENDER if user.org_id == referral.org_id else Side.RECEIVER


def other_side(referral: Referral, user: User) -> uuid.UUID:
    """The organisation on the other side of this user's."""
    return referral.to_org_id if user.org_id == referral.org_id else referral.org_id


def begin(referral: Referral, *, by: User, case_id: uuid.UUID | None = None) -> Event:
    """Write the first event of a referral that is being sent; the news `referral.sent` is the sending's own."""
    return _happened(referral, None, by, None, None, None, case_id)


def move(
    referral: Referral,
    to: Status,
    *,
    by: User,
    reason: str | None = None,
    text: str | None = None,
    version: int | None = None,
    suggested_service_id: uuid.UUID | None = None,
    case_id: uuid.UUID | None = None,
) -> Event:
    """Move the referral to a status, write the event and the audit, and post `referral.moved` to the other side.

    `reason` is a code where the status has a list of them (`REASONS`); every other reason is `text`. Raises Conflict
    when somebody was first (`version` is what was shown), Refused where a reason or the report is missing.
    """
    lock(referral)
    check_version(referral, version, status=referral.status.label)
    allowed = MOVES[referral.status].get(to)
    if allowed is None:
        raise Conflict(
            _("This can no longer be done: the referral is now “%(status)s”.", status=referral.status.label),
            theirs={"version": referral.version},
        )
    if allowed.side is not side_of(referral, by):
        raise Refused(_("Only the other organisation can do this."))
    if allowed.reason:
        _check_reason(to, reason, text)
    if allowed.report:
        _check_report(referral, to)
    before, late = referral.status, deadlines.asked_late(referral)
    referral.status, referral.status_at = to, now()
    if to is Status.ACCEPTED:
        referral.first_session_by = tenancy.deadline(referral.receiver, FIRST_SESSION_DAYS)
    if before is Status.INFO_REQUESTED and to is Status.SENT and not late:
        # The receiver's time begins anew, unless it was over already when they asked.
        referral.answer_by = tenancy.deadline(referral.receiver, ANSWER_DAYS[referral.urgency])
    if to in ENDS:
        close_disclosures(referral)
    event = _happened(referral, before, by, reason, text, suggested_service_id, case_id)
    post("referral.moved", by=by, to=other_side(referral, by), referral=referral.id, event=event.id)
    return event


def close_disclosures(referral: Referral) -> None:
    """Close what was told about the person: at once after a decline or a withdrawal, 90 days after the help has ended.

    The receiver may touch no disclosure, so the database's own function does it, and looks at the status for itself.
    """
    db.session.flush()
    db.session.execute(select(func.close_disclosures(referral.id)))


def lock(referral: Referral) -> None:
    """Read the referral anew and hold it, so that of two acts at one moment the second sees the first."""
    held = select(Referral).where(Referral.org_id == referral.org_id, Referral.id == referral.id)
    held = held.with_for_update(of=Referral).execution_options(populate_existing=True)
    db.session.scalars(held).one()


def _check_reason(to: Status, reason: str | None, text: str | None) -> None:
    codes = REASONS.get(to)
    if codes is None:
        if not text:
            raise Refused(_("Write the reason."), field="text")
        return
    if reason not in list(codes):
        raise Refused(_("Choose a reason."), field="reason")
    if reason == codes.OTHER and not text:
        raise Refused(_("Write the reason."), field="text")


def _check_report(referral: Referral, to: Status) -> None:
    """The end report is there; ending early needs it only once a session has been attended."""
    written = select(Report.id).where(Report.org_id == referral.org_id, Report.referral_id == referral.id)
    if db.session.scalar(written) is not None:
        return
    if to is Status.COMPLETED or attended(referral):
        raise Refused(_("Write the end report first."))


def _happened(
    referral: Referral,
    before: Status | None,
    by: User,
    reason: str | None,
    text: str | None,
    suggested_service_id: uuid.UUID | None,
    case_id: uuid.UUID | None,
) -> Event:
    event = Event(
        org_id=referral.org_id,
        id=new_id(),
        to_org_id=referral.to_org_id,
        referral_id=referral.id,
        actor_org_id=by.org_id,
        actor_name=by.name,
        before=before,
        status=referral.status,
        reason=reason,
        text=text,
        suggested_service_id=suggested_service_id,
    )
    db.session.add(event)
    record(
        "referral.move" if before else "referral.send",
        by=by,
        on=referral,
        case_id=case_id,
        before=before,
        status=referral.status,
        reason=reason,
    )
    return event
