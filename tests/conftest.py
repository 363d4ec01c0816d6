"""Real servers for every test: PostgreSQL and Redis once a worker, and for each test a database from a template."""

import gc
import json
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from redis import Redis

from caseflow import create_app
from caseflow.config import Config
from caseflow.core import installation
from caseflow.core.db import db
from caseflow.core.embedded import Servers
from caseflow.core.limits import limiter
from tests.cast import Cast, quick_hashes, raise_curtain

TEMPLATE = "caseflow_template"
DATABASE = f"caseflow_test_{os.getpid()}"
PACKAGE = Path(__file__).parents[1] / "caseflow"
ROOM = 4 << 30  # bytes; a test worker takes up to half of it


class Compiled(BytecodeCache):
    """Templates as compiled by the first application of this test worker that shows them."""

    def __init__(self) -> None:
        self.held: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Take what is held."""
        if code := self.held.get(bucket.key):
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Hold it."""
        self.held[bucket.key] = bucket.bytecode_to_string()


COMPILED = Compiled()


def make_app(environment: dict[str, str]) -> Flask:
    """An application with these settings, which lets everybody try as often as they like."""
    app = create_app(Config.from_env(environment))
    app.jinja_env.bytecode_cache = COMPILED
    limiter.enabled = False
    return app


@dataclass(frozen=True)
class Stage:
    """The servers of this test worker; `environment` names the one database that each test finds fresh."""

    servers: Servers
    environment: dict[str, str]


def _naming(environment: dict[str, str], database: str) -> dict[str, str]:
    urls = {
        name: environment[name].rsplit("/", 1)[0] + "/" + database for name in ("DATABASE_URL", "OWNER_DATABASE_URL")
    }
    return {**environment, **urls}


def _in_memory() -> Path | None:
    """Where files lie in memory, if there is room: each test has a database of its own, which is made of files."""
    memory = Path("/dev/shm")
    return memory if memory.is_dir() and shutil.disk_usage(memory).free > ROOM else None


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    """PostgreSQL and Redis of this worker; the cast is played once into a template database."""
    with (
        tempfile.TemporaryDirectory(prefix="cf-test-", dir=_in_memory()) as folder,
        Servers(Path(folder), durable=False) as servers,
    ):
        general = {**servers.environment, "CASEFLOW_PUBLIC_URL": "http://localhost", "CASEFLOW_LIMITS": "false"}
        template = _naming(general, TEMPLATE)
        installation.prepare_server(servers.superuser_url, database=TEMPLATE, passwords={})
        installation.migrate(template["OWNER_DATABASE_URL"], wall_key=template["CASEFLOW_WALL_KEY"])
        app = make_app(template)
        with quick_hashes():
            raise_curtain(app, template["OWNER_DATABASE_URL"])
        dispose(app)
        yield Stage(servers, _naming(general, DATABASE))


@pytest.fixture
def environment(stage: Stage) -> dict[str, str]:
    """The settings of an installation whose database is a fresh copy of the template."""
    with psycopg.connect(stage.servers.superuser_url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {DATABASE} TEMPLATE {TEMPLATE} OWNER caseflow_owner STRATEGY FILE_COPY")
        connection.execute(f"REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC")
        connection.execute(f"GRANT CONNECT ON DATABASE {DATABASE} TO caseflow_app")
    return dict(stage.environment)


@pytest.fixture(scope="session")
def _one_app(stage: Stage) -> Flask:
    return make_app(stage.environment)


@pytest.fixture
def app(environment: dict[str, str], _one_app: Flask) -> Iterator[Flask]:
    """The application as its own role, made once a worker, on this test's fresh database."""
    limiter.enabled = False
    yield _one_app
    dispose(_one_app)


@pytest.fixture
def own_app(environment: dict[str, str]) -> Iterator[Flask]:
    """An application of this test's own, to add pages to or to set otherwise."""
    app = make_app(environment)
    yield app
    dispose(app)


def dispose(app: Flask) -> None:
    """Close the application's connections."""
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def redis(environment: dict[str, str]) -> Iterator["Redis"]:
    """This worker's Redis, emptied."""
    client = Redis.from_url(environment["REDIS_URL"])
    client.flushall()
    yield client
    client.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Each worker begins with its share of the long tests: else one waits at the end for another's last.

    What the rooms' own tests leave untried counts as untried, though a battery comes by there a thousand times. So
    they alone are traced, which also makes the others a third quicker.
    """
    tests, rooms = Path(__file__).parent, {path.parent.name for path in PACKAGE.glob("*/queries*")}
    long, quick = [], []
    for item in items:
        place = item.path.relative_to(tests).parts[0]
        battery = place == "trust" or item.get_closest_marker("long") is not None
        (long if battery else quick).append(item)
        if battery or place not in rooms:
            item.add_marker("no_cover")
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    share = -(-len(quick) // workers)
    # xdist gives each worker a run of neighbours to begin with.
    of_each = [(*long[n::workers], *quick[n * share : (n + 1) * share]) for n in range(workers)]
    items[:] = [item for own in of_each for item in own]


def pytest_collection_finish() -> None:
    """What is loaded by now stays to the end: the collector need not look through it again and again."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """How much was tried: the counts that tests record as `probes:<battery>:<what>`."""
    counts = Counter[tuple[str, str]]()
    for report in [*terminalreporter.stats.get("passed", []), *terminalreporter.stats.get("failed", [])]:
        for name, count in getattr(report, "user_properties", []) if report.when == "call" else []:
            if name.startswith("probes:"):
                _, battery, what = name.split(":", 2)
                counts[battery, what] += count
    tried: dict[str, dict[str, int]] = {}
    for (battery, what), count in sorted(counts.items(), key=lambda one: (one[0][0], -one[1])):
        tried.setdefault(battery, {})[what] = count
    long = os.environ.get("ATTACKS") == "long"
    for battery, of_it in tried.items():
        told = "" if long else f" ({', '.join(f'{what} {count:,}' for what, count in of_it.items())})"
        terminalreporter.write_line(f"{battery:<32}{sum(of_it.values()):>10,} probes{told}")
        for what, count in of_it.items() if long else ():
            terminalreporter.write_line(f"  {what:<30}{count:>10,}")
    if long and tried:
        terminalreporter.write_line(json.dumps({"failed": len(terminalreporter.stats.get("failed", [])), **tried}))


@pytest.fixture
def cast(app: Flask) -> Cast:
    """Sender, receiver, probation service and stranger, each with their people; see tests/cast.py."""
    return Cast(app)
