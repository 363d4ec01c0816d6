"""`caseflow run` and `caseflow demo`: everything started in order, looked after, and stopped in order."""

import contextlib
import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from caseflow.config import Config, ConfigError
from caseflow.core import installation
from caseflow.core.embedded import folder as data_folder
from caseflow.core.embedded import process, supervisor
from caseflow.core.embedded.errors import EmbeddedError
from caseflow.core.embedded.servers import Servers

_URLS = ("DATABASE_URL", "REDIS_URL")

# What the C library keeps of freed memory: a thread with an arena of its own keeps what it freed there, so two for all;
# and a page's large pieces go back at once. Left to itself the library raises that threshold with the largest piece.
SMALL = {"MALLOC_ARENA_MAX": "2", "MALLOC_TRIM_THRESHOLD_": "131072", "MALLOC_MMAP_THRESHOLD_": "131072"}
_COLUMNS = ("organisation", "role", "email", "password")


@dataclass(frozen=True, slots=True)
class Demo:
    """What a demo wants besides running: how much data, whose accounts, and whether told as JSON."""

    people: int
    sized: str | None
    accounts: Callable[[Config], list[dict[str, str]]]
    as_json: bool


def run_all(environ: Mapping[str, str], *, data: Path | None, host: str, port: int, demo: Demo | None = None) -> None:
    """Run the product until a signal; raises EmbeddedError or ConfigError in words when it cannot start."""
    own = _own_servers(environ)
    signals = supervisor.Signals()
    with (
        contextlib.suppress(supervisor.Stopped),
        signals.heard(),
        contextlib.closing(supervisor.listen(host, port)) as one,
    ):
        url = supervisor.address(one)
        with _servers(own, data, url) as servers:
            settings = _settings(environ, servers, url)
            config = Config.from_env(settings)
            _migrate(config)
            logs = servers.folder / "log" if servers else None
            if demo:
                _seed(demo, settings, servers.folder if servers else data)
            kept = supervisor.programs(one, settings, logs, say)
            try:
                for each in kept:
                    each.begin()
                supervisor.wait_ready(url, kept, logs)
                if demo:
                    _tell(demo, config)
                say(f"caseflow is ready at {config.public_url} (Ctrl-C stops it)")
                everything = (supervisor.kept_servers(servers, say) if servers else []) + kept
                supervisor.keep_running(everything, signals)
            finally:
                signals.calm = True
                say("stopping")
                for each in kept:
                    each.end()


def say(line: str) -> None:
    """Tell the one who started us; standard output is left to `--json`."""
    click.echo(f"caseflow: {line}", err=True)


def _own_servers(environ: Mapping[str, str]) -> bool:
    """Whether to start servers of our own; raises ConfigError when only one of the two addresses is given."""
    given = [name for name in _URLS if environ.get(name) or environ.get(f"{name}_FILE")]
    if len(given) == 1:
        other = next(name for name in _URLS if name not in given)
        raise ConfigError(f"{given[0]} is set and {other} is not: set both to use your servers, or neither")
    return not given


@contextlib.contextmanager
def _servers(own: bool, data: Path | None, url: str) -> Iterator[Servers | None]:
    if not own:
        yield None
        return
    if data is None:
        raise ConfigError(
            "--data is not given: name the folder that shall hold the data, or set DATABASE_URL and REDIS_URL"
        )
    with Servers(data) as servers:
        servers.note("supervisor", url=url)
        yield servers


def _settings(environ: Mapping[str, str], servers: Servers | None, url: str) -> dict[str, str]:
    """The environment of the children: ours, and what leads to the servers."""
    settings = {"CASEFLOW_PUBLIC_URL": url, **SMALL} | dict(environ) | {"PYTHONUNBUFFERED": "1"}
    if settings.get("CASEFLOW_PUBLIC_URL_FILE"):
        del settings["CASEFLOW_PUBLIC_URL"]
    for name, value in (servers.environment if servers else {}).items():
        if name == "CASEFLOW_PUBLIC_URL":
            # Behind a proxy the site has another address than the one we listen on.
            continue
        settings[name] = value
        settings.pop(f"{name}_FILE", None)
    return settings


def _migrate(config: Config) -> None:
    if config.owner_database_url:
        installation.migrate(config.owner_database_url, wall_key=config.wall_key)
    elif not installation.is_current(config.database_url):
        raise EmbeddedError(
            "the database needs migrations and OWNER_DATABASE_URL is not set;"
            " set it to the address of the role caseflow_owner"
        )


def _seed(demo: Demo, settings: Mapping[str, str], folder: Path | None) -> None:
    """Fill the database once; a note in the folder says that it was done."""
    note = folder / "demo.json" if folder else None
    wanted = {"people": demo.people, "country_sized": demo.sized}
    if note and (done := data_folder.read(note)):
        if done != wanted:
            say(f"{folder} holds demo data already (people: {done['people']}); for other data choose another --data")
        return
    command = [sys.executable, "-m", "caseflow.cli", "seed", "--people", str(demo.people)]
    command += ["--country-sized", demo.sized] if demo.sized else []
    say("making the demo data")
    began = time.monotonic()
    child = process.spawn(command, environ=settings)
    try:
        code = child.wait()
    finally:
        process.stop(child, seconds=5)
    if code != 0:
        raise EmbeddedError(f"the demo data could not be made (exit code {code})")
    say(f"demo data made in {time.monotonic() - began:.0f} s")
    if note:
        data_folder.write(note, wanted)


def _tell(demo: Demo, config: Config) -> None:
    accounts = demo.accounts(config)
    if demo.as_json:
        told = {
            "url": config.public_url,
            "accounts": accounts,
            "database_url": config.database_url,
            "owner_database_url": config.owner_database_url,
            "redis_url": config.redis_url,
        }
        click.echo(json.dumps(told, ensure_ascii=False))
        sys.stdout.flush()
    else:
        click.echo(table(_COLUMNS, [[account[name] for name in _COLUMNS] for account in accounts]))


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Rows of text as columns."""
    lines = [heads, *rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)
