"""Deadlines that have passed: both sides see it, are told once, and then it goes up to the team leaders."""

import pytest
from redis import Redis
from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError

from caseflow.core.db import db
from caseflow.notifications.models import Notification
from caseflow.referrals.actions import answering
from caseflow.referrals.jobs import tell_overdue
from caseflow.referrals.queries import shared
from tests.cast import Cast
from tests.stories.received import an_accepted, sent_days_ago
from tests.stories.referrals import a_referral


def overdue(cast: Cast, name: str) -> list[bool]:
    """Whether each line about something overdue in this person's bell is urgent."""
    with cast.acting(name) as user:
        mine = select(Notification.urgent).where(Notification.org_id == user.org_id, Notification.user_id == user.id)
        return list(db.session.scalars(mine.where(Notification.title.startswith("Overdue")).order_by("created_at")))


def look(cast: Cast, redis: "Redis") -> None:
    """The periodic work runs, twice, and the news goes out."""
    for _time in range(2):
        with cast.app.app_context():
            tell_overdue()
        cast.deliver(redis)


def test_both_sides_are_told_once_and_a_week_later_the_leaders(
    cast: Cast, redis: "Redis", environment: dict[str, str]
) -> None:
    id = a_referral(cast)
    look(cast, redis)
    assert overdue(cast, "coordinator") == []
    sent_days_ago(environment["OWNER_DATABASE_URL"], id, 16)
    look(cast, redis)
    assert overdue(cast, "coordinator") == overdue(cast, "aigerim") == [False]
    assert overdue(cast, "leader") == []
    sent_days_ago(environment["OWNER_DATABASE_URL"], id, 20)
    look(cast, redis)
    assert overdue(cast, "coordinator") == overdue(cast, "aigerim") == [False, True]
    assert overdue(cast, "leader") == [True]
    for name in ("stranger", "stranger_cso", "officer", "worker", "daniyar"):
        assert overdue(cast, name) == []
    for name in ("coordinator", "aigerim"):
        assert "cf-tag--bad" in cast.be(name).get(f"/referrals/{id}")


def test_first_session_is_owed_by_those_who_help(cast: Cast, redis: "Redis", environment: dict[str, str]) -> None:
    id = an_accepted(cast)
    sent_days_ago(environment["OWNER_DATABASE_URL"], id, 16)
    look(cast, redis)
    assert overdue(cast, "worker") == [False]
    assert overdue(cast, "coordinator") == []


def test_what_was_done_meanwhile_is_not_told(cast: Cast, redis: "Redis", environment: dict[str, str]) -> None:
    id = a_referral(cast)
    sent_days_ago(environment["OWNER_DATABASE_URL"], id, 16)
    with cast.app.app_context():
        tell_overdue()
    with cast.acting("coordinator") as user:
        answering.accept(shared.received(id, user), by=user)
    cast.deliver(redis)
    assert overdue(cast, "coordinator") == overdue(cast, "aigerim") == []


def test_application_cannot_write_what_was_told(cast: Cast) -> None:
    a_referral(cast)
    with pytest.raises(ProgrammingError, match="permission denied"), cast.acting("aigerim"):
        db.session.execute(text("UPDATE referrals SET overdue_told = 'x'"))
