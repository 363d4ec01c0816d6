"""What the soak watches besides the answers: the memory of each process, and the connections to the database."""

import contextlib
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import mean

import psutil
import psycopg

from tests.load.place import Place

EVERY = 5.0  # seconds between two looks
SHARE = 0.05  # how much a process may grow after it has warmed up
SMALL = 1.0  # MB that any process may grow: a twentieth of a small one is noise


@dataclass
class Watched:
    """The memory of one process over time: seconds since the beginning, MB that are its own alone, MB resident.

    The bound is on what is resident, which is what a process takes. What a fork shares with its parent is resident all
    along, and becomes its own piece by piece as it is used: a share of that alone says less about growth.
    """

    name: str
    held: list[tuple[float, float, float]] = field(default_factory=list)

    def own(self, warm: float) -> tuple[float, float]:
        """MB of its own just after it was warm, and at the end: means over a tenth of the time between."""
        return _between([own for at, own, _resident in self.held if at >= warm])

    def resident(self, warm: float) -> tuple[float, float]:
        """MB resident just after it was warm, and at the end, as `own`."""
        return _between([resident for at, _own, resident in self.held if at >= warm])

    def flat(self, warm: float) -> bool:
        """Whether it stayed as large as it was."""
        first, last = self.resident(warm)
        return last <= max(first * (1 + SHARE), first + SMALL)


def _between(sizes: list[float]) -> tuple[float, float]:
    if not sizes:
        return 0.0, 0.0
    span = max(1, len(sizes) // 10)
    return mean(sizes[:span]), mean(sizes[-span:])


class Watch:
    """Looks every few seconds; also a context manager."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.watched: dict[int, Watched] = {}
        self.connections: list[int] = []
        self.ended: list[str] = []  # processes that ended before the time
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, name="watch", daemon=True)
        self._began = time.monotonic()

    def __enter__(self) -> "Watch":
        """Begin."""
        self._began = time.monotonic()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """One last look."""
        self._over.set()
        self._thread.join(30)

    def _look(self) -> None:
        while True:
            known = set(self.watched)
            seen = set()
            for name, one in self._processes():
                with contextlib.suppress(psutil.NoSuchProcess):
                    watched = self.watched.setdefault(one.pid, Watched(name))
                    memory = one.memory_full_info()
                    watched.held.append((time.monotonic() - self._began, memory.uss / 1e6, memory.rss / 1e6))
                    seen.add(one.pid)
            self.ended += [self.watched[pid].name for pid in known - seen if self.watched[pid].name not in self.ended]
            with contextlib.suppress(psycopg.Error), self.place.owner() as owner:
                asked = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'caseflow_app'"
                self.connections.append(owner.execute(asked).fetchall()[0][0])
            if self._over.wait(EVERY):
                return

    def _processes(self) -> Sequence[tuple[str, psutil.Process]]:
        """The processes that live as long as the installation; a job's own process does not."""
        found = []
        for name, command in (("web", "serve"), ("worker", "worker"), ("cron", "cron"), ("Redis", "redis-server")):
            for one in self.place.children(command):
                found.append((name, one))
                if command == "serve":
                    found += [(f"web {number}", each) for number, each in enumerate(one.children(), 1)]
        return found
