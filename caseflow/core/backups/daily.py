"""Backups that come round: one a day, verified, the old ones removed by the plan; destroyed keys listed meanwhile."""

import logging
from datetime import timedelta
from pathlib import Path

import psycopg
from flask import current_app

from caseflow.config import Config
from caseflow.core.backups import destroyed, keeping, making
from caseflow.core.jobs import periodic

log = logging.getLogger("caseflow.backups")

LOOKS = 6 * 3600  # seconds; a cron that was started anew neither skips a day nor makes two
DAY = timedelta(hours=20)


def register() -> None:
    """Let the cron wake this work."""
    periodic("back-up", seconds=LOOKS)(back_up)
    periodic("list-destroyed-keys", seconds=300)(list_destroyed)


def back_up() -> None:
    """Make today's backup, unless there is one or none are wanted."""
    found = _where()
    if found is None:
        return
    config, owner_url, folder = found
    age = keeping.age(folder)
    if age is not None and age < DAY:
        return
    path = making.make(owner_url, dict(config.master_keys), folder)
    gone = keeping.prune(folder, config.backup_keep)
    log.info("backup made: %s; %s older removed", str(path), len(gone))


def list_destroyed() -> None:
    """Write down beside the backups whose keys were destroyed since."""
    found = _where()
    if found is None or not found[2].is_dir():
        return
    with psycopg.connect(found[1]) as connection:
        destroyed.update(connection, found[2])


def _where() -> tuple[Config, str, Path] | None:
    config: Config = current_app.extensions["caseflow"]
    if config.backup_dir is None:
        return None
    if config.owner_database_url is None:
        log.error("no backup: CASEFLOW_BACKUP_DIR is set, and the worker has no OWNER_DATABASE_URL")
        return None
    return config, config.owner_database_url, Path(config.backup_dir)
