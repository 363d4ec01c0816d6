"""The embedded servers: found again, given back, and never left behind."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from caseflow.core import installation
from caseflow.core.embedded import EmbeddedError, Servers, environment
from caseflow.core.embedded import folder as data_folder
from caseflow.core.embedded.postgres import Postgres
from caseflow.core.embedded.supervisor import STEADY_SECONDS, Kept

pytestmark = pytest.mark.processes

ATTRIBUTES = "SELECT rolsuper, rolbypassrls, rolcanlogin, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = %s"


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    with Servers(tmp_path_factory.mktemp("servers"), durable=False) as running:
        yield running


def ask(url: str, question: str, *values: object) -> list[tuple[object, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(question.encode(), values)
        return cursor.fetchall() if cursor.description else []


def test_roles_have_the_rights_of_the_wall_and_no_more(servers: Servers) -> None:
    rights = {role: ask(servers.superuser_url, ATTRIBUTES, role)[0] for role in installation.ROLES}
    assert rights == {
        "caseflow_owner": (False, True, True, False, False),
        "caseflow_app": (False, False, True, False, False),
        "caseflow_share": (False, True, False, False, False),
        "caseflow_eraser": (False, True, False, False, False),
        "caseflow_stats": (False, False, False, False, False),
    }


def test_app_cannot_make_a_table_nor_become_another_role(servers: Servers) -> None:
    for act in (
        "CREATE TABLE t (a int)",
        "CREATE TEMP TABLE t (a int)",
        "SET ROLE caseflow_owner",
        "SET ROLE caseflow_share",
        "SET ROLE caseflow_eraser",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            ask(servers.environment["DATABASE_URL"], act)


def test_owner_does_not_act_with_the_rights_of_the_definer_roles(servers: Servers) -> None:
    for role in ("caseflow_share", "caseflow_eraser", "caseflow_stats"):
        question = "SELECT pg_has_role(%s, 'USAGE'), pg_has_role(%s, 'SET')"
        assert ask(servers.environment["OWNER_DATABASE_URL"], question, role, role) == [(False, True)], role


def test_migrating_says_which_role_is_missing_and_what_makes_it(servers: Servers) -> None:
    ask(servers.superuser_url, "REVOKE caseflow_eraser FROM caseflow_owner")  # as an older version left it
    owner = servers.environment["OWNER_DATABASE_URL"]
    try:
        with pytest.raises(installation.InstallationError, match=r"caseflow_eraser.*run `caseflow roles"):
            installation.migrate(owner, wall_key="k" * 40)
    finally:
        installation.prepare_server(servers.superuser_url, database="caseflow", passwords={})
    installation.migrate(owner, wall_key="k" * 40)


def test_preparing_again_keeps_the_passwords_and_a_new_one_is_taken(servers: Servers) -> None:
    question = "SELECT rolname, rolpassword FROM pg_authid WHERE rolname LIKE 'caseflow%%' AND %s ORDER BY 1"
    before = ask(servers.superuser_url, question, True)
    passwords = {role: data_folder.kept_secrets(servers.folder)[role] for role in installation.LOGIN_ROLES}
    installation.prepare_server(servers.superuser_url, database="caseflow", passwords=passwords)
    assert ask(servers.superuser_url, question, True) == before
    installation.prepare_server(servers.superuser_url, database="caseflow", passwords={"caseflow_app": "another"})
    with pytest.raises(psycopg.OperationalError):
        ask(servers.environment["DATABASE_URL"], "SELECT 1")
    installation.prepare_server(servers.superuser_url, database="caseflow", passwords=passwords)
    assert ask(servers.environment["DATABASE_URL"], "SELECT current_user") == [("caseflow_app",)]


def test_many_may_prepare_at_once(servers: Servers) -> None:
    failures: list[BaseException] = []

    def prepare(number: int) -> None:
        try:
            installation.prepare_server(servers.superuser_url, database=f"many_{number % 2}", passwords={})
        except psycopg.Error as error:
            failures.append(error)

    threads = [threading.Thread(target=prepare, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_letters_sort_and_fold_beyond_ascii(servers: Servers) -> None:
    assert ask(servers.environment["DATABASE_URL"], "SELECT lower('ӘЖ'), upper('тоҷик')") == [("әж", "ТОҶИК")]


def test_redis_comes_back_on_its_port_with_what_it_held(servers: Servers) -> None:
    with redis.from_url(servers.environment["REDIS_URL"]) as client:
        client.set("kept", "yes")
        servers.stop_redis()
        with pytest.raises(redis.ConnectionError):
            client.get("kept")
        servers.start_redis()
        assert client.get("kept") == b"yes"


def test_redis_and_postgres_ask_for_a_password(servers: Servers) -> None:
    port = int(servers.environment["REDIS_URL"].rsplit(":", 1)[1].split("/")[0])
    with redis.Redis(port=port) as client, pytest.raises(redis.AuthenticationError):
        client.ping()
    host = servers.environment["DATABASE_URL"].split("@")[1]
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(f"postgresql://caseflow_app:wrong@{host}")


def test_secrets_are_for_the_owner_of_the_folder_only(servers: Servers) -> None:
    assert (servers.folder / "secrets.json").stat().st_mode & 0o077 == 0
    assert (servers.folder / "run.json").stat().st_mode & 0o077 == 0
    assert (servers.folder / "pg").stat().st_mode & 0o077 == 0


def test_a_folder_in_use_names_the_process(servers: Servers) -> None:
    with pytest.raises(EmbeddedError, match=f"in use by another caseflow .process {os.getpid()}."):
        Servers(servers.folder).start()
    assert ask(servers.environment["DATABASE_URL"], "SELECT 1") == [(1,)]


def test_others_find_the_running_installation(servers: Servers, tmp_path: Path) -> None:
    assert environment(servers.folder) == servers.environment
    with pytest.raises(EmbeddedError, match="no caseflow runs"):
        environment(tmp_path)


def test_a_second_start_finds_the_data_and_an_interrupted_first_one_is_made_again(tmp_path: Path) -> None:
    (tmp_path / "pg.new").mkdir()
    (tmp_path / "pg.new" / "PG_VERSION").write_text("half")
    with Servers(tmp_path, durable=False) as first:
        ask(first.environment["OWNER_DATABASE_URL"], "CREATE TABLE kept AS SELECT 7 AS n")
        known = first.environment
    with pytest.raises(EmbeddedError):
        environment(tmp_path)
    # A note left by a killed server may name a process that is now somebody else's: ours.
    (tmp_path / "pg" / "postmaster.pid").write_text(f"{os.getpid()}\n{tmp_path / 'pg'}\n")
    with Servers(tmp_path, durable=False) as second:
        assert second.environment == known
        assert ask(second.environment["OWNER_DATABASE_URL"], "SELECT n FROM kept") == [(7,)]


def test_a_server_left_behind_is_ended_first(tmp_path: Path) -> None:
    with Servers(tmp_path, durable=False):
        pass
    left = Postgres(tmp_path, durable=False).start(
        data_folder.free_port(), data_folder.kept_secrets(tmp_path)["superuser"]
    )
    with Servers(tmp_path, durable=False) as again:
        assert left.wait(10) is not None
        assert ask(again.environment["DATABASE_URL"], "SELECT 1") == [(1,)]


def test_a_killed_servers_processes_are_gone_before_another_works_in_its_files(tmp_path: Path) -> None:
    with Servers(tmp_path, durable=False) as servers:
        assert servers.postgres is not None
        assert servers.postgres.child is not None
        url = servers.environment["OWNER_DATABASE_URL"]
        with closing(psycopg.connect(url, autocommit=True)) as busy, closing(psycopg.connect(url)) as looking:
            # Long work without a pause: such a process does not notice that its server is no more.
            busy.pgconn.send_query(b"SELECT count(*) FROM generate_series(1, 100000000) a WHERE sqrt(a) < 0")
            orphan = psutil.Process(busy.info.backend_pid)
            working = "SELECT state = 'active' FROM pg_stat_activity WHERE pid = %s"
            while looking.execute(working, (orphan.pid,)).fetchone() != (True,):
                looking.rollback()
            servers.postgres.child.kill()
            servers.postgres.child.wait()
            assert orphan.is_running()
            servers.start_postgres()
            assert not orphan.is_running()
        assert ask(servers.environment["DATABASE_URL"], "SELECT 1") == [(1,)]


def test_a_killed_supervisor_leaves_nothing(tmp_path: Path) -> None:
    program = (
        "import sys, time\nfrom caseflow.core.embedded import Servers\n"
        "Servers(sys.argv[1], durable=False).start()\nprint('up', flush=True)\ntime.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program, tmp_path], stdout=subprocess.PIPE) as supervisor:
        assert supervisor.stdout is not None
        assert supervisor.stdout.readline() == b"up\n"
        left = psutil.Process(supervisor.pid).children(recursive=True)
        names = set()
        for process in left:
            with suppress(psutil.NoSuchProcess):  # a helper of PostgreSQL's that has done its work meanwhile
                names.add(process.name())
        supervisor.kill()
    assert names == {"postgres", "redis-server"}
    gone, alive = psutil.wait_procs(left, timeout=15)
    assert len(gone) > 2
    assert alive == []
    with Servers(tmp_path, durable=False) as again:
        assert ask(again.environment["DATABASE_URL"], "SELECT 1") == [(1,)]


def test_a_folder_that_is_none_and_a_damaged_note_are_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EmbeddedError, match="is not a folder"):
        Servers(tmp_path / "file").start()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "secrets.json").write_text("{")
    with pytest.raises(EmbeddedError, match="is damaged"):
        Servers(tmp_path / "data").start()


@pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="only root meets folders that others cannot enter"
)
def test_root_may_keep_its_data_in_a_private_folder(tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    with Servers(private / "data", durable=False) as running:
        assert ask(running.environment["DATABASE_URL"], "SELECT 1") == [(1,)]
        assert running.postgres is not None
        assert running.postgres.child is not None
        assert psutil.Process(running.postgres.child.pid).uids().effective != 0


def test_a_disk_without_room_is_told_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_folder, "NEEDED_BYTES", 2**60)
    with pytest.raises(EmbeddedError, match="is full; free at least"):
        Servers(tmp_path).start()
    assert list(tmp_path.iterdir()) == []


def test_a_child_that_ran_well_is_started_again_at_once_and_one_that_does_not_start_later_and_later() -> None:
    def start() -> "subprocess.Popen[bytes]":
        child = subprocess.Popen(["false"])
        child.wait()
        return child

    said: list[str] = []
    kept = Kept("it", start, said.append, start(), time.monotonic() - STEADY_SECONDS - 1)
    pauses = []
    for _ in range(4):
        kept.tend()
        pauses.append(kept.pause)
        kept.due = 0
        kept.tend()
    assert pauses == [0, 1, 2, 4]
    assert said[0] == "it ended unexpectedly (exit code 1); starting it again at once"
