"""What operators rely on: figures without people in them, slow statements told, readiness, and maintenance."""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from flask import Flask
from rq import suspension
from sqlalchemy import text

from caseflow import create_app
from caseflow.config import Config
from caseflow.core import installation, maintenance
from caseflow.core.db import db
from tests.cast import PASSWORD, Browser, Cast
from tests.conftest import dispose
from tests.core.test_cli import caseflow
from tests.core.test_logs import Heard, heard

__all__ = ["heard"]

TOKEN = "m" * 40
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def watched(environment: dict[str, str]) -> Iterator[Flask]:
    app = create_app(Config.from_env({**environment, "CASEFLOW_METRICS_TOKEN": TOKEN, "CASEFLOW_SLOW_QUERY_MS": "50"}))
    yield app
    dispose(app)


def figures(app: Flask) -> dict[str, float]:
    answer = app.test_client().get("/metrics", headers=BEARER)
    assert answer.status_code == 200, answer.text
    lines = [line.rsplit(" ", 1) for line in answer.text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in lines}


def test_figures_need_the_token(app: Flask, watched: Flask) -> None:
    assert app.test_client().get("/metrics").status_code == 404  # no token is configured
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN}, {"Authorization": "Bearer é"}):
        answer = watched.test_client().get("/metrics", headers=headers)
        assert answer.status_code == 401
        assert "caseflow_" not in answer.text


def test_figures_of_requests_sessions_news_and_jobs(watched: Flask, redis: Any) -> None:
    cast = Cast(watched)
    before = figures(watched)
    cast.be("aigerim").get("/account")
    cast.be("aigerim").get("/nowhere/Qanaryev", expect=404)
    with cast.acting("aigerim") as aigerim:
        db.session.execute(
            text(
                "INSERT INTO outbox (org_id, id, to_org_id, created_at, topic, payload, attempts) VALUES"
                " (:org, gen_random_uuid(), :org, now() - interval '90 seconds', 'notifications.mail', :payload, 0)"
            ),
            {"org": aigerim.org_id, "payload": f'{{"user": "{aigerim.id}"}}'},
        )
    now = figures(watched)
    page = 'caseflow_requests_total{endpoint="accounts.account",method="GET",status="200"}'
    assert now[page] == before.get(page, 0) + 1
    assert now['caseflow_requests_total{endpoint="none",method="GET",status="404"}'] >= 1
    assert now['caseflow_request_seconds_count{endpoint="accounts.account",method="GET"}'] >= 1
    assert now["caseflow_sessions"] == before["caseflow_sessions"] + 1
    assert now["caseflow_outbox_waiting"] == 1
    assert now["caseflow_outbox_oldest_seconds"] >= 90
    assert now["caseflow_database_connections_in_use"] == 0
    with watched.app_context(), db.engine.connect():
        assert figures(watched)["caseflow_database_connections_in_use"] == 1
    assert (now["caseflow_database_up"], now["caseflow_redis_up"]) == (1, 1)
    cast.deliver(redis)
    after = figures(watched)
    assert after['caseflow_jobs_total{kind="news",outcome="done"}'] == 1
    assert after["caseflow_outbox_waiting"] == 0


def test_labels_hold_nothing_that_a_person_typed(watched: Flask) -> None:
    browser = Cast(watched).be("aigerim")
    browser.client.open("/nowhere/Qanaryev?name=Qanaryev", method="QANARYEV")
    text_of = watched.test_client().get("/metrics", headers=BEARER).text
    assert "qanaryev" not in text_of.lower()
    assert "almaty" not in text_of.lower()
    labels = set(re.findall(r'(\w+)="', text_of))
    assert labels <= {"endpoint", "method", "status", "le", "kind", "outcome", "process"}


def test_figures_without_redis_still_tell_the_rest(environment: dict[str, str]) -> None:
    config = Config.from_env({**environment, "CASEFLOW_METRICS_TOKEN": TOKEN})
    app = create_app(replace(config, redis_url="redis://127.0.0.1:1"))
    assert figures(app)["caseflow_redis_up"] == 0
    assert figures(app)["caseflow_database_up"] == 1
    dispose(app)


def test_slow_statement_is_told_with_page_and_request_and_without_values(watched: Flask, heard: Heard) -> None:
    def slow() -> str:
        db.session.execute(text("SELECT pg_sleep(0.06), CAST(:name AS text)"), {"name": "Zhanibek Qanaryev"})
        return ""

    slow.permission = None  # type: ignore[attr-defined]
    watched.add_url_rule("/slow", "slow", slow)
    answer = watched.test_client().get("/slow")
    [line] = [line for line in heard.lines if line["event"] == "slow statement"]
    assert line["statement"].startswith("SELECT pg_sleep(0.06), CAST(")
    assert (line["endpoint"], line["request_id"]) == ("slow", answer.headers["X-Request-Id"])
    assert line["milliseconds"] >= 60
    assert "Qanaryev" not in heard.text


def test_ready_says_when_migrations_are_missing_and_not_what(app: Flask, environment: dict[str, str]) -> None:
    known = installation.known_migrations()
    client = app.test_client()
    assert client.get("/health/ready").status_code == 200
    for held, status in ((known[-2], 503), ("9999", 200), (known[-1], 200)):
        with psycopg.connect(environment["OWNER_DATABASE_URL"]) as owner:
            owner.execute("UPDATE alembic_version SET version_num = %s", (held,))
        answer = client.get("/health/ready")
        assert (answer.status_code, known[-1] in answer.text) == (status, False)
    with psycopg.connect(environment["OWNER_DATABASE_URL"]) as owner:
        owner.execute("DROP TABLE alembic_version")
    assert client.get("/health/ready").text == "the database needs migrations\n"
    assert client.get("/health/live").status_code == 200


def close(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    told = caseflow("maintenance", *arguments, **environment)
    assert told.returncode == 0, told.stderr
    return told


def test_maintenance_closes_every_page_in_the_readers_language(
    cast: Cast, redis: Any, environment: dict[str, str], app: Flask
) -> None:
    browser = cast.be("aigerim")
    browser.get("/account")
    russian = Browser(app.test_client())
    russian.post("/language", {"locale": "ar"})
    close(environment, "on", "--message", "We move <b>servers</b> tonight.", "--minutes", "30")
    for path in ("/", "/account", "/sign-in", "/nowhere", f"/cases/{'0' * 8}-0000-7000-8000-{'0' * 12}"):
        page = browser.get(path, expect=503)
        assert browser.last is not None
        assert browser.last.headers["Retry-After"] == "1800"
        assert browser.last.headers["Cache-Control"] == "no-store"
        assert "caseflow is being looked after" in page
        assert "30 minutes" in page
        assert "We move &lt;b&gt;servers&lt;/b&gt; tonight." in page
    assert 'dir="rtl"' in russian.get("/sign-in", expect=503)
    assert browser.client.post("/account/mail", data={"wanted": "yes"}).status_code == 503
    for path in ("/health/live", "/health/ready"):
        browser.get(path)
    close(environment, "off")
    browser.get("/account")


def test_maintenance_page_asks_no_database(cast: Cast, redis: Any, environment: dict[str, str], stage: Any) -> None:
    browser = cast.be("aigerim")
    browser.get("/account")
    maintenance.begin(redis, message="", minutes=1)
    name = environment["DATABASE_URL"].rsplit("/", 1)[1]
    with psycopg.connect(stage.servers.superuser_url, autocommit=True) as superuser:
        superuser.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        superuser.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
        assert "about 1 minute" in browser.get("/account", expect=503)
        superuser.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    maintenance.end(redis)
    browser.get("/account")


def test_jobs_wait_while_closed(redis: Any) -> None:
    maintenance.begin(redis, message="", minutes=1)
    assert suspension.is_suspended(redis)
    assert maintenance.held(redis) == maintenance.Maintenance("", 60)
    maintenance.end(redis)
    assert not suspension.is_suspended(redis)
    assert maintenance.held(redis) is None


def test_without_redis_pages_stay_open(environment: dict[str, str]) -> None:
    app = create_app(replace(Config.from_env(environment), redis_url="redis://127.0.0.1:1"))
    browser = Cast(app).be("aigerim")
    for path in ("/", "/caseload", "/account"):
        browser.get(path)
    browser.post("/account/mail", {"wanted": "no"})
    dispose(app)


def test_cookies_and_headers_are_strictest_by_https(environment: dict[str, str]) -> None:
    site = "https://caseflow.example.org"
    app = create_app(Config.from_env({**environment, "CASEFLOW_PUBLIC_URL": site}))
    client = app.test_client()
    answer = client.get("/sign-in", base_url=site)
    cookies = answer.headers.getlist("Set-Cookie")
    [token] = re.findall(r'name="csrf_token"[^>]*value="([^"]+)"', answer.text)[:1]
    typed = {"csrf_token": token, "email": "aigerim@example.org", "password": PASSWORD}
    signed_in = client.post("/sign-in", data=typed, base_url=site, headers={"Referer": f"{site}/sign-in"})
    assert signed_in.status_code == 302
    cookies += signed_in.headers.getlist("Set-Cookie")
    assert {cookie.partition("=")[0] for cookie in cookies} == {"__Host-caseflow", "__Host-caseflow-device"}
    for cookie in cookies:
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= {part.strip() for part in cookie.split(";")}
        assert "Domain" not in cookie
    style = re.search(r'href="(/static/[^"]+css[^"]*)"', answer.text)
    assert style
    for path in ("/sign-in", "/nowhere", "/health/live", style[1]):
        answer = client.get(path)
        answer.close()
        headers = answer.headers
        # Also where a proxy forgets to say that the visitor came by https.
        assert headers["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains"
        assert headers["X-Content-Type-Options"] == "nosniff"
    dispose(app)
