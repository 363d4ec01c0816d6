"""A small demo, told once for all tests that only look at it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
import pytest
from flask import Flask

from caseflow.core.db import db
from caseflow.demo.seed import seed
from tests.cast import quick_hashes
from tests.conftest import TEMPLATE, Stage, make_app

PEOPLE = 40


@dataclass(frozen=True)
class Told:
    """An installation with the demo in it, and a look at it past the wall."""

    app: Flask
    owner_url: str

    def ask(self, query: str) -> list[tuple[object, ...]]:
        """The rows of a query, as the owner sees them."""
        with psycopg.connect(self.owner_url) as owner:
            return owner.execute(query).fetchall()

    def values(self, query: str) -> set[object]:
        """The values of a query's one column."""
        return {row[0] for row in self.ask(query)}


@contextmanager
def demo(stage: Stage, name: str, people: int) -> Iterator[Told]:
    """A database of this name in which so many people's tales were told."""
    with psycopg.connect(stage.servers.superuser_url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} OWNER caseflow_owner STRATEGY FILE_COPY")
        connection.execute(f"GRANT CONNECT ON DATABASE {name} TO caseflow_app")
    urls = {
        key: stage.environment[key].rsplit("/", 1)[0] + "/" + name for key in ("DATABASE_URL", "OWNER_DATABASE_URL")
    }
    app = make_app({**stage.environment, **urls})
    with app.app_context(), quick_hashes():
        seed(people, None)
    yield Told(app, urls["OWNER_DATABASE_URL"])
    with app.app_context():
        db.engine.dispose()
    with psycopg.connect(stage.servers.superuser_url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def told(stage: Stage) -> Iterator[Told]:
    """The demo with forty people."""
    with demo(stage, "told_demo", PEOPLE) as found:
        yield found
