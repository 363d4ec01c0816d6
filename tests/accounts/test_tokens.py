"""Tokens for programs: a part of the owner's permissions, for a time, without a cookie."""

import re

import psycopg
from flask import Flask

from caseflow.accounts.actions import make_api_token
from caseflow.accounts.queries import api_tokens
from tests.cast import Browser, Cast


def _token(browser: Browser, *permissions: str) -> str:
    form = {"name": "Nightly report", "permissions": list(permissions), "days": "30"}
    page = browser.post("/account/tokens", form, expect=200)
    found = re.search(r"cf_[A-Za-z0-9_-]{43}", page)
    assert found is not None
    return found[0]


def _ask(app: Flask, token: str, path: str = "/api/me") -> tuple[int, object]:
    answer = app.test_client().get(path, headers={"Authorization": f"Bearer {token}"})
    assert "Set-Cookie" not in answer.headers or "caseflow=" not in answer.headers["Set-Cookie"]
    return answer.status_code, answer.get_json(silent=True)


def test_token_says_whose_it_is_and_allows_what_was_chosen(cast: Cast, app: Flask) -> None:
    status, told = _ask(app, _token(cast.be("aigerim"), "cases:open"))
    assert status == 200
    assert isinstance(told, dict)
    assert told["permissions"] == ["account:use", "cases:open"]
    assert told["organisation"]["name"] == "Prison Service of Almaty"


def test_blank_permissions_are_none(cast: Cast, app: Flask) -> None:
    status, told = _ask(app, _token(cast.be("aigerim"), "", " \t", "cases:open"))
    assert status == 200
    assert isinstance(told, dict)
    assert told["permissions"] == ["account:use", "cases:open"]


def test_token_opens_no_page_and_sends_no_form(cast: Cast, app: Flask) -> None:
    token = _token(cast.be("admin"), "users:manage")
    for path in ("/", "/users", "/account", "/account/tokens"):
        assert _ask(app, token, path)[0] == 403, path
    answer = app.test_client().post("/users/new", data={"name": "x"}, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 403


def test_nobody_gives_what_they_do_not_have(cast: Cast) -> None:
    form = {"name": "x", "permissions": ["users:manage"], "days": "30"}
    cast.be("aigerim").post("/account/tokens", form, expect=422)


def test_revoked_expired_and_invented_tokens_open_nothing(cast: Cast, app: Flask, environment: dict[str, str]) -> None:
    browser = cast.be("aigerim")
    token = _token(browser)
    assert token not in browser.get("/account/tokens")
    [path] = re.findall(r"/account/tokens/[0-9a-f-]{36}/revoke", browser.get("/account/tokens"))
    cast.be("daniyar").post(path, expect=404)
    cast.be("stranger_admin").post(path, expect=404)
    assert _ask(app, token)[0] == 200
    browser.post(path)
    for wrong in (token, "cf_invented", "", "x" * 5000):
        assert _ask(app, wrong)[0] == 401
    second = _token(browser)
    with psycopg.connect(environment["OWNER_DATABASE_URL"]) as owner:
        owner.execute("UPDATE api_tokens SET expires_at = now() - interval '1 second'")
    assert _ask(app, second)[0] == 401


def test_token_follows_its_owners_role_and_leaves_with_them(cast: Cast, app: Flask) -> None:
    token = _token(cast.be("aigerim"), "cases:open")
    with cast.acting("aigerim") as aigerim:
        id = aigerim.id
    cast.be("admin").post(f"/users/{id}/change", {"name": "A", "role": "worker", "site": ""})
    status, told = _ask(app, token)
    assert status == 200
    assert isinstance(told, dict)
    assert told["permissions"] == ["account:use"]
    cast.be("admin").post(f"/users/{id}/deactivate")
    assert _ask(app, token)[0] == 401
    cast.be("admin").post(f"/users/{id}/reactivate")
    assert _ask(app, token)[0] == 401


def test_cookie_without_csrf_token_is_refused_even_with_a_header(cast: Cast) -> None:
    client = cast.be("aigerim").client
    answer = client.post("/account/mail", data={"wanted": "no"}, headers={"Authorization": "Bearer x"})
    assert answer.status_code == 400
    with cast.acting("aigerim") as aigerim:
        assert aigerim.mail_news


def test_token_opens_nothing_until_its_owner_accepts_the_terms_as_they_stand(cast: Cast, app: Flask) -> None:
    token, strangers = _token(cast.be("aigerim"), "cases:open"), _token(cast.be("stranger"))
    cast.be("admin").post("/terms/addition", {"text": "Also: the keys stay at the gate."})
    status, told = _ask(app, token)
    assert status == 403
    assert isinstance(told, dict)
    assert told["error"] == "terms_due"
    assert "sign in to caseflow" in told["message"]
    assert "name" not in told
    assert _ask(app, strangers)[0] == 200, "another organisation's terms are not theirs"
    cast.be("aigerim").post("/terms", {"next": "/account"})
    assert _ask(app, token)[0] == 200


def test_token_is_revoked_by_its_owner_alone_and_twice_is_once(cast: Cast) -> None:
    with cast.acting("aigerim") as user:
        make_api_token("Register", [], 30, by=user)
    with cast.acting("aigerim") as user:
        [token] = [one.id for one in api_tokens(user)]
    for who in ("daniyar", "stranger"):
        cast.be(who).post(f"/account/tokens/{token}/revoke", expect=404)
    with cast.acting("aigerim") as user:
        assert [one.open() for one in api_tokens(user)] == [True]
    for _ in range(2):
        cast.be("aigerim").post(f"/account/tokens/{token}/revoke", expect=302)
    with cast.acting("aigerim") as user:
        assert [one.open() for one in api_tokens(user)] == [False]
