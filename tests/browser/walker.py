"""A person in a real browser: goes to pages, fills in forms, and looks hard at each page of the way."""

import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tests.browser.house import ROOT
from tests.cast import PASSWORD

ARTEFACTS = ROOT / "tests" / "artefacts"
PICTURES = bool(os.environ.get("PICTURES"))  # some hundred of them
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
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
DESKTOP = {"width": 1366, "height": 768}
PHONE = {"width": 390, "height": 844}
ENGLISH, ARABIC = "en", "ar"
PATIENCE = 20_000  # milliseconds: a busy machine is slow, a page that never comes is a fault


@dataclass
class Walker:
    """One person's browser; `look` notes a page, and `look_again_in_arabic` returns to all that were noted."""

    context: BrowserContext
    address: str
    name: str
    page: Page = field(init=False)
    trouble: list[str] = field(default_factory=list)
    seen: dict[str, str] = field(default_factory=dict)
    expected_status: int | None = None

    def __post_init__(self) -> None:
        """Open the one page that this person works in."""
        self.page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.page.set_viewport_size(DESKTOP)
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.trouble.append(f"{self.path}: {error}"))

    def _hear(self, message: ConsoleMessage) -> None:
        # The browser itself writes a line for each answer of 4xx; the walk says beforehand where it wants one.
        wanted = self.expected_status and f"status of {self.expected_status}" in message.text
        if message.type in {"error", "warning"} and not wanted:
            self.trouble.append(f"{self.path}: {message.text}")

    @property
    def path(self) -> str:
        """Where this person is."""
        return self.page.url.removeprefix(self.address)

    @property
    def id(self) -> str:
        """The id in the present address."""
        found = re.search(r"[0-9a-f]{8}-[0-9a-f-]{27}", self.path)
        assert found, f"no id in {self.path}"
        return found[0]

    @property
    def main(self) -> Locator:
        """The content of the page, without header and footer."""
        return self.page.locator("main")

    def sign_in(self) -> None:
        """Come in by the front door; the cast reads English."""
        self.go("/sign-in")
        self.fill(email=f"{self.name}@example.org", password=PASSWORD)
        self.press("Sign in")
        expect(self.page.locator("html")).to_have_attribute("lang", ENGLISH)

    def go(self, path: str, *, status: int = 200) -> None:
        """Type an address; fails when the answer's status is another than expected."""
        self.expected_status = status if status >= 400 else None
        answer = self.page.goto(self.address + path)
        assert answer is not None
        assert answer.status == status, f"{self.name} at {path}: {answer.status}\n{self._excerpt()}"
        self.expected_status = None

    def read_in(self, language: str) -> None:
        """Choose the language with the button in the footer."""
        self._act(lambda: self.page.locator(f'.cf-languages button[value="{language}"]').click())
        expect(self.page.locator("html")).to_have_attribute("lang", language)

    def fill(self, **values: Any) -> None:
        """Fill in fields by their names: text; True for a box; for radios, boxes and choices the value or values."""
        for name, value in values.items():
            field = self.main.locator(f'[name="{name.replace("__", "-")}"]')
            kind = field.first.evaluate("e => e.tagName === 'SELECT' ? 'select' : e.type")
            wanted = [value] if isinstance(value, str) else value
            if kind == "select":
                field.select_option(wanted)
            elif value is True:
                field.check()
            elif kind == "checkbox":
                for box in field.all():
                    box.set_checked(box.get_attribute("value") in wanted)
            elif kind == "radio":
                self.main.locator(f'[name="{name}"][value="{value}"]').check()
            elif kind == "file":
                field.set_input_files(value)
            else:
                field.fill(str(value))

    def press(self, button: str, *, within: str = "main", status: int = 200) -> None:
        """Press a button and wait for the page that comes."""
        self.expected_status = status if status >= 400 else None
        self._act(lambda: self.page.locator(within).get_by_role("button", name=button).first.click())
        self.expected_status = None

    def follow(self, link: str, *, within: str = "body") -> None:
        """Follow a link and wait for the page that comes."""
        self._act(lambda: self.page.locator(within).get_by_role("link", name=link).first.click())

    def _act(self, act: Callable[[], None]) -> None:
        """htmx swaps the content of the page, a plain click loads another: the old content is gone in both cases."""
        self.page.evaluate("document.querySelector('main').dataset.old = 'yes'")
        try:
            act()
            self.page.locator("main:not([data-old])").wait_for(state="attached")
        except PlaywrightTimeout as slow:
            raise AssertionError(f"{slow}\n{self._excerpt()}") from None
        self.page.wait_for_load_state("load")

    def reads(self, *texts: str) -> None:
        """These texts stand on the page."""
        for text in texts:
            expect(self.main.get_by_text(text).first, self._excerpt()).to_be_attached()

    def misses(self, *texts: str) -> None:
        """None of these texts stands anywhere in the page's source."""
        source = self.page.content()
        found = [text for text in texts if text in source]
        assert not found, f"{self.name} reads {found} at {self.path}"

    def waits_for(self, text: str, *, seconds: float = 15) -> float:
        """Reload until the text is there; gives how many seconds it took."""
        began = time.monotonic()
        while text not in self.main.inner_text():
            waited = time.monotonic() - began
            assert waited < seconds, f"no {text!r} at {self.path} after {waited:.0f} s\n{self._excerpt()}"
            self.page.wait_for_timeout(250)
            self.page.reload()
        return time.monotonic() - began

    def look(self, name: str) -> None:
        """Judge this page; it is looked at again in Arabic."""
        self.seen[name] = self.path
        self._judge(f"{name}.{ENGLISH}", self.axe())

    def look_again_in_arabic(self) -> None:
        """Return to every page noted since the last time, in Arabic, and judge each."""
        if not self.seen:
            return
        self.read_in(ARABIC)
        for name, path in self.seen.items():
            self.go(path)
            expect(self.page.locator("html")).to_have_attribute("dir", "rtl")
            # What axe asks for stands in the same templates: it need not be asked twice in each run.
            self._judge(f"{name}.{ARABIC}", self.axe() if PICTURES else [])
        self.seen.clear()
        self.read_in(ENGLISH)

    def _judge(self, name: str, problems: list[str]) -> None:
        assert not self.trouble, self.trouble
        self._picture(name, wanted=bool(problems))
        self.page.set_viewport_size(PHONE)
        wide = self.page.evaluate(_TOO_WIDE)
        hidden = self.page.evaluate(_HIDDEN)
        self._picture(f"{name}.phone", wanted=bool(wide or hidden))
        self.page.set_viewport_size(DESKTOP)
        assert not problems, f"{name} at {self.path}:\n" + "\n".join(problems)
        assert not hidden, f"{name} at {self.path}: a field's name hides what htmx asks of its form: {hidden}"
        assert not wide, f"{name} at {self.path} scrolls sideways at {PHONE['width']} px: {wide}"
        assert not self.trouble, self.trouble

    def _picture(self, name: str, *, wanted: bool) -> None:
        """Keep a picture: of a page that is found wanting, and by `make screenshots` of every page looked at."""
        # Playwright would hide the caret by an inline style, which the policy refuses and the console then reports.
        if wanted or PICTURES:
            self.page.screenshot(path=ARTEFACTS / f"{name}.png", full_page=True, caret="initial")

    def axe(self) -> list[str]:
        """What axe-core finds wrong on this page, a line for each element."""
        if not self.page.evaluate("'axe' in window"):  # a page that htmx swapped in has it still
            self.page.evaluate(AXE.read_text("utf-8"))
        found = self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [
            f"{violation['id']} ({violation['help']}): {node['html'][:200]}"
            for violation in found["violations"]
            for node in violation["nodes"]
        ]

    def _excerpt(self) -> str:
        return f"{self.name} at {self.path}:\n{self.page.locator('body').inner_text()[:2500]}"


# The elements that make the page wider than the window, or none.
_TOO_WIDE = """() => {
  const root = document.documentElement;
  if (root.scrollWidth <= root.clientWidth) return [];
  return [...document.querySelectorAll("body *")]
    .filter((one) => one.getBoundingClientRect().right > root.clientWidth + 1 || one.getBoundingClientRect().left < -1)
    .map((one) => one.outerHTML.slice(0, 120)).slice(0, 5);
}"""

# A field called `form` or `action` stands in the place of the form's own property of that name, and htmx then fails.
_HIDDEN = """() => [...document.forms].flatMap((one) =>
  ["form", "action", "method", "submit", "closest", "matches"].filter((name) => one[name] instanceof Element
    || one[name] instanceof RadioNodeList))"""
