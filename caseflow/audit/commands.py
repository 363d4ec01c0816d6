"""`caseflow audit`: seal, verify, and what a restored installation needs."""

import json
import time
import uuid
from pathlib import Path
from typing import Any

import click
from flask import current_app

from caseflow.audit import heads, jobs
from caseflow.audit.checking import Verdict, remember
from caseflow.audit.checking import verify as read_chain
from caseflow.audit.sealing import rebase as raise_base
from caseflow.config import Config, ConfigError
from caseflow.core.db import unit_of_work

SHOWN = 20  # faults of one organisation that are printed


@click.group()
def audit() -> None:
    """The record of who did and saw what, and the seals over it."""


@audit.command()
@click.option("--org", "slug", metavar="SLUG", help="Only this organisation (its short name).")
@click.option(
    "--heads",
    "file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A file of heads that were told outside: the chain must lead to each of them.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON line instead.")
def verify(slug: str | None, file: Path | None, as_json: bool) -> None:
    """Read every entry and every seal, and tell what was changed, removed, inserted or moved since it was sealed.

    The exit code is 1 when anything is wrong; the first bad one is named first. Without --heads it cannot be seen that
    somebody who owns the database made the whole chain anew, or cut off its end: keep heads elsewhere.
    """
    told = {} if file is None else heads.read(file)
    began, verdicts = time.monotonic(), {}
    for org_id, name in _chosen(slug):
        with unit_of_work(org_id):
            verdicts[name] = read_chain(org_id, told.pop(org_id, None))
            remember(org_id, verdicts[name])
    gone = [] if slug else [str(org_id) for org_id in told]
    seconds = time.monotonic() - began
    click.echo(json.dumps(_json(verdicts, gone, seconds)) if as_json else _text(verdicts, gone, seconds))
    if gone or any(one.faults for one in verdicts.values()):
        click.get_current_context().exit(1)


def _chosen(slug: str | None) -> list[tuple[uuid.UUID, str]]:
    found = [one for one in heads.organisations() if slug in (None, one[1])]
    if not found:
        raise click.ClickException(f"there is no organisation with the short name “{slug}”")
    return found


def _text(verdicts: dict[str, Verdict], gone: list[str], seconds: float) -> str:
    lines = [f"organisation {org_id}: is in the file of heads, and not in the database" for org_id in gone]
    for slug, one in verdicts.items():
        lines.append(f"{slug}: {one.entries} entries under {one.seals} seals, {one.waiting} not sealed yet")
        lines += [f"  WRONG  {fault}" for fault in one.faults[:SHOWN]]
        if len(one.faults) > SHOWN:
            lines.append(f"  and {len(one.faults) - SHOWN} more")
    total = sum(one.entries for one in verdicts.values())
    wrong = len(gone) + sum(len(one.faults) for one in verdicts.values())
    lines.append(f"{total} entries read in {seconds:.1f} s: {'nothing is wrong' if not wrong else f'{wrong} wrong'}")
    return "\n".join(lines)


def _json(verdicts: dict[str, Verdict], gone: list[str], seconds: float) -> dict[str, Any]:
    return {
        "ok": not gone and not any(one.faults for one in verdicts.values()),
        "seconds": round(seconds, 3),
        "entries": sum(one.entries for one in verdicts.values()),
        "unknown_organisations": gone,
        "organisations": {
            slug: {
                "entries": one.entries,
                "seals": one.seals,
                "waiting": one.waiting,
                "faults": [
                    {"wrong": fault.wrong.value, "seal": fault.seal, "entry": fault.entry and str(fault.entry)}
                    for fault in one.faults
                ],
            }
            for slug, one in verdicts.items()
        },
    }


@audit.command()
def seal() -> None:
    """Seal now what the cron would seal within five minutes, and tell the heads."""
    jobs.seal_all()


@audit.command("heads")
def print_heads() -> None:
    """Print the newest head of each organisation's chain, to be kept elsewhere."""
    for org_id, slug in heads.organisations():
        with unit_of_work(org_id):
            told = heads.head(org_id, slug)
        if told is not None:
            click.echo(told.line())


@audit.command()
def rebase() -> None:
    """After a restore into a new database server: let new entries come after the restored ones (as the owner)."""
    config: Config = current_app.extensions["caseflow"]
    if not config.owner_database_url:
        raise ConfigError("OWNER_DATABASE_URL is not set: this is done as the role caseflow_owner")
    click.echo(f"transactions count from {raise_base(config.owner_database_url)} on")
