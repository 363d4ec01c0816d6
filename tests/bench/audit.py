"""(f) What it costs that every reading is recorded; (g) how quickly a long audit is verified."""

import time
from statistics import median
from typing import Any

from caseflow.audit.checking import verify
from caseflow.audit.heads import organisations
from caseflow.audit.jobs import seal_organisation
from caseflow.core import sight
from caseflow.core.db import unit_of_work
from tests.bench.figures import Figure
from tests.bench.place import Place, Visit
from tests.cast import Browser

TARGET = 1.15
RUNS = 150
RATE = 30_000  # entries a second, at least
PAGES = ("caseload", "inbox", "case page", "search")
FILLED = "iq-prison"


def measure(place: Place) -> list[Figure]:
    """(f) A ratio for each of the four pages, whole requests, on and off by turns."""
    return [_compare(place, visit) for visit in place.visits() if visit.what in PAGES]


def _compare(place: Place, visit: Visit) -> Figure:
    browser = place.browser(visit.email)
    on: list[float] = []
    off: list[float] = []
    for _ in range(RUNS + 5):
        on.append(_seconds(browser, visit.path))
        off.append(_without(browser, visit.path))
    ratio = median(on[5:]) / median(off[5:])
    how = f"{median(on[5:]) * 1000:.2f} / {median(off[5:]) * 1000:.2f} ms, {RUNS} runs"
    return Figure("f", f"{visit.what}, audit on ÷ off", ratio, "", TARGET, how)


def _without(browser: Browser, path: str) -> float:
    """With readings unrecorded: what is loaded is not held, and nothing is written at the end."""
    begin = sight.begin
    sight.begin = _nothing
    try:
        return _seconds(browser, path)
    finally:
        sight.begin = begin


def _nothing(*_: Any) -> None:
    return None


def _seconds(browser: Browser, path: str) -> float:
    began = time.perf_counter()
    browser.get(path)
    return time.perf_counter() - began


def rate(place: Place, many: int) -> list[Figure]:
    """(g) An organisation's audit of so many entries, sealed and verified; fails if it does not verify."""
    with place.app.app_context():
        [org_id] = [org_id for org_id, slug in organisations() if slug == FILLED]
    _fill(place, org_id, many)
    with place.app.app_context():
        began = time.perf_counter()
        seal_organisation(org_id, FILLED)
        sealing = time.perf_counter() - began
        with unit_of_work(org_id):
            began = time.perf_counter()
            verdict = verify(org_id)
            spent = time.perf_counter() - began
    if verdict.faults or verdict.waiting or verdict.entries < many:
        raise RuntimeError(f"the chain does not verify: {verdict.first}, {verdict.waiting} wait")
    how = f"{verdict.entries:,} entries under {verdict.seals:,} seals in {spent:.1f} s; sealed in {sealing:.1f} s"
    what = f"verify of {many:,} entries (entries a second)"
    return [Figure("g", what, verdict.entries / spent, "/s", RATE, how, at_least=True)]


def _fill(place: Place, org_id: Any, many: int) -> None:
    with place.owner() as owner:
        for start in range(0, many, 10_000):
            owner.execute(
                "INSERT INTO audit_entries (org_id, id, created_at, user_id, act, subject, subject_id, case_id, detail,"
                " request_id, about) SELECT u.org_id, gen_random_uuid(), now(), u.id, 'case.read', 'cases', c, c,"
                ' \'{"page": "casefile.overview"}\', left(md5(n::text), 12), ARRAY[c, gen_random_uuid()]'
                " FROM generate_series(%s::int, %s::int) n, LATERAL (SELECT gen_random_uuid() AS c WHERE n > 0) x,"
                " LATERAL (SELECT org_id, id FROM users WHERE org_id = %s LIMIT 1) u",
                (start + 1, min(start + 10_000, many), org_id),
            )
            owner.commit()
