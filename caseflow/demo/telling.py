"""The demo's news: delivered where it changes a case or is fresh enough for somebody's bell, laid aside otherwise."""

import uuid
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select, update

from caseflow.core.db import db, unit_of_work
from caseflow.core.jobs import handle
from caseflow.demo.clock import Calendar, told_at
from caseflow.notifications.actions import MAIL
from caseflow.notifications.models import Notification, Outgoing
from caseflow.referrals.models import Event, Status

FRESH = timedelta(days=8)
MOST = 12  # fresh pieces of news for one organisation
READ = timedelta(days=4)  # a weekend, and the day before it
ENDS = (Status.DECLINED, Status.COMPLETED, Status.ENDED_EARLY)


class Waiting(NamedTuple):
    """A piece of news that waits in the outbox."""

    id: uuid.UUID
    to_org_id: uuid.UUID
    at: datetime


def deliver(organisations: list[uuid.UUID], calendar: Calendar) -> None:
    """Handle what must be, as of its time and in its order; the rest, and all e-mail, counts as delivered."""
    waiting = [one for org_id in organisations for one in _of(org_id, calendar)]
    for one in sorted(waiting, key=lambda one: one.at):
        with told_at(one.at + timedelta(seconds=20)):
            handle(one.id, one.to_org_id)
    for org_id in organisations:
        with unit_of_work(org_id) as session:
            mine = (Outgoing.to_org_id == org_id, Outgoing.delivered_at.is_(None))
            session.execute(update(Outgoing).where(*mine).values(delivered_at=Outgoing.created_at))
            old = (Notification.org_id == org_id, Notification.created_at < calendar.now - READ)
            session.execute(update(Notification).where(*old).values(read_at=Notification.created_at))


def _of(org_id: uuid.UUID, calendar: Calendar) -> list[Waiting]:
    with unit_of_work(org_id):
        query = select(Outgoing).where(Outgoing.to_org_id == org_id, Outgoing.delivered_at.is_(None))
        rows = list(db.session.scalars(query.where(Outgoing.topic != MAIL).order_by(Outgoing.created_at.desc())))
        ends = set(db.session.scalars(select(Event.id).where(Event.org_id == org_id, Event.status.in_(ENDS))))
        fresh = [row for row in rows if row.created_at > calendar.now - FRESH][:MOST]
        needed = [row for row in rows if row.topic == "handover.moved" or _is_end(row, ends)]
        chosen = {row.id: Waiting(row.id, row.to_org_id, row.created_at) for row in [*fresh, *needed]}
        return list(chosen.values())


def _is_end(row: Outgoing, ends: set[uuid.UUID]) -> bool:
    return row.topic == "referral.moved" and uuid.UUID(row.payload["event"]) in ends
