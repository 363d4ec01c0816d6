"""The scene of the trust tests, played once a worker; a copy to ask, and a fresh copy to attack for each test."""

import os
from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest

from tests.cast import Cast, quick_hashes
from tests.conftest import TEMPLATE, Stage, dispose, make_app
from tests.trust.scene import Scene, play

PLAYED, ASKED, ATTACKED = (f"caseflow_trust_{what}_{os.getpid()}" for what in ("played", "asked", "attacked"))


def _copy(superuser_url: str, source: str, name: str) -> None:
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {source} OWNER caseflow_owner STRATEGY FILE_COPY")
        connection.execute(f"REVOKE ALL ON DATABASE {name} FROM PUBLIC")
        connection.execute(f"GRANT CONNECT ON DATABASE {name} TO caseflow_app")


def _on(stage: Stage, database: str) -> dict[str, str]:
    urls = {
        name: stage.environment[name].rsplit("/", 1)[0] + "/" + database
        for name in ("DATABASE_URL", "OWNER_DATABASE_URL")
    }
    return {**stage.environment, **urls}


def _set_up(stage: Stage, played: Scene, database: str) -> Scene:
    """The played scene with an application on a copy of its database."""
    _copy(stage.servers.superuser_url, PLAYED, database)
    environment = _on(stage, database)
    app = make_app(environment)
    return replace(played, app=app, cast=Cast(app), environment=environment)


@pytest.fixture(scope="session")
def played(stage: Stage) -> Scene:
    """The accounts and worlds in a database that nobody touches afterwards."""
    _copy(stage.servers.superuser_url, TEMPLATE, PLAYED)
    environment = _on(stage, PLAYED)
    app = make_app(environment)
    with quick_hashes():
        scene = play(app, environment, stage.servers.superuser_url)
    dispose(app)
    return scene


@pytest.fixture(scope="session")
def scene(stage: Stage, played: Scene) -> Iterator[Scene]:
    """The scene for questions: tests that use it leave nothing behind (`asking.kept_nothing`)."""
    scene = _set_up(stage, played, ASKED)
    yield scene
    dispose(scene.app)


@pytest.fixture
def attacked(stage: Stage, played: Scene) -> Iterator[Scene]:
    """The scene in a fresh database of this test's own, where what is written stays."""
    scene = _set_up(stage, played, ATTACKED)
    yield scene
    dispose(scene.app)
