"""A whole installation in one process group, kept alive by the product's own supervision, with a cut in its wires.

python -m tests.load.house FOLDER cast|town|country [--database-by PORT] [--redis-by PORT]

It is what `caseflow demo --data` starts, in the same order and with the same functions, but for one thing: with
`--database-by` and `--redis-by` the web server, the worker and the cron reach their servers through these ports, where
whoever started us keeps a proxy. When all is ready, one JSON line with the addresses goes to standard output.
"""

import argparse
import json
import os
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask

from caseflow import create_app
from caseflow.config import Config
from caseflow.core import installation
from caseflow.core.db import db
from caseflow.core.embedded import Servers, supervisor
from caseflow.core.embedded.run import say
from caseflow.demo.seed import seed
from caseflow.demo.sized import load
from tests.cast import Cast, raise_curtain
from tests.stories.received import an_accepted


def main() -> None:
    """Run until a signal."""
    parser = argparse.ArgumentParser(prog="python -m tests.load.house")
    parser.add_argument("folder", type=Path)
    parser.add_argument("filled", choices=FILLINGS)
    parser.add_argument("--database-by", type=int)
    parser.add_argument("--redis-by", type=int)
    asked = parser.parse_args()
    signals = supervisor.Signals()
    with (
        suppress(supervisor.Stopped),
        signals.heard(),
        closing(supervisor.listen("127.0.0.1", 0)) as one,
        Servers(asked.folder) as servers,
    ):
        url = supervisor.address(one)
        servers.note("supervisor", url=url)
        straight = {**os.environ, **servers.environment}
        _fill(straight, FILLINGS[asked.filled])
        led = {
            "DATABASE_URL": _by(straight["DATABASE_URL"], asked.database_by),
            "REDIS_URL": _by(straight["REDIS_URL"], asked.redis_by),
        }
        logs = asked.folder / "log"
        kept = supervisor.programs(one, straight | led, logs, say)
        try:
            print(json.dumps({"servers": {name: straight[name] for name in (*led, "OWNER_DATABASE_URL")}}), flush=True)
            for each in kept:
                each.begin()
            supervisor.wait_ready(url, kept, logs)
            print(json.dumps({"address": url, "environment": servers.environment}), flush=True)
            supervisor.keep_running(supervisor.kept_servers(servers, say) + kept, signals)
        finally:
            signals.calm = True
            for each in kept:
                each.end()


def _fill(environment: dict[str, str], fill: Callable[[Flask, str], None]) -> None:
    """Tables and fictional people, straight to the servers."""
    config = Config.from_env(environment)
    assert config.owner_database_url
    installation.migrate(config.owner_database_url, wall_key=config.wall_key)
    app = create_app(config)
    fill(app, config.owner_database_url)
    with app.app_context():
        db.engine.dispose()


def _cast(app: Flask, owner_url: str) -> None:
    """The cast of the tests, with a few referrals on which both sides work."""
    raise_curtain(app, owner_url)
    cast = Cast(app)
    for by in ("aigerim", "daniyar") * 3:
        an_accepted(cast, by=by)


def _country(app: Flask, owner_url: str) -> None:
    """The demo's tales, and prisons filled to the published figures: 114,391 people."""
    with app.app_context():
        seed(300, None)
        load(owner_url, "all")


def _town(app: Flask, owner_url: str) -> None:
    """The same shares with a fiftieth of the people, quickly made: to try the soak itself."""
    with app.app_context():
        seed(30, None)
        load(owner_url, "all", scale=0.02)


FILLINGS = {"cast": _cast, "town": _town, "country": _country}


def _by(url: str, port: int | None) -> str:
    """The address, by another port of this machine."""
    return url if port is None else url.replace(f":{urlsplit(url).port}/", f":{port}/")


if __name__ == "__main__":
    main()
