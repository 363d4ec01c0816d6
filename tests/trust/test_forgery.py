"""Forged requests and sessions: tokens missing, made up, another's and stale; cookies planted, changed and replayed."""

import os
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer

from tests.cast import PASSWORD
from tests.trust.asking import TOKEN, Asker
from tests.trust.routes import Route, kind, reaches, routes, value
from tests.trust.scene import ACCOUNTS, Scene
from tests.trust.tables import hashes

LONG = os.environ.get("ATTACKS") == "long"
# Who is tried, and how many things at least each of them may do: else the test could find none and pass.
FEWEST = {"leader": 90, "officer": 80, "coordinator": 40, "admin": 30, "auditor": 15, "steward": 15}

Count = Callable[[str, object], None]


def posts(scene: Scene, name: str) -> Iterator[tuple[Route, str]]:
    """Every POST that the account may do, at something of its own."""
    account = ACCOUNTS[name]
    for route in routes(scene.app):
        if route.method != "POST" or (route.permission is not None and not account.may(route.permission)):
            continue
        things = {name: kind(route, prefix, name) for _, name, prefix in route.parameters}
        for world in scene.worlds.values():
            found = {name: value(world, thing) for name, thing in things.items()}
            if None not in found.values() and all(
                reaches(account, world, t, route.permission) for t in things.values()
            ):
                yield route, route.path({name: str(one) for name, one in found.items()})
                break


@pytest.mark.parametrize("name", FEWEST)
def test_no_post_goes_without_the_token_of_its_own_session(attacked: Scene, name: str, record_property: Count) -> None:
    before_sign_out = Asker(attacked.app, name)
    before_sign_out.ask("POST", "/sign-out")
    asker, other = Asker(attacked.app, name), Asker(attacked.app, "stranger")
    half = len(asker.token) // 2
    tokens = {
        "missing": None,
        "empty": "",
        "made up": "zqx.zqx.zqx",
        "changed": asker.token[:half] + ("A" if asker.token[half] != "A" else "B") + asker.token[half + 1 :],
        "another's": other.token,
        "stale": before_sign_out.token,
    }
    wrong, asked, before = [], Counter[str](), hashes(attacked)
    for place, (_, path) in enumerate(posts(attacked, name)):
        # The short form tries each act with two of them, and the next act with two others.
        for what, token in list(tokens.items())[slice(None) if LONG else slice(place % 3, None, 3)]:
            answer = asker.ask("POST", path, {"csrf_token": token} if token is not None else {"csrf_token": []})
            asked[f"token {what}"] += 1
            if answer.status_code != 400:
                wrong.append(f"{path} {what}: {answer.status_code}")
    for what, count in asked.items():
        record_property(f"probes:forgery:{what}", count)
    assert wrong == []
    assert min(asked[f"token {what}"] for what in tokens) >= FEWEST[name] // (1 if LONG else 3), asked
    assert hashes(attacked) == before
    assert asker.ask("GET", "/account").status_code == 200, "the session itself must have been good all the time"


def test_session_planted_before_signing_in_is_worth_nothing(attacked: Scene) -> None:
    client = attacked.app.test_client()
    client.get("/sign-in")
    planted = client.get_cookie("caseflow")
    victim = Asker(attacked.app, None)
    victim.cookie = f"caseflow={planted.value if planted else ''}"
    victim.token = Asker(attacked.app, None).token
    assert planted is not None
    answer = client.post(
        "/sign-in", data={"email": "aigerim@example.org", "password": PASSWORD, "csrf_token": _token(client)}
    )
    assert answer.status_code == 302
    signed_in = client.get_cookie("caseflow")
    assert signed_in is not None
    assert signed_in.value != planted.value
    assert victim.ask("GET", "/account").status_code == 302


def _token(client: FlaskClient) -> str:
    found = TOKEN.search(client.get("/sign-in").get_data(as_text=True))
    assert found is not None
    return found[1]


def test_cookie_is_worth_nothing_after_signing_out(attacked: Scene) -> None:
    asker = Asker(attacked.app, "aigerim")
    assert asker.ask("GET", "/account").status_code == 200
    assert asker.ask("POST", "/sign-out").status_code == 302
    before = hashes(attacked)
    assert asker.ask("GET", "/account").status_code == 302
    assert asker.ask("POST", "/account/mail", {"wanted": "no"}).status_code == 302
    assert hashes(attacked) == before


def test_changed_and_forged_cookies_open_nothing(attacked: Scene, record_property: Count) -> None:
    asker = Asker(attacked.app, "aigerim")
    good = asker.cookie.removeprefix("caseflow=")
    step = max(1, len(good) // 60)
    changed = [good[:at] + ("A" if good[at] != "A" else "B") + good[at + 1 :] for at in range(0, len(good) - 1, step)]
    changed += [good[:-1], good + "A", good.swapcase(), "." + good, good.split(".", 1)[1], good * 2, ""]
    user = str(attacked.worlds["w1"].ids["user"])
    forged = [
        _forged(attacked.app, key, {"_user_id": user, "_fresh": True}) for key in ("", "secret", "dev", "change-me")
    ]
    wrong = []
    for cookie in [*changed, *forged]:
        asker.cookie = f"caseflow={cookie}"
        status = asker.ask("GET", "/account").status_code
        if status != 302:
            wrong.append(f"{cookie[:20]}…: {status}")
    record_property("probes:forgery:cookies", len(changed) + len(forged))
    assert wrong == []


def _forged(app: Flask, key: str, session: dict[str, object]) -> str:
    serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    made = URLSafeTimedSerializer(
        key or "x", salt="cookie-session", serializer=serializer.serializer, signer_kwargs=serializer.signer_kwargs
    )
    return str(made.dumps(session))


def test_sign_in_leads_nowhere_but_within(attacked: Scene, record_property: Count) -> None:
    outside = [
        "//evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example", "http:evil.example",
        "javascript:alert(1)", "/\t/evil.example", "/\n/evil.example", "\t//evil.example", " //evil.example",
        "///evil.example", "/%2f/evil.example", "/%5cevil.example", "https:///evil.example",
        "//evil.example/%2f..", "/.//evil.example",
        "data:text/html,x", "@evil.example", "/@evil.example", "/\x01/evil.example", "?//evil.example", "",
    ]  # fmt: skip
    wrong = []
    asker, task = Asker(attacked.app, "aigerim"), attacked.worlds["w1"].ids["task"]
    for target in outside:
        guest = Asker(attacked.app, None)
        data = {"email": "aigerim@example.org", "password": PASSWORD, "next": target}
        for answer in (
            guest.ask("POST", "/sign-in", data),
            guest.ask("POST", "/language", {"locale": "en", "next": target}),
            asker.ask("POST", f"/tasks/{task}/finish", {"next": target}),
        ):
            where = answer.headers.get("Location", "")
            wrong += [f"{target!r}: {where!r}"] if answer.status_code != 302 or _leaves(where) else []
    record_property("probes:forgery:redirects", 3 * len(outside))
    assert wrong == []


def _leaves(where: str) -> bool:
    """Whether a browser would leave the site: tabs and line ends are dropped, backslashes are slashes."""
    tidy = "".join(one for one in where if one > " ").replace("\\", "/")
    return not tidy.startswith("/") or tidy.startswith("//")
