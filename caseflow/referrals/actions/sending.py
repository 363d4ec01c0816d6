"""Sending a draft: one transaction makes the referral, what is told, and the news; nothing is half sent."""

import hashlib
import json
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from sqlalchemy import select

from caseflow.accounts.models import User
from caseflow.core.db import db, now
from caseflow.core.errors import Conflict, Refused
from caseflow.directory.models import Service
from caseflow.notifications.actions import post
from caseflow.people import queries as people
from caseflow.people.models import Case, Category, Consent
from caseflow.plans import actions as plan_actions
from caseflow.plans import queries as plans
from caseflow.plans.models import StepStatus
from caseflow.referrals import disclosure
from caseflow.referrals.actions import moves
from caseflow.referrals.actions.grounds import check_ground
from caseflow.referrals.kinds import KINDS
from caseflow.referrals.models import ANSWER_DAYS, Disclosure, Draft, Location, Origin, Referral, Status
from caseflow.tenancy import queries as tenancy


def missing_parts(draft: Draft) -> list[str]:
    """What must still be written before the draft can be sent, by name."""
    parts = (
        (draft.details_done, _("details of the referral")),
        (draft.service_id is not None, _("service")),
        (draft.disclosure_done, _("what is told")),
    )
    return [name for ready, name in parts if not ready]


def contact_of(user: User) -> str:
    """How the receiver reaches the main contact."""
    return " · ".join(filter(None, (user.phone, user.email)))


def shown(draft: Draft, *, by: User) -> str:
    """A digest of all that the receiver would see now: by it a sender sends what they have looked at."""
    case = draft.case
    seen = [
        {category.value: held for category, held in disclosure.contents(draft, case).items()},
        [draft.service_org_id, draft.service_id, draft.kind, draft.urgency, draft.outcomes, draft.complete_by],
        [draft.location, case.site and case.site.name, by.name, contact_of(by)],
    ]
    return hashlib.sha256(json.dumps(seen, sort_keys=True, default=str).encode()).hexdigest()


def send(draft: Draft, *, seen: str | None = None, by: User) -> Referral:
    """Send the draft; of two clicks the second gets the referral that the first made.

    Raises Refused where a part is missing, the service is closed, no agreement is live, or the ground has ended;
    Conflict where it would no longer be what the sender has `seen` (as `shown` gave it).
    """
    already = _sent_before(draft)
    if already is not None:
        return already
    case = people.opened(draft.case_id, by)
    if not case.open():
        raise Refused(_("This case is closed: reopen it before you refer."))
    service = _open_service(draft, by)
    consent = _live_ground(draft, case, by)
    if seen is not None and seen != shown(draft, by=by):
        raise Conflict(_("What they would be told has changed since you looked. Look at it again, then send."))
    KINDS[draft.kind].check(draft.details, case)
    sent_at = now()
    referral = Referral(
        org_id=draft.org_id,
        id=draft.id,
        to_org_id=service.org_id,
        kind=draft.kind,
        service_id=service.id,
        sender_name=by.name,
        sender_contact=contact_of(by),
        urgency=draft.urgency,
        outcomes=list(draft.outcomes),
        location=draft.location,
        site=case.site.name if case.site and draft.location is Location.CUSTODY else None,
        complete_by=draft.complete_by,
        previous_id=draft.previous_id,
        sent_at=sent_at,
        status=Status.SENT,
        status_at=sent_at,
        answer_by=tenancy.deadline(service.organisation, ANSWER_DAYS[draft.urgency]),
    )
    db.session.add(referral)
    db.session.flush()
    _disclose(draft, case, referral, consent)
    db.session.add(
        Origin(
            org_id=draft.org_id,
            id=draft.id,
            case_id=case.id,
            need_id=draft.need_id,
            step_id=draft.step_id,
            sent_by=by.id,
        )
    )
    moves.begin(referral, by=by, case_id=case.id)
    if draft.step_id is not None:
        plan_actions.set_step_status(plans.step(case, draft.step_id), StepStatus.IN_PROGRESS, None, by=by)
    db.session.delete(draft)
    db.session.flush()
    post("referral.sent", by=by, to=referral.to_org_id, referral=referral.id)
    return referral


def _sent_before(draft: Draft) -> Referral | None:
    """Hold the draft; where another click has sent it meanwhile, the referral it became."""
    key = (draft.org_id, draft.id)
    held = select(Draft).where(Draft.org_id == draft.org_id, Draft.id == draft.id)
    if db.session.scalars(held.with_for_update().execution_options(populate_existing=True)).one_or_none() is not None:
        return None
    db.session.expunge(draft)
    referral = db.session.get(Referral, key)
    if referral is None:
        raise Conflict(_("This draft was deleted."))
    return referral


def _open_service(draft: Draft, by: User) -> Service:
    missing = missing_parts(draft)
    if missing:
        raise Refused(_("Something is missing: %(parts)s.", parts=_(", ").join(missing)))
    service = draft.service
    if service is None or not service.open():
        raise Refused(_("This service takes no referrals at the moment. Choose another service."))
    if service.org_id not in tenancy.receivers(by.org_id, draft.kind, by.organisation.today()):
        text = _("There is no live agreement to refer to %(organisation)s for this kind of help.")
        raise Refused(text % {"organisation": service.organisation.name})
    return service


def _live_ground(draft: Draft, case: Case, by: User) -> Consent | None:
    """The consent, or None where a legal basis was approved; either is looked at again at the moment of sending."""
    assert draft.service_org_id is not None
    if draft.consent_id is None and draft.legal_basis and draft.approved_by:
        return None
    consent = db.session.get(Consent, (draft.org_id, draft.consent_id), with_for_update=True, populate_existing=True)
    categories = [Category(code) for code in draft.categories]
    check_ground(
        categories, receiver_id=draft.service_org_id, consent=consent, legal_basis=None, case_id=case.id, by=by
    )
    return consent


def _disclose(draft: Draft, case: Case, referral: Referral, consent: Consent | None) -> None:
    until = None
    if consent is not None and consent.ends_on is not None:
        zone = ZoneInfo(referral.sender.timezone)
        until = datetime.combine(consent.ends_on + timedelta(days=1), time.min, zone)
    for category, content in disclosure.contents(draft, case).items():
        db.session.add(
            Disclosure(
                org_id=referral.org_id,
                to_org_id=referral.to_org_id,
                referral_id=referral.id,
                category=category,
                content=content,
                consent_id=consent.id if consent else None,
                legal_basis=None if consent else draft.legal_basis,
                approved_by=None if consent else draft.approved_by,
                expires_at=until,
            )
        )
    db.session.flush()
