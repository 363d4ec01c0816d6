"""What a sender does with a referral that is out: take it back, or answer what the receiver asked."""

from flask_babel import gettext as _

from caseflow.accounts.models import User
from caseflow.core.db import db
from caseflow.core.errors import Refused
from caseflow.people.models import Case
from caseflow.plans import actions as plan_actions
from caseflow.plans import queries as plans
from caseflow.plans.models import StepStatus
from caseflow.referrals.actions.moves import move
from caseflow.referrals.models import Event, Message, Origin, Referral, Status, WithdrawReason


def withdraw(
    referral: Referral,
    case: Case,
    reason: WithdrawReason,
    text: str | None = None,
    *,
    version: int | None = None,
    by: User,
) -> Event:
    """Take the referral back; the plan's step that it served is to be done again."""
    event = move(referral, Status.WITHDRAWN, by=by, reason=reason.value, text=text, version=version, case_id=case.id)
    origin = db.session.get_one(Origin, (by.org_id, referral.id))
    if origin.step_id is not None:
        step = plans.step(case, origin.step_id)
        if step.status is StepStatus.IN_PROGRESS:
            plan_actions.set_step_status(step, StepStatus.NOT_STARTED, None, by=by)
    return event


def answer_request(
    referral: Referral, case: Case, text: str | None, *, version: int | None = None, by: User
) -> Message:
    """Answer what the receiver asked; the referral waits for their answer again.

    The words are a message alone: the event stays open to the receiver, and what the sender told does not.
    """
    if not text:
        raise Refused(_("Write the answer."), field="text")
    move(referral, Status.SENT, by=by, version=version, case_id=case.id)
    message = Message(
        org_id=referral.org_id,
        to_org_id=referral.to_org_id,
        referral_id=referral.id,
        actor_org_id=by.org_id,
        actor_name=by.name,
        text=text,
    )
    db.session.add(message)
    db.session.flush()
    return message
