"""The demo's past: what is done within `told_at` counts as done at that moment."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from caseflow.core.db import db, told_moment


@contextmanager
def told_at(moment: datetime) -> Iterator[None]:
    """Let every action date what it does, and what falls due from it, from this moment on; never from a later one.

    The product's clock is `core.db.now()`; in this context it stands at the moment of the story.
    """
    token = told_moment.set(min(moment, _real_now()).astimezone(UTC))
    try:
        yield
        # Rows are dated when they are written, which must be before the clock goes on.
        db.session.flush()
    finally:
        told_moment.reset(token)


def _real_now() -> datetime:
    return datetime.now(UTC)


class Calendar:
    """The days and hours of an organisation, counted from its today; day -3 is three days ago."""

    def __init__(self, timezone: str, rest_days: tuple[int, ...], random: Random) -> None:
        self.zone = ZoneInfo(timezone)
        self.rest_days = rest_days
        self.random = random
        self.now = _real_now()
        self.today = self.now.astimezone(self.zone).date()

    def day(self, day: int) -> date:
        """The date so many days from today."""
        return self.today + timedelta(days=day)

    def working(self, day: int) -> int:
        """The same day, or the nearest one before it (after it, for days to come) on which people work."""
        while self.day(day).isoweekday() in self.rest_days:
            day += 1 if day > 0 else -1
        return day

    def at(self, day: int, hour: int | None = None, minute: int | None = None) -> datetime:
        """A moment in working hours of that day (or the given hour); of what is past, never one still to come."""
        hour = self.random.randrange(9, 17) if hour is None else hour
        minute = self.random.randrange(0, 60, 5) if minute is None else minute
        moment = datetime.combine(self.day(self.working(day)), time(hour, minute), self.zone)
        return min(moment, self.now - timedelta(minutes=self.random.randrange(5, 55))) if day <= 0 else moment

    def due(self, day: int, hour: int) -> datetime:
        """The full hour on that day, or on the first working day after it; today is today."""
        return datetime.combine(self.day(self.working(day) if day > 0 else day), time(hour), self.zone)
