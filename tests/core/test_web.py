"""The way a request travels: guard, commit, headers, and errors that say what to do and nothing of the inside."""

import logging
import uuid

import psycopg
import pytest
from flask import Flask
from sqlalchemy import select, text

from caseflow import create_app
from caseflow.accounts.permissions import Permission
from caseflow.config import Config
from caseflow.core.db import db
from caseflow.core.limits import limiter
from caseflow.core.web import requires
from caseflow.people.models import Case
from tests.cast import Browser, Cast
from tests.conftest import Stage
from tests.stories.people import a_case


def test_guest_is_led_to_sign_in_and_back(app: Flask) -> None:
    browser = Browser(app.test_client())
    browser.get("/users?x=1", expect=302)
    assert browser.location == "/sign-in?next=/users?x%3D1"


def test_role_without_permission_is_told_so(cast: Cast) -> None:
    assert "Your role does not open this page" in cast.be("aigerim").get("/users", expect=403)


def test_unknown_address_and_bad_id_are_404(cast: Cast) -> None:
    for path in ("/nowhere", "/users/not-an-id", f"/cases/{uuid.uuid4()}"):
        cast.be("leader").get(path, expect=404)


def test_form_without_its_token_is_refused_and_changes_nothing(cast: Cast, app: Flask) -> None:
    browser = cast.be("admin")
    answer = browser.client.post("/users/new", data={"name": "X", "email": "x@example.org", "role": "worker"})
    assert answer.status_code == 400
    assert "x@example.org" not in browser.get("/users")


def test_headers_are_strict_on_every_page(cast: Cast) -> None:
    browser = cast.be("aigerim")
    for path, status in (("/", 200), ("/account", 200), ("/nowhere", 404)):
        browser.get(path, expect=status)
        assert browser.last is not None
        headers = browser.last.headers
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "same-origin"


def test_page_travels_compressed_and_its_size_tells_nothing(cast: Cast) -> None:
    client = cast.be("aigerim").client
    plain = client.get("/account")
    assert "Content-Encoding" not in plain.headers
    for encoding in ("br", "gzip"):
        packed = client.get("/account", headers={"Accept-Encoding": f"deflate, {encoding}"})
        assert packed.headers["Content-Encoding"] == encoding
        assert "Accept-Encoding" in packed.headers["Vary"]
        assert len(packed.data) < len(plain.data) / 2
    # A guess at the token in it, told by a page that shrinks, drowns in the random length.
    assert len({len(client.get("/account").data) for _ in range(12)}) > 1


def test_session_cookie_is_http_only_and_lax(app: Flask) -> None:
    client = app.test_client()
    client.get("/sign-in")
    cookie = client.get_cookie("caseflow")
    assert cookie is not None
    assert cookie.http_only
    assert cookie.same_site == "Lax"


def test_unexpected_error_shows_a_reference_that_is_in_the_log(
    own_app: Flask, caplog: pytest.LogCaptureFixture
) -> None:

    def broken() -> str:
        raise ZeroDivisionError("the inside")

    own_app.add_url_rule("/broken", "broken", requires(Permission.BE_SIGNED_IN)(broken))
    cast = Cast(own_app)
    with caplog.at_level(logging.ERROR):
        page = cast.be("aigerim").get("/broken", expect=500)
    browser = cast.be("aigerim")
    assert browser.last is not None
    reference = browser.last.headers["X-Request-Id"]
    assert reference in page
    assert reference in caplog.text
    assert "the inside" not in page
    assert "Traceback" not in page


def test_error_rolls_back_what_the_request_wrote(own_app: Flask) -> None:

    def half() -> str:
        db.session.execute(text("UPDATE users SET phone = '123' WHERE id = app_user()"))
        raise ZeroDivisionError

    own_app.add_url_rule("/half", "half", requires(Permission.BE_SIGNED_IN)(half))
    cast = Cast(own_app)
    cast.be("aigerim").get("/half", expect=500)
    with cast.acting("aigerim") as aigerim:
        assert aigerim.phone is None


def test_upload_beyond_the_limit_is_413_with_words(own_app: Flask) -> None:
    own_app.config["MAX_CONTENT_LENGTH"] = 1000
    browser = Cast(own_app).be("admin")
    page = browser.post("/users/new", {"name": "x" * 5000}, expect=413)
    assert "The file is too large" in page


def test_health_is_told_without_signing_in(app: Flask) -> None:
    for path, words in (("/health/live", "alive\n"), ("/health/ready", "ready\n")):
        answer = app.test_client().get(path)
        assert (answer.status_code, answer.text) == (200, words)


def test_lost_database_is_said_in_words(app: Flask, cast: Cast, environment: dict[str, str], stage: Stage) -> None:
    browser = cast.be("aigerim")
    name = environment["DATABASE_URL"].rsplit("/", 1)[1]
    with psycopg.connect(stage.servers.superuser_url, autocommit=True) as superuser:
        superuser.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        superuser.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
        browser.get("/account", expect=503)
        assert app.test_client().get("/health/ready").status_code == 503
        superuser.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    browser.get("/account")


def test_guessing_a_password_is_slowed_down(environment: dict[str, str], redis: object) -> None:
    app = create_app(Config.from_env({**environment, "CASEFLOW_LIMITS": "true"}))
    limiter.enabled = True
    browser = Browser(app.test_client())
    data = {"email": "aigerim@example.org", "password": "wrong"}
    try:
        for _ in range(5):
            browser.post("/sign-in", data, expect=422)
        page = browser.post("/sign-in", data, expect=429)
    finally:
        limiter.enabled = False
    assert "too many wrong tries" in page
    with app.app_context():
        db.engine.dispose()


def test_text_with_nul_is_refused_wherever_it_stands(cast: Cast) -> None:
    browser = cast.be("admin")
    browser.get("/search?q=a%00b", expect=400)
    browser.get("/?%00=1", expect=400)
    browser.post("/users/new", {"name": "X\0Y", "email": "x@example.org", "role": "worker", "site": ""}, expect=400)
    assert "x@example.org" not in browser.get("/users")


def test_links_to_the_present_page_cannot_be_bent_from_outside(cast: Cast) -> None:
    bend = "_scheme=javascript&_external=1&_method=PUT&_anchor=x&endpoint=accounts.users&phase=intake"
    page = cast.be("leader").get(f"/caseload?{bend}")
    assert "javascript:" not in page
    assert "phase=intake" in page


def test_a_row_that_changed_meanwhile_is_told_in_the_readers_language(own_app: Flask) -> None:
    """Outside a form, too: the failed flush must be undone before the reader's language is asked for."""

    def late() -> str:
        case = db.session.scalars(select(Case)).one()
        db.session.execute(text("UPDATE cases SET version = version + 1"))
        case.offence_type = "theft"
        db.session.flush()
        return ""

    own_app.add_url_rule("/late", "late", requires(Permission.BE_SIGNED_IN)(late))
    cast = Cast(own_app)
    a_case(cast)
    assert "Somebody else changed this at the same moment" in cast.be("aigerim").get("/late", expect=409)
