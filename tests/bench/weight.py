"""(d) How much a browser fetches: the first page with everything it needs, and the page after it."""

import shutil
from typing import Any

from playwright.sync_api import BrowserContext, Page, StorageState, sync_playwright

from caseflow.demo.founding import PASSWORD
from tests.bench.figures import Figure
from tests.browser.walker import FLAGS

FIRST, NEXT = 150.0, 15.0  # kB of 1,000 bytes
READERS = {"ru": "case1@prison.kz.example", "ar": "case1@prison.iq.example"}


def measure(address: str) -> list[Figure]:
    """Bytes as they come over the network, headers too, with an empty cache; for a reader of Russian and of Arabic."""
    figures = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        for locale, email in READERS.items():
            with browser.new_context(locale=locale) as context:
                spent, count = _fetched(context, lambda page: _go(page, f"{address}/sign-in"))
                figures.append(_figure("sign-in page", locale, spent, count, FIRST))
                state = _signed_in(context, address, email)
            with browser.new_context(locale=locale, storage_state=state) as context:
                page = context.new_page()
                spent, count = _fetched(context, lambda page: _go(page, f"{address}/caseload"), page)
                figures.append(_figure("first page, the caseload", locale, spent, count, FIRST))
                spent, count = _fetched(context, _open_case, page)
                figures.append(_figure("next page, a case", locale, spent, count, NEXT))
        browser.close()
    return figures


def _figure(what: str, locale: str, spent: int, count: int, target: float) -> Figure:
    return Figure("d", f"{what} ({locale})", spent / 1000, "kB", target, f"{count} requests")


def _signed_in(context: BrowserContext, address: str, email: str) -> StorageState:
    page = context.new_page()
    page.goto(f"{address}/sign-in")
    page.fill("[name=email]", email)
    page.fill("[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_url(f"{address}/")
    return context.storage_state()


def _go(page: Page, address: str) -> None:
    page.goto(address, wait_until="networkidle")


def _open_case(page: Page) -> None:
    page.click("main th a[href^='/cases/']")
    page.wait_for_url("**/cases/**")
    page.wait_for_load_state("networkidle")


def _fetched(context: BrowserContext, act: Any, page: Page | None = None) -> tuple[int, int]:
    """The bytes and the number of requests of an act."""
    page = page or context.new_page()
    session = context.new_cdp_session(page)
    sizes: list[int] = []
    session.on("Network.loadingFinished", lambda said: sizes.append(int(said["encodedDataLength"])))
    session.send("Network.enable")
    act(page)
    page.wait_for_timeout(500)
    session.detach()
    return sum(sizes), len(sizes)
