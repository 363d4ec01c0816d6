"""Guessing is slowed down where it comes from; who is known on their device stays able to sign in."""

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from caseflow import create_app
from caseflow.accounts import throttle
from caseflow.audit.models import Entry
from caseflow.config import Config
from caseflow.core.db import db
from caseflow.core.limits import limiter, network
from tests.accounts.factors import code, set_up_app
from tests.cast import PASSWORD, Browser, Cast
from tests.conftest import dispose

RIGHT = {"email": "aigerim@example.org", "password": PASSWORD}
WRONG = {"email": "aigerim@example.org", "password": "wrong"}


@pytest.fixture
def limited(environment: dict[str, str], redis: object) -> Iterator[Flask]:
    """The app with its limits on."""
    app = create_app(Config.from_env({**environment, "CASEFLOW_LIMITS": "true"}))
    limiter.enabled = True
    yield app
    limiter.enabled = False
    dispose(app)


def _browser(app: Flask, address: str = "192.0.2.1") -> Browser:
    client = app.test_client()
    client.environ_base["REMOTE_ADDR"] = address
    return Browser(client)


def _guess(browser: Browser, *, times: int, email: str = "aigerim@example.org") -> list[int]:
    answers = []
    for _number in range(times):
        token = browser.token()
        form = {**WRONG, "email": email, "csrf_token": token}
        answers.append(browser.client.post("/sign-in", data=form).status_code)
    return answers


def test_guesses_wait_and_the_right_password_does_too(limited: Flask) -> None:
    attacker = _browser(limited)
    assert _guess(attacker, times=7) == [422] * 5 + [429] * 2
    attacker.post("/sign-in", RIGHT, expect=429)


def test_addresses_of_one_ipv6_connection_count_as_one(limited: Flask) -> None:
    answers = [_guess(_browser(limited, f"2001:db8:1:2::{number:x}"), times=1) for number in range(6)]
    assert answers == [[422]] * 5 + [[429]]
    _browser(limited, "2001:db8:1:2:ffff::1").post("/sign-in", RIGHT, expect=429)
    _browser(limited, "2001:db8:1:3::1").post("/sign-in", RIGHT)


def test_limits_of_a_page_count_one_ipv6_connection_as_one(limited: Flask) -> None:
    form = {"email": "nobody@example.org"}
    for number in range(5):
        _browser(limited, f"2001:db8:1:2::{number:x}").post("/forgotten-password", form, expect=200)
    _browser(limited, "2001:db8:1:2::ffff").post("/forgotten-password", form, expect=429)
    _browser(limited, "2001:db8:1:3::1").post("/forgotten-password", form, expect=200)


@pytest.mark.parametrize(
    ("address", "counts_for"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),  # IPv4, as a server tells it that listens to both
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unix:", "unix:"),
        (None, ""),
    ],
)
def test_what_an_address_counts_for(address: str | None, counts_for: str) -> None:
    assert network(address) == counts_for


def test_victim_signs_in_from_elsewhere_and_from_a_known_device_in_the_same_building(limited: Flask) -> None:
    known = _browser(limited, "192.0.2.1")
    known.post("/sign-in", RIGHT)
    known.post("/sign-out")
    _guess(_browser(limited, "192.0.2.1"), times=40)
    _browser(limited, "192.0.2.2").post("/sign-in", RIGHT)
    known.post("/sign-in", RIGHT)
    known.get("/account")


def test_known_device_has_only_its_own_tries(limited: Flask) -> None:
    known = _browser(limited)
    known.post("/sign-in", RIGHT)
    known.post("/sign-out")
    assert _guess(known, times=6) == [422] * 5 + [429]
    _browser(limited).post("/sign-in", RIGHT)


def test_device_cookie_that_was_forged_is_no_known_device(limited: Flask) -> None:
    browser = _browser(limited)
    _guess(browser, times=6)
    browser.client.set_cookie("caseflow-device", "eyJ0IjoieCIsImEiOlsiYSJdfQ.forged")
    browser.post("/sign-in", RIGHT, expect=429)


def test_account_that_does_not_exist_is_answered_alike(limited: Flask) -> None:
    real = _guess(_browser(limited, "192.0.2.3"), times=7)
    assert _guess(_browser(limited, "192.0.2.4"), times=7, email="nobody@example.org") == real


def test_delay_grows_and_ends() -> None:
    assert [throttle.delay(wrong) for wrong in (4, 5, 6, 7, 30)] == [0, 30, 60, 120, 3600]


def _half(app: Flask, address: str) -> Browser:
    """A browser from this address after the password and before the second factor."""
    browser = _browser(app, address)
    browser.post("/sign-in", RIGHT)
    assert browser.location.startswith("/sign-in/second-step"), browser.location
    return browser


def _wrong_codes(browser: Browser, *, times: int, page: str = "/sign-in/second-step") -> list[int]:
    answers = []
    for _number in range(times):
        form = {"code": "000000", "csrf_token": browser.token()}
        answers.append(browser.client.post(page, data=form).status_code)
    return answers


def test_fifth_wrong_code_ends_the_session_that_waits_for_it_and_the_user_is_told(
    limited: Flask, redis: object
) -> None:
    owner = _browser(limited)
    owner.post("/sign-in", RIGHT)
    totp, _codes = set_up_app(owner)
    thief, other = _half(limited, "192.0.2.2"), _half(limited, "192.0.2.3")
    assert _wrong_codes(thief, times=5) == [422] * 4 + [302]
    thief.get("/sign-in/second-step", expect=302)
    assert thief.location.startswith("/sign-in?")
    assert "too many wrong codes" in thief.get(thief.location)
    thief.post("/sign-in", RIGHT, expect=429)  # they count where they come from, too
    told = "Your password was right, and five codes after it were wrong (192.0.2.2,"
    assert told not in owner.get("/notifications")
    cast = Cast(limited)
    cast.deliver(redis)
    assert told in owner.get("/notifications")
    with cast.acting("auditor") as auditor:
        [entry] = db.session.scalars(select(Entry).where(Entry.act == "factor.wrong_codes")).all()
        assert (entry.org_id, entry.detail) == (auditor.org_id, {"tries": 5})
    other.post("/sign-in/second-step", {"code": code(totp, steps=1)})
    other.get("/account")


def test_new_session_has_no_new_codes_beyond_those_of_its_user(limited: Flask) -> None:
    owner = _browser(limited)
    owner.post("/sign-in", RIGHT)
    totp, _codes = set_up_app(owner)
    owner.post("/sign-out")
    for number in range(4):
        assert _wrong_codes(_half(limited, f"192.0.2.{number + 10}"), times=5) == [422] * 4 + [302]
    thief, right = _half(limited, "192.0.2.20"), code(totp, steps=1)
    page = thief.post("/sign-in/second-step", {"code": right}, expect=429)
    assert "too many wrong codes for this account" in page
    # On their own device the owner goes on; nobody else notices anything.
    owner.post("/sign-in", RIGHT)
    owner.post("/sign-in/second-step", {"code": right})
    owner.get("/account")
    stranger = _browser(limited, "192.0.2.20")
    stranger.post("/sign-in", {"email": "stranger@example.org", "password": PASSWORD})
    set_up_app(stranger)


def test_wrong_codes_end_no_session_that_is_whole(limited: Flask) -> None:
    owner = _browser(limited)
    owner.post("/sign-in", RIGHT)
    set_up_app(owner)
    assert _wrong_codes(owner, times=6, page="/confirm") == [422] * 5 + [429]
    owner.get("/account")


def test_who_has_no_password_spends_no_codes(limited: Flask) -> None:
    owner = _browser(limited)
    owner.post("/sign-in", RIGHT)
    totp, _codes = set_up_app(owner)
    for number in range(5):
        _guess(_browser(limited, f"192.0.2.{number + 10}"), times=5)
    elsewhere = _half(limited, "192.0.2.20")
    elsewhere.post("/sign-in/second-step", {"code": code(totp, steps=1)})
    elsewhere.get("/account")
