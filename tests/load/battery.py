"""The fault battery: every fault, again and again at random moments, at one installation under load.

After each fault all users must get an act done again; after each round what users were told is compared with what is
there, and the chain of the audit is read.
"""

import contextlib
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import psutil
import psycopg

from caseflow import create_app
from caseflow.config import Config
from caseflow.core.db import db
from tests.cast import PASSWORD
from tests.load.crowd import Asked, Crowd, Visitor
from tests.load.ledger import Balance, Ledger, News, chain, news
from tests.load.place import Place, opened
from tests.load.strikes import STRIKES, Strike

PAUSE = 0.5  # longest pause of a user, seconds
SERVICE = 90.0  # seconds within which all must go on again
HEAR = 0.2  # seconds between two looks at the news
SETTLED = 120.0  # seconds within which all news must be told at the end
STRAY = 20.0  # seconds that an orphan may take to finish
PATIENCE = "2"  # seconds for which the product waits for a server that is silent
MESSAGES = 0.08  # the part of the acts that make news: each is a job
LONG = 3000  # bytes, of two letters each


@dataclass
class Outcome:
    """What one kind of fault did: how often it struck, seconds until service again, what did not come back."""

    name: str
    struck: int = 0
    seconds: list[float] = field(default_factory=list)
    news_seconds: list[float] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)


@dataclass
class Report:
    """All figures of a battery."""

    outcomes: dict[str, Outcome]
    balance: Balance
    news: News
    entries: int
    wrong: list[str]
    left_out: list[str]
    seconds: float

    @property
    def right(self) -> bool:
        """Whether nothing was lost, doubled, broken or left behind."""
        total = self.balance.all()
        return (
            not (total.lost or total.doubled or self.wrong)
            and self.news.right
            and not any(one.troubles for one in self.outcomes.values())
        )

    def as_json(self) -> dict[str, Any]:
        """The figures for a program."""
        return {
            "right": self.right,
            "seconds": round(self.seconds, 1),
            "left_out": self.left_out,
            "faults": {
                name: {
                    "struck": one.struck,
                    **(asdict(self.balance.by_fault[name]) if name in self.balance.by_fault else {}),
                    **_spread("service", one.seconds),
                    **_spread("news", one.news_seconds),
                    "troubles": one.troubles,
                }
                for name, one in self.outcomes.items()
            },
            "all": asdict(self.balance.all()),
            "news": asdict(self.news),
            "audit": {"entries": self.entries, "wrong": self.wrong},
        }


def _spread(name: str, seconds: Sequence[float]) -> dict[str, float]:
    if not seconds:
        return {}
    ordered = sorted(seconds)
    return {f"{name}_median_s": round(ordered[len(ordered) // 2], 2), f"{name}_longest_s": round(ordered[-1], 2)}


def run(folder: Path, rounds: int, *, strikes: Iterable[Strike] = STRIKES, seed: int = 1, say: Any = print) -> Report:
    """Strike every fault in every round, in an order and at moments that `seed` decides."""
    with opened(folder, "cast", faults=True, CASEFLOW_NETWORK_SECONDS=PATIENCE) as place:
        with place.owner() as owner:
            ledger, visitors = Ledger(owner), _visitors(owner)
        possible = [one for one in strikes if one.possible(place)]
        left_out = [one.name for one in strikes if one not in possible]
        with Crowd(place.address, visitors, pause=PAUSE, seed=seed) as crowd:
            battery = _Battery(place, crowd, ledger, Random(seed), possible, say)
            try:
                return battery.run(rounds, left_out)
            except BaseException:
                say(place.logs())
                raise


class _Battery:
    def __init__(
        self, place: Place, crowd: Crowd, ledger: Ledger, random: Random, strikes: list[Strike], say: Any
    ) -> None:
        self.place, self.crowd, self.ledger, self.random, self.strikes = place, crowd, ledger, random, strikes
        self.say = say
        self.awaited: list[tuple[str, frozenset[uuid.UUID], float]] = []  # fault, the news before its end, its end
        self.heard_at = 0.0
        self.outcomes = {one.name: Outcome(one.name) for one in strikes}
        self.windows: list[tuple[float, str]] = [(0.0, "before")]
        self.strays: dict[tuple[int, float], tuple[float, str]] = {}
        self.app = create_app(Config.from_env(place.environment))

    def run(self, rounds: int, left_out: list[str]) -> Report:
        if self._served("before", time.monotonic()) is None:
            raise RuntimeError("not everybody is served before the first fault")
        began, entries, wrong = time.monotonic(), 0, list[str]()
        for number in range(rounds):
            for strike in self.random.sample(self.strikes, len(self.strikes)):
                time.sleep(self.random.uniform(0.05, 0.5))
                self._strike(strike)
            self._all_heard()
            entries, wrong = self._look(wrong)
            spent = time.monotonic() - began
            self.say(
                f"round {number + 1} of {rounds}: {spent:.0f} s, {spent / (number + 1) * rounds:.0f} s in all expected"
            )
        self.crowd.stop()
        told = self._settle()
        entries, wrong = self._look(wrong)
        with self.place.owner() as owner:
            balance = self.ledger.balance(owner, self._acts())
        with self.app.app_context():
            db.engine.dispose()
        for _since, fault in self._strays(now=True):
            self.outcomes[fault].troubles.append("a process was left behind")
        return Report(self.outcomes, balance, told, entries, wrong, left_out, time.monotonic() - began)

    def _strike(self, strike: Strike) -> None:
        outcome = self.outcomes[strike.name]
        self.windows.append((time.monotonic(), strike.name))
        strike.strike(self.place, self.random)
        outcome.struck += 1
        lifted = time.monotonic()
        if strike.news:
            self.awaited.append((strike.name, self._pieces(), lifted))
        served = self._served(strike.name, lifted)
        if served is not None:
            outcome.seconds.append(served)
            self.say(f"  {strike.name}: all are served after {served:.1f} s")
        for one in self.place.strays():
            with contextlib.suppress(psutil.NoSuchProcess):
                self.strays.setdefault((one.pid, one.create_time()), (time.monotonic(), strike.name))

    def _served(self, name: str, since: float) -> float | None:
        """Wait until everybody has got an act done that they began since; gives the seconds."""
        while time.monotonic() - since < SERVICE:
            if self.crowd.all_served_since(since):
                return time.monotonic() - since
            self._hear()
            time.sleep(0.05)
        self._trouble(name, f"not everybody was served within {SERVICE:.0f} s")
        return None

    def _pieces(self) -> frozenset[uuid.UUID]:
        """The news that is written by now, as soon as the database answers; times would not do, for clocks jump."""
        until = time.monotonic() + SERVICE
        while time.monotonic() < until:
            with contextlib.suppress(psycopg.Error), self.place.owner() as owner:
                return frozenset(id for (id,) in owner.execute("SELECT id FROM outbox"))
            time.sleep(0.05)
        raise RuntimeError("the database does not answer")

    def _hear(self) -> None:
        """Note for which faults a message that was written after them has rung by now."""
        if not self.awaited or time.monotonic() - self.heard_at < HEAR:
            return
        self.heard_at = time.monotonic()
        with contextlib.suppress(psycopg.Error), self.place.owner() as owner:
            told = {id for (id,) in owner.execute("SELECT id FROM outbox WHERE delivered_at IS NOT NULL")}
            for awaited in list(self.awaited):
                name, before, lifted = awaited
                if told - before:
                    self.outcomes[name].news_seconds.append(time.monotonic() - lifted)
                    self.awaited.remove(awaited)

    def _all_heard(self) -> None:
        """Wait until news travels again after every fault of the round."""
        until = time.monotonic() + SERVICE
        while self.awaited and time.monotonic() < until:
            self._hear()
            time.sleep(0.05)
        for name, *_ in self.awaited:
            self._trouble(name, f"no news within {SERVICE:.0f} s")
        self.awaited.clear()

    def _trouble(self, name: str, what: str) -> None:
        self.outcomes.setdefault(name, Outcome(name)).troubles.append(what)

    def _acts(self) -> Iterator[tuple[str, Asked]]:
        """Every act with the fault under which it was begun or still waited."""
        for asked in self.crowd.remembered():
            ended = asked.began + asked.seconds
            fault = next(name for since, name in reversed(self.windows) if since <= ended)
            yield fault, asked

    def _look(self, wrong: list[str]) -> tuple[int, list[str]]:
        """Nothing acknowledged may be missing, the chain must verify, and no orphan may stay."""
        acts = [(fault, act) for fault, act in self._acts() if act.acknowledged]
        with self.place.owner() as owner:
            missing = self.ledger.balance(owner, acts).all().lost
        if missing:
            wrong = [*wrong, f"{missing} acknowledged acts are missing"]
        for _since, fault in self._strays():
            self._trouble(fault, f"an orphan lives on after {STRAY:.0f} s")
        entries, faults = chain(self.app)
        return entries, [*wrong, *(f"audit: {one}" for one in faults)]

    def _strays(self, *, now: bool = False) -> list[tuple[float, str]]:
        running = set()
        for one in self.place.strays():
            with contextlib.suppress(psutil.NoSuchProcess):
                running.add((one.pid, one.create_time()))
        self.strays = {key: told for key, told in self.strays.items() if key in running}
        return [told for told in self.strays.values() if now or time.monotonic() - told[0] > STRAY]

    def _settle(self) -> News:
        """All news, when nothing waits any more or the patience is over."""
        until = time.monotonic() + SETTLED
        with self.place.owner() as owner:
            while (told := news(owner)).waiting and time.monotonic() < until:
                time.sleep(0.2)
        return told


def _visitors(owner: "psycopg.Connection[Any]") -> list[Visitor]:
    """Two social workers, and a coordinator and a worker of the CSO that helps their people."""
    rows = owner.execute(
        "SELECT u.email, o.case_id, o.id FROM referral_origins o"
        " JOIN assignments a ON a.org_id = o.org_id AND a.case_id = o.case_id"
        " JOIN users u ON u.org_id = a.org_id AND u.id = a.user_id"
    ).fetchall()
    referrals = [referral for *_, referral in rows]
    found = []
    for email in sorted({email for email, *_ in rows}):
        cases = [case for who, case, _ in rows if who == email]
        theirs = [referral for who, _, referral in rows if who == email]
        found.append(Visitor(email, PASSWORD, _day(cases, theirs)))
    helpers = ("coordinator", "worker")
    return found + [Visitor(f"{name}@example.org", PASSWORD, _day([], referrals)) for name in helpers]


def _day(cases: list[uuid.UUID], referrals: list[uuid.UUID]) -> Any:
    """Write notes on cases and messages on referrals; each act names the row that it makes."""

    def step(visitor: Visitor, random: Random) -> None:
        row = uuid.uuid4()
        referral = f"/referrals/{random.choice(referrals)}"
        if random.random() < MESSAGES:
            visitor.ask(
                "POST", f"{referral}/messages", "message", row=row, message_id=row, message=f"{row} May he call?"
            )
        elif cases:
            path = f"/cases/{random.choice(cases)}/notes/new"
            text = f"{row} {random.randbytes(LONG).hex()}"  # long, so that the database's files grow
            visitor.ask("POST", path, "note", row=row, id=row, kind="contact", text=text)
        else:
            visitor.ask("POST", f"{referral}/notes", "helper's note", row=row, note_id=row, note=f"{row} He was there.")

    return step
