"""The folder of backups: how they are named, which is the newest, and which are kept."""

import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

SUFFIX = ".backup"
_NAME = re.compile(r"caseflow-(\d{8}T\d{6}Z)\.backup")
_TIME = "%Y%m%dT%H%M%SZ"


def name(moment: datetime) -> str:
    """The name of a backup that is made at this moment."""
    return f"caseflow-{moment.astimezone(UTC).strftime(_TIME)}{SUFFIX}"


def found(folder: Path) -> list[tuple[datetime, Path]]:
    """The backups of a folder with their moments, newest first; other files are nobody's business."""
    names = [(_NAME.fullmatch(path.name), path) for path in folder.iterdir()] if folder.is_dir() else []
    times = [(datetime.strptime(match[1], _TIME).replace(tzinfo=UTC), path) for match, path in names if match]
    return sorted(times, reverse=True)


def age(folder: Path) -> timedelta | None:
    """How old the newest backup is; None where there is none."""
    for moment, _path in found(folder):
        return datetime.now(UTC) - moment
    return None


def prune(folder: Path, keep: tuple[int, ...]) -> list[Path]:
    """Remove the backups that the plan (days, weeks, months) does not keep, never the newest; gives them.

    Kept is the newest of each of the last so many days, weeks and months in which there are backups.
    """
    backups = found(folder)
    kept = {path for _moment, path in backups[:1]}
    for count, period in zip(keep, ("%Y-%m-%d", "%G-%V", "%Y-%m"), strict=True):
        first_of: dict[str, Path] = {}
        for moment, path in backups:
            first_of.setdefault(moment.strftime(period), path)
        kept |= set(list(first_of.values())[:count])
    gone = [path for _moment, path in backups if path not in kept]
    for path in gone:
        path.unlink(missing_ok=True)
    return gone


def sync(folder: Path) -> None:
    """Let a new name in the folder outlive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
