"""`caseflow backup`, `verify-backup` and `restore`: for who has the owner's address and the master keys."""

import os
from pathlib import Path
from typing import Any

import click

from caseflow.audit.sealing import rebase
from caseflow.config import Config, ConfigError, read_master_keys
from caseflow.core.backups import destroyed, keeping, making, reading
from caseflow.core.backups import restoring as core_restoring
from caseflow.core.backups.destroyed import Applied

_file = click.argument("file", type=click.Path(path_type=Path, dir_okay=False))


@click.command()
@click.option(
    "--to", type=click.Path(path_type=Path), help="A folder, or a new file *.backup; else CASEFLOW_BACKUP_DIR."
)
@click.option("--prune", is_flag=True, help="Afterwards remove what CASEFLOW_BACKUP_KEEP does not keep.")
def backup(to: Path | None, prune: bool) -> None:
    """Back up the whole database, consistent and encrypted, while everything runs (as the owner).

    The file is read again before it gets its name. It opens with the master key of today and with nothing else.
    """
    config, owner_url = _config()
    place = to or (Path(config.backup_dir) if config.backup_dir else None)
    if place is None:
        raise ConfigError("CASEFLOW_BACKUP_DIR is not set: name a folder or a file with --to")
    path = making.make(owner_url, dict(config.master_keys), place)
    click.echo(f"{path}: {path.stat().st_size:,} bytes, written and read again")
    for old in keeping.prune(path.parent, config.backup_keep) if prune else ():
        click.echo(f"removed {old.name}")


@click.command("verify-backup")
@_file
def verify_backup(file: Path) -> None:
    """Read a backup to its end and compare every table's rows and hash; needs CASEFLOW_MASTER_KEYS and no database."""
    click.echo(f"{file} is whole: {_told(reading.verify(file, read_master_keys(os.environ)))}")


@click.command()
@_file
@click.option(
    "--destroyed-list", type=click.Path(path_type=Path), help="The list of destroyed keys, if it is not beside FILE."
)
@click.option("--without-destroyed-list", is_flag=True, help="Restore although persons erased since would come back.")
def restore(file: Path, destroyed_list: Path | None, without_destroyed_list: bool) -> None:
    """Restore a backup into an empty installation (as the owner), erase again who was erased since, raise the audit.

    All or nothing: every table's hash is compared before the one transaction ends.
    """
    config, owner_url = _config()
    listed = None if without_destroyed_list else destroyed_list or file.parent / destroyed.LIST
    done = core_restoring.restore(
        file, owner_url=owner_url, keys=dict(config.master_keys), wall_key=config.wall_key, destroyed_list=listed
    )
    rebase(owner_url)
    click.echo(f"restored: {_told(done.about | done.manifest)}")
    if done.applied is None:
        click.echo("The list of destroyed keys was left out: persons who were erased since may have come back.")
    elif done.applied != Applied(0, 0, 0):
        click.echo(f"{done.applied.erased} persons erased again who were erased after the backup.")
        if done.applied.packets:
            click.echo(
                f"Of {done.applied.packets} referrals and handovers one side's words were made unreadable again."
            )
        if done.applied.received:
            click.echo(f"{done.applied.received} received referrals erased again at their receivers.")
        if done.applied.came_back:
            click.echo(f"{done.applied.came_back} received referrals came back to their receivers: erase them again.")
        if done.applied.keys_only:
            click.echo(
                f"Of {done.applied.keys_only} only the key could be destroyed: their names stand; erase them again."
            )


def _config() -> tuple[Config, str]:
    config = Config.from_env(os.environ)
    if not config.owner_database_url:
        raise ConfigError("OWNER_DATABASE_URL is not set: this works over all organisations, as caseflow_owner")
    return config, config.owner_database_url


def _told(found: dict[str, Any]) -> str:
    rows = sum(one["rows"] for one in found["tables"].values())
    return (
        f"made {found['made_at']} at revision {', '.join(found['revision'])}, {len(found['tables'])} tables,"
        f" {rows:,} rows, {found['organisations']} organisations"
    )
