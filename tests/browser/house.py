"""The product as it is installed: web server, worker and cron as processes of their own."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError

from caseflow.core.embedded import process

ROOT = Path(__file__).parents[2]
PATIENCE = 60  # seconds


@dataclass(frozen=True)
class House:
    """Where the site is, and its processes by the name of their command."""

    address: str
    processes: "dict[str, subprocess.Popen[bytes]]"


@contextmanager
def opened(environment: dict[str, str], logs: Path, commands: Sequence[str]) -> Iterator[House]:
    """Start these commands (`serve` among them) and stop them at the end; each writes a log into the folder `logs`.

    Raises RuntimeError with the logs when the site does not come up, when a process ended by itself, or when one wrote
    a traceback.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    environ = {**os.environ, **environment, "CASEFLOW_PUBLIC_URL": address, "CASEFLOW_WEB_WORKERS": "1"}
    with ExitStack() as stack:
        house = House(address, {})
        for command in commands:
            arguments = [command, "--port", str(port)] if command == "serve" else [command]
            line = [sys.executable, "-m", "caseflow.cli", *arguments]
            child = process.spawn(line, environ=environ, log=logs / f"{command}.log", cwd=ROOT)
            stack.callback(process.stop, child, seconds=10)
            house.processes[command] = child
        _wait(house)
        yield house
        ended = [name for name, child in house.processes.items() if child.poll() is not None]
        said = {name: (logs / f"{name}.log").read_text("utf-8") for name in house.processes}
        wrong = {name: log for name, log in said.items() if name in ended or "Traceback" in log}
        if wrong:
            raise RuntimeError("\n".join(f"{name} failed:\n{log}" for name, log in wrong.items()))


def _wait(house: House) -> None:
    """Until the server answers."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and house.processes["serve"].poll() is None:
        try:
            with urllib.request.urlopen(f"{house.address}/sign-in", timeout=5):
                return
        except (URLError, ConnectionError, TimeoutError):
            house.processes["serve"].poll()
    raise RuntimeError("the web server does not answer; its log says why")
