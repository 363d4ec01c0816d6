"""A network that swallows everything: nobody waits for ever, and nothing stays locked."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg
import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from caseflow import create_app
from caseflow.config import Config
from caseflow.core import jobs
from caseflow.core.db import db
from tests.conftest import dispose
from tests.load.wire import Cut, Wire

pytestmark = pytest.mark.processes


@pytest.fixture
def wire() -> Iterator[Wire]:
    with Wire() as one:
        yield one


def by(wire: Wire, url: str) -> str:
    """The address, led over the wire."""
    port = urlsplit(url).port
    assert port
    wire.lead(port)
    return url.replace(f":{port}/", f":{wire.port}/")


@pytest.fixture
def led(environment: dict[str, str], wire: Wire) -> Iterator[Flask]:
    """An application whose database lies behind the wire, and which waits two seconds for it."""
    url = by(wire, environment["DATABASE_URL"])
    app = create_app(Config.from_env({**environment, "DATABASE_URL": url, "CASEFLOW_NETWORK_SECONDS": "2"}))
    yield app
    dispose(app)


def test_silent_database_is_given_up_by_a_running_connection_and_by_a_new_one(led: Flask, wire: Wire) -> None:
    client = led.test_client()
    assert client.get("/health/ready").status_code == 200
    wire.fail(Cut.DROP)
    assert client.get("/health/ready").status_code == 503
    with led.app_context():
        db.engine.dispose()
        with pytest.raises(OperationalError):
            db.session.execute(text("SELECT 1"))
    wire.mend()
    assert client.get("/health/ready").status_code == 200


def test_what_a_vanished_client_had_locked_is_open_again(led: Flask, wire: Wire, environment: dict[str, str]) -> None:
    with led.app_context():
        db.session.execute(text("SELECT pg_advisory_lock(7)"))
        wire.fail(Cut.DROP)
        with psycopg.connect(environment["OWNER_DATABASE_URL"]) as owner:
            owner.execute("SET lock_timeout = '60s'")
            owner.execute("SELECT pg_advisory_lock(7)")
        with pytest.raises(OperationalError):  # nobody answers its rollback
            db.session.remove()
    wire.mend()


def test_silent_redis_does_not_hold_up_the_relay(environment: dict[str, str], wire: Wire) -> None:
    url = by(wire, environment["REDIS_URL"])
    config = Config.from_env({**environment, "REDIS_URL": url, "CASEFLOW_NETWORK_SECONDS": "2"})
    with jobs.connect(config) as server:
        server.ping()
        wire.fail(Cut.DROP)
        with pytest.raises((jobs.RedisError, OSError)):
            server.ping()
        wire.mend()
        assert server.ping()
