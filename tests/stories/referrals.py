"""A referral that was sent, with the case, the service, the consent and what was told."""

import re
import uuid
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from caseflow.core.db import db
from caseflow.directory.models import Service
from caseflow.people import actions as people
from caseflow.people import queries as cases
from caseflow.people.models import Category, Consent
from caseflow.referrals import disclosure
from caseflow.referrals.actions import drafts, sending
from caseflow.referrals.kinds import KINDS
from caseflow.referrals.models import Draft, Location, Urgency
from caseflow.tenancy.models import ReferralKind
from tests.cast import Browser, Cast
from tests.stories.directory import a_service
from tests.stories.people import a_case

__all__ = ["a_consent", "a_draft", "a_referral", "a_service", "details_of", "looked_at"]

REASON = "Needs somebody who knows the way."


def details_of(cast: Cast, kind: ReferralKind, case_id: uuid.UUID, by: str = "aigerim") -> dict[str, Any]:
    """Details that a referral of this kind can be sent with; a relative is added where one is needed."""
    match kind:
        case ReferralKind.EDUCATION:
            return {"literacy": "some", "instruction": "kk", "level": "isced_2", "course": "Welding"}
        case ReferralKind.LEGAL_AID:
            return {"matter": "identity_papers", "court": "Medeu district court", "opposing_party": "None"}
        case ReferralKind.EMPLOYMENT:
            return {"trades": "Welder", "right_to_work": "yes", "employer_told": "on_question"}
    with cast.acting(by) as user:
        case = cases.opened(case_id, user)
        relative = people.add_relative(
            case, people.RelativeFields(name="Гүлнар Сатыбалды", relation="mother", safe_to_phone=True), by=user
        )
        return {"relative": str(relative.id), "agrees": "yes", "contact": "visit"}


def a_consent(
    cast: Cast,
    case_id: uuid.UUID,
    categories: Iterable[Category],
    *,
    by: str = "aigerim",
    to: str = "kamqor",
    days: int | None = 180,
) -> uuid.UUID:
    """A live consent of the person for an organisation of the cast, for so many days from today."""
    receiver_id = cast.organisation(to)
    with cast.acting(by) as user:
        today = user.organisation.today()
        return people.record_consent(
            cases.opened(case_id, user),
            grantee_org_id=receiver_id,
            purpose="Help from outside",
            categories=categories,
            starts_on=today,
            ends_on=None if days is None else today + timedelta(days=days),
            by=user,
        ).id


def a_draft(
    cast: Cast,
    *,
    kind: ReferralKind = ReferralKind.LEGAL_AID,
    by: str = "aigerim",
    case: uuid.UUID | None = None,
    service: uuid.UUID | None = None,
    receiver: str = "kamqor",
    coordinator: str = "coordinator",
    categories: Iterable[Category] | None = None,
    consent: uuid.UUID | None = None,
    reason: str = REASON,
    outcomes: Iterable[str] | None = None,
    urgency: Urgency = Urgency.STANDARD,
    location: Location = Location.CUSTODY,
    details: Mapping[str, Any] | None = None,
    risk_text: str | None = None,
    step_id: uuid.UUID | None = None,
    need_id: uuid.UUID | None = None,
) -> uuid.UUID:
    """A draft that is ready to be sent; gives its id."""
    case_id = case or a_case(cast, by=by)
    service_id = service or a_service(cast, kind, by=coordinator)
    told = list(categories or disclosure.default(kind))
    consent_id = consent or a_consent(cast, case_id, told, by=by, to=receiver)
    written = dict(details or details_of(cast, kind, case_id, by))
    sensitive = bool({Category.OFFENCE, Category.RISK} & set(told))
    with cast.acting(by) as user:
        draft = drafts.start(cases.opened(case_id, user), kind, step_id=step_id, need_id=need_id, by=user)
        drafts.save_details(
            draft,
            reason=reason,
            outcomes=list(outcomes or [next(iter(KINDS[kind].outcomes)).value]),
            urgency=urgency,
            location=location,
            details=written,
            by=user,
        )
        chosen = db.session.scalars(select(Service).where(Service.id == service_id)).unique().one()
        drafts.choose_service(draft, chosen, by=user)
        drafts.choose_disclosure(
            draft,
            told,
            consent=db.session.get_one(Consent, (user.org_id, consent_id)),
            reason="The receiver must know." if sensitive else None,
            risk_text=risk_text or ("Calm, reliable." if Category.RISK in told else None),
            by=user,
        )
        return draft.id


def a_referral(cast: Cast, *, by: str = "aigerim", **fields: Any) -> uuid.UUID:
    """A referral that was sent, with consent and disclosures; further fields are those of `a_draft`."""
    draft_id = a_draft(cast, by=by, **fields)
    with cast.acting(by) as user:
        return sending.send(db.session.get_one(Draft, (user.org_id, draft_id)), by=user).id


def looked_at(browser: Browser, draft: uuid.UUID | str) -> dict[str, str]:
    """What a sender sends who has looked at the preview of a draft."""
    found = re.search(r'name="shown"[^>]*value="([0-9a-f]{64})"', browser.get(f"/referral-drafts/{draft}/check"))
    assert found is not None, "the preview has no button"
    return {"shown": found[1]}
