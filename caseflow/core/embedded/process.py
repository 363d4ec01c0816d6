"""Child processes that die with their parent, stop in the way they understand, and are recognised after a crash."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from caseflow.core.embedded.errors import EmbeddedError

_PR_SET_PDEATHSIG = 1
# Loaded once here: nothing may be imported between fork and exec.
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass(frozen=True, slots=True)
class Account:
    """The system account a child runs as; `None` in its place means the account of this process."""

    uid: int
    gid: int


def _die_with_parent(number: int) -> Callable[[], None] | None:
    """A hook for the new process that asks Linux for `number` when its parent dies, however it dies."""
    libc, parent = _libc, os.getpid()
    if libc is None:
        return None

    def ask() -> None:
        # Runs after setuid, which would clear the request.
        libc.prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return ask


def spawn(
    command: Sequence[str],
    *,
    environ: Mapping[str, str] | None = None,
    account: Account | None = None,
    log: Path | None = None,
    stdin: bytes | None = None,
    keep: Iterable[int] = (),
    cwd: Path | str | None = None,
    death_signal: int = signal.SIGTERM,
) -> subprocess.Popen[bytes]:
    """Start a child in its own session, so that Ctrl-C reaches only the supervisor; output goes to `log` or stderr.

    It gets `death_signal` when the thread that started it ends, so start children from a thread that lasts.
    """
    with contextlib.ExitStack() as files:
        output = files.enter_context(log.open("ab")) if log else sys.__stderr__ or subprocess.DEVNULL
        child = subprocess.Popen(
            list(command),
            env=dict(environ) if environ is not None else None,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=tuple(keep),
            cwd=cwd,
            start_new_session=True,
            preexec_fn=_die_with_parent(death_signal),  # noqa: PLW1509 -- it only makes two system calls
        )
    if stdin is not None and child.stdin is not None:
        # A child that dies at once closes the pipe: its exit code tells more than this error.
        with contextlib.suppress(BrokenPipeError), child.stdin as pipe:
            pipe.write(stdin)
    return child


def stop(child: subprocess.Popen[bytes], *, number: int = signal.SIGTERM, seconds: float = 20) -> None:
    """Send `number`, wait, and kill the child's whole session if it is still there after `seconds`."""
    if child.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            child.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(seconds)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def identity(pid: int) -> dict[str, float]:
    """What recognises a process later: its number and when it began, since numbers are used again."""
    return {"pid": pid, "began": psutil.Process(pid).create_time()}


def find(known: Mapping[str, float]) -> psutil.Process | None:
    """The process that `identity` described, if it still lives."""
    try:
        process = psutil.Process(int(known["pid"]))
        # The start time is counted from boot, so it may move a little when the clock is set.
        if abs(process.create_time() - known["began"]) < 2 and process.status() != psutil.STATUS_ZOMBIE:
            return process
    except (psutil.NoSuchProcess, KeyError, TypeError, ValueError):
        pass
    return None


def end(processes: Iterable[psutil.Process], *, number: int = signal.SIGTERM, seconds: float = 10) -> None:
    """End processes that are not our children, and what they started; raises EmbeddedError if one stays."""
    wanted: list[psutil.Process] = []
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            wanted += [process, *process.children(recursive=True)]
            process.send_signal(number)
    _, alive = psutil.wait_procs(wanted, timeout=seconds)
    for process in alive:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    _, alive = psutil.wait_procs(alive, timeout=5)
    if alive:
        raise EmbeddedError(f"process {alive[0].pid} of an earlier start does not end; stop it and try again")


def size(log: Path) -> int:
    """The bytes in a log, so that `tail` can tell the new from the old."""
    return log.stat().st_size if log.exists() else 0


def tail(log: Path, since: int) -> str:
    """What was written to a log after `since`, at most its last 8 kB."""
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(max(since, size(log) - 8192))
        return file.read().decode(errors="replace")
