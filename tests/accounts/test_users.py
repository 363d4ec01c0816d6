"""Accounts of an organisation, one's own account, and the table of permissions."""

import re

import psycopg
from flask import Flask

from caseflow.accounts import queries
from caseflow.accounts.models import SignIn
from caseflow.accounts.permissions import Permission, Role
from tests.cast import PASSWORD, Browser, Cast

NEW = {"name": "Новый Человек", "email": "New@Example.org", "role": "worker", "site": ""}


def test_second_account_with_the_same_address_is_refused_and_keeps_what_was_typed(cast: Cast) -> None:
    page = cast.be("admin").post("/users/new", {**NEW, "email": "AIGERIM@example.org"}, expect=422)
    assert "Новый Человек" in page


def test_address_with_letters_that_only_look_latin_is_refused_and_kept(cast: Cast) -> None:
    for email in ("\u0430igerim@example.org", "aigerim@ex\u0430mple.org", "no address"):  # \u0430 is Cyrillic
        page = cast.be("admin").post("/users/new", {**NEW, "email": email}, expect=422)
        assert 'href="#email"' in page
        assert email in page


def test_the_same_address_may_be_in_two_organisations(cast: Cast, app: Flask) -> None:
    cast.be("kamqor_admin").post("/users/new", {**NEW, "email": "aigerim@example.org"}, expect=200)


def test_person_of_two_organisations_chooses_one(cast: Cast, app: Flask) -> None:
    from caseflow.accounts import actions

    with cast.acting("kamqor_admin") as admin:
        actions.add_user(
            name="Айгерім", email="aigerim@example.org", role=Role.WORKER, site_id=None, password=PASSWORD, by=admin
        )
    browser = Browser(app.test_client())
    page = browser.post("/sign-in", {"email": "aigerim@example.org", "password": PASSWORD}, expect=422)
    [choice] = re.findall(r'<option value="([0-9a-f-]{36})">Kamqor', page)
    browser.post("/sign-in", {"email": "aigerim@example.org", "password": PASSWORD, "organisation": choice}, expect=302)
    assert "Kamqor" in browser.get("/account")


def test_closed_account_is_signed_out_at_once_and_may_be_opened_again(cast: Cast) -> None:
    with cast.acting("aigerim") as aigerim:
        id = aigerim.id
    cast.be("aigerim").get("/account")
    cast.be("admin").post(f"/users/{id}/deactivate")
    cast.be("aigerim").get("/account", expect=302)
    cast.be("admin").post(f"/users/{id}/reactivate")
    browser = Browser(cast.app.test_client())
    browser.post("/sign-in", {"email": "aigerim@example.org", "password": PASSWORD})


def test_administrator_cannot_close_their_own_account(cast: Cast) -> None:
    with cast.acting("admin") as admin:
        id = admin.id
    cast.be("admin").post(f"/users/{id}/deactivate")
    cast.be("admin").get("/users")


def test_last_auditor_stays_until_there_is_another(cast: Cast) -> None:
    with cast.acting("auditor") as auditor:
        id = auditor.id
    admin, told = cast.be("admin"), "is the only one here with the role"
    admin.post(f"/users/{id}/deactivate")
    assert told in admin.get("/users")
    changed = {"name": "Ерлан Аудитор", "role": "social_worker", "site": ""}
    assert told in admin.post(f"/users/{id}/change", changed, expect=422)
    cast.be("auditor").get("/audit")
    admin.post("/users/new", NEW | {"role": "auditor"}, expect=200)
    admin.post(f"/users/{id}/deactivate")
    cast.be("auditor").get("/account", expect=302)


def test_whoever_gets_a_role_with_power_is_told_to_all_others_who_have_one(cast: Cast, redis: object) -> None:
    admin = cast.be("admin")
    admin.post("/users/new", NEW, expect=200)
    cast.deliver(redis)
    assert "has the role" not in cast.be("leader").get("/notifications")
    with cast.acting("admin") as user:
        [new] = [one for one in queries.colleagues(user) if one.email == NEW["email"].lower()]
        id = new.id
    admin.post(f"/users/{id}/change", {"name": NEW["name"], "role": "team_leader", "site": ""})
    cast.deliver(redis)
    for who in ("leader", "deputy", "auditor"):
        page = cast.be(who).get("/notifications")
        assert "Новый Человек" in page
        assert "has the role" in page
    for who in ("admin", "aigerim", "stranger"):
        assert "has the role" not in cast.be(who).get("/notifications")


def test_stranger_cannot_touch_or_see_an_account(cast: Cast) -> None:
    with cast.acting("aigerim") as aigerim:
        id = aigerim.id
    cast.be("stranger_admin").post(f"/users/{id}/deactivate", expect=404)
    assert "aigerim" not in cast.be("stranger_admin").get("/users")
    cast.be("aigerim").get("/account")


def test_password_is_changed_only_with_the_old_one_and_ends_other_sessions(cast: Cast, app: Flask) -> None:
    elsewhere = Browser(app.test_client())
    elsewhere.post("/sign-in", {"email": "aigerim@example.org", "password": PASSWORD})
    browser = cast.be("aigerim")
    browser.post("/account", {"old": "wrong", "password": "a new long password"}, expect=422)
    browser.post("/account", {"old": PASSWORD, "password": "short"}, expect=422)
    browser.post("/account", {"old": PASSWORD, "password": "a new long password"})
    browser.get("/account")
    elsewhere.get("/account", expect=302)


def test_sessions_are_listed_and_ended(cast: Cast, app: Flask, environment: dict[str, str]) -> None:
    elsewhere = Browser(app.test_client())
    elsewhere.post("/sign-in", {"email": "aigerim@example.org", "password": PASSWORD})
    browser = cast.be("aigerim")
    [path] = re.findall(r"/account/sessions/[0-9a-f-]{36}/end", browser.get("/account"))
    for name in ("daniyar", "stranger_worker"):
        cast.be(name).post(path, expect=404)
    elsewhere.get("/account")
    with psycopg.connect(environment["OWNER_DATABASE_URL"]) as owner:
        owner.execute("UPDATE sign_ins SET verified_at = verified_at - interval '16 minutes'")
    browser.post(path)
    assert browser.location.startswith("/confirm"), "first one shows again who one is"
    elsewhere.get("/account")
    browser.post("/confirm", {"password": PASSWORD})
    browser.post(path)
    elsewhere.get("/account", expect=302)


def test_mail_is_switched_off_and_on(cast: Cast) -> None:
    for wanted in ("no", "yes"):
        cast.be("aigerim").post("/account/mail", {"wanted": wanted})
        with cast.acting("aigerim") as aigerim:
            assert aigerim.mail_news is (wanted == "yes")


def test_language_is_kept_before_and_after_signing_in(cast: Cast, app: Flask) -> None:
    browser = Browser(app.test_client())
    browser.post("/language", {"locale": "ar", "next": "/sign-in"})
    assert 'dir="rtl"' in browser.get("/sign-in")
    browser.post("/language", {"locale": "xx", "next": "//evil.example"})
    assert browser.location == "/"
    signed_in = cast.be("aigerim")
    assert 'lang="en"' in signed_in.get("/account")
    signed_in.post("/language", {"locale": "ru", "next": "/account"})
    assert 'lang="ru"' in signed_in.get("/account")


def test_permissions_are_shown_as_the_code_has_them(cast: Cast) -> None:
    page = cast.be("admin").get("/permissions")
    assert page.count('scope="row"') == len(Permission) + 2
    assert page.count('scope="col"') == len(Role) + 1


def test_all_other_sessions_are_ended_at_once(cast: Cast, app: Flask) -> None:
    elsewhere = [Browser(app.test_client()) for _number in range(2)]
    for browser in elsewhere:
        browser.post("/sign-in", {"email": "aigerim@example.org", "password": PASSWORD})
    cast.be("aigerim").post("/account/sessions/end-others")
    cast.be("aigerim").get("/account")
    for browser in elsewhere:
        browser.get("/account", expect=302)


def test_a_browser_goes_by_its_name() -> None:
    chrome = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
    told = {
        f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {chrome} Edg/126.0.0.0": "Edge, Windows",
        f"Mozilla/5.0 (Linux; Android 14; SM-A155F) {chrome}": "Chrome, Android",
        "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0": "Firefox, Linux",
        "curl/8.5.0": "curl/8.5.0",
    }
    for line, name in told.items():
        assert SignIn(user_agent=line).browser() == name
    assert SignIn().browser() is None


def test_administrator_ends_sessions_and_stranger_does_not(cast: Cast) -> None:
    with cast.acting("aigerim") as aigerim:
        id = aigerim.id
    cast.be("aigerim").get("/account")
    [path] = re.findall(rf"/users/{id}/sessions/[0-9a-f-]{{36}}/end", cast.be("admin").get(f"/users/{id}"))
    cast.be("stranger_admin").post(path, expect=404)
    cast.be("aigerim").get("/account")
    cast.be("admin").post(path)
    cast.be("aigerim").get("/account", expect=302)


def test_role_and_site_are_changed_but_not_ones_own_role(cast: Cast) -> None:
    with cast.acting("aigerim") as aigerim, cast.acting("admin") as admin:
        ids = aigerim.id, admin.id
    change = {"name": "Айгерім", "role": "team_leader", "site": ""}
    cast.be("stranger_admin").post(f"/users/{ids[0]}/change", change, expect=404)
    cast.be("admin").post(f"/users/{ids[0]}/change", change)
    assert "Team leader" in cast.be("aigerim").get("/account")
    cast.be("admin").post(f"/users/{ids[1]}/change", change, expect=422)


def test_new_device_is_told_and_the_first_and_known_ones_are_not(cast: Cast, app: Flask, redis: object) -> None:
    browser = cast.be("aigerim")
    browser.post("/sign-out")
    browser.post("/sign-in", {"email": "aigerim@example.org", "password": PASSWORD})
    cast.deliver(redis)
    assert "new device" not in browser.get("/notifications")
    elsewhere = Browser(app.test_client())
    elsewhere.post("/sign-in", {"email": "aigerim@example.org", "password": PASSWORD})
    cast.deliver(redis)
    assert "new device" in browser.get("/notifications")
    assert "new device" not in cast.be("daniyar").get("/notifications")


def test_administrator_makes_no_steward(cast: Cast) -> None:
    page = cast.be("admin").get("/users/new")
    assert 'value="auditor"' in page  # so are the roles written that can be chosen
    assert 'value="steward"' not in page
    cast.be("admin").post("/users/new", {**NEW, "role": "steward"}, expect=422)
    assert "new@example.org" not in cast.be("admin").get("/users")


def test_changed_password_is_told_to_its_owner(cast: Cast, redis: object) -> None:
    browser = cast.be("aigerim")
    browser.post("/account", {"old": PASSWORD, "password": "a new long passphrase"})
    cast.deliver(redis)
    assert "Your password was changed" in browser.get("/notifications")
    assert "Your password was changed" not in cast.be("daniyar").get("/notifications")
