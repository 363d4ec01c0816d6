"""The demo's past: what is done within `told_at` counts as done at that moment."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta, tzinfo
from random import Random
from zoneinfo import ZoneInfo

from caseflow.core import db as core_db
from caseflow.core.db import db


class _Told(datetime):
    """A clock that stands at the moment of the story."""

    moment: datetime

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]  # a plain datetime, as drivers want
        """The moment that is told, in this time zone."""
        return cls.moment.astimezone(tz)


@contextmanager
def told_at(moment: datetime) -> Iterator[None]:
    """Let every action date what it does, and what falls due from it, from this moment on; never from a later one.

    The product's clock is `core.db.now()`, and it takes no other time: so the clock is exchanged for as long as the
    story lasts. Only a process that does nothing else may do that.
    """
    held = vars(core_db)["datetime"]
    _Told.moment = min(moment, _real_now())
    vars(core_db)["datetime"] = _Told
    try:
        yield
        # Rows are dated when they are written, which must be before the clock goes on.
        db.session.flush()
    finally:
        vars(core_db)["datetime"] = held


def _real_now() -> datetime:
    return datetime.now(ZoneInfo("UTC"))


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
