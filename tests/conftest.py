"""Real servers for every test: PostgreSQL and Redis once a worker, and for each test a database from a template."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from redis import Redis

from caseflow import create_app
from caseflow.config import Config
from caseflow.core import installation
from caseflow.core.embedded import Servers
from caseflow.core.limits import limiter
from tests.cast import Cast, raise_curtain

TEMPLATE = "caseflow_template"


@dataclass(frozen=True)
class Stage:
    """The servers of this test worker and the template database with the cast in it."""

    servers: Servers
    environment: dict[str, str]


def _database_url(url: str, name: str) -> str:
    return url.rsplit("/", 1)[0] + "/" + name


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    """PostgreSQL and Redis of this worker; the cast is played once into a template database."""
    with tempfile.TemporaryDirectory(prefix="cf-test-") as folder, Servers(Path(folder), durable=False) as servers:
        environment = {**servers.environment, "CASEFLOW_PUBLIC_URL": "http://localhost", "CASEFLOW_LIMITS": "false"}
        installation.prepare_server(servers.superuser_url, database=TEMPLATE, passwords={})
        for name in ("DATABASE_URL", "OWNER_DATABASE_URL"):
            environment[name] = _database_url(environment[name], TEMPLATE)
        installation.migrate(environment["OWNER_DATABASE_URL"], wall_key=environment["CASEFLOW_WALL_KEY"])
        app = create_app(Config.from_env(environment))
        raise_curtain(app, environment["OWNER_DATABASE_URL"])
        with app.app_context():
            _dispose(app)
        yield Stage(servers, environment)


@pytest.fixture
def environment(stage: Stage, request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """The settings of an installation whose database is this test's own copy of the template."""
    name = f"test_{os.getpid()}_{abs(hash(request.node.nodeid)) % 10**10}"
    with psycopg.connect(stage.servers.superuser_url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} OWNER caseflow_owner STRATEGY FILE_COPY")
        connection.execute(f"REVOKE ALL ON DATABASE {name} FROM PUBLIC")
        connection.execute(f"GRANT CONNECT ON DATABASE {name} TO caseflow_app")
    environment = dict(stage.environment)
    for key in ("DATABASE_URL", "OWNER_DATABASE_URL"):
        environment[key] = _database_url(environment[key], name)
    yield environment
    with psycopg.connect(stage.servers.superuser_url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def app(environment: dict[str, str]) -> Iterator[Flask]:
    """The application as its own role, on this test's database."""
    app = create_app(Config.from_env(environment))
    app.testing = False  # errors become pages, as for a user
    limiter.enabled = False
    yield app
    with app.app_context():
        _dispose(app)


def _dispose(app: Flask) -> None:
    from caseflow.core.db import db

    with contextlib.suppress(KeyError):
        db.engine.dispose()


@pytest.fixture
def redis(environment: dict[str, str]) -> Iterator["Redis"]:
    """This worker's Redis, emptied."""
    client = Redis.from_url(environment["REDIS_URL"])
    client.flushall()
    yield client
    client.close()


@pytest.fixture
def cast(app: Flask) -> Cast:
    """Sender, receiver, probation service and stranger, each with their people; see tests/cast.py."""
    return Cast(app)
