"""Writing a referral: a draft that can be left and resumed, until it is sent or deleted."""

import uuid
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from caseflow.accounts.models import User
from caseflow.assessments import queries as assessments
from caseflow.audit.actions import record
from caseflow.core.db import db, new_id
from caseflow.core.errors import Conflict, Refused
from caseflow.core.forms import check_version
from caseflow.core.sealing import opened
from caseflow.directory.models import Service
from caseflow.people import actions as people
from caseflow.people.models import Case, Category, Consent
from caseflow.plans import queries as plans
from caseflow.referrals import disclosure
from caseflow.referrals.actions.grounds import check_ground
from caseflow.referrals.kinds import KINDS
from caseflow.referrals.models import Disclosure, Draft, Location, Origin, Referral, Status, Urgency
from caseflow.tenancy.models import ReferralKind

NEEDS_REASON = (Category.OFFENCE, Category.RISK)


def start(
    case: Case,
    kind: ReferralKind,
    *,
    id: uuid.UUID | None = None,
    need_id: uuid.UUID | None = None,
    step_id: uuid.UUID | None = None,
    by: User,
) -> Draft:
    """Begin a draft; `id` is the one its form was given, so that a second click finds the draft of the first.

    A need or a step of another case gives 404.
    """
    if found := people.sent_before(Draft, id, by=by):
        return found
    if id is not None and db.session.get(Referral, (by.org_id, id)) is not None:
        raise Conflict(_("This referral was sent already."))
    if not case.open():
        raise Refused(_("This case is closed: reopen it before you refer."))
    if need_id is not None:
        assessments.need(case, need_id)
    if step_id is not None:
        plans.step(case, step_id)
    draft = Draft(
        org_id=by.org_id,
        id=id or new_id(),
        case_id=case.id,
        kind=kind,
        need_id=need_id,
        step_id=step_id,
        written_by=by.id,
        urgency=Urgency.STANDARD,
        location=Location.CUSTODY if case.in_custody() else Location.COMMUNITY,
        language=next(iter(case.person.languages), None),
        interpreter=case.person.interpreter_language is not None,
        accessibility=case.person.accessibility,
        outcomes=[],
        details={},
        categories=[],
    )
    db.session.add(draft)
    db.session.flush()
    record("referral.start", by=by, on=draft, case_id=case.id, kind=kind.value)
    return draft


def save_details(
    draft: Draft,
    *,
    version: int | None = None,
    reason: str,
    outcomes: Iterable[str],
    urgency: Urgency,
    location: Location,
    complete_by: date | None = None,
    language: str | None = None,
    interpreter: bool = False,
    accessibility: str | None = None,
    clashes: str | None = None,
    details: Mapping[str, Any],
    by: User,
) -> None:
    """Write why, what for and the kind's own details (plain JSON); refuses what the kind's rules refuse."""
    check_version(draft, version, reason=draft.reason, accessibility=draft.accessibility, clashes=draft.clashes)
    kind = KINDS[draft.kind]
    kind.check(details, draft.case)
    known = {outcome.value for outcome in kind.outcomes}
    draft.outcomes = [outcome for outcome in dict.fromkeys(outcomes) if outcome in known]
    if not draft.outcomes:
        raise Refused(_("Choose at least one outcome."), field="outcomes")
    if draft.approved_by not in (None, by.id):  # a leader approved the words that stood there
        draft.legal_basis = draft.approved_by = None
        draft.disclosure_done = False
    draft.reason, draft.urgency, draft.location = reason, urgency, location
    draft.complete_by, draft.language, draft.interpreter = complete_by, language or None, interpreter
    draft.accessibility, draft.clashes = accessibility, clashes
    draft.details = dict(details)
    draft.details_done = True
    record("referral.write", by=by, on=draft, case_id=draft.case_id, part="details")


def choose_service(draft: Draft, service: Service, *, by: User) -> None:
    """Choose who shall help; another organisation than before makes the question of what is told open again."""
    if service.kind is not draft.kind:
        raise Refused(_("This service is of another kind."))
    if service.org_id == by.org_id:
        raise Refused(_("This service is your own organisation's: no referral is needed."))
    if draft.service_org_id != service.org_id:
        draft.consent_id = draft.legal_basis = draft.approved_by = None
        draft.disclosure_done = False
    draft.service_org_id, draft.service_id = service.org_id, service.id
    record("referral.write", by=by, on=draft, case_id=draft.case_id, part="service")


def choose_disclosure(
    draft: Draft,
    categories: Iterable[Category],
    *,
    version: int | None = None,
    consent: Consent | None = None,
    legal_basis: str | None = None,
    reason: str | None = None,
    risk_text: str | None = None,
    by: User,
) -> None:
    """Choose what is told, and on which ground: a live consent that covers it, or a legal basis a leader approves."""
    check_version(
        draft,
        version,
        categories=draft.categories,
        disclosure_reason=draft.disclosure_reason,
        risk_text=draft.risk_text,
    )
    if draft.service_org_id is None:
        raise Conflict(_("Choose the service first: the consent names who receives."))
    chosen = [category for category in Category if category in set(categories)]
    for category in disclosure.always(draft.kind):
        if category not in chosen:
            text = _("“%(category)s” is always told: without it there is no referral.", category=category.label)
            raise Refused(text, field="categories")
    if any(category in chosen for category in NEEDS_REASON) and not reason:
        raise Refused(_("Write why the offence or the risk must be told."), field="disclosure_reason")
    if Category.RISK in chosen and not risk_text:
        raise Refused(_("Write what this receiver needs to know to be safe, and no more."), field="risk_text")
    check_ground(
        chosen, receiver_id=draft.service_org_id, consent=consent, legal_basis=legal_basis, case_id=draft.case_id, by=by
    )
    draft.categories = [category.value for category in chosen]
    draft.disclosure_reason = reason
    draft.risk_text = risk_text if Category.RISK in chosen else None
    draft.consent_id = consent.id if consent else None
    draft.legal_basis = None if consent else legal_basis
    draft.approved_by = None if consent else by.id
    draft.disclosure_done = True
    record(
        "referral.write",
        by=by,
        on=draft,
        case_id=draft.case_id,
        part="disclosure",
        categories=draft.categories,
        ground="consent" if consent else "legal_basis",
    )


def delete(draft: Draft, *, by: User) -> None:
    """Delete a draft; nobody else has seen it."""
    record("referral.delete-draft", by=by, on=draft, case_id=draft.case_id)
    db.session.delete(draft)


def refer_again(referral: Referral, case: Case, *, by: User) -> Draft:
    """Begin a new draft after a decline, with what was written copied; it points to the declined referral."""
    if referral.status is not Status.DECLINED:
        raise Conflict(_("Only a declined referral is tried again with a new one."))
    origin = db.session.get_one(Origin, (by.org_id, referral.id))
    told = select(Disclosure.content).where(
        Disclosure.org_id == by.org_id,
        Disclosure.referral_id == referral.id,
        Disclosure.category == KINDS[referral.kind].category,
    )
    request = opened(db.session.scalar(told)) or {}
    draft = start(case, referral.kind, need_id=origin.need_id, step_id=origin.step_id, by=by)
    draft.previous_id = referral.id
    draft.reason = request.get("reason")
    draft.urgency, draft.location = referral.urgency, referral.location
    draft.outcomes = list(referral.outcomes)
    draft.complete_by = referral.complete_by
    draft.language, draft.interpreter = request.get("language"), bool(request.get("interpreter"))
    draft.accessibility, draft.clashes = request.get("accessibility"), request.get("clashes")
    draft.details = dict(request.get("details") or {})
    return draft
