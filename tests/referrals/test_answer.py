"""Answering a referral, by URL: accept, waiting list, question, no; and who may."""

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import select

from caseflow.core.db import as_organisation, db
from caseflow.directory import actions as directory
from caseflow.directory.actions import Offer
from caseflow.referrals.models import DeclineReason, Event, Referral, Status
from caseflow.referrals.queries import shared
from caseflow.tenancy.models import ReferralKind
from tests.cast import Cast
from tests.stories.directory import a_service
from tests.stories.received import an_accepted
from tests.stories.referrals import a_referral


def referral_of(cast: Cast, id: uuid.UUID) -> tuple[Status, int]:
    """The status and version as the receiver reads them."""
    with cast.acting("coordinator") as user:
        referral = shared.received(id, user)
        return referral.status, referral.version


def answered(cast: Cast, id: uuid.UUID, *, expect: int = 302, **data: object) -> str:
    """The coordinator's answer."""
    _status, version = referral_of(cast, id)
    return cast.be("coordinator").post(f"/referrals/{id}/answer", {"version": version, **data}, expect=expect)


def test_coordinator_accepts_and_the_first_session_falls_due(cast: Cast) -> None:
    id = a_referral(cast)
    page = cast.be("coordinator").get(f"/referrals/{id}")
    assert "Ермек Сатыбалды" in page
    assert "cf-tag--neutral" in page  # ten working days are left
    answered(cast, id, answer="accept", text="Welcome.")
    with cast.acting("coordinator") as user:
        referral = shared.received(id, user)
        assert referral.status is Status.ACCEPTED
        assert referral.first_session_by is not None
        assert referral.first_session_by >= user.organisation.today() + timedelta(days=12)  # from a Sunday on
    assert "Welcome." in cast.be("aigerim").get(f"/referrals/{id}")


def test_decline_needs_a_reason_and_keeps_what_was_typed(cast: Cast) -> None:
    id = a_referral(cast)
    page = answered(cast, id, answer="decline", text="We are full until spring.", expect=422)
    assert "We are full until spring." in page
    assert 'href="#reason"' in page
    assert referral_of(cast, id)[0] is Status.SENT


def test_another_reason_to_decline_needs_words(cast: Cast) -> None:
    id = a_referral(cast)
    assert 'href="#text"' in answered(cast, id, answer="decline", reason="other", expect=422)


def test_declining_says_why_and_what_may_help_instead(cast: Cast) -> None:
    id = a_referral(cast)
    # Another organisation of the same country offers the same kind of help; it has no coordinator who could say so.
    with cast.acting("probation_leader") as user, as_organisation():
        other = directory.add_service(
            Offer(kind=ReferralKind.LEGAL_AID, name="Street lawyers", description="Help."), by=user
        ).id
    answered(cast, id, answer="decline", reason=DeclineReason.NO_CAPACITY.value, suggested=str(other))
    page = cast.be("aigerim").get(f"/referrals/{id}")
    assert "Street lawyers" in page
    assert referral_of(cast, id)[0] is Status.DECLINED


def test_own_service_cannot_be_suggested(cast: Cast) -> None:
    id = a_referral(cast)
    own = a_service(cast)
    page = answered(cast, id, answer="decline", reason="no_capacity", suggested=str(own), expect=422)
    assert 'href="#suggested"' in page


def test_asking_gives_the_referral_back_to_the_sender_until_they_answer(cast: Cast) -> None:
    id = a_referral(cast)
    assert 'href="#text"' in answered(cast, id, answer="ask", expect=422)
    answered(cast, id, answer="ask", text="Which court?")
    assert "Which court?" in cast.be("aigerim").get(f"/referrals/{id}")
    assert 'name="answer"' not in cast.be("coordinator").get(f"/referrals/{id}")
    answered(cast, id, answer="accept", expect=409)  # no answer is open while the question is
    with cast.acting("aigerim") as user:
        version = db.session.get_one(Referral, (user.org_id, id)).version
    cast.be("aigerim").post(f"/referrals/{id}/answer-request", {"text": "The district court.", "version": version})
    assert referral_of(cast, id)[0] is Status.SENT


def test_from_the_waiting_list_only_yes_and_no_are_left(cast: Cast) -> None:
    id = a_referral(cast)
    answered(cast, id, answer="waitlist")
    page = cast.be("coordinator").get(f"/referrals/{id}")
    assert 'value="waitlist"' not in page
    assert 'value="accept"' in page
    answered(cast, id, answer="accept")
    assert referral_of(cast, id)[0] is Status.ACCEPTED


def test_second_answer_of_two_is_a_conflict_and_writes_one_event(cast: Cast) -> None:
    id = a_referral(cast)
    browser, address = cast.be("coordinator"), f"/referrals/{id}/answer"
    version = referral_of(cast, id)[1]
    browser.post(address, {"answer": "accept", "version": version})
    browser.post(address, {"answer": "accept", "version": version}, expect=409)
    with cast.acting("coordinator") as user:
        events = select(Event.status).where(Event.to_org_id == user.org_id, Event.referral_id == id)
        assert list(db.session.scalars(events)) == [Status.SENT, Status.ACCEPTED]


def test_help_is_paused_with_a_reason_and_resumed(cast: Cast) -> None:
    id = an_accepted(cast)
    worker = cast.be("worker")
    version = referral_of(cast, id)[1]
    worker.post(f"/referrals/{id}/pause", {"version": version}, expect=422)
    worker.post(f"/referrals/{id}/pause", {"version": version, "text": "He is in hospital."})
    assert referral_of(cast, id)[0] is Status.ON_HOLD
    worker.post(f"/referrals/{id}/resume")
    assert referral_of(cast, id)[0] is Status.IN_PROGRESS
    worker.post(f"/referrals/{id}/resume", expect=409)


@pytest.mark.parametrize("who", ["worker", "aigerim", "daniyar", "kamqor_admin", "stranger", "stranger_cso", "officer"])
def test_nobody_but_the_coordinator_answers(cast: Cast, who: str) -> None:
    id = a_referral(cast)
    # Those who may answer their own referrals meet the wall itself; the others have not the permission.
    refusal = 404 if who in ("stranger", "stranger_cso") else 403
    cast.be(who).post(f"/referrals/{id}/answer", {"answer": "accept"}, expect=refusal)
    assert referral_of(cast, id)[0] is Status.SENT
