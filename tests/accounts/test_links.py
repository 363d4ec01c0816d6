"""Invitations and forgotten passwords: a link that opens once, goes to nobody else, and tells nothing."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from flask import Flask
from sqlalchemy import event

from caseflow import create_app
from caseflow.accounts import jobs
from caseflow.config import Config
from caseflow.core.db import db
from caseflow.core.limits import limiter
from tests.cast import PASSWORD, Browser, Cast
from tests.conftest import dispose

NEW = {"name": "Новый Человек", "email": "New@Example.org", "role": "worker", "site": ""}
CHOSEN = "three rabbits over hills"


def _link(page: str) -> str:
    found = re.search(r"(/welcome/[A-Za-z0-9_-]{43})", page)
    assert found is not None, page[:2000]
    return found[1]


def _id(cast: Cast, email: str) -> str:
    page = cast.be("admin").get("/users")
    found = re.search(r'/users/([0-9a-f-]{36})"[^>]*><bdi>Новый Человек</bdi>', page)
    assert found is not None
    return found[1]


def test_invited_user_chooses_a_password_accepts_the_terms_and_works(cast: Cast, app: Flask) -> None:
    path = _link(cast.be("admin").post("/users/new", NEW, expect=200))
    browser = Browser(app.test_client())
    assert "new@example.org" in browser.get(path)
    browser.post(path, {"password": "password1234"}, expect=422)
    browser.post(path, {"password": CHOSEN})
    browser.post("/sign-in", {"email": "new@example.org", "password": CHOSEN})
    browser.get("/", expect=302)
    assert browser.location.startswith("/terms")
    browser.post("/terms", {"next": "/account"})
    browser.get("/")
    browser.get(path, expect=404)
    browser.post(path, {"password": "another one, quite long"}, expect=404)


def test_link_is_withdrawn_sent_again_and_grows_old(cast: Cast, app: Flask, environment: dict[str, str]) -> None:
    admin = cast.be("admin")
    first = _link(admin.post("/users/new", NEW, expect=200))
    id = _id(cast, "new@example.org")
    second = _link(admin.post(f"/users/{id}/link", expect=200))
    guest = Browser(app.test_client())
    guest.get(first, expect=404)
    guest.get(second)
    admin.post(f"/users/{id}/link/withdraw")
    guest.get(second, expect=404)
    third = _link(admin.post(f"/users/{id}/link", expect=200))
    with psycopg.connect(environment["OWNER_DATABASE_URL"]) as owner:
        [(hours,)] = owner.execute(
            "SELECT extract(epoch FROM expires_at - created_at) / 3600 FROM account_links WHERE withdrawn_at IS NULL"
        ).fetchall()
        assert round(hours) == 72
        owner.execute("UPDATE account_links SET expires_at = now() - interval '1 second'")
    guest.get(third, expect=404)


def test_only_the_hash_of_a_link_is_kept(cast: Cast, environment: dict[str, str]) -> None:
    token = _link(cast.be("admin").post("/users/new", NEW, expect=200)).rsplit("/", 1)[1]
    with psycopg.connect(environment["OWNER_DATABASE_URL"]) as owner:
        assert token not in str(owner.execute("SELECT l::text FROM account_links l").fetchall())


def test_stranger_sends_and_withdraws_nothing(cast: Cast) -> None:
    with cast.acting("aigerim") as aigerim:
        id = aigerim.id
    for path in (f"/users/{id}/link", f"/users/{id}/link/withdraw"):
        cast.be("stranger_admin").post(path, expect=404)
    cast.be("aigerim").post(f"/users/{id}/link", expect=403)


def test_link_for_somebody_with_a_second_factor_does_not_go_round_it(cast: Cast, app: Flask) -> None:
    from tests.accounts.factors import half_signed_in, set_up_app

    set_up_app(cast.be("aigerim"))
    with cast.acting("aigerim") as aigerim:
        id = aigerim.id
    path = _link(cast.be("admin").post(f"/users/{id}/link", expect=200))
    browser = Browser(app.test_client())
    browser.post(path, {"password": PASSWORD})
    cast.be("aigerim").get("/account", expect=302)
    half_signed_in(app)


@pytest.fixture
def letters(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Cast, list[str]]]:
    """An installation that sends e-mails, and what it would have sent: only the last step to the socket is replaced."""
    sent: list[str] = []
    monkeypatch.setattr(jobs, "deliver", lambda url, message: sent.append(f"{message['To']} {message.get_content()}"))
    mail = {"CASEFLOW_SMTP_URL": "smtp://127.0.0.1:1", "CASEFLOW_MAIL_FROM": "caseflow@example.org"}
    app = create_app(Config.from_env({**environment, **mail}))
    limiter.enabled = False
    yield Cast(app), sent
    dispose(app)


def test_forgotten_password_is_answered_alike_and_mailed_to_its_owner_alone(
    letters: tuple[Cast, list[str]], redis: object
) -> None:
    cast, sent = letters
    guest = Browser(cast.app.test_client())
    answers = [
        re.sub(r'value="[^"]*"', "", guest.post("/forgotten-password", {"email": email}, expect=200))
        for email in ("aigerim@example.org", "nobody@example.org", "aigerim@example.org")
    ]
    assert answers[0] == answers[1] == answers[2]
    for _hop in ("who has the address", "the letter"):
        _deliver_with(cast, redis)
    [letter] = sent
    assert letter.startswith("aigerim@example.org")
    guest.post(_link(letter), {"password": CHOSEN})
    guest.post("/sign-in", {"email": "aigerim@example.org", "password": CHOSEN})
    guest.get("/account")


def test_known_and_unknown_address_cause_the_same_statements_and_the_same_job(
    letters: tuple[Cast, list[str]], redis: object, environment: dict[str, str]
) -> None:
    cast, sent = letters
    asked: dict[str, list[str]] = {}
    written: dict[str, list[tuple[str, int]]] = {}
    guest = Browser(cast.app.test_client())
    with psycopg.connect(environment["OWNER_DATABASE_URL"], autocommit=True) as owner:
        for email in ("nobody@example.org", "stranger@example.org", "aigerim@example.org"):
            owner.execute("DELETE FROM outbox")
            guest.get("/forgotten-password")
            with _statements(cast.app) as asked[email]:
                guest.post("/forgotten-password", {"email": email}, expect=200)
            rows = owner.execute("SELECT topic, length(payload::text) FROM outbox ORDER BY topic").fetchall()
            written[email] = [(topic, length) for topic, length in rows]
            _deliver_with(cast, redis)
            _deliver_with(cast, redis)
    assert asked["nobody@example.org"] == asked["stranger@example.org"] == asked["aigerim@example.org"]
    assert written["nobody@example.org"] == written["stranger@example.org"] == written["aigerim@example.org"]
    assert [topic for topic, _length in written["nobody@example.org"]] == ["accounts.forgotten"]
    assert [letter.split()[0] for letter in sent] == ["stranger@example.org", "aigerim@example.org"]


@contextmanager
def _statements(app: Flask) -> Iterator[list[str]]:
    """What the application asks of the database meanwhile."""
    found: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        found.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    yield found
    event.remove(engine, "before_cursor_execute", note)


def test_invitation_is_mailed_and_shown_to_nobody(letters: tuple[Cast, list[str]], redis: object) -> None:
    cast, sent = letters
    admin = cast.be("admin")
    admin.post("/users/new", NEW)
    assert "/welcome/" not in admin.get(admin.location)
    _deliver_with(cast, redis)
    assert [letter.split()[0] for letter in sent] == ["new@example.org"]


def test_link_of_an_administrator_stays_open_when_somebody_says_the_password_is_forgotten(
    letters: tuple[Cast, list[str]], redis: object, environment: dict[str, str]
) -> None:
    cast, sent = letters
    with cast.acting("aigerim") as aigerim:
        id = aigerim.id
    cast.be("admin").post("/users/new", NEW)
    cast.be("admin").post(f"/users/{id}/link")
    _deliver_with(cast, redis)
    given = list(sent)
    assert sorted(letter.split()[0] for letter in given) == ["aigerim@example.org", "new@example.org"]
    with psycopg.connect(environment["OWNER_DATABASE_URL"]) as owner:
        owner.execute("UPDATE account_links SET created_at = created_at - interval '6 minutes'")
    guest = Browser(cast.app.test_client())
    for email in ("new@example.org", "aigerim@example.org"):
        guest.post("/forgotten-password", {"email": email}, expect=200)
    for _hop in ("who has the address", "the letter"):
        _deliver_with(cast, redis)
    for letter in given:
        guest.post(_link(letter), {"password": CHOSEN})
        guest.post("/sign-in", {"email": letter.split()[0], "password": CHOSEN})
        guest.post("/sign-out")
    assert sent == given


def _deliver_with(cast: Cast, redis: object) -> None:
    """What the relay would hand on, handled by this installation."""
    from sqlalchemy import text

    from caseflow.core.db import unit_of_work
    from caseflow.core.jobs import handle

    with cast.app.app_context():
        with unit_of_work() as session:
            rows = session.execute(text("SELECT id, to_org_id FROM outbox_claim(100)")).all()
        for row in rows:
            handle(row.id, row.to_org_id)
