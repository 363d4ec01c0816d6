"""The product as it is installed (web server, worker and cron of its own) and headless Chromium in front of it."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.error import URLError

import pytest
from playwright.sync_api import Browser, sync_playwright
from redis import Redis

from caseflow.core.embedded import process
from tests.browser.walker import ARTEFACTS, AXE, ROOT, Walker

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

Enter = Callable[..., Walker]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Headless Chromium; without it, or without axe-core, the tests fail and say what to do."""
    path = shutil.which("chromium")
    if path is None:
        pytest.fail("the browser tests need chromium: `make test` installs it, or apt-get install chromium")
    if not AXE.is_file():
        pytest.fail("node_modules/axe-core is missing: run `make setup`")
    ARTEFACTS.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def house(environment: dict[str, str], redis: "Redis", tmp_path: Path) -> Iterator[str]:
    """Web server, worker and cron as real processes on this test's database; gives the site's address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    environ = {**os.environ, **environment, "CASEFLOW_PUBLIC_URL": address, "CASEFLOW_WEB_WORKERS": "1"}
    children: dict[str, subprocess.Popen[bytes]] = {}
    with ExitStack() as stack:
        for command in (["serve", "--port", str(port)], ["worker"], ["cron"]):
            log = tmp_path / f"{command[0]}.log"
            child = process.spawn([sys.executable, "-m", "caseflow.cli", *command], environ=environ, log=log, cwd=ROOT)
            stack.callback(process.stop, child, seconds=10)
            children[command[0]] = child
        _wait(address, children["serve"], tmp_path / "serve.log")
        yield address
        ended = [name for name, child in children.items() if child.poll() is not None]
        said = {name: (tmp_path / f"{name}.log").read_text("utf-8") for name in children}
        assert not ended, "\n".join(f"{name} ended:\n{said[name]}" for name in ended)
        failed = {name: log for name, log in said.items() if "Traceback" in log}
        assert not failed, "\n".join(f"{name} failed:\n{log}" for name, log in failed.items())


def _wait(address: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    """Until the server answers; fails with its log when it ends or takes too long."""
    until = time.monotonic() + 60
    while time.monotonic() < until and server.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/sign-in", timeout=5):
                return
        except (URLError, ConnectionError, TimeoutError):
            server.poll()
    pytest.fail(f"the web server does not answer:\n{log.read_text()}")


@pytest.fixture
def enter(house: str, chromium: Browser) -> Iterator[Enter]:
    """`enter("aigerim")` opens a browser of her own and signs her in; without JavaScript where asked."""
    with ExitStack() as stack:

        def open_browser(name: str, *, javascript: bool = True) -> Walker:
            context = chromium.new_context(java_script_enabled=javascript, timezone_id="Asia/Almaty", locale="en-GB")
            stack.callback(context.close)
            walker = Walker(context, house, name)
            walker.sign_in()
            return walker

        yield open_browser
