"""News of referrals in the bell: the right people, once, never the author, nothing personal."""

import uuid

import pytest
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import select

from caseflow.core.db import db
from caseflow.notifications.models import Notification
from caseflow.people import actions as people_actions
from caseflow.people import queries as people
from caseflow.people.models import Consent
from caseflow.referrals.actions import answering, messages
from caseflow.referrals.actions.consents import withdraw_consent
from caseflow.referrals.models import Attendance, DeclineReason, Origin
from caseflow.referrals.queries import shared
from tests.cast import Cast
from tests.conftest import Stage
from tests.stories.received import a_completed, a_planned_session, a_session, an_accepted
from tests.stories.referrals import a_referral


def bell(cast: Cast, name: str) -> list[str]:
    """The titles in this person's bell, oldest first."""
    with cast.acting(name) as user:
        mine = select(Notification).where(Notification.org_id == user.org_id, Notification.user_id == user.id)
        found = list(db.session.scalars(mine.order_by(Notification.created_at, Notification.id)))
        assert all("Сатыбалды" not in str(one.params) for one in found)
        return [one.title for one in found]


def count(cast: Cast, name: str, words: str) -> int:
    """How many lines of this person's bell hold these words."""
    return sum(words in title for title in bell(cast, name))


def test_new_referral_is_told_once_to_the_coordinator_and_nobody_else(cast: Cast, redis: "Redis") -> None:
    id = a_referral(cast)
    cast.deliver(redis)
    cast.deliver(redis)
    assert count(cast, "coordinator", "A new referral") == 1
    for name in ("aigerim", "worker", "stranger_cso", "stranger"):
        assert bell(cast, name) == []
    page = cast.be("coordinator").get("/notifications")
    assert "Free legal advice" in page
    assert "Сатыбалды" not in page
    with cast.acting("coordinator") as user:
        mine = select(Notification.path).where(Notification.user_id == user.id)
        assert db.session.scalars(mine).one() == f"/referrals/{id}"


def test_sender_learns_of_the_answer_and_the_author_does_not(cast: Cast, redis: "Redis") -> None:
    id = a_referral(cast)
    with cast.acting("coordinator") as user:
        answering.decline(shared.received(id, user), DeclineReason.NO_CAPACITY, by=user)
    cast.deliver(redis)
    assert count(cast, "aigerim", "declined") == 1
    assert count(cast, "coordinator", "declined") == 0


def test_case_given_to_another_worker_tells_that_one(cast: Cast, redis: "Redis") -> None:
    id = a_referral(cast)
    with cast.acting("leader") as leader:
        case_id = db.session.get_one(Origin, (leader.org_id, id)).case_id
        daniyar = db.session.get_one(type(leader), (leader.org_id, user_id_of(leader, "daniyar")))
        people_actions.allocate(people.opened(case_id, leader), daniyar, reason="Leave", by=leader)
    with cast.acting("coordinator") as user:
        answering.accept(shared.received(id, user), by=user)
    cast.deliver(redis)
    assert count(cast, "daniyar", "accepted") == 1
    assert count(cast, "aigerim", "accepted") == 0


def user_id_of(user: object, name: str) -> uuid.UUID:
    """The id of a colleague, within the present unit of work."""
    model = type(user)
    return db.session.scalars(select(model.id).where(model.email == f"{name}@example.org")).one()  # type: ignore[attr-defined]


def test_assigned_worker_is_told_and_then_stands_for_the_receiver(cast: Cast, redis: "Redis") -> None:
    id = an_accepted(cast)
    with cast.acting("aigerim") as user:
        messages.send_message(shared.opened(id, user).referral, "When?", by=user)
    cast.deliver(redis)
    assert count(cast, "worker", "You are assigned") == 1
    assert count(cast, "worker", "A message from") == 1
    assert count(cast, "coordinator", "A message from") == 0
    assert count(cast, "aigerim", "A message from") == 0


def test_sessions_and_the_end_are_told_and_a_concern_is_urgent(cast: Cast, redis: "Redis") -> None:
    id = an_accepted(cast)
    a_session(cast, id, concern="He speaks of harming himself.")
    a_session(cast, id, attendance=Attendance.LATE)
    a_planned_session(cast, id)
    a_completed(cast, id)
    cast.deliver(redis)
    for words in ("A concern was reported", "A session was recorded", "A session is planned", "The end report"):
        assert count(cast, "aigerim", words) == 1, words
    with cast.acting("aigerim") as user:
        urgent = select(Notification.title).where(Notification.user_id == user.id, Notification.urgent)
        assert [("concern" in title) for title in db.session.scalars(urgent)] == [True]


def test_withdrawn_consent_tells_the_receiver_only_that_it_closed(cast: Cast, redis: "Redis") -> None:
    an_accepted(cast)
    with cast.acting("aigerim") as user:
        consent = db.session.scalars(select(Consent).where(Consent.org_id == user.org_id)).one()
        withdraw_consent(consent, "He does not want it any more.", by=user)
    cast.deliver(redis)
    assert count(cast, "worker", "closed the information") == 1


@pytest.mark.processes
def test_news_survives_a_stopped_redis_and_arrives_once(cast: Cast, redis: "Redis", stage: Stage) -> None:
    stage.servers.stop_redis()
    try:
        id = a_referral(cast)
        with pytest.raises(RedisError):
            cast.deliver(redis)
        assert f"/referrals/{id}" in cast.be("coordinator").get("/inbox")
        assert bell(cast, "coordinator") == []
    finally:
        stage.servers.start_redis()
    cast.deliver(redis)
    cast.deliver(redis)
    assert count(cast, "coordinator", "A new referral") == 1
