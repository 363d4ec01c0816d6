"""One process group: the servers where they are ours, the web server, the worker and the cron, kept alive together."""

import contextlib
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from caseflow.core.embedded import process
from caseflow.core.embedded.errors import EmbeddedError
from caseflow.core.embedded.servers import Servers

READY_SECONDS = 120
STEADY_SECONDS = 10  # who has run so long has started well: its end is no fault of its start
LONGEST_PAUSE = 30


class Stopped(BaseException):
    """A signal to stop that came before everything ran."""


class Signals:
    """What Ctrl-C, SIGTERM and a closed terminal mean: `Stopped` while starting, `wanted` once `calm`."""

    def __init__(self) -> None:
        self.calm = False
        self.wanted = False

    def _come(self, _number: int, _frame: FrameType | None) -> None:
        self.wanted = True
        if not self.calm:
            # Only the first: those that follow must not interrupt the stopping.
            self.calm = True
            raise Stopped

    @contextlib.contextmanager
    def heard(self) -> Iterator[None]:
        """Listen to the signals within this block."""
        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = [signal.signal(number, self._come) for number in numbers]
        try:
            yield
        finally:
            for number, handler in zip(numbers, before, strict=True):
                signal.signal(number, handler)


@dataclass
class Kept:
    """A child that is started again when it dies: at once where it had started well, else after a pause that grows."""

    name: str
    start: Callable[[], subprocess.Popen[bytes]]
    say: Callable[[str], None]
    child: subprocess.Popen[bytes] | None = None
    began: float = 0
    pause: float = 0
    due: float | None = None

    def begin(self) -> None:
        """Start it; raises EmbeddedError when it cannot."""
        self.due = None
        self.began = time.monotonic()
        self.child = self.start()

    def tend(self) -> None:
        """Look after it once: note its end, or start it again when the pause is over."""
        now = time.monotonic()
        if self.due is None and self.child is not None and self.child.poll() is not None:
            self._wait(f"ended unexpectedly ({_ending(self.child.returncode)})", now)
        elif self.due is not None and now >= self.due:
            try:
                self.begin()
                self.say(f"{self.name} runs again")
            except (EmbeddedError, OSError) as error:
                self._wait(f"does not start: {error}", time.monotonic())

    def _wait(self, why: str, now: float) -> None:
        steady = now - self.began > STEADY_SECONDS
        self.pause = 0 if steady else min(self.pause * 2 or 1, LONGEST_PAUSE)
        self.due = now + self.pause
        when = f"in {self.pause:.0f} s" if self.pause else "at once"
        self.say(f"{self.name} {why}; starting it again {when}")

    def end(self) -> None:
        """Stop it, as gracefully as it can within 25 seconds."""
        if self.child is not None:
            process.stop(self.child, seconds=25)


def listen(host: str, port: int) -> socket.socket:
    """The web server's socket, taken before anything starts; raises EmbeddedError when the port is not free."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
        one = socket.socket(family)
        try:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind((host, port))
            one.listen(128)
        except OSError:
            one.close()
            raise
    except OSError as error:
        reason = "is in use" if error.errno == 98 or "in use" in str(error) else f"cannot be used ({error.strerror})"
        raise EmbeddedError(f"port {port} of {host} {reason}; choose another with --port") from error
    return one


def address(one: socket.socket) -> str:
    """The URL at which a listening socket is reached from this machine."""
    host, port = one.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{host}:{port}"


def programs(
    one: socket.socket, environ: Mapping[str, str], logs: Path | None, say: Callable[[str], None]
) -> list[Kept]:
    """The web server, the worker and the cron, not started yet; their output goes to `logs`, or to our stderr."""

    def kept(name: str, command: list[str], keep: tuple[int, ...] = ()) -> Kept:
        log = logs / f"{command[0]}.log" if logs else None
        line = [sys.executable, "-m", "caseflow.cli", *command]
        return Kept(name, lambda: process.spawn(line, environ=environ, log=log, keep=keep), say)

    web = kept("the web server", ["serve", "--fd", str(one.fileno())], (one.fileno(),))
    return [web, kept("the worker", ["worker"]), kept("the cron", ["cron"])]


def wait_ready(url: str, kept: list[Kept], logs: Path | None) -> None:
    """Wait until the site answers; raises EmbeddedError when a child ends instead, or after two minutes."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            with opener.open(f"{url}/health/ready", timeout=5):
                return
        except urllib.error.HTTPError as error:
            error.close()
            answer = f"answers {error.code}"
        except OSError:
            answer = "does not answer"
        for one in kept:
            if one.child is not None and one.child.poll() is not None:
                raise EmbeddedError(f"{one.name} did not start ({_ending(one.child.returncode)}){_see(logs)}")
        if time.monotonic() > deadline:
            raise EmbeddedError(f"the site {answer} at {url}/health/ready{_see(logs)}")
        time.sleep(0.1)


def keep_running(kept: list[Kept], signals: Signals) -> None:
    """Look after the children until a signal asks to stop."""
    signals.calm = True
    while not signals.wanted:
        for one in kept:
            one.tend()
        # A signal's handler runs at once but does not cut this short, so it is short.
        time.sleep(0.2)


def kept_servers(servers: Servers, say: Callable[[str], None]) -> list[Kept]:
    """The two servers, which run already, as children to look after."""
    kept = []
    if servers.postgres and servers.redis:
        kept = [
            Kept("PostgreSQL", servers.start_postgres, say, servers.postgres.child, time.monotonic()),
            Kept("Redis", servers.start_redis, say, servers.redis.child, time.monotonic()),
        ]
    return kept


def _see(logs: Path | None) -> str:
    return f"; see the logs in {logs}" if logs else ""


def _ending(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
