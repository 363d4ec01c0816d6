"""What users do all day: each role opens the pages of its work, follows what it finds there, and acts."""

import re
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any
from urllib.parse import quote

from caseflow.core.db import now
from tests.load.crowd import Visitor
from tests.stories.received import parts
from tests.trust.pages import Sheet, sheets

_ID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
THINGS = {kind: re.compile(rf'"/{kind}/({_ID})[/"?#]') for kind in ("cases", "referrals", "handovers", "sessions")}
NAMES = re.compile(r"<bdi>([^<\d]{5,40})</bdi>")
KEPT = 40  # things of a kind that one has in mind
PARTS = ("", "/timeline", "/needs", "/plan", "/notes", "/tasks", "/referrals", "/release", "/consents", "/supervision")

Act = Callable[["Day", Visitor, Random], object]


@dataclass
class Day:
    """What one user has in mind: the ids and names that stood on the pages they opened."""

    pages: Sequence[str]
    acts: Sequence[tuple[int, Act]]
    known: dict[str, list[str]] = field(default_factory=dict)

    def step(self, visitor: Visitor, random: Random) -> None:
        """One thing of the day."""
        act = random.choices([act for _, act in self.acts], [weight for weight, _ in self.acts])[0]
        act(self, visitor, random)

    def open(self, visitor: Visitor, path: str, what: str) -> str:
        """Open a page and keep in mind what stands on it."""
        text = visitor.ask("GET", path, what)
        for kind, pattern in (*THINGS.items(), ("names", NAMES)):
            found = dict.fromkeys([*pattern.findall(text), *self.known.get(kind, [])])
            self.known[kind] = list(found)[:KEPT]
        return text

    def one(self, kind: str, random: Random) -> str | None:
        """A thing of this kind, if one is known."""
        return random.choice(self.known[kind]) if self.known.get(kind) else None

    def send(self, visitor: Visitor, path: str, what: str, to: str = "", **typed: Any) -> bool:
        """Open the page, fill in its form as somebody in a hurry does, and send it; whether it was taken."""
        form = next((one for one in sheets(self.open(visitor, path, what), path) if _fits(one, to or path)), None)
        if form is None:
            return False
        visitor.ask("POST", form.action, what, **(form.filled() | typed))
        return visitor.remembered[-1].acknowledged


def _fits(form: Sheet, path: str) -> bool:
    return form.method == "POST" and form.action.split("?")[0] == path


def look(day: Day, visitor: Visitor, random: Random) -> None:
    """Open one of the pages that one's work begins with."""
    path = random.choice(day.pages)
    day.open(visitor, path, f"GET {path.split('?')[0]}")


def case(day: Day, visitor: Visitor, random: Random) -> None:
    """Open a part of a case."""
    if found := day.one("cases", random):
        part = random.choice(PARTS)
        day.open(visitor, f"/cases/{found}{part}", f"GET case{part}")


def search(day: Day, visitor: Visitor, random: Random) -> None:
    """Look for somebody."""
    if name := day.one("names", random):
        day.open(visitor, f"/search?q={quote(name)}", "GET /search")


def referral(day: Day, visitor: Visitor, random: Random) -> None:
    """Open a referral."""
    if found := day.one("referrals", random):
        day.open(visitor, f"/referrals/{found}", "GET referral")


def handover(day: Day, visitor: Visitor, random: Random) -> None:
    """Read a handover, live."""
    if found := day.one("handovers", random):
        day.open(visitor, f"/handovers/{found}", "GET handover")


def note(day: Day, visitor: Visitor, random: Random) -> None:
    """Write a note."""
    if found := day.one("cases", random):
        path = f"/cases/{found}/notes/new"
        day.send(visitor, path, "note", kind="contact", text=f"We spoke about {random.random()}.")


def task(day: Day, visitor: Visitor, random: Random) -> None:
    """Set a task."""
    if found := day.one("cases", random):
        day.send(visitor, f"/cases/{found}/tasks/new", "task", title="Call the court")


def message(day: Day, visitor: Visitor, random: Random) -> None:
    """Write to the other side of a referral."""
    if found := day.one("referrals", random):
        data: dict[str, Any] = {"message": f"When may he call? {random.random()}", "message_id": uuid.uuid4()}
        visitor.ask("POST", f"/referrals/{found}/messages", "message", **data)


def refer(day: Day, visitor: Visitor, random: Random) -> None:
    """Refer somebody: begin a draft, fill in its parts, take the consent, check and send."""
    found = day.one("cases", random)
    if not found or not day.send(visitor, f"/cases/{found}/referrals/new", "draft", kind="legal_aid"):
        return
    draft = visitor.onward.split("?")[0]
    ends = {f"ends_on-{part}": value for part, value in _day(90).items()}
    steps: list[tuple[str, dict[str, Any]]] = [
        ("details", {"reason": "Needs somebody who knows the way.", "matter": "identity_papers"}),
        ("service", {}),
        ("consent", {"purpose": "Legal help", "categories": TOLD, "given_by": "person", "way": "signed", **ends}),
        ("disclosure", {"categories": TOLD}),
    ]
    if all(day.send(visitor, f"{draft}/{step}", f"draft: {step}", **typed) for step, typed in steps):
        day.send(visitor, f"{draft}/check", "referral sent")


TOLD = ["identity", "contact", "legal"]


def answer(day: Day, visitor: Visitor, random: Random) -> None:
    """Accept a referral that waits, and give it to whoever helps."""
    if found := day.one("referrals", random):
        path = f"/referrals/{found}"
        if day.send(visitor, path, "answer", to=f"{path}/answer", answer="accept"):
            day.send(visitor, f"{path}/workers", "assign")


def session(day: Day, visitor: Visitor, random: Random) -> None:
    """Put down a session that was held an hour ago."""
    if found := day.one("referrals", random):
        moment = now() - timedelta(minutes=random.randint(5, 60))
        held = {"attendance": "yes", "summary": "We spoke about papers.", **parts(moment)}
        day.send(visitor, f"/referrals/{found}/sessions/new", "session", **held)


def _day(days: int) -> dict[str, str]:
    day = now() + timedelta(days=days)
    return {part: str(getattr(day, part)) for part in ("day", "month", "year")}


_CASEWORK: tuple[tuple[int, Act], ...] = ((4, look), (8, case), (2, search), (2, referral), (3, note), (1, task))
DAYS: dict[str, tuple[Sequence[str], Sequence[tuple[int, Act]]]] = {
    "social_worker": (
        ("/", "/caseload", "/caseload?page=2", "/referrals", "/release-list", "/notifications", "/directory"),
        (*_CASEWORK, (1, message), (1, refer)),
    ),
    "team_leader": (
        ("/", "/caseload", "/caseload?page=40", "/referrals", "/release-list", "/leavers", "/retention"),
        (*_CASEWORK, (1, message)),
    ),
    "coordinator": (
        ("/", "/inbox", "/inbox?status=sent", "/directory", "/directory/mine", "/notifications"),
        ((4, look), (5, referral), (1, message), (2, answer)),
    ),
    "worker": (("/", "/inbox", "/notifications"), ((4, look), (5, referral), (1, message), (2, session))),
    "probation_officer": (
        ("/", "/week", "/caseload", "/handovers", "/notifications"),
        (*_CASEWORK, (3, handover)),
    ),
}
