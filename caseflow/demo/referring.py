"""The sender's half of the demo's referrals: consent, draft, sending, and what a sender does afterwards."""

from typing import Any

from caseflow.accounts.models import User
from caseflow.core.db import db
from caseflow.demo.clock import told_at
from caseflow.demo.lives import Asked, Tale
from caseflow.directory.models import Service
from caseflow.people import actions as people
from caseflow.people.models import Case, Category, Consent, ConsentForm
from caseflow.referrals.actions import consents as closing
from caseflow.referrals.actions import drafts, messages, sending, withdrawing
from caseflow.referrals.models import Draft, Location, Referral, Status, Urgency, WithdrawReason
from caseflow.tenancy.models import ReferralKind

TOLD = {
    ReferralKind.EDUCATION: Category.EDUCATION,
    ReferralKind.LEGAL_AID: Category.LEGAL,
    ReferralKind.EMPLOYMENT: Category.WORK,
    ReferralKind.FAMILY_CONTACT: Category.FAMILY,
}


def refer(asked: Asked, case: Case, user: User) -> None:
    """Write the referral and send it; a draft is left half-way."""
    tale = asked.tale
    with told_at(tale.calendar.at(asked.sent - 1, 10)):
        step_id = tale.steps.pop() if tale.steps else None
        draft = drafts.start(case, asked.kind, step_id=step_id, by=user)
        asked.step_id = step_id
        if asked.status is None and tale.chance(0.4):
            return
        _write(draft, asked, user)
    if asked.status is None:
        return
    with told_at(tale.calendar.at(asked.sent)):
        _tell(draft, asked, case, user)
        asked.id = sending.send(draft, by=user).id


def _write(draft: Draft, asked: Asked, user: User) -> None:
    tale, words = asked.tale, asked.tale.country.words
    details: dict[str, Any] = dict(tale.pick(words.details[asked.kind]))
    if asked.kind is ReferralKind.FAMILY_CONTACT:
        details["relative"] = str(tale.relatives[0])
    if details.get("matter") == "appeal":
        details["limitation_date"] = tale.calendar.day(asked.sent + tale.random.randint(12, 60)).isoformat()
    drafts.save_details(
        draft,
        reason=tale.pick(words.reasons[asked.kind]),
        outcomes=asked.outcomes,
        urgency=_urgency(asked),
        location=_location(asked, draft.location),
        complete_by=tale.calendar.day(asked.sent + 120) if tale.chance(0.4) else None,
        language=draft.language,
        interpreter=draft.interpreter,
        accessibility=draft.accessibility,
        details=details,
        by=user,
    )


def _urgency(asked: Asked) -> Urgency:
    """Any; but what waits for its answer does so, in most cases, in time."""
    if asked.status is Status.SENT and asked.sent < -6 and asked.tale.chance(0.8):
        return Urgency.STANDARD
    return Urgency(asked.tale.pick((Urgency.STANDARD,) * 6 + (Urgency.SHORT_NOTICE,) * 2 + (Urgency.URGENT,)))


def _location(asked: Asked, usual: Location) -> Location:
    """In the community once the person is released, which the file may learn only later."""
    release = asked.tale.release
    return Location.COMMUNITY if release is not None and release <= asked.sent else usual


def _tell(draft: Draft, asked: Asked, case: Case, user: User) -> None:
    """Choose the service, and what it is told, with the person's consent."""
    tale, words = asked.tale, asked.tale.country.words
    drafts.choose_service(draft, db.session.get_one(Service, (asked.receiver.org_id, asked.service_id)), by=user)
    categories = [Category.IDENTITY, Category.CONTACT, TOLD[asked.kind]]
    if tale.chance(0.5):
        categories.append(Category.CUSTODY_DATES)
    risk = tale.chance(0.08)
    if risk:
        categories.append(Category.RISK)
    spoken = tale.chance(0.2)
    consent = people.record_consent(
        case,
        grantee_org_id=asked.receiver.org_id,
        purpose=words.purposes[asked.kind],
        categories=categories,
        form=ConsentForm.SPOKEN if spoken else ConsentForm.SIGNED,
        witness=tale.service.posts[-1].name if spoken else None,
        starts_on=tale.calendar.day(asked.sent),
        ends_on=tale.calendar.day(_until(asked)),
        by=user,
    )
    asked.consent_id = consent.id
    drafts.choose_disclosure(
        draft,
        categories,
        consent=consent,
        reason=words.why_told if risk else None,
        risk_text=words.risk if risk else None,
        by=user,
    )


def _until(asked: Asked) -> int:
    """The consent's last day: what is long over was told for as long as it took."""
    over = asked.status in (Status.COMPLETED, Status.DECLINED, Status.ENDED_EARLY) and asked.tale.chance(0.4)
    return max(asked.sent + 1, -3) if over else asked.tale.random.randint(90, 300)


def follow_up(tale: Tale, user: User) -> None:
    """What the sender does with referrals that are out, after the receiver acted."""
    case = db.session.get_one(Case, tale.key)
    words = tale.country.words
    for asked in tale.asked:
        if asked.id is None:
            continue
        referral = db.session.get_one(Referral, asked.key)
        if asked.status is Status.WITHDRAWN:
            with told_at(tale.calendar.at(min(-1, asked.sent + 7))):
                reason = tale.pick((WithdrawReason.MET_ELSEWHERE, WithdrawReason.PERSON_WITHDREW))
                withdrawing.withdraw(referral, case, reason, tale.pick(words.withdrawals), by=user)
        elif asked.status is Status.SENT and referral.status is Status.INFO_REQUESTED:
            with told_at(tale.calendar.at(-1)):
                withdrawing.answer_request(referral, case, tale.pick(words.answers), by=user)
        elif asked.helper is not None and asked.talk is not None:
            with told_at(tale.calendar.at(min(-1, asked.sent + 6))):
                messages.send_message(referral, asked.talk[1], by=user)
    if tale.life.again:
        _try_again(tale, user)
    if tale.life.consent_withdrawn:
        _withdraw_consent(tale, user)


def _try_again(tale: Tale, user: User) -> None:
    """A declined referral becomes the draft of a new one."""
    declined = next((asked for asked in tale.asked if asked.status is Status.DECLINED), None)
    if declined is not None:
        case = db.session.get_one(Case, tale.key)
        with told_at(tale.calendar.at(-3)):
            drafts.refer_again(db.session.get_one(Referral, declined.key), case, by=user)


def _withdraw_consent(tale: Tale, user: User) -> None:
    for asked in tale.asked:
        consent = db.session.get(Consent, (user.org_id, asked.consent_id)) if asked.consent_id else None
        if consent is not None:
            with told_at(tale.calendar.at(-4)):
                closing.withdraw_consent(consent, tale.pick(tale.country.words.withdrawn), by=user)
