"""(b) What size costs: whole pages with all the people, and with few."""

import time
from statistics import median

from tests.bench.figures import Figure
from tests.bench.place import Place, Visit
from tests.cast import Browser

TARGET = 1.3
RUNS = 80


def measure(large: Place, small: Place) -> list[Figure]:
    """A ratio for each page. A leader's caseload is a list of the whole organisation with a true count: it grows."""
    return [_compare(large, small, *pair) for pair in zip(large.visits(), small.visits(), strict=True)]


def _compare(large: Place, small: Place, visit: Visit, other: Visit) -> Figure:
    browsers = (large.browser(visit.email), small.browser(other.email))
    times: tuple[list[float], list[float]] = ([], [])
    rows = [browser.get(path).count("<tr>") for browser, path in zip(browsers, (visit.path, other.path), strict=True)]
    for _ in range(RUNS):
        for browser, path, spent in zip(browsers, (visit.path, other.path), times, strict=True):
            spent.append(_seconds(browser, path))
    slow, quick = median(times[0]), median(times[1])
    how = f"{slow * 1000:.1f} / {quick * 1000:.1f} ms, {rows[0]} and {rows[1]} rows shown, {RUNS} runs"
    what = f"{visit.what} at {large.people:,} ÷ at {small.people:,} people"
    return Figure("b", what, slow / quick, "", None if visit.whole else TARGET, how)


def _seconds(browser: Browser, path: str) -> float:
    began = time.perf_counter()
    browser.get(path)
    return time.perf_counter() - began
