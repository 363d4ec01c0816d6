"""Backups: made while people work, read again, brought back whole or not at all, and erased persons stay erased."""

import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner
from flask import Flask
from psycopg import sql
from sqlalchemy import select

from caseflow import create_app
from caseflow.accounts.permissions import Role
from caseflow.cli import cli
from caseflow.config import Config, read_master_keys
from caseflow.core import doctor, installation, sealing
from caseflow.core.backups import BackupError, daily, destroyed, keeping, making, reading, sealed_file, tables
from caseflow.core.db import db, unit_of_work
from caseflow.core.master_keys import MasterKeyError
from caseflow.people import actions, queries
from caseflow.people.models import IdentifierKind, NoteKind
from caseflow.referrals.models import Referral
from caseflow.referrals.queries import shared
from caseflow.rights import actions as rights
from caseflow.rights.models import HoldKind
from tests.cast import Cast
from tests.conftest import Stage, dispose
from tests.people.test_sealing import a_noted_case, owner, person_of
from tests.people.test_sealing import destroyed as unreadable
from tests.referrals.test_sealing import HELD, TOLD, a_talk
from tests.rights.test_received import SECOND, WORDS, a_finished, ended, erased, seen
from tests.rights.test_retention import MARK, closed, left, proposed
from tests.stories.access import hired
from tests.stories.people import a_case
from tests.stories.received import a_completed, a_session, an_accepted
from tests.stories.release import a_handover

TARGET = f"caseflow_restored_{os.getpid()}"
OTHER_KEYS = {"k1": b"x" * 32}

Environment = dict[str, str]


@pytest.fixture
def empty(stage: Stage, environment: Environment) -> Iterator[Environment]:
    """The settings of a second installation with the same keys, whose database has no tables yet."""
    with psycopg.connect(stage.servers.superuser_url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {TARGET} WITH (FORCE)")
    installation.prepare_server(stage.servers.superuser_url, database=TARGET, passwords={})
    urls = {name: environment[name].rsplit("/", 1)[0] + f"/{TARGET}" for name in ("DATABASE_URL", "OWNER_DATABASE_URL")}
    yield environment | urls
    with psycopg.connect(stage.servers.superuser_url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {TARGET} WITH (FORCE)")


def made(environment: Environment, folder: Path) -> Path:
    return making.make(environment["OWNER_DATABASE_URL"], read_master_keys(environment), folder)


def said(environment: Environment, *arguments: object) -> str:
    """What the command says; fails with its error."""
    result = CliRunner().invoke(cli, [str(one) for one in arguments], env=environment, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def refused(environment: Environment, *arguments: object) -> str:
    """The one line of why the command did not."""
    with pytest.raises((BackupError, MasterKeyError)) as told:
        CliRunner().invoke(cli, [str(one) for one in arguments], env=environment, catch_exceptions=False)
    assert "\n" not in str(told.value)
    return str(told.value)


def hashes(environment: Environment) -> dict[str, object]:
    """Rows and hash of every table, as the database has them now."""
    with psycopg.connect(environment["OWNER_DATABASE_URL"]) as connection:
        tables.settle(connection)
        orders = tables.orders(connection)
        return {
            table: tables.digest(connection, table, names, orders[table])
            for table, names in tables.columns(connection).items()
        }


def shape(environment: Environment) -> set[tuple[str, ...]]:
    """Every constraint and every trigger, and whether it works."""
    with owner(environment) as connection:
        return set(
            connection.execute(
                "SELECT conrelid::regclass::text, conname::text, pg_get_constraintdef(oid) FROM pg_constraint"
                " WHERE connamespace = 'public'::regnamespace UNION ALL"
                " SELECT tgrelid::regclass::text, tgname::text, tgenabled::text FROM pg_trigger WHERE NOT tgisinternal"
            ).fetchall()
        )


def texts(app: Flask, environment: Environment) -> list[str]:
    """Every sealed text of every organisation, opened."""
    with owner(environment) as connection:
        organisations = [row[0] for row in connection.execute("SELECT id FROM organisations ORDER BY id")]
    found = []
    with app.app_context():
        for org_id in organisations:
            with unit_of_work(org_id):
                for model, attributes in sealing.sealed_columns().items():
                    for row in db.session.scalars(select(model)).unique():
                        found += [str(getattr(row, name)) for name in attributes if getattr(row, name)]
    return sorted(found)


def test_a_backup_made_while_people_write_comes_back_whole(
    cast: Cast, environment: Environment, empty: Environment, tmp_path: Path
) -> None:
    case_id = a_noted_case(cast, "канарейка", "вторая", phone="+7 701", identifiers={IdentifierKind.PASSPORT: "N777"})
    a_handover(cast, case_id)
    with cast.acting("aigerim") as user:
        case = queries.opened(case_id, user)
        note = actions.write_note(case, kind=NoteKind.CONTACT, text="a note that is amended", by=user)
        actions.write_note(case, kind=NoteKind.CONTACT, text="the amendment", amends=note, by=user)
    stop, began, written = threading.Event(), threading.Event(), []

    def write() -> None:
        while not stop.is_set():
            with cast.acting("aigerim") as user:
                actions.write_note(
                    queries.opened(case_id, user), kind=NoteKind.CONTACT, text=f"meanwhile {len(written)}", by=user
                )
            written.append(1)
            began.set()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert began.wait(60)
        path = made(environment, tmp_path)
        after = len(written)
    finally:
        stop.set()
        writer.join()
    assert after > 1, "nobody wrote meanwhile"
    assert "канарейка".encode() not in path.read_bytes()
    assert path.stat().st_mode & 0o077 == 0
    backup = reading.verify(path, read_master_keys(environment))
    assert f"{len(backup['tables'])} tables" in said(
        {"CASEFLOW_MASTER_KEYS": environment["CASEFLOW_MASTER_KEYS"]}, "verify-backup", path
    )

    # The snapshot is of one moment: no note without its entry of the audit, no entry without its note.
    assert "restored: " in said(empty, "restore", path)
    assert hashes(empty) == backup["tables"]
    with owner(empty) as connection:
        [(notes, entries)] = connection.execute(
            "SELECT (SELECT count(*) FROM notes), (SELECT count(*) FROM audit_entries WHERE act = 'note.write')"
        ).fetchall()
    assert notes == entries
    assert shape(empty) == shape(environment)
    # A quiet database and its restored backup are the same, and every text opens.
    app = create_app(Config.from_env(empty))
    try:
        opened = texts(app, empty)
        assert {"канарейка", "вторая", "the amendment", "+7 701", "N777"} <= set(opened)
        assert not {"[cannot be opened]", "[erased]"} & set(opened)
        assert len([one for one in opened if one.startswith("meanwhile")]) <= len(written)
        there = Cast(app)
        assert "канарейка" in there.be("aigerim").get(f"/cases/{case_id}/notes")
        there.be("stranger").get(f"/cases/{case_id}", expect=404)
        # The audit goes on after the restored entries.
        said(empty, "audit", "seal")
        assert "nothing is wrong" in said(empty, "audit", "verify")
    finally:
        dispose(app)


def test_a_backup_goes_into_an_empty_database_and_into_no_other(
    cast: Cast, environment: Environment, empty: Environment, tmp_path: Path
) -> None:
    a_noted_case(cast, "one")
    path = made(environment, tmp_path)
    before = hashes(environment)
    assert "not empty (" in refused(environment, "restore", path)
    assert hashes(environment) == before
    installation.migrate(empty["OWNER_DATABASE_URL"], wall_key=empty["CASEFLOW_WALL_KEY"])
    said(empty, "restore", path)
    assert hashes(empty) == before
    assert "not empty (" in refused(empty, "restore", path)


def test_a_broken_backup_is_told_in_a_line_and_leaves_nothing(
    cast: Cast, environment: Environment, empty: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealed_file, "CHUNK", 1024)  # so that a small backup has many
    a_noted_case(cast, "one")
    whole = made(environment, tmp_path)
    data, head = whole.read_bytes(), 200
    broken = tmp_path / "broken.backup"
    keys = read_master_keys(environment)

    def why(content: bytes) -> str:
        broken.write_bytes(content)
        line = refused(environment, "verify-backup", broken)
        assert refused(empty, "restore", broken) == line
        return line

    with pytest.raises(MasterKeyError, match="is not the one that sealed"):
        reading.verify(whole, OTHER_KEYS)
    with pytest.raises(MasterKeyError, match="lacks the key k1"):
        reading.verify(whole, {"k9": b"x" * 32})
    assert "not a backup" in why(b"")
    assert "not a backup" in why(b"PGDMP" + data)
    assert "what it sealed was changed" in why(data[:60] + bytes([data[60] ^ 1]) + data[61:])
    parts = chunks(data)
    assert len(parts) > 4
    for place in (head, len(data) // 2, len(data) - 1):
        assert "changed or is damaged" in why(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
    assert "was cut off" in why(data[: parts[-1]])  # exactly between two chunks
    assert "was cut off" in why(data[: parts[-1] + 2])
    assert "was cut off" in why(data[:-1])
    swapped = data[: parts[1]] + data[parts[2] : parts[3]] + data[parts[1] : parts[2]] + data[parts[3] :]
    assert "changed or is damaged" in why(swapped)
    assert "changed or is damaged" in why(data + data[parts[-1] :])
    assert "cannot be read: No such file" in refused(environment, "verify-backup", tmp_path / "none.backup")
    assert reading.verify(whole, keys)["organisations"] > 4
    with owner(empty) as connection:
        for table in tables.columns(connection):
            query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
            assert connection.execute(query).fetchone() == (0,), table


def chunks(data: bytes) -> list[int]:
    """Where each chunk begins."""
    place = len(sealed_file.MAGIC)
    place += 2 + int.from_bytes(data[place : place + 2], "big")
    found = []
    while place < len(data):
        found.append(place)
        place += 4 + int.from_bytes(data[place : place + 4], "big")
    return found


def test_rows_that_are_not_what_was_hashed_are_refused(
    cast: Cast, environment: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A writer that loses a row: the backup is read before it gets its name, and so gets none."""
    kept = made(environment, tmp_path)

    class Forgetful(tables.Digest):
        def take(self, data: bytes) -> None:
            super().take(data + b"one more\n")

    monkeypatch.setattr(tables, "Digest", Forgetful)
    with pytest.raises(BackupError, match="are not those that the backup was made of"):
        made(environment, tmp_path / "other")
    assert list((tmp_path / "other").iterdir()) == []
    assert keeping.found(tmp_path)[0][1] == kept


def test_who_was_erased_after_the_backup_stays_erased(
    cast: Cast, environment: Environment, empty: Environment, tmp_path: Path, redis: object
) -> None:
    case_id, person_id = closed(cast, environment)
    other_id = a_noted_case(cast, "stays")
    lost_id = person_of(cast, a_noted_case(cast, "only its key is destroyed"))
    path = made(environment, tmp_path)
    cast.be("deputy").post(f"/retention/{proposed(cast, person_id)}/approve")
    cast.deliver(redis)
    unreadable(environment, ("person_keys", cast.organisation("almaty"), lost_id))
    listed = tmp_path / destroyed.LIST
    assert listed.read_text() == ""
    with psycopg.connect(environment["OWNER_DATABASE_URL"]) as connection:
        assert destroyed.update(connection, tmp_path) == 2
        assert destroyed.update(connection, tmp_path) == 0
    assert MARK not in listed.read_text()

    output = said(empty, "restore", path)
    assert "1 persons erased again" in output
    assert "Of 1 only the key" in output
    found = left(empty, str(case_id), str(person_id))
    assert set(found) <= {"audit_entries", "erasures", "person_keys", "outbox", "notifications"}, found
    assert left(empty, MARK) == {}
    with owner(empty) as connection:
        query = "SELECT id, wrapped, destroyed_at IS NULL FROM person_keys WHERE id = ANY (%s)"
        assert set(connection.execute(query, ([person_id, lost_id],))) == {
            (person_id, None, False),
            (lost_id, None, False),
        }
    app = create_app(Config.from_env(empty))
    try:
        assert "stays" in Cast(app).be("aigerim").get(f"/cases/{other_id}/notes")
    finally:
        dispose(app)


def test_what_a_side_made_unreadable_after_the_backup_stays_so(
    cast: Cast, environment: Environment, empty: Environment, tmp_path: Path, redis: object
) -> None:
    referral_id, other_id = a_talk(cast), a_talk(cast)
    path = made(environment, tmp_path)
    later_id = a_talk(cast)  # which the backup does not know
    kamqor = cast.organisation("kamqor")
    unreadable(environment, ("packet_keys", kamqor, referral_id), ("packet_keys", kamqor, later_id))
    with psycopg.connect(environment["OWNER_DATABASE_URL"]) as connection:
        assert destroyed.update(connection, tmp_path) == 2
        assert destroyed.update(connection, tmp_path) == 0
    assert "Of 1 referrals and handovers one side's words" in said(empty, "restore", path)
    with owner(empty) as connection:
        gone = "SELECT packet_id FROM packet_keys WHERE wrapped IS NULL AND actor_org_id = to_org_id"
        assert connection.execute(gone).fetchall() == [(referral_id,)]
    app = create_app(Config.from_env(empty))
    try:
        there = Cast(app).be("aigerim")
        page = there.get(f"/referrals/{referral_id}")
        assert "[erased]" in page
        assert HELD not in page
        assert f"{TOLD} message" in page
        assert f"{HELD} message" in there.get(f"/referrals/{other_id}")
    finally:
        dispose(app)


def test_an_erased_persons_referrals_stay_unreadable(
    cast: Cast, environment: Environment, empty: Environment, tmp_path: Path, redis: object
) -> None:
    case_id = a_case(cast)
    referral_id, person_id = a_talk(cast, case=case_id), person_of(cast, case_id)
    with owner(environment) as connection:
        connection.execute(
            "UPDATE cases SET phase = 'closed', outcome = 'moved', closed_on = current_date - 9999,"
            " opened_on = current_date - 9999, site_id = NULL WHERE id = %s",
            (case_id,),
        )
    path = made(environment, tmp_path)
    cast.be("deputy").post(f"/retention/{proposed(cast, person_id)}/approve")
    cast.deliver(redis)
    with psycopg.connect(environment["OWNER_DATABASE_URL"]) as connection:
        assert destroyed.update(connection, tmp_path) == 2  # the person's key and the sender's of the referral
    assert "1 persons erased again" in said(empty, "restore", path)
    app = create_app(Config.from_env(empty))
    try:
        page = Cast(app).be("worker").get(f"/referrals/{referral_id}")
        assert TOLD not in page
        assert "closed with the information" in page
        assert f"{HELD} note" in page
    finally:
        dispose(app)


def test_what_a_receiver_erased_after_the_backup_is_erased_again(
    cast: Cast, environment: Environment, empty: Environment, tmp_path: Path, redis: object
) -> None:
    hired(cast, SECOND, Role.COORDINATOR)
    referral_id, other_id = a_finished(cast, environment), a_finished(cast, environment)
    path = made(environment, tmp_path)
    with cast.acting("worker") as user:  # ended before it was erased, and unknown to the backup
        hold = rights.hold_received(shared.received(referral_id, user), HoldKind.COURT, "Appeal", by=user)
        rights.end_received_hold(hold, by=user)
    erased(cast, redis, referral_id)
    with cast.acting("aigerim"):
        row = db.session.scalars(select(Referral).where(Referral.id == referral_id)).one()
        former = row.former_org_id
        assert former is not None
    unreadable(environment, ("packet_keys", cast.organisation("almaty"), referral_id))  # the sender's own, later
    with psycopg.connect(environment["OWNER_DATABASE_URL"]) as connection:
        assert destroyed.update(connection, tmp_path) == 2
        assert destroyed.update(connection, tmp_path) == 0
    output = said(empty, "restore", path)
    assert "1 received referrals erased again" in output
    assert "Of 1 referrals and handovers one side's words" in output
    assert seen(empty, cast.organisation("kamqor"), str(referral_id)) <= {"audit_entries", "erasures"}
    app = create_app(Config.from_env(empty))
    try:
        there = Cast(app)
        there.be("coordinator").get(f"/referrals/{referral_id}", expect=404)
        there.be("coordinator").get(f"/referrals/{other_id}")
        page = there.be("aigerim").get(f"/referrals/{referral_id}")
        assert f"{WORDS} reply" in page  # the receiver's words, under the receiver's key
        assert f"{WORDS} question" not in page
    finally:
        dispose(app)


def test_a_restore_says_what_came_back_to_its_receiver(
    cast: Cast, environment: Environment, empty: Environment, tmp_path: Path, redis: object
) -> None:
    hired(cast, SECOND, Role.COORDINATOR)
    referral_id = an_accepted(cast)
    path = made(environment, tmp_path)  # it is still open there, so that the function refuses
    a_session(cast, referral_id)
    a_completed(cast, referral_id)
    ended(environment, referral_id)
    erased(cast, redis, referral_id)
    with psycopg.connect(environment["OWNER_DATABASE_URL"]) as connection:
        assert destroyed.update(connection, tmp_path) == 1
    assert "1 received referrals came back to their receivers" in said(empty, "restore", path)


def test_a_restore_wants_the_list_of_destroyed_keys(
    cast: Cast, environment: Environment, empty: Environment, tmp_path: Path
) -> None:
    gone = person_of(cast, a_noted_case(cast, "one"))
    unreadable(environment, ("person_keys", cast.organisation("almaty"), gone))
    path = made(environment, tmp_path)
    listed = tmp_path / destroyed.LIST
    assert str(gone) in listed.read_text()
    whole = listed.read_text()
    listed.write_text("")
    assert "lacks 1 that the backup knows" in refused(empty, "restore", path)
    listed.write_text(whole + "{}\n")
    assert "line 2 cannot be read" in refused(empty, "restore", path)
    listed.unlink()
    assert "--without-destroyed-list" in refused(empty, "restore", path)
    assert "was left out" in said(empty, "restore", path, "--without-destroyed-list")


def test_one_backup_a_day_is_kept_by_the_plan(cast: Cast, environment: Environment, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    config = Config.from_env(environment | {"CASEFLOW_BACKUP_DIR": str(folder), "CASEFLOW_BACKUP_KEEP": "2,1,1"})
    app = Flask("backups")
    app.extensions["caseflow"] = config
    assert "There is no backup" in str(doctor.check(config)[-1])
    with app.app_context():
        daily.list_destroyed()  # no folder yet: nothing to do
        daily.back_up()
        daily.back_up()  # there is today's
    [(moment, newest)] = keeping.found(folder)
    assert [one for one in doctor.check(config) if "backup" in one.what] == []
    old = folder / keeping.name(moment - timedelta(hours=31))
    newest.rename(old)
    assert "31 hours old" in str(doctor.check(config)[-1])
    with app.app_context():
        daily.back_up()
    assert len(keeping.found(folder)) == 2
    assert (folder / destroyed.LIST).exists()


def test_the_plan_keeps_days_weeks_and_months_and_never_removes_the_newest(tmp_path: Path) -> None:
    last = datetime(2026, 11, 22, 3, tzinfo=UTC)
    for days in range(500):
        (tmp_path / keeping.name(last - timedelta(days=days))).touch()
    (tmp_path / keeping.name(last - timedelta(hours=1))).touch()
    (tmp_path / "somebody's file.backup").touch()
    keeping.prune(tmp_path, (7, 4, 12))
    kept = [moment for moment, _path in keeping.found(tmp_path)]
    assert kept[:7] == [last - timedelta(days=days) for days in range(7)]
    assert len({moment.strftime("%G-%V") for moment in kept[:10]}) >= 4
    assert len({moment.strftime("%Y-%m") for moment in kept}) == 12
    assert len(kept) <= 7 + 4 + 12
    keeping.prune(tmp_path, (0, 0, 0))
    assert [moment for moment, _path in keeping.found(tmp_path)] == [last]
    assert (tmp_path / "somebody's file.backup").exists()


def test_what_hinders_a_backup_is_told_in_a_line(
    cast: Cast, environment: Environment, empty: Environment, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    assert "no backup in" in refused(environment, "backup", "--to", tmp_path / "file" / "folder")
    assert "no tables yet" in refused(empty, "backup", "--to", tmp_path)
    named = tmp_path / "mine.backup"
    assert str(named) in said(environment, "backup", "--to", named)
    assert "there already" in refused(environment, "backup", "--to", named)
    with owner(environment) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (making._LOCK,))
        assert "another backup" in refused(environment, "backup", "--to", tmp_path / "folder")
    with pytest.raises(BackupError, match="No space left"), making._told(tmp_path):
        Path("/dev/full").write_text("x")
    assert {path.name for path in tmp_path.iterdir()} == {"file", "folder", "mine.backup", destroyed.LIST}
