"""The chain over the entries: whatever the database's owner changes afterwards is found, and named."""

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner, Result
from flask import Flask

from caseflow import create_app
from caseflow.audit.commands import audit
from caseflow.audit.jobs import check_all, seal_all, seal_organisation
from caseflow.config import Config
from tests.cast import Cast
from tests.conftest import dispose

MANY = 2_300  # three seals


@dataclass
class Archive:
    """Sealed entries of almaty, and what their owner may do to them."""

    app: Flask
    owner: Any
    org_id: uuid.UUID
    ids: list[uuid.UUID]  # in their order

    def seal(self) -> None:
        """As the cron does."""
        with self.app.app_context():
            seal_organisation(self.org_id, "almaty")

    def verify(self, *options: str) -> tuple[int, dict[str, Any]]:
        """What the command says: the exit code and its JSON."""
        result = self.run("verify", "--org", "almaty", "--json", *options)
        said = json.loads(result.stdout)
        return result.exit_code, said["organisations"]["almaty"] | {"ok": said["ok"]}

    def run(self, *arguments: str) -> Result:
        """The command line, within the application."""
        with self.app.app_context():
            return CliRunner().invoke(audit, arguments, catch_exceptions=False)

    def heads(self, file: Path) -> Path:
        """Write the heads into a file that nobody here changes afterwards."""
        file.write_text(self.run("heads").stdout)
        return file


@pytest.fixture
def archive(app: Flask, cast: Cast, environment: dict[str, str]) -> Iterator[Archive]:
    """Three seals over entries of several transactions."""
    org_id = cast.organisation("almaty")
    with psycopg.connect(environment["OWNER_DATABASE_URL"], autocommit=True) as owner:
        for number in range(10):
            owner.execute(
                "INSERT INTO audit_entries (org_id, id, created_at, act, detail, about)"
                " SELECT %s, gen_random_uuid(), now(), 'note.write', jsonb_build_object('number', n), '{}'"
                " FROM generate_series(%s::int, %s::int) n",
                (org_id, number * MANY // 10, (number + 1) * MANY // 10 - 1),
            )
        made = Archive(app, owner, org_id, [])
        made.seal()
        rows = owner.execute("SELECT id FROM audit_entries WHERE org_id = %s ORDER BY xact, id", (org_id,)).fetchall()
        made.ids = [row[0] for row in rows]
        yield made


def test_an_untouched_chain_verifies_and_new_entries_wait(archive: Archive) -> None:
    code, said = archive.verify()
    assert (code, said["ok"], said["faults"]) == (0, True, [])
    assert said["entries"] == len(archive.ids) >= MANY
    assert said["seals"] == 3
    archive.owner.execute(
        "INSERT INTO audit_entries (org_id, id, created_at, act, detail, about)"
        " VALUES (%s, gen_random_uuid(), now(), 'x.y', '{}', '{}')",
        (archive.org_id,),
    )
    code, said = archive.verify()
    assert (code, said["waiting"]) == (0, 1)
    archive.seal()
    assert archive.verify()[1]["waiting"] == 0


SOMEBODY = "(SELECT min(u.id::text)::uuid FROM users u WHERE u.org_id = audit_entries.org_id)"
CHANGES = {
    "act": "act = 'note.read'",
    "user_id": f"user_id = CASE WHEN user_id IS NULL THEN {SOMEBODY} END",
    "created_at": "created_at = created_at - interval '1 microsecond'",
    "detail": "detail = detail || '{\"number\": -1}'",
    "about": "about = ARRAY[gen_random_uuid()]",
    "case_id": "case_id = gen_random_uuid()",
    "subject": "subject = 'notes'",
    "subject_id": "subject_id = gen_random_uuid()",
    "request_id": "request_id = 'made-up'",
}
PLACES = {"start": 0, "end of a seal": 999, "start of a seal": 1000, "middle": 1500, "end": -1}


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES.keys())
def test_a_changed_entry_is_named(archive: Archive, place: int) -> None:
    victim = archive.ids[place]
    for column, change in CHANGES.items():
        [(before,)] = archive.owner.execute(f"SELECT {column} FROM audit_entries WHERE id = %s", (victim,)).fetchall()
        archive.owner.execute(f"UPDATE audit_entries SET {change} WHERE id = %s", (victim,))
        code, said = archive.verify()
        assert code == 1, column
        assert [(one["wrong"], one["entry"]) for one in said["faults"]] == [("changed", str(victim))], column
        undo = psycopg.types.json.Jsonb(before) if isinstance(before, dict) else before
        archive.owner.execute(f"UPDATE audit_entries SET {column} = %s WHERE id = %s", (undo, victim))
    assert archive.verify()[0] == 0


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES.keys())
def test_a_removed_entry_is_named(archive: Archive, place: int) -> None:
    victim = archive.ids[place]
    archive.owner.execute("DELETE FROM audit_entries WHERE id = %s", (victim,))
    code, said = archive.verify()
    assert code == 1
    assert [(one["wrong"], one["entry"]) for one in said["faults"]] == [("removed", str(victim))]


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES.keys())
def test_an_inserted_entry_is_named(archive: Archive, place: int) -> None:
    before = archive.ids[place]
    forged = uuid.UUID(int=before.int - 1)
    archive.owner.execute(
        "INSERT INTO audit_entries (org_id, id, created_at, act, detail, about, xact)"
        " SELECT org_id, %s, created_at, 'case.read', '{}', '{}', xact FROM audit_entries WHERE id = %s",
        (forged, before),
    )
    code, said = archive.verify()
    assert code == 1
    assert [(one["wrong"], one["entry"]) for one in said["faults"]] == [("inserted", str(forged))]


@pytest.mark.parametrize("pair", [(0, 1200), (1100, 1400), (-1, 5)], ids=["start", "middle", "end"])
def test_reordered_entries_are_named(archive: Archive, pair: tuple[int, int]) -> None:
    moved, to = (archive.ids[place] for place in pair)
    archive.owner.execute(
        "UPDATE audit_entries SET xact = (SELECT o.xact FROM audit_entries o WHERE o.id = %s) WHERE id = %s",
        (to, moved),
    )
    code, said = archive.verify()
    assert code == 1
    assert {one["wrong"] for one in said["faults"]} == {"reordered"}
    assert str(moved) in [one["entry"] for one in said["faults"]]


def test_the_first_of_several_faults_comes_first(archive: Archive) -> None:
    archive.owner.execute("UPDATE audit_entries SET act = 'x.y' WHERE id = %s", (archive.ids[2000],))
    archive.owner.execute("DELETE FROM audit_entries WHERE id = %s", (archive.ids[7],))
    result = archive.run("verify", "--org", "almaty")
    assert result.exit_code == 1
    assert result.stdout.index(str(archive.ids[7])) < result.stdout.index(str(archive.ids[2000]))
    assert f"removed: entry {archive.ids[7]}, seal 1" in result.stdout


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_changed_seal_is_named(archive: Archive, number: int) -> None:
    for change in (
        "hash = sha256(hash)",
        "previous = sha256(previous)",
        "entries = entries + 1",
        "last_xact = last_xact + 1",
        "created_at = created_at + interval '1 second'",
    ):
        archive.owner.execute("BEGIN")
        archive.owner.execute(f"CREATE TEMP TABLE kept AS SELECT * FROM audit_seals WHERE org_id = '{archive.org_id}'")
        archive.owner.execute("COMMIT")
        where = (archive.org_id, number)
        archive.owner.execute(f"UPDATE audit_seals SET {change} WHERE org_id = %s AND number = %s", where)
        code, said = archive.verify()
        assert code == 1, change
        assert {"wrong": "seal_changed", "seal": number, "entry": None} in said["faults"], change
        archive.owner.execute("DELETE FROM audit_seals WHERE org_id = %s", (archive.org_id,))
        archive.owner.execute("INSERT INTO audit_seals SELECT * FROM kept")
        archive.owner.execute("DROP TABLE kept")
    assert archive.verify()[0] == 0


def test_a_removed_seal_is_named(archive: Archive) -> None:
    archive.owner.execute("DELETE FROM audit_seals WHERE org_id = %s AND number = 2", (archive.org_id,))
    code, said = archive.verify()
    assert code == 1
    assert said["faults"][0]["wrong"] == "seal_removed"
    assert said["faults"][0]["seal"] == 2


def test_a_chain_cut_off_or_made_anew_is_seen_only_beside_the_heads_kept_elsewhere(
    archive: Archive, tmp_path: Path
) -> None:
    heads = archive.heads(tmp_path / "heads")
    assert archive.verify("--heads", str(heads))[0] == 0
    # Cut off: the last seal and its entries are gone. The chain that is left is whole.
    archive.owner.execute("DELETE FROM audit_seals WHERE org_id = %s AND number = 3", (archive.org_id,))
    archive.owner.execute("DELETE FROM audit_entries WHERE id = ANY (%s)", (archive.ids[2000:],))
    assert archive.verify()[0] == 0
    code, said = archive.verify("--heads", str(heads))
    assert (code, [one["wrong"] for one in said["faults"]]) == (1, ["head_missing"])
    # Made anew: an entry is rewritten and everything sealed again, as the product itself does it.
    archive.owner.execute("UPDATE audit_entries SET act = 'x.y' WHERE id = %s", (archive.ids[3],))
    archive.owner.execute("DELETE FROM audit_seals WHERE org_id = %s", (archive.org_id,))
    archive.owner.execute(
        "INSERT INTO audit_entries (org_id, id, created_at, act, detail, about)"
        " SELECT %s, gen_random_uuid(), now(), 'note.write', '{}', '{}' FROM generate_series(1, 400)",
        (archive.org_id,),
    )
    archive.seal()
    assert archive.verify()[0] == 0
    code, said = archive.verify("--heads", str(heads))
    assert (code, [one["wrong"] for one in said["faults"]]) == (1, ["head_differs"])


def test_a_file_that_is_no_file_of_heads_is_refused(archive: Archive, tmp_path: Path) -> None:
    for text, said in (("hello\n", "no head in"), ('{"org_id": 1}\n', "Line 1 of")):
        (tmp_path / "file").write_text(text)
        with archive.app.app_context(), archive.app.test_request_context():
            result = CliRunner().invoke(audit, ["verify", "--heads", str(tmp_path / "file")])
        assert said in str(result.exception)


def test_an_entry_that_commits_late_is_sealed_later_and_in_its_place(archive: Archive, environment: Any) -> None:
    """A transaction that began first and commits last: nothing after it is sealed before it."""
    insert = (
        "INSERT INTO audit_entries (org_id, id, created_at, act, detail, about)"
        " VALUES (%s, %s, now(), 'x.y', '{}', '{}')"
    )
    late, early = uuid.uuid4(), uuid.uuid4()
    with psycopg.connect(environment["OWNER_DATABASE_URL"]) as slow:
        slow.execute(insert, (archive.org_id, late))
        archive.owner.execute(insert, (archive.org_id, early))  # begins later, commits at once
        archive.seal()
        assert archive.verify()[1]["waiting"] == 1
        slow.commit()
    archive.seal()
    code, said = archive.verify()
    assert (code, said["waiting"]) == (0, 0)
    [(order,)] = archive.owner.execute(
        "SELECT array_agg(id ORDER BY xact, id) FROM audit_entries WHERE id = ANY (%s)", ([late, early],)
    ).fetchall()
    assert order == [late, early]


def test_after_a_restore_into_a_new_server_the_chain_goes_on(archive: Archive, environment: dict[str, str]) -> None:
    """A new server's transactions begin at small numbers: played here by entries of very large ones."""
    archive.owner.execute("UPDATE audit_entries SET xact = xact + 1000000000 WHERE org_id = %s", (archive.org_id,))
    archive.owner.execute("DELETE FROM audit_seals WHERE org_id = %s", (archive.org_id,))
    from_file = archive.run("rebase")
    assert from_file.exit_code == 0
    archive.seal()
    archive.owner.execute(
        "INSERT INTO audit_entries (org_id, id, created_at, act, detail, about)"
        " VALUES (%s, gen_random_uuid(), now(), 'x.y', '{}', '{}')",
        (archive.org_id,),
    )
    archive.seal()
    code, said = archive.verify()
    assert (code, said["waiting"], said["entries"]) == (0, 0, len(archive.ids) + 1)
    [(once,)] = archive.owner.execute("SELECT last_value FROM audit_base").fetchall()
    archive.run("rebase")
    assert archive.owner.execute("SELECT last_value FROM audit_base").fetchall() == [(once,)], "again changes nothing"


def test_the_application_cannot_rewrite_entries_or_seals_nor_say_when_they_were_written(
    archive: Archive, environment: dict[str, str]
) -> None:
    with psycopg.connect(environment["DATABASE_URL"], autocommit=True) as app:
        for statement in (
            "UPDATE audit_entries SET act = 'x.y'",
            "DELETE FROM audit_entries",
            "TRUNCATE audit_entries",
            "UPDATE audit_seals SET number = 1",
            "DELETE FROM audit_seals",
            "UPDATE audit_heads SET number = 1",
            "UPDATE audit_checks SET faults = 0",
            "SELECT setval('audit_base', 1)",
            "SELECT nextval('audit_base')",
            f"INSERT INTO audit_entries (org_id, id, xact) VALUES ('{archive.org_id}', gen_random_uuid(), 1)",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute(statement)


def test_the_cron_seals_every_organisation_tells_heads_and_keeps_what_a_check_found(
    cast: Cast, environment: dict[str, str], tmp_path: Path
) -> None:
    own_app = create_app(Config.from_env({**environment, "CASEFLOW_AUDIT_HEADS": str(tmp_path / "heads")}))
    cast.be("aigerim")
    cast.be("stranger")
    with own_app.app_context():
        seal_all()
        seal_all()  # nothing new: nothing told
        check_all()
    dispose(own_app)
    told = [json.loads(line) for line in (tmp_path / "heads").read_text().splitlines()]
    assert {"almaty", "stranger", "steward"} <= {one["organisation"] for one in told}
    assert len(told) == len({one["organisation"] for one in told})
    with psycopg.connect(environment["OWNER_DATABASE_URL"]) as owner:
        rows = owner.execute("SELECT faults, entries FROM audit_checks").fetchall()
    assert len(rows) == 6
    assert all(faults == 0 and entries > 0 for faults, entries in rows)
