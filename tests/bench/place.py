"""Installations of a stated size to measure in, on PostgreSQL and Redis of their own."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from flask import Flask
from psycopg import sql

from caseflow import create_app
from caseflow.config import Config
from caseflow.core import installation
from caseflow.core.db import db
from caseflow.core.embedded import Servers
from caseflow.demo.countries import COUNTRIES
from caseflow.demo.founding import PASSWORD
from caseflow.demo.seed import seed
from caseflow.demo.sized import load
from tests.cast import Browser

TALES = 300  # people of the demo, whose lives are told in full; the rest is filled in
TOLD = "told"
EVERYBODY = sum(country.held for country in COUNTRIES)
# Iraq has the largest prison service: a worker with about forty cases, a leader who sees all, a CSO's coordinator.
WORKER, LEADER, COORDINATOR = "case1@prison.iq.example", "huda@prison.iq.example", "sara@amal.iq.example"


@dataclass(frozen=True)
class Visit:
    """A page to measure, and who opens it."""

    what: str
    path: str
    email: str
    whole: bool = False  # looks through a whole organisation, so it grows with it


@dataclass(frozen=True)
class Place:
    """An installation with this many people in prison."""

    people: int
    environment: dict[str, str]
    app: Flask

    def owner(self) -> "psycopg.Connection[Any]":
        """A connection as the owner of the tables, past row security."""
        return psycopg.connect(self.environment["OWNER_DATABASE_URL"])

    def browser(self, email: str) -> Browser:
        """A client in which this person is signed in."""
        browser = Browser(self.app.test_client())
        browser.post("/sign-in", {"email": email, "password": PASSWORD}, expect=302)
        return browser

    def user(self, email: str) -> tuple[uuid.UUID, uuid.UUID]:
        """The organisation and the id of a person."""
        with self.owner() as owner:
            [row] = owner.execute("SELECT org_id, id FROM users WHERE email = %s", (email,)).fetchall()
        return row[0], row[1]

    def visits(self) -> list[Visit]:
        """The pages that are measured."""
        org_id, user_id = self.user(WORKER)
        with self.owner() as owner:
            [(case_id, name)] = owner.execute(
                "SELECT c.id, p.name FROM assignments a"
                " JOIN cases c ON c.org_id = a.org_id AND c.id = a.case_id"
                " JOIN persons p ON p.org_id = c.org_id AND p.id = c.person_id"
                " WHERE a.org_id = %s AND a.user_id = %s ORDER BY c.number LIMIT 1",
                (org_id, user_id),
            ).fetchall()
        return [
            Visit("caseload", "/caseload", WORKER),
            Visit("inbox", "/inbox", COORDINATOR),
            Visit("case page", f"/cases/{case_id}", WORKER),
            Visit("search", f"/search?q={quote(name)}", WORKER),
            Visit("caseload of a whole organisation", "/caseload", LEADER, whole=True),
            Visit("search in a whole organisation", f"/search?q={quote(name)}", LEADER, whole=True),
        ]


@contextmanager
def servers(folder: Path) -> Iterator[Servers]:
    """PostgreSQL and Redis for all places, as durable as a real installation's; the demo's tales are told in it."""
    with Servers(folder) as started:
        _migrated(started, TOLD)
        _tell(started)
        yield started


def _tell(started: Servers) -> None:
    """Tell the tales once, into the database that every place begins as a copy of."""
    app = create_app(Config.from_env(_environment(started, TOLD)))
    with app.app_context():
        seed(TALES, None)
        db.engine.dispose()


def place(started: Servers, people: int) -> Place:
    """Make an installation with this many people; the planner's statistics and the visibility map are fresh."""
    name = f"people_{people}"
    with psycopg.connect(started.superuser_url, autocommit=True) as superuser:
        superuser.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER caseflow_owner").format(
                sql.Identifier(name), sql.Identifier(TOLD)
            )
        )
        superuser.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO caseflow_app").format(sql.Identifier(name)))
    environment = _environment(started, name)
    app = create_app(Config.from_env(environment))
    with app.app_context():
        load(environment["OWNER_DATABASE_URL"], "all", scale=people / EVERYBODY)
    with psycopg.connect(_database(started.superuser_url, name), autocommit=True) as superuser:
        superuser.execute("VACUUM (ANALYZE)")
        superuser.execute("CHECKPOINT")
        # Part (a) runs a page's SQL as the owner, and some of it calls functions that only the app may call.
        superuser.execute("GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO caseflow_owner")
    return Place(people, environment, app)


def _migrated(started: Servers, name: str) -> None:
    installation.prepare_server(started.superuser_url, database=name, passwords={})
    environment = _environment(started, name)
    installation.migrate(environment["OWNER_DATABASE_URL"], wall_key=environment["CASEFLOW_WALL_KEY"])


def _environment(started: Servers, name: str) -> dict[str, str]:
    urls = {key: _database(started.environment[key], name) for key in ("DATABASE_URL", "OWNER_DATABASE_URL")}
    return {**started.environment, **urls, "CASEFLOW_LIMITS": "false", "CASEFLOW_LOG_LEVEL": "ERROR"}


def _database(url: str, name: str) -> str:
    return url.rsplit("/", 1)[0] + "/" + name
