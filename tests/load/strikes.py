"""The faults: how each strikes a place under load, and how it is lifted."""

import contextlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

import psutil

from tests.load.place import Place
from tests.load.wire import Cut, Wire

HOURS = (1, 5)  # how far the clock jumps
CUT = (0.3, 2.6)  # seconds that a wire is cut; the product is told to wait 2 for a server that is silent
FULL = 1.0  # seconds that the disk is full
SEEN = 1.2  # seconds until every process sees the clock that was set


@dataclass(frozen=True)
class Strike:
    """A fault: it strikes, and is over when the function returns; `news` where news is to be waited for after it."""

    name: str
    strike: Callable[[Place, Random], object]
    news: bool = False
    needs: str | None = None  # a part of the place that may be missing

    def possible(self, place: Place) -> bool:
        """Whether it can be done here."""
        return self.needs is None or getattr(place, self.needs) is not None


def _kill(one: psutil.Process) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        one.kill()


def web(place: Place, random: Random) -> None:
    """The web server or one of its processes."""
    for server in place.children("serve"):
        _kill(random.choice([server, *server.children()]))


def worker(place: Place, random: Random) -> None:
    """The worker; in half of the cases with the process that does a job at this moment."""
    for one in place.children("worker"):
        doing = one.children(recursive=True) if random.random() < 0.5 else []
        for each in (one, *doing):
            _kill(each)


def cron(place: Place, _random: Random) -> None:
    """The cron."""
    for one in place.children("cron"):
        _kill(one)


def postgres(place: Place, _random: Random) -> None:
    """PostgreSQL's first process."""
    for one in place.children("postgres"):
        _kill(one)


def backend(place: Place, random: Random) -> None:
    """The process of one connection, upon which PostgreSQL starts all anew by itself."""
    for one in place.children("postgres"):
        theirs = [child for child in one.children() if "caseflow_app" in " ".join(child.cmdline())]
        if theirs:
            _kill(random.choice(theirs))


def redis(place: Place, _random: Random) -> None:
    """Redis."""
    for one in place.children("redis-server"):
        _kill(one)


def disk(place: Place, random: Random) -> None:
    """The disk of the database, of Redis and of the logs is full for a moment."""
    assert place.disk
    try:
        _fill(place.disk)
        time.sleep(FULL * random.uniform(0.5, 1.5))
    finally:
        place.disk.unlink(missing_ok=True)


def _fill(file: Path) -> None:
    handle = os.open(file, os.O_CREAT | os.O_WRONLY)
    try:
        place, step = 0, 64 * 2**20
        while step >= 4096:
            try:
                os.posix_fallocate(handle, place, step)
                place += step
            except OSError:
                step //= 4
    finally:
        os.close(handle)


def clock(place: Place, random: Random) -> None:
    """The clock of all processes jumps by hours, forward or back; the next time it jumps to the true time again."""
    assert place.clock
    hours = random.choice((1, -1)) * random.uniform(*HOURS)
    off = "+0" if place.clock.read_text() != "+0\n" else f"{hours * 3600:+.0f}"
    fresh = place.clock.with_suffix(".new")
    fresh.write_text(f"{off}\n")
    fresh.replace(place.clock)
    time.sleep(SEEN)


def _cut(wire: Wire, how: Cut, random: Random) -> None:
    wire.fail(how)
    time.sleep(random.uniform(*CUT))
    wire.mend()


STRIKES = (
    Strike("kill -9 web", web),
    Strike("kill -9 worker", worker, news=True),
    Strike("kill -9 cron", cron, news=True),
    Strike("kill -9 PostgreSQL", postgres),
    Strike("kill -9 a backend", backend),
    Strike("kill -9 Redis", redis, news=True),
    Strike("disk full", disk, needs="disk"),
    Strike("PostgreSQL cut, silent", lambda place, random: _cut(place.database, Cut.DROP, random)),
    Strike("PostgreSQL cut, reset", lambda place, random: _cut(place.database, Cut.RESET, random)),
    Strike("Redis cut, silent", lambda place, random: _cut(place.redis, Cut.DROP, random), news=True),
    Strike("Redis cut, reset", lambda place, random: _cut(place.redis, Cut.RESET, random), news=True),
    Strike("clock jump", clock, news=True, needs="clock"),
)
