"""The data folder: its lock, its secrets, and the note of what runs on it."""

import base64
import errno
import fcntl
import json
import os
import secrets
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from caseflow.core.embedded.errors import EmbeddedError

NEEDED_BYTES = 200 * 1024 * 1024
LARGE_LOG_BYTES = 10 * 1024 * 1024
SECRETS = (
    "superuser", "caseflow_owner", "caseflow_app", "redis", "secret_key", "wall_key", "lookup_key", "master_keys",
)  # fmt: skip


@contextmanager
def explained(folder: Path) -> Iterator[None]:
    """Turn the operating system's refusals about `folder` into one clear line."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise EmbeddedError(disk_full(folder)) from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            where = error.filename or folder
            raise EmbeddedError(f"no permission to use {where}; choose a folder of your own with --data") from error
        if error.errno in (errno.EEXIST, errno.ENOTDIR):
            raise EmbeddedError(f"{error.filename or folder} is not a folder; choose another with --data") from error
        raise


def disk_full(folder: Path) -> str:
    """The line for a disk without room."""
    return f"the disk that holds {folder} is full; free at least {NEEDED_BYTES // 2**20} MB and start again"


def prepare(folder: Path) -> None:
    """Make the folder if needed and check that there is room; raises EmbeddedError."""
    with explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(folder).free < NEEDED_BYTES:
            raise EmbeddedError(disk_full(folder))


def logs(folder: Path) -> Path:
    """The folder of the logs; one that grew large is put aside, and replaces what was put aside before."""
    place = folder / "log"
    place.mkdir(exist_ok=True)
    for log in place.glob("*.log"):
        if log.stat().st_size > LARGE_LOG_BYTES:
            log.replace(log.with_suffix(".log.1"))
    return place


def lock(folder: Path) -> int:
    """Take the folder for this process; the file descriptor holds it. Raises EmbeddedError naming who has it."""
    with explained(folder):
        # O_CLOEXEC is Python's default: a child never keeps the folder after its parent.
        handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(handle, 20).decode().strip() or "unknown"
            os.close(handle)
            raise EmbeddedError(
                f"{folder} is in use by another caseflow (process {holder}); stop it or choose another --data"
            ) from None
        try:
            os.ftruncate(handle, 0)
            os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        except OSError:
            os.close(handle)
            raise
        return handle


def write(path: Path, content: dict[str, Any]) -> None:
    """Replace a JSON file in one step, readable by its owner only."""
    fresh = path.with_suffix(".new")
    with explained(path.parent):
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as file:
            json.dump(content, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)


def read(path: Path) -> dict[str, Any]:
    """The JSON object in a file, or an empty one when there is no such file; raises EmbeddedError when spoilt."""
    with explained(path.parent):
        try:
            content = json.loads(path.read_text())
        except FileNotFoundError:
            return {}
        except ValueError:
            content = None
    if not isinstance(content, dict):
        raise EmbeddedError(f"{path} is damaged; put back a copy of it")
    return content


def kept_secrets(folder: Path) -> dict[str, str]:
    """The installation's passwords and keys, made at the first start and the same ever after."""
    path = folder / "secrets.json"
    known: dict[str, str] = read(path)
    missing = [name for name in SECRETS if name not in known]
    if missing:
        known |= {name: _master_keys() if name == "master_keys" else secrets.token_hex(32) for name in missing}
        write(path, known)
    return known


def _master_keys() -> str:
    """The first of the installation's master keys, as CASEFLOW_MASTER_KEYS spells them."""
    return "k1:" + base64.b64encode(secrets.token_bytes(32)).decode()


def free_port(wanted: int | None = None) -> int:
    """A port of 127.0.0.1 that nobody listens on: the wanted one where that is free."""
    for port in (wanted or 0, 0):
        with socket.socket() as probe:
            # As the servers do it: else a port that was just left counts as taken.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise EmbeddedError("no free port on 127.0.0.1")
