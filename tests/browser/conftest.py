"""Headless Chromium in front of the product, and a browser of one's own for each person."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright
from redis import Redis

from tests.browser import house as houses
from tests.browser.walker import ARTEFACTS, AXE, FLAGS, Walker

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
    with houses.opened(environment, tmp_path, ["serve", "worker", "cron"]) as house:
        yield house.address


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
