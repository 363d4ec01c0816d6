"""The command line: the embedded product, the single processes of a real installation, and the rooms' commands."""

import errno
import functools
import os
import sys
from collections import Counter
from pathlib import Path

import click
import psycopg
import redis
from flask import current_app, has_app_context
from tqdm import tqdm

from caseflow import create_app
from caseflow.audit.commands import audit
from caseflow.backup_commands import backup, restore, verify_backup
from caseflow.config import Config, ConfigError, describe, read_setting
from caseflow.core import doctor as doctor_checks
from caseflow.core import embedded, installation, jobs, master_keys, resealing
from caseflow.core import maintenance as core_maintenance
from caseflow.core.backups import keeping
from caseflow.core.db import db
from caseflow.core.embedded import EmbeddedError
from caseflow.core.embedded.run import Demo, run_all, table
from caseflow.core.errors import Refused
from caseflow.core.installation import InstallationError
from caseflow.core.web_server import WebServer
from caseflow.demo.commands import COUNTRIES, seed
from caseflow.demo.seed import accounts as demo_accounts
from caseflow.people.commands import import_register


def _reach(context: click.Context, _: click.Parameter, value: Path | None) -> Path | None:
    """Take the settings from an embedded installation that runs on this folder."""
    if value is not None and not context.resilient_parsing:
        os.environ.update(embedded.environment(value) | {"CASEFLOW_DATA": str(value)})
    return value


def with_data(command: click.Command) -> click.Command:
    """Give a command `--data DIR`, by which it works on the embedded installation that runs there."""
    command.params.append(
        click.Option(
            ["--data"],
            type=click.Path(path_type=Path),
            envvar="CASEFLOW_DATA",
            callback=_reach,
            is_eager=True,
            expose_value=False,
            help="Work on the embedded installation that runs on this folder (or CASEFLOW_DATA).",
        )
    )
    return command


def in_app(command: click.Command) -> click.Command:
    """Run a room's command within the application, in an organisation's name that the command finds itself."""
    act = command.callback
    assert act is not None

    @functools.wraps(act)
    def run_in_app(*arguments: object, **options: object) -> object:
        if has_app_context():  # called from within the application, as tests do
            return act(*arguments, **options)
        with create_app().app_context():
            try:
                return act(*arguments, **options)
            finally:
                db.engine.dispose()

    command.callback = run_in_app
    return command


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="caseflow")
def cli() -> None:
    """Caseflow: case management from prison to life after release."""


_port = click.option(
    "--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 takes any free port."
)
_host = click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")


@cli.command()
@click.option("--data", type=click.Path(path_type=Path), envvar="CASEFLOW_DATA", help="The folder of all data.")
@_host
@_port
def run(data: Path | None, host: str, port: int) -> None:
    """Run everything as one group of processes.

    Without DATABASE_URL and REDIS_URL it starts PostgreSQL and Redis of its own in the folder --data.
    """
    run_all(os.environ, data=data, host=host, port=port)


@cli.command()
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    envvar="CASEFLOW_DATA",
    default=Path(".data/demo"),
    show_default=True,
    help="The folder of all data.",
)
@_host
@_port
@click.option("--people", type=click.IntRange(1, 10_000_000), default=400, show_default=True, help="How many people.")
@click.option(
    "--country-sized", "sized", type=click.Choice(COUNTRIES), help="As many people as this country's prisons."
)
@click.option("--json", "as_json", is_flag=True, help="When ready, print one JSON line on standard output.")
def demo(data: Path, host: str, port: int, people: int, sized: str | None, as_json: bool) -> None:
    """Run everything with fictional data, and print the accounts to sign in with."""
    run_all(os.environ, data=data, host=host, port=port, demo=Demo(people, sized, _accounts, as_json))


def _accounts(config: Config) -> list[dict[str, str]]:
    """The demo's accounts, as `caseflow seed` made them."""
    with create_app(config).app_context():
        return demo_accounts()


@cli.command()
@_host
@_port
@click.option("--fd", type=int, hidden=True, help="An open socket to listen on, given by the supervisor.")
def serve(host: str, port: int, fd: int | None) -> None:
    """Serve the pages (one of a real installation's processes)."""
    config = Config.from_env(os.environ)
    bind = f"fd://{fd}" if fd is not None else f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    WebServer(lambda: create_app(config), config, bind).run()


@cli.command()
def worker() -> None:
    """Do the jobs in the queue (one of a real installation's processes)."""
    jobs.run_worker(create_app())


@cli.command()
def cron() -> None:
    """Wake the periodic jobs (one of a real installation's processes; run exactly one)."""
    jobs.run_cron(create_app())


@with_data
@cli.command()
@click.option("--down-to", metavar="REVISION", help="Go back to this revision instead; `base` removes every table.")
def migrate(down_to: str | None) -> None:
    """Bring the database's tables to this version, as the owner, and install the wall key."""
    config = Config.from_env(os.environ)
    if not config.owner_database_url:
        raise ConfigError("OWNER_DATABASE_URL is not set: migrations run as the role caseflow_owner")
    if down_to:
        installation.downgrade(config.owner_database_url, down_to)
    else:
        installation.migrate(config.owner_database_url, wall_key=config.wall_key)


@cli.command()
@click.option("--superuser-url", help="postgresql://… of a superuser; or SUPERUSER_DATABASE_URL in the environment.")
@click.option("--database", default="caseflow", show_default=True, help="The name of the database.")
def roles(superuser_url: str | None, database: str) -> None:
    """Make the roles and the empty database on a server of your own; may be run again at any time.

    The passwords of the two roles that sign in are read from CASEFLOW_OWNER_PASSWORD and CASEFLOW_APP_PASSWORD.
    Each of these variables may name a file instead, as CASEFLOW_APP_PASSWORD_FILE does.
    """
    passwords = {role: _needed(f"{role.upper()}_PASSWORD") for role in installation.LOGIN_ROLES}
    url = superuser_url or _needed("SUPERUSER_DATABASE_URL")
    installation.prepare_server(url, database=database, passwords=passwords)


def _needed(name: str) -> str:
    try:
        value = read_setting(os.environ, name)
    except ValueError as error:
        raise ConfigError(f"{name} {error}") from None
    if value is None:
        raise ConfigError(f"{name} is not set")
    return value


@with_data
@cli.command()
@click.option("--servers", is_flag=True, help="Check only the database and Redis.")
@click.option("--settings", is_flag=True, help="List every setting, its default and its meaning instead.")
def doctor(servers: bool, settings: bool) -> None:
    """Check an installation and say in words what is wrong; exit code 1 if anything is."""
    if settings:
        click.echo(table(["setting", "default", "meaning"], describe()))
        return
    config = Config.from_env(os.environ)
    data = os.environ.get("CASEFLOW_DATA")
    found = (
        doctor_checks.check_servers(config)
        if servers
        else doctor_checks.check(config, data_dir=Path(data) if data else None)
    )
    for problem in found:
        click.echo(str(problem))
    if config.backup_dir and (age := keeping.age(Path(config.backup_dir))) is not None:
        click.echo(f"The newest backup is {age.total_seconds() / 3600:.0f} hours old.")
    if found:
        click.get_current_context().exit(1)
    click.echo("All is well.")


@with_data
@cli.command()
@click.argument("switch", type=click.Choice(["on", "off"]))
@click.option("--message", default="", help="What the page says, in the words of the operators.")
@click.option("--minutes", type=click.IntRange(1, 1440), default=10, show_default=True, help="How long it may take.")
def maintenance(switch: str, message: str, minutes: int) -> None:
    """Close every page for a while, with a page that says so, and let jobs wait; or open again."""
    with jobs.connect(Config.from_env(os.environ)) as server:
        if switch == "on":
            core_maintenance.begin(server, message=message, minutes=minutes)
            click.echo(
                "Every page now says that caseflow is being looked after. Jobs under way are finished, others wait."
            )
        else:
            core_maintenance.end(server)
            click.echo("caseflow is open again.")


for _command in audit.commands.values():
    with_data(in_app(_command))
cli.add_command(audit)


@click.command("rotate-keys")
def rotate_keys() -> None:
    """Wrap persons' keys under the current master key, the first of CASEFLOW_MASTER_KEYS, while everything runs.

    Stopped half-way, the same command goes on where it stopped. Afterwards `caseflow doctor` says whether an older key
    may be taken out of the settings.
    """
    owner_url = _owner_url()
    with tqdm(total=resealing.waiting(owner_url), unit=" keys", file=sys.stderr, disable=None) as bar:
        done = 0
        for some in resealing.rotate(owner_url):
            bar.update(some)
            done += some
    click.echo(f"{done} keys now lie under {master_keys.names()[0]}.")


@click.command("seal-texts")
def seal_texts() -> None:
    """Seal the texts and identifiers that were written before there were keys of persons, while everything runs.

    Stopped half-way, the same command goes on where it stopped; run again, it finds nothing to do.
    """
    owner_url, done = _owner_url(), Counter[str]()
    with tqdm(unit=" rows", file=sys.stderr, disable=None) as bar:
        for name, some in resealing.seal_rest(owner_url):
            bar.set_description(name)
            bar.update(some)
            done[name] += some
    for name, count in done.items():
        click.echo(f"{name}: {count} rows sealed")
    click.echo(f"{done.total()} rows sealed in all.")


def _owner_url() -> str:
    config: Config = current_app.extensions["caseflow"]
    if not config.owner_database_url:
        raise ConfigError("OWNER_DATABASE_URL is not set: this works over all organisations, as caseflow_owner")
    return config.owner_database_url


cli.add_command(with_data(backup))
cli.add_command(with_data(verify_backup))
cli.add_command(with_data(restore))
cli.add_command(with_data(in_app(rotate_keys)))
cli.add_command(with_data(in_app(seal_texts)))
cli.add_command(with_data(in_app(import_register)))
cli.add_command(with_data(in_app(seed)))


def main() -> None:
    """Run the command line; an error that we know is one line on stderr, not a traceback."""
    try:
        code = cli.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except click.Abort:
        code = 130
    except ConfigError as error:
        code = _fail(*str(error).split("\n"), code=2)
    except (EmbeddedError, InstallationError, Refused) as error:
        code = _fail(str(error))
    except psycopg.OperationalError as error:
        code = _fail(f"the database does not answer: {str(error).strip().splitlines()[0]}")
    except (redis.ConnectionError, redis.TimeoutError) as error:
        code = _fail(f"Redis does not answer: {error}")
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        code = _fail("the disk is full")
    sys.exit(code or 0)


def _fail(*lines: str, code: int = 1) -> int:
    for line in lines:
        click.echo(f"caseflow: {line}", err=True)
    return code


if __name__ == "__main__":
    main()
