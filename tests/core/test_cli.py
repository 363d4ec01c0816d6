"""The command line: everything as one group of processes, and one clear line when it cannot be."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from caseflow.config import describe
from caseflow.core.embedded import EmbeddedError, environment

ROOT = Path(__file__).parents[2]
OURS = {name for name, _, _ in describe()} | {"CASEFLOW_DATA"}
# Nothing of the settings under which the tests themselves run.
CLEAN = {name: value for name, value in os.environ.items() if name.removesuffix("_FILE") not in OURS}
CASEFLOW = (sys.executable, "-m", "caseflow.cli")


def caseflow(*arguments: str | Path, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*CASEFLOW, *map(str, arguments)], env=CLEAN | settings, cwd=ROOT, capture_output=True, text=True, timeout=120
    )


@dataclass
class Running:
    """A `caseflow run` that answers."""

    process: subprocess.Popen[str]
    folder: Path
    url: str

    def wait_for(self, words: str) -> str:
        assert self.process.stderr is not None
        heard = []
        for line in self.process.stderr:
            if words in line:
                return line
            heard.append(line)
        raise AssertionError(f"it ended without saying {words!r}: {heard}")

    def pid(self, name: str) -> int:
        return int(json.loads((self.folder / "run.json").read_text())["processes"][name]["pid"])


def start(folder: Path) -> Running:
    command = [*CASEFLOW, "run", "--data", str(folder), "--port", "0"]
    process = subprocess.Popen(command, env=CLEAN, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    running = Running(process, folder, "")
    try:
        running.url = running.wait_for("ready at").split("ready at ")[1].split()[0]
    except AssertionError:
        with process:
            process.kill()
        raise
    return running


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    one = start(tmp_path_factory.mktemp("run") / "data")
    yield one
    with one.process as process:
        process.terminate()


@pytest.mark.processes
def test_run_answers(running: Running) -> None:
    with urllib.request.urlopen(f"{running.url}/health/ready", timeout=10) as answer:
        assert answer.status == 200


@pytest.mark.processes
def test_a_folder_in_use_is_one_line(running: Running) -> None:
    told = caseflow("run", "--data", running.folder, "--port", "0")
    assert told.returncode == 1
    assert told.stderr.startswith(
        f"caseflow: {running.folder} is in use by another caseflow (process {running.process.pid})"
    )
    assert told.stderr.count("\n") == 1


@pytest.mark.processes
def test_doctor_finds_a_running_installation_well(running: Running) -> None:
    told = caseflow("doctor", "--data", running.folder)
    assert (told.stdout, told.returncode) == ("All is well.\n", 0), told.stderr


@pytest.mark.processes
def test_migrate_may_run_beside_it(running: Running) -> None:
    told = caseflow("migrate", CASEFLOW_DATA=str(running.folder))
    assert (told.stderr, told.returncode) == ("", 0)


@pytest.mark.processes
def test_a_server_that_dies_is_started_again(running: Running) -> None:
    before = running.pid("redis")
    os.kill(running.pid("redis"), signal.SIGKILL)
    running.wait_for("Redis ended unexpectedly")
    running.wait_for("Redis runs again")
    assert running.pid("redis") != before
    os.kill(running.pid("postgres"), signal.SIGKILL)
    running.wait_for("PostgreSQL runs again")
    with urllib.request.urlopen(f"{running.url}/health/ready", timeout=10) as answer:
        assert answer.status == 200


@pytest.mark.processes
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_stopping_leaves_no_process_and_a_folder_to_start_again(tmp_path: Path, number: signal.Signals) -> None:
    one = start(tmp_path / "data")
    children = psutil.Process(one.process.pid).children(recursive=True)
    names = set()
    for child in children:
        with suppress(psutil.NoSuchProcess):  # a helper of PostgreSQL's that has done its work meanwhile
            names.add(child.name())
    assert {"postgres", "redis-server"} < names
    assert len(children) > 6
    one.process.send_signal(number)
    with one.process:
        code = one.process.wait(60)
    assert code == (-signal.SIGKILL if number == signal.SIGKILL else 0)
    # Asked to stop it waits for its children; killed it cannot, and they see to it themselves.
    _, alive = psutil.wait_procs(children, timeout=30 if number == signal.SIGKILL else 0)
    assert alive == []
    with pytest.raises(EmbeddedError):
        environment(tmp_path / "data")


def test_a_port_in_use_is_one_line_and_starts_nothing(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        told = caseflow("run", "--data", tmp_path / "data", "--port", str(port))
    assert told.returncode == 1
    assert told.stderr == f"caseflow: port {port} of 127.0.0.1 is in use; choose another with --port\n"
    assert not (tmp_path / "data").exists()


def test_one_address_without_the_other_is_told() -> None:
    told = caseflow("run", "--port", "0", DATABASE_URL="postgresql://u@h/d")
    assert told.returncode == 2
    assert (
        told.stderr == "caseflow: DATABASE_URL is set and REDIS_URL is not: set both to use your servers, or neither\n"
    )


def test_run_without_a_folder_is_told() -> None:
    told = caseflow("run", "--port", "0")
    assert told.returncode == 2
    assert told.stderr.startswith("caseflow: --data is not given")


@pytest.mark.parametrize("command", ["serve", "worker", "cron", "migrate", "doctor"])
def test_a_process_without_settings_tells_each_in_a_line(command: str) -> None:
    told = caseflow(command)
    assert told.returncode == 2
    lines = told.stderr.splitlines()
    assert len(lines) == sum(default == "required" for _, default, _ in describe())
    assert all(line.startswith("caseflow: ") and " is not set" in line for line in lines)


def test_a_database_that_is_not_there_is_one_line() -> None:
    for arguments, settings in (
        (("roles",), {"CASEFLOW_OWNER_PASSWORD": "a", "CASEFLOW_APP_PASSWORD": "b"}),
        (("migrate",), WELL | {"OWNER_DATABASE_URL": "postgresql://o@127.0.0.1:1/d"}),
    ):
        told = caseflow(*arguments, SUPERUSER_DATABASE_URL="postgresql://p@127.0.0.1:1/d", **settings)
        assert told.returncode == 1
        assert told.stderr.count("\n") == 1
        assert "Traceback" not in told.stderr


def test_roles_need_passwords() -> None:
    told = caseflow("roles", "--superuser-url", "postgresql://p@127.0.0.1:1/d")
    assert (told.returncode, told.stderr) == (2, "caseflow: CASEFLOW_OWNER_PASSWORD is not set\n")


def test_doctor_says_in_words_what_is_wrong() -> None:
    told = caseflow("doctor", **WELL)
    assert told.returncode == 1
    assert "The database does not answer" in told.stdout
    assert "Redis does not answer" in told.stdout
    assert "is not https" in told.stdout


def test_nothing_running_on_a_folder_is_told(tmp_path: Path) -> None:
    told = caseflow("doctor", "--data", tmp_path)
    assert told.returncode == 1
    assert told.stderr.startswith(f"caseflow: no caseflow runs on {tmp_path}")


WELL = {
    "DATABASE_URL": "postgresql://a@127.0.0.1:1/d",
    "REDIS_URL": "redis://127.0.0.1:1",
    "CASEFLOW_SECRET_KEY": "s" * 32,
    "CASEFLOW_WALL_KEY": "w" * 32,
    "CASEFLOW_LOOKUP_KEY": "l" * 32,
    "CASEFLOW_MASTER_KEYS": "k1:" + "A" * 43 + "=",
    "CASEFLOW_PUBLIC_URL": "http://caseflow.example.org",
}
