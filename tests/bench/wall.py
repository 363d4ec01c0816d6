"""(a) What the wall costs: the very SQL of a page through row security, and as the owner with the WHERE alone."""

import time
from contextlib import contextmanager
from collections.abc import Iterator
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
SECONDS = 60  # at most, for one page
Statement = tuple[str, Any]


def measure(place: Place) -> list[Figure]:
    """A ratio for each page."""
    return [_compare(place, visit) for visit in place.visits()]


def _compare(place: Place, visit: Visit) -> Figure:
    statements = _statements(place, visit)
    context = ("SELECT set_config('caseflow.context', %s, true)", _context(place, visit))
    through: list[float] = []
    past: list[float] = []
    with _connected(place.environment["DATABASE_URL"]) as app, _connected(place.environment["OWNER_DATABASE_URL"]) as owner:
        # The app's role does no parallel work (WALL.md); the comparison is of the wall alone.
        owner.execute("SET max_parallel_workers_per_gather = 0")
        owner.commit()

        def walled() -> tuple[float, list[int]]:
            began = time.perf_counter()
            signed = sign_context(
                place.environment["CASEFLOW_WALL_KEY"], *place.user_ids[visit.email], str(app.info.backend_pid)
            )
            app.execute(context[0], (signed,))
            counts = _run(app, statements)
            spent = time.perf_counter() - began
            app.rollback()
            return spent, counts

        raise NotImplementedError
