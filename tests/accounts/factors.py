"""Playing people who have a second factor."""

import re

import pyotp
from flask import Flask

from caseflow.core.db import now
from tests.cast import PASSWORD, Browser


def set_up_app(browser: Browser) -> tuple[pyotp.TOTP, list[str]]:
    """Set up an authenticator app by the pages; gives the app and the recovery codes."""
    browser.post("/account/factors/totp/begin")
    page = browser.get("/account/factors/totp")
    found = re.search(r"<code>([A-Z2-7 ]{30,})</code>", page)
    assert found is not None
    app = pyotp.TOTP(found[1].replace(" ", ""))
    page = browser.post("/account/factors/totp", {"code": code(app)}, expect=200)
    return app, re.findall(r"<code>([a-z2-7]{4}(?:-[a-z2-7]{4}){5})</code>", page)


def code(app: pyotp.TOTP, *, steps: int = 0) -> str:
    """The code that the app shows so many times 30 seconds from now."""
    return app.at(int(now().timestamp()) + 30 * steps)


def half_signed_in(app: Flask, email: str = "aigerim@example.org") -> Browser:
    """A browser after the password and before the second factor."""
    browser = Browser(app.test_client())
    browser.post("/sign-in", {"email": email, "password": PASSWORD})
    assert browser.location.startswith("/sign-in/second-step"), browser.location
    return browser
