"""(a) What the wall costs: a page's own SQL through row security, and as owner with its hand-written WHERE alone."""

import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

import psycopg
from sqlalchemy import event

from caseflow.core.db import db
from caseflow.core.wall import sign_context
from tests.bench.figures import Figure
from tests.bench.place import Place, Visit

TARGET = 1.1
RUNS = 200
SECONDS = 40  # at most, for one page
CONTEXT = "SELECT set_config('caseflow.context', %s, true)"
Statement = tuple[str, Any]


def measure(place: Place) -> list[Figure]:
    """A ratio for each page."""
    return [_compare(place, visit) for visit in place.visits()]


def _compare(place: Place, visit: Visit) -> Figure:
    """Median of alternating runs, from BEGIN on; setting the signed context counts for the app's side alone."""
    statements = _statements(place, visit)
    who = place.user(visit.email)
    with psycopg.connect(place.environment["DATABASE_URL"], autocommit=True) as app, place.owner() as owner:
        owner.autocommit = True
        # The app's role does no parallel work: what is compared is the wall alone.
        owner.execute("SET max_parallel_workers_per_gather = 0")
        walled: list[float] = []
        bare: list[float] = []
        until = time.monotonic() + SECONDS
        with _apart(app, owner):
            while len(walled) < RUNS and (len(walled) < 10 or time.monotonic() < until):
                first, seen = _through(app, place, who, statements)
                second, there = _past(owner, place, who, statements)
                if seen != there:
                    raise RuntimeError(
                        f"{visit.what}: a statement leaves the organisation to the wall: {seen}, {there}"
                    )
                walled.append(first)
                bare.append(second)
    runs, walled, bare = len(walled), walled[5:], bare[5:]  # the first ones prepare the statements
    ratio = median(walled) / median(bare)
    how = f"{median(walled) * 1000:.2f} / {median(bare) * 1000:.2f} ms, {len(statements)} statements, {runs} runs"
    return Figure("a", f"SQL of the {visit.what} through the wall ÷ as owner", ratio, "", TARGET, how)


@contextmanager
def _apart(*connections: "psycopg.Connection[Any]") -> Iterator[None]:
    """Keep us on one core and both backends on another, as on two machines.

    Left alone, one backend may settle on our core and the other not, for as long as they live: a round trip then takes
    half as long, and that is no matter of row security (BEGIN shows it as well).
    """
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if len(cores) < 2:
        yield
        return
    os.sched_setaffinity(0, cores[:1])
    try:
        for one in connections:
            os.sched_setaffinity(one.info.backend_pid, cores[1:2])
        yield
    finally:
        os.sched_setaffinity(0, cores)


def _statements(place: Place, visit: Visit) -> list[Statement]:
    """What the page asks of the database, as the driver gets it; its few writes (audit, last seen) are left out."""
    browser = place.browser(visit.email)
    browser.get(visit.path)
    heard: list[Statement] = []

    def hear(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "WITH")) and "set_config" not in statement:
            heard.append((statement, parameters))

    with place.app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", hear)
    browser.get(visit.path)
    event.remove(engine, "before_cursor_execute", hear)
    return heard


def _through(
    app: "psycopg.Connection[Any]", place: Place, who: tuple[uuid.UUID, uuid.UUID], statements: list[Statement]
) -> tuple[float, list[int]]:
    context = _signed(app, place, who)
    began = time.perf_counter()
    app.execute("BEGIN")
    app.execute(CONTEXT, (context,))
    counts = _run(app, statements)
    spent = time.perf_counter() - began
    app.execute("COMMIT")  # as a request ends; a rollback would make psycopg forget its prepared statements
    return spent, counts


def _past(
    owner: "psycopg.Connection[Any]", place: Place, who: tuple[uuid.UUID, uuid.UUID], statements: list[Statement]
) -> tuple[float, list[int]]:
    began = time.perf_counter()
    owner.execute("BEGIN")
    spent = time.perf_counter() - began
    # Functions that a page calls ask the context, too.
    owner.execute(CONTEXT, (_signed(owner, place, who),))
    began = time.perf_counter()
    counts = _run(owner, statements)
    spent += time.perf_counter() - began
    owner.execute("COMMIT")
    return spent, counts


def _signed(connection: "psycopg.Connection[Any]", place: Place, who: tuple[uuid.UUID, uuid.UUID]) -> str:
    return sign_context(place.environment["CASEFLOW_WALL_KEY"], *who, str(connection.info.backend_pid))


def _run(connection: "psycopg.Connection[Any]", statements: list[Statement]) -> list[int]:
    return [len(connection.execute(statement, parameters).fetchall()) for statement, parameters in statements]
