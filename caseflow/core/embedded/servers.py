"""PostgreSQL and Redis of one data folder, started and stopped together."""

import contextlib
import os
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from caseflow.core import installation
from caseflow.core.embedded import folder as data_folder
from caseflow.core.embedded import process
from caseflow.core.embedded.errors import EmbeddedError
from caseflow.core.embedded.postgres import Postgres, superuser_url
from caseflow.core.embedded.redis import Redis

DATABASE = "caseflow"


class Servers:
    """The two servers of a data folder, with roles and an empty database made; also a context manager.

    `environment` holds what `Config.from_env` needs to reach them. `durable=False` trades safety for speed (tests).
    """

    def __init__(self, data_dir: Path | str, *, durable: bool = True) -> None:
        self.folder = Path(data_dir).absolute()
        self.durable = durable
        self.postgres: Postgres | None = None
        self.redis: Redis | None = None
        self._lock: int | None = None
        self._secrets: dict[str, str] = {}
        self._run: dict[str, Any] = {}

    @property
    def superuser_url(self) -> str:
        """Where the database's superuser connects (maintenance database)."""
        return superuser_url(self._run["postgres_port"], self._secrets["superuser"])

    @property
    def environment(self) -> dict[str, str]:
        """The settings that lead to these servers."""
        return settings(self._run, self._secrets)

    def start(self) -> None:
        """Start both; raises EmbeddedError with one line that says what is wrong, and then leaves nothing running."""
        data_folder.prepare(self.folder)
        self._lock = data_folder.lock(self.folder)
        try:
            with data_folder.explained(self.folder):
                self._start()
        except BaseException:
            self.stop()
            raise

    def _start(self) -> None:
        data_folder.logs(self.folder)
        self._secrets = data_folder.kept_secrets(self.folder)
        before = data_folder.read(self.folder / "run.json")
        _end_leftovers(before)
        self._run = {"processes": {"supervisor": process.identity(os.getpid())}}
        self.postgres = Postgres(self.folder, durable=self.durable)
        self.postgres.prepare(self._secrets["superuser"])
        self._run["postgres_port"] = data_folder.free_port(before.get("postgres_port"))
        self.start_postgres()
        self.redis = Redis(self.folder, durable=self.durable)
        self._run["redis_port"] = data_folder.free_port(before.get("redis_port"))
        self.start_redis()
        roles = {name: self._secrets[name] for name in installation.LOGIN_ROLES}
        installation.prepare_server(self.superuser_url, database=DATABASE, passwords=roles)

    def start_postgres(self) -> subprocess.Popen[bytes]:
        """Start PostgreSQL, on the same port as before."""
        if self.postgres is None:
            raise EmbeddedError("the servers were not started")
        child = self.postgres.start(self._run["postgres_port"], self._secrets["superuser"])
        self.note("postgres", child.pid)
        return child

    def start_redis(self) -> subprocess.Popen[bytes]:
        """Start Redis, on the same port as before and with what it held."""
        if self.redis is None:
            raise EmbeddedError("the servers were not started")
        child = self.redis.start(self._run["redis_port"], self._secrets["redis"])
        self.note("redis", child.pid)
        return child

    def stop_redis(self) -> None:
        """Stop Redis alone."""
        if self.redis:
            self.redis.stop()

    def note(self, name: str, pid: int | None = None, **facts: str) -> None:
        """Write down a process that belongs to this folder, or a fact about it, for the next start to read."""
        self._run |= facts
        if pid is not None:
            self._run["processes"][name] = process.identity(pid)
        data_folder.write(self.folder / "run.json", self._run)

    def stop(self) -> None:
        """Stop both and give the folder back; safe to call twice."""
        try:
            if self.redis:
                self.redis.stop()
            if self.postgres:
                self.postgres.stop()
        finally:
            if self._run:
                # A full disk must not keep the servers from stopping.
                with contextlib.suppress(EmbeddedError, OSError):
                    ports = {key: value for key, value in self._run.items() if key.endswith("_port")}
                    data_folder.write(self.folder / "run.json", ports | {"processes": {}})
                self._run = {}
            if self._lock is not None:
                os.close(self._lock)
                self._lock = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def settings(run: dict[str, Any], secrets: dict[str, str]) -> dict[str, str]:
    """The environment of an embedded installation, from its note of what runs and its secrets."""
    database = f"127.0.0.1:{run['postgres_port']}/{DATABASE}"
    return {
        "DATABASE_URL": f"postgresql://caseflow_app:{secrets['caseflow_app']}@{database}",
        "OWNER_DATABASE_URL": f"postgresql://caseflow_owner:{secrets['caseflow_owner']}@{database}",
        "REDIS_URL": f"redis://:{secrets['redis']}@127.0.0.1:{run['redis_port']}/0",
        "CASEFLOW_SECRET_KEY": secrets["secret_key"],
        "CASEFLOW_WALL_KEY": secrets["wall_key"],
        "CASEFLOW_LOOKUP_KEY": secrets["lookup_key"],
        "CASEFLOW_MASTER_KEYS": secrets["master_keys"],
        "CASEFLOW_PUBLIC_URL": run.get("url", "http://localhost"),
    }


def environment(data_dir: Path | str) -> dict[str, str]:
    """The settings of the embedded installation that runs on a folder; raises EmbeddedError when none does."""
    folder = Path(data_dir).absolute()
    run = data_folder.read(folder / "run.json")
    if not process.find(run.get("processes", {}).get("supervisor", {})) or "redis_port" not in run:
        raise EmbeddedError(f"no caseflow runs on {folder}; start it with `caseflow run --data {data_dir}`")
    return settings(run, data_folder.kept_secrets(folder))


def _end_leftovers(before: dict[str, Any]) -> None:
    """End what a killed supervisor left behind: it is in the note, and the folder's lock was free."""
    noted = before.get("processes", {})
    found = [process.find(known) for name, known in noted.items() if name != "supervisor"]
    process.end(one for one in found if one is not None)
