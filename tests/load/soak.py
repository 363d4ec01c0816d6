"""A long day at country size: mixed traffic of forty users; a table, JSON in the last line, exit code 1 on a fault.

python -m tests.load.soak [--minutes 30] [--users 40] [--place country|town] [--seed N]

Bounds: no answer of 500 or more and none missing; what is resident of each process grows by no more than 5 % (or 1 MB)
after the first five minutes; as many database connections as the settings allow at most; all news told at the end; the
audit verifies.
Times are told, and bound to nothing.
"""

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import psycopg

from caseflow import create_app
from caseflow.config import Config
from caseflow.core.db import db
from caseflow.demo.founding import PASSWORD
from tests.load.crowd import NO_ANSWER, Asked, Crowd, Visitor
from tests.load.days import DAYS, Day
from tests.load.ledger import chain
from tests.load.measures import Watch
from tests.load.place import Place, opened

WARM = 5.0  # minutes; a third of a short run, in which memory is only told: one of less than ten warms up all along
PAUSE = 8.0  # longest pause of a user, seconds
SETTLED = 300.0  # seconds within which all news must be told at the end
OTHERS = 4  # connections besides those of the web: the worker's, its job's, the cron's, and one that is just closing
SHARES = {"social_worker": 18, "team_leader": 4, "coordinator": 7, "worker": 5, "probation_officer": 6}


def main() -> int:
    """Run it; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.load.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0, help="how long (default: %(default)s)")
    parser.add_argument("--users", type=int, default=40, help="how many (default: %(default)s)")
    parser.add_argument("--place", choices=("country", "town"), default="country", help="a town is quickly made")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="caseflow-soak-") as folder:
        Path(folder).chmod(0o755)
        _say(f"making the {asked.place}")
        with opened(Path(folder) / "house", asked.place) as place:
            _say(f"{asked.users} users for {asked.minutes:g} minutes")
            told = soak(place, minutes=asked.minutes, users=asked.users, seed=asked.seed)
    print(table(told))
    print(json.dumps(told, ensure_ascii=False))
    return 1 if told["broken"] else 0


def soak(place: Place, *, minutes: float, users: int, seed: int) -> dict[str, Any]:
    """Let the crowd in for so long; gives the figures, `broken` naming each bound that did not hold."""
    with place.owner() as owner:
        visitors = _visitors(owner, users)
    with Watch(place) as watch, Crowd(place.address, visitors, pause=PAUSE, seed=seed) as crowd:
        until = time.monotonic() + minutes * 60
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(left, 60))
            _say(
                f"{max(0.0, until - time.monotonic()) / 60:.0f} minutes to go, {len(list(crowd.remembered()))} requests"
            )
    asked = list(crowd.remembered())
    waiting, given_up = _settle(place)
    config = Config.from_env(place.environment)
    app = create_app(config)
    entries, wrong = chain(app)
    with app.app_context():
        db.engine.dispose()
    warm = min(WARM, minutes / 3) * 60
    allowed = config.web_workers * (config.web_threads + 4) + OTHERS
    statuses = Counter(one.status for one in asked)
    memory = {
        f"{one.name} ({pid})": {
            "warm_mb": round(one.own(warm)[0], 1),
            "end_mb": round(one.own(warm)[1], 1),
            "flat": one.flat(warm),
            "resident_warm_mb": round(one.resident(warm)[0], 1),
            "resident_end_mb": round(one.resident(warm)[1], 1),
            "each_minute_mb": [
                [round(own, 1), round(resident, 1)]
                for _at, own, resident in one.held[:: max(1, len(one.held) // max(1, int(minutes)))]
            ],
        }
        for pid, one in watch.watched.items()
    }
    bad = sum(count for status, count in statuses.items() if status >= 500 or status == NO_ANSWER)
    broken = [
        *([f"{bad} requests failed"] if bad else []),
        *(f"{name} grew" for name, one in memory.items() if minutes >= 2 * WARM and not one["flat"]),
        *(f"{name} ended" for name in watch.ended),
        *([f"{max(watch.connections)} connections"] if max(watch.connections) > allowed else []),
        *([f"{waiting} pieces of news wait, {given_up} were given up"] if waiting or given_up else []),
        *(f"audit: {one}" for one in wrong),
        *crowd.troubles[:20],
    ]
    return {
        "broken": broken,
        "minutes": minutes,
        "users": users,
        "requests": len(asked),
        "statuses": {str(status): count for status, count in sorted(statuses.items())},
        "failed": Counter(one.what for one in asked if one.status >= 500 or one.status == NO_ANSWER),
        "acts": Counter(one.what for one in asked if one.acknowledged),
        "memory": memory,
        "connections": {"most": max(watch.connections), "allowed": allowed},
        "news": {"waiting": waiting, "given_up": given_up},
        "audit": {"entries": entries, "wrong": wrong},
        "seconds": {"all": _spread(asked), **{what: _spread(of) for what, of in sorted(_by_what(asked).items())}},
    }


def _visitors(owner: "psycopg.Connection[Any]", users: int) -> list[Visitor]:
    """Users of every role, of all countries in turn; of a large service its case workers with full caseloads, too."""
    found = []
    for role, share in SHARES.items():
        emails = owner.execute(
            "SELECT email FROM (SELECT u.email, row_number() OVER (PARTITION BY u.org_id ORDER BY md5(u.email)) place"
            " FROM users u WHERE u.role = %s AND u.active) each ORDER BY place, email LIMIT %s",
            (role, max(1, round(share * users / sum(SHARES.values())))),
        ).fetchall()
        pages, acts = DAYS[role]
        found += [Visitor(email, PASSWORD, Day(pages, acts).step) for (email,) in emails]
    return found


def _settle(place: Place) -> tuple[int, int]:
    """How much news still waits when the patience is over, and how much was given up."""
    until = time.monotonic() + SETTLED
    asked = (
        "SELECT count(*) FILTER (WHERE delivered_at IS NULL AND given_up_at IS NULL),"
        " count(*) FILTER (WHERE given_up_at IS NOT NULL) FROM outbox"
    )
    with place.owner() as owner:
        while (row := owner.execute(asked).fetchall()[0])[0] and time.monotonic() < until:
            time.sleep(0.5)
    return int(row[0]), int(row[1])


def _by_what(asked: Iterable[Asked]) -> dict[str, list[Asked]]:
    found: dict[str, list[Asked]] = {}
    for one in asked:
        found.setdefault(one.what, []).append(one)
    return found


def _spread(asked: list[Asked]) -> dict[str, float]:
    """How many, and the seconds that half, 95 and 99 of a hundred took at most."""
    times = sorted(one.seconds for one in asked)
    at = {f"p{part}": round(times[min(len(times) - 1, len(times) * part // 100)], 3) for part in (50, 95, 99)}
    return {"count": len(times), **at} if times else {"count": 0}


def table(told: dict[str, Any]) -> str:
    """The figures in lines."""
    lines = [
        f"{told['requests']:,} requests of {told['users']} users in {told['minutes']:g} minutes: {told['statuses']}"
    ]
    lines.append(f"acts done: {dict(told['acts'])}")
    lines += [f"{'what':<28}{'count':>8}{'p50 s':>9}{'p95 s':>9}{'p99 s':>9}"]
    for what, one in told["seconds"].items():
        lines.append(
            f"{what:<28}{one['count']:>8,}" + "".join(f"{one.get(part, 0):>9.3f}" for part in ("p50", "p95", "p99"))
        )
    lines += [f"{'process':<28}{'own MB':>9}{'end MB':>9}{'resident':>10}{'end MB':>9}"]
    for name, one in told["memory"].items():
        own = f"{one['warm_mb']:>9.1f}{one['end_mb']:>9.1f}"
        resident = f"{one['resident_warm_mb']:>10.1f}{one['resident_end_mb']:>9.1f}"
        lines.append(f"{name:<28}{own}{resident}  {'flat' if one['flat'] else 'GREW'}")
    lines.append(f"connections: {told['connections']['most']} at most, {told['connections']['allowed']} allowed")
    lines.append(
        f"news: {told['news']}; audit: {told['audit']['entries']:,} entries, {len(told['audit']['wrong'])} wrong"
    )
    lines += [f"BROKEN: {one}" for one in told["broken"]] or ["every bound holds"]
    return "\n".join(lines)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
