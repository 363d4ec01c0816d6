"""Single sign-on against a real OpenID Connect provider, run beside the test."""

import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg
import pytest
import requests
from flask import Flask

from caseflow import create_app
from caseflow.config import Config
from caseflow.core import outbound
from caseflow.core.limits import limiter
from tests.accounts.factors import code, set_up_app
from tests.cast import PASSWORD, Browser, Cast
from tests.conftest import dispose

SECRET = "the provider's own secret"


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """The address of a provider that runs."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port), "--require-nonce", "1"]
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    until = time.monotonic() + 60
    while time.monotonic() < until and child.poll() is None:
        try:
            requests.get(f"{address}/.well-known/openid-configuration", timeout=5)
            break
        except requests.ConnectionError:
            continue
    yield address
    child.terminate()
    child.wait(10)


@pytest.fixture
def cast(environment: dict[str, str]) -> Iterator[Cast]:
    """The cast in an installation that may ask providers in its own network."""
    app = create_app(Config.from_env({**environment, "CASEFLOW_PRIVATE_PROVIDERS": "true"}))
    limiter.enabled = False
    yield Cast(app)
    dispose(app)


def _set_up(cast: Cast, provider: str, **changes: str) -> None:
    form = {
        "issuer": provider,
        "client_id": "caseflow",
        "secret": SECRET,
        "domains": "example.org",
        "active": "y",
        "passwords_allowed": "y",
    } | changes
    cast.be("admin").post("/users/single-sign-on", {key: value for key, value in form.items() if value})


def _claims(provider: str, subject: str, **claims: object) -> None:
    requests.put(f"{provider}/users/{subject}", json=claims, timeout=10).raise_for_status()


def _go(cast: Cast) -> tuple[Browser, str]:
    """A guest's browser on its way to the provider, and where it was led."""
    browser = Browser(cast.app.test_client())
    page = browser.post("/sign-in/organisation", {"email": "aigerim@example.org"}, expect=200)
    assert "Prison Service of Almaty" in page
    browser.get(f"/sign-in/organisation/{cast.organisation('almaty')}", expect=302)
    return browser, browser.location


def _allow(there: str, subject: str) -> str:
    """The user says yes at the provider; gives the path that leads back."""
    answer = requests.post(there, data={"sub": subject}, allow_redirects=False, timeout=10)
    assert answer.status_code == 302, answer.text
    parts = urlsplit(answer.headers["Location"])
    return f"{parts.path}?{parts.query}"


def test_user_comes_in_by_the_provider(cast: Cast, provider: str) -> None:
    _set_up(cast, provider)
    _claims(provider, "a1", email="Aigerim@example.org", email_verified=True)
    browser, there = _go(cast)
    assert {"code_challenge=", "code_challenge_method=S256", "nonce=", "state="} <= {
        part.split("=")[0] + "=" + ("S256" if part == "code_challenge_method=S256" else "")
        for part in urlsplit(there).query.split("&")
    }
    browser.get(_allow(there, "a1"), expect=302)
    assert "aigerim@example.org" in browser.get("/account")


@pytest.mark.parametrize(
    "claims",
    [
        {"email": "aigerim@example.org", "email_verified": False},
        {"email": "aigerim@example.org"},
        {"email": "aigerim@other.example", "email_verified": True},
        {"email": "nobody@example.org", "email_verified": True},
        {"email": "stranger_worker@example.org", "email_verified": True},  # of another organisation
        {"email_verified": True},
    ],
)
def test_only_a_verified_address_of_an_account_here_opens(cast: Cast, provider: str, claims: dict[str, object]) -> None:
    _set_up(cast, provider)
    _claims(provider, "b1", **claims)
    browser, there = _go(cast)
    browser.get(_allow(there, "b1"), expect=302)
    assert browser.location == "/sign-in"
    browser.get("/account", expect=302)


def test_answer_meant_for_another_browser_or_used_twice_opens_nothing(cast: Cast, provider: str) -> None:
    _set_up(cast, provider)
    _claims(provider, "a1", email="aigerim@example.org", email_verified=True)
    browser, there = _go(cast)
    back = _allow(there, "a1")
    other, _there = _go(cast)
    other.get(back, expect=302)
    other.get("/account", expect=302)
    guest = Browser(cast.app.test_client())
    guest.get(back, expect=302)
    guest.get("/account", expect=302)
    browser.get(back, expect=302)
    assert browser.location == "/", "whom it was meant for comes in all the same"
    browser.get(back, expect=302)
    assert browser.location == "/sign-in"


def test_address_that_is_given_to_somebody_else_opens_nothing(cast: Cast, provider: str) -> None:
    _set_up(cast, provider)
    with cast.acting("aigerim") as user:
        user_id = user.id
    page = f"/users/{user_id}"
    assert "untie-provider" not in cast.be("admin").get(page)
    assert _come(cast, provider, "her", "aigerim@example.org") == "/"  # tied now
    assert _come(cast, provider, "another", "aigerim@example.org") == "/sign-in"
    # She keeps her account under a new address of hers, and comes to no other's account by theirs.
    assert _come(cast, provider, "her", "aigerim.new@example.org") == "/"
    assert _come(cast, provider, "her", "daniyar@example.org") == "/"
    with cast.acting("daniyar") as other:
        assert other.provider_subject is None
    assert "untie-provider" in cast.be("admin").get(page)
    for name, status in (("stranger_admin", 404), ("leader", 403)):
        cast.be(name).post(f"{page}/untie-provider", expect=status)
    assert _come(cast, provider, "another", "aigerim@example.org") == "/sign-in"
    cast.be("admin").post(f"{page}/untie-provider")
    assert _come(cast, provider, "another", "aigerim@example.org") == "/"


def _come(cast: Cast, provider: str, subject: str, email: str) -> str:
    """Come back from the provider as `subject` with this address; gives where that led."""
    _claims(provider, subject, email=email, email_verified=True)
    browser, there = _go(cast)
    browser.get(_allow(there, subject), expect=302)
    return browser.location


@pytest.mark.parametrize(
    "false", [{"aud": "another-client"}, {"aud": "another-client", "azp": "caseflow"}, {"iss": "https://evil.example"}]
)
def test_answer_meant_for_another_client_or_of_another_issuer_opens_nothing(
    cast: Cast, provider: str, false: dict[str, object]
) -> None:
    _set_up(cast, provider)
    _claims(provider, "d1", email="aigerim@example.org", email_verified=True, **false)
    browser, there = _go(cast)
    browser.get(_allow(there, "d1"), expect=302)
    assert browser.location == "/sign-in"
    browser.get("/account", expect=302)


def test_second_factor_is_asked_for_after_the_provider_too(cast: Cast, provider: str) -> None:
    _set_up(cast, provider)
    app, _codes = set_up_app(cast.be("aigerim"))
    _claims(provider, "a1", email="aigerim@example.org", email_verified=True)
    browser, there = _go(cast)
    browser.get(_allow(there, "a1"), expect=302)
    assert browser.location == "/sign-in/second-step"
    browser.get("/account", expect=302)
    browser.post("/sign-in/second-step", {"code": code(app, steps=1)})
    browser.get("/account")


def test_who_has_no_password_shows_again_who_they_are_at_the_provider(
    cast: Cast, provider: str, environment: dict[str, str]
) -> None:
    _set_up(cast, provider)
    with psycopg.connect(environment["OWNER_DATABASE_URL"]) as owner:
        owner.execute(
            "DELETE FROM passwords USING users u WHERE u.id = passwords.id AND u.email = 'aigerim@example.org'"
        )
    hours_ago, again = int(time.time()) - 7200, f"/sign-in/organisation/{cast.organisation('almaty')}?again=yes"
    _claims(provider, "a1", email="aigerim@example.org", email_verified=True, auth_time=hours_ago)
    browser, there = _go(cast)
    browser.get(_allow(there, "a1"), expect=302)
    browser.get("/account")
    browser.get("/account/tokens", expect=302)
    assert "again=yes" in browser.get(browser.location)
    for said in (hours_ago, None, "now", int(time.time()) + 7200):
        _claims(provider, "a1", email="aigerim@example.org", email_verified=True, auth_time=said)
        browser.get(again, expect=302)
        assert {"prompt=login", "max_age=0"} <= set(urlsplit(browser.location).query.split("&"))
        browser.get(_allow(browser.location, "a1"), expect=302)
        assert browser.location == "/sign-in", said
        browser.get("/account/tokens", expect=302)
        browser.get("/account")
    browser.get(again, expect=302)
    _claims(provider, "a1", email="aigerim@example.org", email_verified=True, auth_time=int(time.time()))
    browser.get(_allow(browser.location, "a1"), expect=302)
    browser.get("/account/tokens")


@pytest.mark.parametrize(("minutes", "fresh"), [(120, False), (None, False), (1, True)])
def test_coming_in_counts_as_shown_only_when_the_provider_has_just_asked(
    cast: Cast, provider: str, minutes: int | None, fresh: bool
) -> None:
    _set_up(cast, provider)
    said = None if minutes is None else int(time.time()) - 60 * minutes
    _claims(provider, "a1", email="aigerim@example.org", email_verified=True, auth_time=said)
    browser, there = _go(cast)
    browser.get(_allow(there, "a1"), expect=302)
    browser.get("/account/tokens", expect=200 if fresh else 302)


def test_password_may_be_closed_but_not_the_administrators(cast: Cast, provider: str) -> None:
    _set_up(cast, provider, passwords_allowed="")
    guest = Browser(cast.app.test_client())
    page = guest.post("/sign-in", {"email": "aigerim@example.org", "password": PASSWORD}, expect=422)
    assert "own provider" in page
    guest.get("/account", expect=302)
    guest.post("/sign-in", {"email": "admin@example.org", "password": PASSWORD})
    cast.be("stranger")


def test_secret_is_sealed_and_never_shown(cast: Cast, provider: str, environment: dict[str, str]) -> None:
    _set_up(cast, provider)
    assert SECRET not in cast.be("admin").get("/users/single-sign-on")
    with psycopg.connect(environment["OWNER_DATABASE_URL"]) as owner:
        [(sealed,)] = owner.execute("SELECT sealed_secret FROM single_sign_on").fetchall()
    assert SECRET.encode() not in sealed


def test_stranger_sees_and_sets_nothing_of_it(cast: Cast, provider: str) -> None:
    _set_up(cast, provider)
    assert provider not in cast.be("stranger_admin").get("/users/single-sign-on")
    for who in ("aigerim", "leader", "auditor"):
        cast.be(who).get("/users/single-sign-on", expect=403)


@pytest.mark.parametrize("who", ["aigerim", "stranger"])
def test_who_is_signed_in_and_asks_for_a_provider_that_is_none_stays_who_they_are(cast: Cast, who: str) -> None:
    for organisation in (cast.organisation("kamqor"), uuid.uuid4()):
        cast.be(who).get(f"/sign-in/organisation/{organisation}", expect=404)
    cast.be(who).get("/account")


def test_provider_in_the_own_network_or_without_https_is_not_asked(app: Flask, provider: str) -> None:
    cast = Cast(app)
    form = {"issuer": provider, "client_id": "x", "secret": "y", "domains": "example.org", "active": "y"}
    assert "https" in cast.be("admin").post("/users/single-sign-on", form, expect=422)
    cast.be("admin").post("/users/single-sign-on", form | {"issuer": provider.replace("http:", "https:")})
    guest = Browser(app.test_client())
    guest.get(f"/sign-in/organisation/{cast.organisation('almaty')}", expect=302)
    assert guest.location == "/sign-in"


def test_connection_to_a_private_address_is_refused_at_the_socket(provider: str) -> None:
    with requests.Session() as session:
        outbound.guard(session, private=False)
        for url in (provider, provider.replace("http:", "https:").replace("127.0.0.1", "localhost")):
            with pytest.raises(requests.RequestException, match=r"not public|only https"):
                session.get(url, timeout=5)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("169.254.169.254", False),
        ("192.168.1.1", False),
        ("::1", False),
        ("::ffff:10.0.0.1", False),
        ("fe80::1", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", True),
    ],
)
def test_public_addresses_are_told_from_others(address: str, public: bool) -> None:
    assert outbound.is_public(address) is public
