"""Taking a referral back, answering the receiver's question, and trying again after a decline."""

import re
import uuid

from sqlalchemy import select

from caseflow.core.db import db
from caseflow.plans.models import Step, StepStatus
from caseflow.referrals.actions.moves import move
from caseflow.referrals.models import DeclineReason, Draft, Event, Message, Referral, Status
from tests.cast import Cast
from tests.stories.people import a_case
from tests.stories.plans import an_agreed_plan
from tests.stories.referrals import a_referral


def _status(cast: Cast, id: uuid.UUID, who: str = "aigerim") -> Status:
    with cast.acting(who):
        return db.session.scalars(select(Referral.status).where(Referral.id == id)).one()


def _answered(cast: Cast, id: uuid.UUID, to: Status, reason: str | None = None, text: str | None = None) -> None:
    with cast.acting("coordinator") as user:
        referral = db.session.scalars(select(Referral).where(Referral.id == id)).one()
        move(referral, to, reason=reason, text=text, by=user)


def _version(page: str) -> str:
    found = re.search(r'name="version"[^>]*value="(\d+)"', page)
    assert found is not None
    return found[1]


def test_sender_withdraws_with_a_reason_that_both_sides_read(cast: Cast) -> None:
    id = a_referral(cast)
    browser, path = cast.be("aigerim"), f"/referrals/{id}/withdraw"
    version = _version(browser.get(path))
    browser.post(path, {"reason": "", "version": version}, expect=422)
    assert "Write the reason." in browser.post(path, {"reason": "other", "version": version}, expect=422)
    browser.post(path, {"reason": "moved", "text": "To another colony", "version": version})
    assert _status(cast, id, "coordinator") is Status.WITHDRAWN
    with cast.acting("coordinator"):
        event = db.session.scalars(select(Event).where(Event.status == Status.WITHDRAWN)).one()
        assert (event.reason, event.text, event.actor_name) == ("moved", "To another colony", "Айгерім Сәрсенова")


def test_second_withdrawal_is_a_conflict(cast: Cast) -> None:
    id = a_referral(cast)
    browser, path = cast.be("aigerim"), f"/referrals/{id}/withdraw"
    form = {"reason": "died", "version": _version(browser.get(path))}
    browser.post(path, form)
    browser.post(path, form, expect=409)


def test_neither_receiver_nor_colleague_nor_stranger_withdraws(cast: Cast) -> None:
    id = a_referral(cast)
    for who, status in (("coordinator", 403), ("daniyar", 404), ("stranger", 404)):
        cast.be(who).post(f"/referrals/{id}/withdraw", {"reason": "moved"}, expect=status)
    assert _status(cast, id) is Status.SENT


def test_withdrawing_sets_the_plans_step_back(cast: Cast) -> None:
    case = a_case(cast)
    _goal, step = an_agreed_plan(cast, case)
    id = a_referral(cast, case=case, step_id=step)
    path = f"/referrals/{id}/withdraw"
    cast.be("aigerim").post(path, {"reason": "duplicate", "version": _version(cast.be("aigerim").get(path))})
    with cast.acting("aigerim"):
        assert db.session.scalars(select(Step.status).where(Step.id == step)).one() is StepStatus.NOT_STARTED


def test_sender_answers_what_the_receiver_asked(cast: Cast) -> None:
    id = a_referral(cast)
    _answered(cast, id, Status.INFO_REQUESTED, text="Is there a passport?")
    browser, path = cast.be("aigerim"), f"/referrals/{id}/answer-request"
    page = browser.get(path)
    assert "Is there a passport?" in page
    browser.post(path, {"text": "", "version": _version(page)}, expect=422)
    browser.post(path, {"text": "No, only a copy.", "version": _version(page)})
    assert _status(cast, id, "coordinator") is Status.SENT
    with cast.acting("coordinator"):
        assert [one.text for one in db.session.scalars(select(Message))] == ["No, only a copy."]
    browser.post(path, {"text": "Once more.", "version": _version(page)}, expect=409)


def test_stranger_cannot_answer_the_question(cast: Cast) -> None:
    id = a_referral(cast)
    _answered(cast, id, Status.INFO_REQUESTED, text="Is there a passport?")
    cast.be("stranger").get(f"/referrals/{id}/answer-request", expect=404)
    cast.be("stranger").post(f"/referrals/{id}/answer-request", {"text": "Yes"}, expect=404)
    assert _status(cast, id) is Status.INFO_REQUESTED


def test_declined_referral_is_tried_again_as_a_new_one_that_points_to_it(cast: Cast) -> None:
    id = a_referral(cast, reason="The identity card was lost.")
    browser = cast.be("aigerim")
    browser.post(f"/referrals/{id}/again", expect=409)
    _answered(cast, id, Status.DECLINED, reason=DeclineReason.NO_CAPACITY.value)
    cast.be("stranger").post(f"/referrals/{id}/again", expect=404)
    browser.post(f"/referrals/{id}/again")
    assert "The identity card was lost." in browser.get(f"{browser.location}/details")
    with cast.acting("aigerim"):
        draft = db.session.scalars(select(Draft)).one()
        assert (draft.previous_id, draft.service_id, draft.disclosure_done) == (id, None, False)
        assert draft.details["matter"] == "identity_papers"
    assert _status(cast, id) is Status.DECLINED
