"""Passkeys in headless Chromium, with a virtual authenticator: made, shown, and asked for after the password."""

import socket
from collections.abc import Iterator
from threading import Thread

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import expect
from werkzeug.serving import make_server

from caseflow import create_app
from caseflow.config import Config
from tests.cast import PASSWORD
from tests.conftest import dispose

pytestmark = pytest.mark.browser


@pytest.fixture
def site(environment: dict[str, str]) -> Iterator[str]:
    """The site under a name: WebAuthn knows no addresses of numbers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://localhost:{port}"
    app = create_app(Config.from_env({**environment, "CASEFLOW_PUBLIC_URL": address}))
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield address
    server.shutdown()
    thread.join()
    server.server_close()
    dispose(app)


def test_passkey_is_made_and_then_asked_for(site: str, chromium: Chromium) -> None:
    context = chromium.new_context(locale="en-GB")
    page = context.new_page()
    trouble: list[str] = []
    page.on("console", lambda message: trouble.append(message.text) if message.type == "error" else None)
    devtools = context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )

    def sign_in() -> None:
        page.goto(f"{site}/sign-in")
        page.fill("[name=email]", "aigerim@example.org")
        page.fill("[name=password]", PASSWORD)
        page.click("main button[type=submit]")

    sign_in()
    expect(page.locator(".cf-menu")).to_be_visible()
    page.goto(f"{site}/account/factors/passkey")
    page.fill("[name=name]", "My telephone")
    page.click("form[data-passkey] button[type=submit]")
    expect(page.locator(".cf-codes li")).to_have_count(10)
    page.goto(f"{site}/account")
    page.locator(".cf-menu__button").click()
    page.locator(".cf-menu__panel button").click()
    expect(page.locator("[name=password]")).to_be_visible()

    sign_in()
    expect(page.locator("form[data-passkey=get] button")).to_be_visible()
    page.click("form[data-passkey=get] button")
    expect(page.locator(".cf-menu")).to_be_visible()
    page.goto(f"{site}/account/factors")
    expect(page.locator("main")).to_contain_text("My telephone")
    assert trouble == []
    context.close()
