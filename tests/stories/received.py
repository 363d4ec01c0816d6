"""A referral on the receiver's side: accepted, with a worker, with sessions that were held."""

import uuid
from datetime import datetime, timedelta
from typing import Any

import psycopg

from caseflow.core.db import now
from caseflow.referrals.actions import answering, assigning, reports, sessions
from caseflow.referrals.actions.reports import Findings
from caseflow.referrals.actions.sessions import Held, Slot
from caseflow.referrals.models import Achievement, Attendance
from caseflow.referrals.queries import shared
from tests.cast import Cast
from tests.stories.referrals import a_referral


def user_id(cast: Cast, name: str) -> uuid.UUID:
    """The id of a person of the cast."""
    with cast.acting(name) as user:
        return user.id


def parts(day: datetime, name: str = "starts_at") -> dict[str, str]:
    """A moment as the five inputs of a date and time field hold it."""
    return {f"{name}-{part}": str(getattr(day, part)) for part in ("day", "month", "year", "hour", "minute")}


def sent_days_ago(owner_url: str, referral: uuid.UUID, days: int) -> None:
    """Make it so that the referral was sent some days ago; only the owner of the tables can."""
    with psycopg.connect(owner_url) as owner:
        owner.execute(
            "UPDATE referrals SET sent_at = sent_at - make_interval(days => %s), answer_by = answer_by - %s::int,"
            " first_session_by = first_session_by - %s::int WHERE id = %s",
            (days, days, days, referral),
        )


def an_accepted(cast: Cast, *, workers: tuple[str, ...] = ("worker",), **fields: Any) -> uuid.UUID:
    """A referral that the coordinator accepted and gave to these workers, the first one primary."""
    referral_id = a_referral(cast, **fields)
    with cast.acting("coordinator") as user:
        answering.accept(shared.received(referral_id, user), by=user)
    ids = [user_id(cast, name) for name in workers]
    if ids:
        with cast.acting("coordinator") as user:
            assigning.assign(shared.received(referral_id, user), ids, ids[0], by=user)
    return referral_id


def a_planned_session(cast: Cast, referral_id: uuid.UUID, *, days: int = 3, by: str = "worker") -> uuid.UUID:
    """A session planned for some days ahead."""
    with cast.acting(by) as user:
        slot = Slot(now() + timedelta(days=days))
        return sessions.plan(shared.received(referral_id, user), slot, by=user).id


def a_session(
    cast: Cast, referral_id: uuid.UUID, *, attendance: Attendance = Attendance.YES, by: str = "worker", **held: Any
) -> uuid.UUID:
    """A session that was held a moment ago."""
    with cast.acting(by) as user:
        said = Held(attendance, summary="We spoke about papers.", **held)
        return sessions.plan(
            shared.received(referral_id, user), Slot(now() - timedelta(minutes=1)), held=said, by=user
        ).id


def a_completed(
    cast: Cast,
    referral_id: uuid.UUID,
    *,
    achievement: Achievement = Achievement.ACHIEVED,
    by: str = "worker",
) -> None:
    """The end report of a referral, with the same finding for each desired outcome."""
    with cast.acting(by) as user:
        referral = shared.received(referral_id, user)
        outcomes = dict.fromkeys(referral.outcomes, (achievement, "As hoped."))
        reports.complete(referral, Findings(outcomes, "All was done."), by=user)


def past(owner_url: str, session: uuid.UUID) -> None:
    """Make it so that a planned session began an hour ago."""
    with psycopg.connect(owner_url) as owner:
        owner.execute("UPDATE referral_sessions SET starts_at = now() - interval '1 hour' WHERE id = %s", (session,))
