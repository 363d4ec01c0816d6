"""A crowd of users at a running site: each has a session of their own, asks, acts, and remembers every answer."""

import contextlib
import re
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

import requests
from urllib3.exceptions import HTTPError

TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
PATIENCE = (5.0, 60.0)  # seconds: for the connection, for the answer
NO_ANSWER = 0


@dataclass(frozen=True, slots=True)
class Asked:
    """One question and its answer; `status` is NO_ANSWER where none came, `row` the row that it should have made."""

    who: str
    what: str
    began: float  # by the monotonic clock
    seconds: float
    status: int
    acknowledged: bool = False  # the user was told that it is done
    row: uuid.UUID | None = None


@dataclass
class Visitor:
    """Somebody with an account; `step` is what they do again and again, with a pause between."""

    email: str
    password: str
    step: "Callable[[Visitor, Random], object]"
    address: str = ""
    remembered: list[Asked] = field(default_factory=list)
    session: requests.Session | None = None
    token: str = ""
    onward: str = ""  # where the last answer led

    def ask(self, method: str, path: str, what: str, *, row: uuid.UUID | None = None, **data: Any) -> str:
        """Send one request; gives the page, empty where none came. Who is signed out signs in with the next step."""
        if self.session is None:
            return ""
        began, status, text, onward = time.monotonic(), NO_ANSWER, "", ""
        form = {"csrf_token": self.token, **data} if method == "POST" else None
        with contextlib.suppress(requests.RequestException, HTTPError, OSError):
            answer = self.session.request(
                method, self.address + path, data=form, timeout=PATIENCE, allow_redirects=False
            )
            status, text, onward = answer.status_code, answer.text, answer.headers.get("Location", "")
        self.onward = onward
        out = onward.split("?")[0] in ("/sign-in", "/confirm")
        done = method == "POST" and status in (302, 303) and not out
        self.remembered.append(Asked(self.email, what, began, time.monotonic() - began, status, done, row))
        if out or (status == 400 and method == "POST"):
            self.session = None
        return text

    def sign_in(self) -> None:
        """Sign in, if need be."""
        if self.session is not None:
            return
        self.session = requests.Session()
        self.session.trust_env = False
        # A kept connection that the server closes at that very moment would be no answer; a browser just asks again.
        self.session.headers["Connection"] = "close"
        found = TOKEN.search(self.ask("GET", "/sign-in", "sign-in page"))
        self.token = found[1] if found else ""
        self.ask("POST", "/sign-in", "sign in", email=self.email, password=self.password)
        found = TOKEN.search(self.ask("GET", "/account", "account")) if self.remembered[-1].acknowledged else None
        if found is None:
            self.session = None
        else:
            self.token = found[1]


class Crowd:
    """Visitors at work, each in a thread; also a context manager. `pause` is the longest one between two steps."""

    def __init__(self, address: str, visitors: Sequence[Visitor], *, pause: float, seed: int = 1) -> None:
        self.visitors = list(visitors)
        self.pause = pause
        self.troubles: list[str] = []
        self._over = threading.Event()
        for one in self.visitors:
            one.address = address
        self._threads = [
            threading.Thread(target=self._live, args=(one, Random(f"{seed} {number}")), name=one.email, daemon=True)
            for number, one in enumerate(self.visitors)
        ]

    def __enter__(self) -> "Crowd":
        """Everybody begins."""
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Everybody finishes what they began."""
        self.stop()

    def stop(self) -> None:
        """Nobody begins anything new; returns when the last answer has come."""
        self._over.set()
        for thread in self._threads:
            thread.join(sum(PATIENCE) * 2)

    def _live(self, visitor: Visitor, random: Random) -> None:
        while not self._over.wait(random.uniform(0, self.pause)):
            try:
                visitor.sign_in()
                if visitor.session is not None:
                    visitor.step(visitor, random)
            except Exception as error:  # noqa: BLE001 -- told at the end; one visitor's stumble stops no other
                self.troubles.append(f"{visitor.email}: {type(error).__name__}: {error}")

    def remembered(self, begun_after: float = 0.0) -> Iterator[Asked]:
        """All that was asked after a moment of the monotonic clock, and answered by now."""
        for one in self.visitors:
            for place in range(len(one.remembered) - 1, -1, -1):
                asked = one.remembered[place]
                if asked.began + asked.seconds < begun_after:
                    break
                if asked.began >= begun_after:
                    yield asked

    def all_served_since(self, moment: float) -> bool:
        """Whether everybody has been told that an act of theirs is done which they began after the moment."""
        served = {asked.who for asked in self.remembered(moment) if asked.acknowledged and asked.row}
        return len(served) == len({one.email for one in self.visitors})
