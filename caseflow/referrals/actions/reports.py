"""The end report, and with it the end of a referral."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask_babel import gettext as _

from caseflow.accounts.models import User
from caseflow.audit.actions import record
from caseflow.core.db import db, new_id, now
from caseflow.core.errors import Conflict, Refused
from caseflow.core.forms import check_version
from caseflow.referrals.actions.moves import lock, move
from caseflow.referrals.models import RUNNING, Achievement, Outcome, Referral, Report, Status
from caseflow.referrals.queries.shared import attended, report, sessions


@dataclass(frozen=True, slots=True)
class Findings:
    """What an end report says: for each desired outcome how far it was reached, with words; the whole; what next."""

    outcomes: Mapping[str, tuple[Achievement, str | None]]
    text: str
    next_steps: str | None = None


def complete(referral: Referral, findings: Findings, *, version: int | None = None, by: User) -> Report:
    """Write the end report and complete the referral; the sender's plan is updated by the news of it."""
    _begin(referral, version)
    written = _write(referral, findings, by)
    move(referral, Status.COMPLETED, by=by)
    return written


def end_early(
    referral: Referral, reason: str | None, *, findings: Findings | None = None, version: int | None = None, by: User
) -> None:
    """End before the goal, with a reason; the end report goes with it once a session has been attended."""
    _begin(referral, version)
    if findings is None and attended(referral):
        raise Refused(_("A session was attended: the end report is needed."), field="report")
    if findings is not None:
        _write(referral, findings, by)
    move(referral, Status.ENDED_EARLY, by=by, text=reason)


def _begin(referral: Referral, version: int | None) -> None:
    lock(referral)
    if referral.status not in RUNNING or report(referral) is not None:
        raise Conflict(_("The referral is not running any more: it is “%(status)s”.", status=referral.status.label))
    check_version(referral, version, status=referral.status.label)
    if any(one.standing and one.starts_at <= now() for one in sessions(referral)):
        raise Refused(_("First record how each past session went."))


def _write(referral: Referral, findings: Findings, by: User) -> Report:
    if set(findings.outcomes) != set(referral.outcomes):
        raise Refused(_("Say for each desired outcome how far it was reached."))
    for code in referral.outcomes:
        achievement, words = findings.outcomes[code]
        db.session.add(
            Outcome(
                org_id=referral.org_id,
                to_org_id=referral.to_org_id,
                referral_id=referral.id,
                outcome=code,
                achievement=achievement,
                text=words,
            )
        )
    written = Report(
        org_id=referral.org_id,
        id=new_id(),
        to_org_id=referral.to_org_id,
        referral_id=referral.id,
        text=findings.text,
        next_steps=findings.next_steps,
        written_by=by.name,
    )
    db.session.add(written)
    db.session.flush()
    record("referral.report", by=by, on=written, referral=str(referral.id))
    return written
