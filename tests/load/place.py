"""The installation under load: a house of its own processes, with a clock, a disk and wires that can fail."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import psycopg

from caseflow.core.embedded import process
from tests.load.wire import Wire

ROOT = Path(__file__).parents[2]
PATIENCE = 900  # seconds: a country takes its time to be filled
DISK = "1500m"
FAKETIME = "faketime/libfaketime.so.1"
MARK = "CASEFLOW_HOUSE"  # in the environment of every process of the house, so that one left behind is found


@dataclass
class Place:
    """A running house: its address, its own environment, and what can be done to it."""

    folder: Path
    seen: Path  # the folder as it is reached from outside the house
    child: "subprocess.Popen[bytes]"
    address: str
    environment: dict[str, str]
    database: Wire
    redis: Wire
    disk: Path | None  # a file to fill the disk with; None where the disk cannot be filled
    clock: Path | None  # the file that says how far the clock is off; None where it cannot be set

    def owner(self) -> "psycopg.Connection[Any]":
        """A connection as the owner of the tables, straight to the server, past wire and row security."""
        return psycopg.connect(self.environment["OWNER_DATABASE_URL"], autocommit=True, connect_timeout=5)

    def children(self, name: str) -> list[psutil.Process]:
        """The house's own child by the name of its command: serve, worker, cron, postgres or redis-server."""
        found = []
        for one in psutil.Process(self.child.pid).children():
            with contextlib.suppress(psutil.NoSuchProcess):
                line = one.cmdline()
                if line and (name == Path(line[0]).name or line[1:4] == ["-m", "caseflow.cli", name]):
                    found.append(one)
        return found

    def strays(self) -> list[psutil.Process]:
        """Processes of the house that no longer belong to it."""
        kin = {one.pid for one in psutil.Process(self.child.pid).children(recursive=True)} | {self.child.pid}
        return [one for one in marked(self.folder) if one.pid not in kin]

    def logs(self) -> str:
        """What the house and its processes said."""
        files = [self.folder.with_suffix(".log"), *(self.seen / "log").glob("*.log")]
        return "\n".join(f"== {one.name}\n{one.read_text(errors='replace')[-4000:]}" for one in files if one.exists())


def marked(folder: Path) -> list[psutil.Process]:
    """Every process that was started in the house of this folder and lives."""
    found = []
    for one in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if one.environ().get(MARK) == str(folder) and one.status() != psutil.STATUS_ZOMBIE:
                found.append(one)
    return found


def clock_library() -> str | None:
    """Debian's libfaketime, or None where it is not installed."""
    return next((str(one) for one in sorted(Path("/usr/lib").glob(f"*/{FAKETIME}"))), None)


def own_disk(folder: Path) -> list[str] | None:
    """A command that runs another with a small disk of its own at the folder, or None where that is not allowed.

    The disk is mounted in a mount namespace of the command's own: nobody else sees it, and it goes with the last
    process that uses it.
    """
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        return None
    mount = f'mount -t tmpfs -o size={DISK},mode=0755 tmpfs "$1" && shift && exec "$@"'
    command = ["unshare", "--mount", "--propagation", "private", "sh", "-c", mount, "sh", str(folder)]
    tried = subprocess.run([*command, "true"], capture_output=True, check=False)
    return command if tried.returncode == 0 else None


@contextlib.contextmanager
def opened(folder: Path, filled: str, *, faults: bool = False, **settings: str) -> Iterator[Place]:
    """Start a house in a folder that does not exist yet, and stop it at the end; with `faults` it can be struck.

    Raises RuntimeError with the logs when it does not come up or leaves a process behind.
    """
    folder.mkdir(parents=True)
    log, clock = folder.with_suffix(".log"), folder.with_suffix(".clock")
    environ = {**os.environ, MARK: str(folder), "CASEFLOW_LIMITS": "false", **settings}
    library = clock_library() if faults else None
    if library:
        clock.write_text("+0\n")
        environ |= {
            "LD_PRELOAD": library,
            "FAKETIME_TIMESTAMP_FILE": str(clock),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DISABLE_SHM": "1",  # a killed process would leave it behind
            "NO_FAKE_STAT": "1",
            "PYTHONPATH": str(Path(__file__).parent / "clock"),
        }
    mounting = own_disk(folder) if faults else None
    with Wire() as database, Wire() as redis:
        line = [*(mounting or []), sys.executable, "-m", "tests.load.house", str(folder), filled]
        if faults:
            line += ["--database-by", str(database.port), "--redis-by", str(redis.port)]
        child = process.spawn(line, environ=environ, log=log, cwd=ROOT)
        try:
            seen = folder if mounting is None else Path(f"/proc/{child.pid}/root{folder}")
            servers = _told(child, log, "servers")
            database.lead(urlsplit(servers["DATABASE_URL"]).port or 0)
            redis.lead(urlsplit(servers["REDIS_URL"]).port or 0)
            ready = _told(child, log, "address", "environment")
            yield Place(
                folder,
                seen,
                child,
                ready["address"],
                ready["environment"],
                database,
                redis,
                seen / "ballast" if mounting else None,
                clock if library else None,
            )
        except BaseException:
            print(log.read_text(errors="replace")[-6000:], file=sys.stderr)
            raise
        finally:
            process.stop(child, seconds=60)
    if left := _left(folder):
        raise RuntimeError(f"left behind: {left}")


def _told(child: "subprocess.Popen[bytes]", log: Path, *names: str) -> dict[str, Any]:
    """The JSON line in which the house tells these things."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and child.poll() is None:
        for line in log.read_text(errors="replace").splitlines():
            if line.startswith("{") and set(names) <= set(told := json.loads(line)):
                return told[names[0]] if len(names) == 1 else told  # type: ignore[no-any-return]
        time.sleep(0.05)
    raise RuntimeError(f"the house does not come up: {log.read_text(errors='replace')[-6000:]}")


def _left(folder: Path) -> list[str]:
    """What lives on ten seconds after the house was stopped; it is ended then."""
    until = time.monotonic() + 10
    while (left := marked(folder)) and time.monotonic() < until:
        time.sleep(0.1)
    told = []
    for one in left:
        with contextlib.suppress(psutil.NoSuchProcess):
            told.append(f"{one.pid} {' '.join(one.cmdline())}")
            one.kill()
    return told
