"""Second factors by URL: set up, asked for, used once, lost, reset, required."""

import psycopg
from flask import Flask

from tests.accounts.factors import code, half_signed_in, set_up_app
from tests.cast import PASSWORD, Browser, Cast


def test_password_alone_opens_nothing_once_an_app_is_set_up(cast: Cast, app: Flask) -> None:
    totp, codes = set_up_app(cast.be("aigerim"))
    assert len(codes) == 10
    browser = half_signed_in(app)
    for path in ("/", "/account", "/caseload", "/search?q=a", "/account/factors", "/confirm"):
        browser.get(path, expect=302)
        assert browser.location.startswith("/sign-in/second-step"), path
    browser.post("/account/mail", {"wanted": "no"})
    assert browser.location.startswith("/sign-in/second-step")
    browser.post("/sign-in/second-step", {"code": "000000"}, expect=422)
    browser.get("/account", expect=302)
    browser.post("/sign-in/second-step", {"code": code(totp, steps=1)})
    browser.get("/account")


def test_code_opens_once(cast: Cast, app: Flask) -> None:
    totp, _codes = set_up_app(cast.be("aigerim"))
    same = code(totp, steps=1)
    half_signed_in(app).post("/sign-in/second-step", {"code": same})
    half_signed_in(app).post("/sign-in/second-step", {"code": same}, expect=422)


def test_code_of_a_telephone_whose_clock_is_far_wrong_is_refused(cast: Cast, app: Flask) -> None:
    totp, _codes = set_up_app(cast.be("aigerim"))
    for steps in (-3, 3, 40):
        half_signed_in(app).post("/sign-in/second-step", {"code": code(totp, steps=steps)}, expect=422)


def test_recovery_code_opens_once_and_is_counted(cast: Cast, app: Flask) -> None:
    _totp, codes = set_up_app(cast.be("aigerim"))
    browser = half_signed_in(app)
    browser.post("/sign-in/second-step", {"code": codes[0].upper()})
    assert "9 codes are left" in browser.get("/account/factors")
    half_signed_in(app).post("/sign-in/second-step", {"code": codes[0]}, expect=422)
    browser.post("/account/factors/recovery-codes", expect=200)
    half_signed_in(app).post("/sign-in/second-step", {"code": codes[1]}, expect=422)


def test_pending_session_gets_a_new_token_when_it_is_completed(cast: Cast, app: Flask) -> None:
    totp, _codes = set_up_app(cast.be("aigerim"))
    browser = half_signed_in(app)
    before = browser.client.get_cookie("caseflow")
    assert before is not None
    browser.post("/sign-in/second-step", {"code": code(totp, steps=1)})
    thief = Browser(app.test_client())
    thief.client.set_cookie("caseflow", before.value)
    thief.get("/account", expect=302)
    assert thief.location.startswith("/sign-in?")


def test_secret_is_not_readable_in_the_database(cast: Cast, environment: dict[str, str]) -> None:
    totp, codes = set_up_app(cast.be("aigerim"))
    with psycopg.connect(environment["OWNER_DATABASE_URL"]) as owner:
        [(sealed,)] = owner.execute("SELECT sealed FROM totp_secrets").fetchall()
        hashes = owner.execute("SELECT code_hash FROM recovery_codes").fetchall()
    assert totp.secret.encode() not in sealed
    assert codes[0].replace("-", "").encode() not in b"".join(one for (one,) in hashes)


def test_last_factor_is_not_removed_by_oneself(cast: Cast) -> None:
    browser = cast.be("aigerim")
    set_up_app(browser)
    page = browser.get("/account/factors")
    path = "/account/factors/" + page.split("/account/factors/")[1].split('"')[0]
    assert path.endswith("/remove")
    browser.post(path, expect=422)


def test_setting_up_is_asked_again_after_a_while(cast: Cast, environment: dict[str, str]) -> None:
    browser = cast.be("aigerim")
    browser.get("/account")
    with psycopg.connect(environment["OWNER_DATABASE_URL"]) as owner:
        owner.execute("UPDATE sign_ins SET verified_at = verified_at - interval '16 minutes'")
    browser.post("/account/factors/totp/begin")
    assert browser.location.startswith("/confirm")
    browser.post("/confirm", {"password": "wrong"}, expect=422)
    browser.post("/confirm", {"password": PASSWORD, "next": "/account/factors"})
    assert browser.location == "/account/factors"
    set_up_app(browser)
    with psycopg.connect(environment["OWNER_DATABASE_URL"]) as owner:
        owner.execute("UPDATE sign_ins SET verified_at = verified_at - interval '16 minutes'")
    # Whoever has a second factor is asked for it: the password alone is no longer enough.
    browser.post("/confirm", {"password": PASSWORD}, expect=422)


def test_role_that_needs_a_factor_is_led_to_set_it_up_and_opens_nothing_else(cast: Cast, app: Flask) -> None:
    aigerim = cast.be("aigerim")
    cast.be("admin").post("/users/rules", {"roles": ["social_worker", "team_leader"]})
    for path in ("/", "/caseload", "/account", "/search?q=a"):
        aigerim.get(path, expect=302)
        assert aigerim.location.startswith("/account/factors")
    cast.be("auditor").get("/account")
    cast.be("stranger_worker").get("/account")
    set_up_app(aigerim)
    aigerim.get("/caseload")


def test_administrator_resets_a_lost_factor_with_a_reason_and_the_user_is_told(cast: Cast, redis: object) -> None:
    set_up_app(cast.be("aigerim"))
    with cast.acting("aigerim") as aigerim:
        id = aigerim.id
    cast.be("admin").post(f"/users/{id}/reset-factors", {"reason": ""}, expect=422)
    cast.be("admin").post(f"/users/{id}/reset-factors", {"reason": "Telephone lost"})
    browser = Browser(cast.app.test_client())
    browser.post("/sign-in", {"email": "aigerim@example.org", "password": PASSWORD})
    cast.deliver(redis)
    assert "Your second factor was reset" in browser.get("/notifications")
    assert "factor.reset" in cast.be("auditor").get("/audit?act=factor") or "Factor" in cast.be("auditor").get("/audit")


def test_reset_ends_every_session_and_opens_none_that_waits_for_the_code(cast: Cast, app: Flask) -> None:
    set_up_app(cast.be("aigerim"))
    thief = half_signed_in(app)
    with cast.acting("aigerim") as aigerim:
        id = aigerim.id
    admin = cast.be("admin")
    admin.post(f"/users/{id}/reset-factors", {"reason": "Telephone lost"})
    for browser in (thief, cast.be("aigerim")):
        browser.get("/account", expect=302)
        assert browser.location.startswith("/sign-in?")
    admin.get("/account")


def test_stranger_resets_and_sees_nothing(cast: Cast) -> None:
    set_up_app(cast.be("aigerim"))
    with cast.acting("aigerim") as aigerim:
        id = aigerim.id
    stranger = cast.be("stranger_admin")
    stranger.get(f"/users/{id}", expect=404)
    stranger.post(f"/users/{id}/reset-factors", {"reason": "x"}, expect=404)
    stranger.post(f"/users/{id}/end-sessions", expect=404)
    half_signed_in(cast.app)
