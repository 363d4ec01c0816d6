"""Texts of a person under the person's key: sealed in the database, clear for those who may read, gone when erased."""

import base64
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner
from flask import Flask
from psycopg import sql
from sqlalchemy import event, insert, select, text
from sqlalchemy.exc import DBAPIError, StatementError

from caseflow import create_app
from caseflow.assessments import actions as assessments
from caseflow.assessments.models import NeedArea
from caseflow.cli import rotate_keys, seal_texts
from caseflow.config import Config
from caseflow.core import keyring, master_keys, sealing
from caseflow.core.db import db, new_id, now, today
from caseflow.core.errors import Refused
from caseflow.core.master_keys import MasterKeyError
from caseflow.people import actions, queries
from caseflow.people.models import (
    Case,
    CaseOutcome,
    Category,
    Identifier,
    IdentifierKind,
    Note,
    NoteKind,
    Person,
    PersonKey,
)
from caseflow.plans import actions as plans
from caseflow.plans.models import StepActor, StepStatus
from caseflow.referrals.actions import drafts
from caseflow.referrals.models import Draft
from caseflow.tenancy.models import ReferralKind
from tests.cast import Cast
from tests.conftest import dispose
from tests.stories.access import restricted
from tests.stories.people import a_case
from tests.stories.release import a_handover

CANARY = "канарейка"
Environment = dict[str, str]


def owner(environment: Environment) -> Any:
    return psycopg.connect(environment["OWNER_DATABASE_URL"], autocommit=True)


def destroyed(environment: Environment, *keys: tuple[str, uuid.UUID, uuid.UUID]) -> None:
    """Destroy keys, as only an erasure does: each by its table, the organisation whose it is, and of whom."""
    columns = {"person_keys": ("org_id", "id"), "packet_keys": ("actor_org_id", "packet_id")}
    with owner(environment) as connection:
        for table, org_id, whose in keys:
            statement = sql.SQL("UPDATE {} SET wrapped = NULL, destroyed_at = now() WHERE {} = %s AND {} = %s").format(
                *map(sql.Identifier, (table, *columns[table]))
            )
            assert connection.execute(statement, (org_id, whose)).rowcount == 1


def a_noted_case(cast: Cast, *words: str, **person: Any) -> uuid.UUID:
    """A case with these notes, the last of which happened last."""
    case_id = a_case(cast, **person)
    with cast.acting("aigerim") as user:
        case = queries.opened(case_id, user)
        for place, one in enumerate(words):
            at = now() - timedelta(hours=len(words) - place)
            actions.write_note(case, kind=NoteKind.CONTACT, text=one, occurred_at=at, by=user)
    return case_id


def person_of(cast: Cast, case_id: uuid.UUID) -> uuid.UUID:
    with cast.acting("aigerim") as user:
        return db.session.get_one(Case, (user.org_id, case_id)).person_id


def dumped(environment: Environment) -> dict[str, str]:
    """Everything that the database holds, by table."""
    with owner(environment) as connection:
        names = [
            row[0]
            for row in connection.execute(
                "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
            )
        ]
        return {
            name: "\n".join(
                row[0] for row in connection.execute(sql.SQL("SELECT t::text FROM {} t").format(sql.Identifier(name)))
            )
            for name in names
        }


def test_a_dump_of_the_database_holds_no_text_of_a_person(cast: Cast, environment: Environment) -> None:
    case_id = a_noted_case(
        cast,
        f"{CANARY} note",
        phone=f"{CANARY} phone",
        address=f"{CANARY} address",
        accessibility=f"{CANARY} access",
        identifiers={IdentifierKind.NATIONAL: f"{CANARY} number"},
    )
    kamqor = cast.organisation("kamqor")
    with cast.acting("aigerim") as user:
        case = queries.opened(case_id, user)
        relative = actions.RelativeFields(
            name="Mother", relation="mother", **dict.fromkeys(("phone", "address", "restriction"), f"{CANARY} relative")
        )
        actions.add_relative(case, relative, by=user)
        actions.add_task(case, title=f"{CANARY} task", due_on=today(), by=user)
        need = assessments.record_need(case, area=NeedArea.EMPLOYMENT, description=f"{CANARY} need", by=user)
        answers = assessments.IntakeAnswers(injuries=f"{CANARY} injury", own_words=f"{CANARY} words")
        assessments.save_intake(case, answers, by=user)
        goal = plans.add_goal(case, area=need.area, title=f"{CANARY} goal", target_on=None, by=user)
        step = plans.add_step(goal, title=f"{CANARY} step", actor=StepActor.PERSON, due_on=None, by=user)
        plans.set_step_status(step, StepStatus.CANNOT_BE_DONE_YET, f"{CANARY} why", by=user)
        plans.set_own_words(case, f"{CANARY} own words", by=user)
        draft = drafts.start(case, ReferralKind.EMPLOYMENT, by=user)
        draft.reason, draft.details = f"{CANARY} reason", {"wishes": f"{CANARY} details"}
        actions.record_consent(
            case,
            grantee_org_id=kamqor,
            purpose=f"{CANARY} purpose",
            categories=[Category.IDENTITY],
            starts_on=today(),
            by=user,
        )
    handover_letter = a_handover(cast, case_id, letter=f"{CANARY} letter")
    with cast.acting("aigerim") as user:
        actions.close_case(queries.opened(case_id, user), CaseOutcome.MOVED, f"{CANARY} closing", by=user)
    found = {name: rows for name, rows in dumped(environment).items() if CANARY in rows}
    assert found == {}
    # All of it is there for whoever may read it.
    browser = cast.be("aigerim")
    for page, words in (
        (f"/cases/{case_id}/notes", "note"),
        (f"/cases/{case_id}/relatives", "relative"),
        (f"/cases/{case_id}/needs", "need"),
        (f"/cases/{case_id}/intake", "injury"),
        (f"/cases/{case_id}/plan", "step"),
        (f"/cases/{case_id}/consents", "purpose"),
        (f"/cases/{case_id}/timeline", "closing"),
    ):
        assert f"{CANARY} {words}" in browser.get(page), page
    assert f"{CANARY} letter" in cast.be("officer").get(f"/handovers/{handover_letter}")
    with cast.acting("aigerim") as user:
        held = db.session.scalars(select(Draft).where(Draft.org_id == user.org_id)).one()
        assert held.details == {"wishes": f"{CANARY} details"}
    cast.be("stranger").get(f"/cases/{case_id}/notes", expect=404)


def test_the_reason_of_an_emergency_access_is_sealed_and_written_once(cast: Cast, environment: Environment) -> None:
    case_id = a_case(cast, number="A-77")
    restricted(cast, case_id)
    with cast.acting("daniyar") as user:
        assert actions.break_glass("A-77", f"{CANARY} glass", 60, by=user) == case_id
    assert {name for name, rows in dumped(environment).items() if CANARY in rows} == set()
    with cast.acting("leader") as user:
        [glass] = queries.to_review(user)
        assert glass.reason == f"{CANARY} glass"
        glass_id = glass.id
    assert f"{CANARY} glass" in cast.be("leader").get(f"/restricted-cases/{glass_id}/review")
    cast.be("stranger").get(f"/restricted-cases/{glass_id}/review", expect=404)
    said = text("SELECT glass_reason(:id, 'Another')")
    for name in ("leader", "daniyar", "stranger"):
        with cast.acting(name):
            assert db.session.scalar(said, {"id": glass_id}) == 0, name
            with pytest.raises(DBAPIError, match="permission denied"):
                db.session.execute(text("UPDATE case_access SET reason = 'Another'"))
            db.session.rollback()


@contextmanager
def heard(app: Flask) -> Iterator[list[str]]:
    """The statements sent meanwhile."""
    statements: list[str] = []

    def hear(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", hear)
    yield statements
    event.remove(engine, "before_cursor_execute", hear)


def test_keys_are_fetched_once_for_a_page_and_only_where_a_text_is_read(cast: Cast) -> None:
    first = a_noted_case(cast, *(f"note {place}" for place in range(20)), phone="+7 701")
    a_noted_case(cast, phone="+7 702")
    browser = cast.be("aigerim")
    for page, times in ((f"/cases/{first}/notes", 1), ("/caseload", 0), (f"/cases/{first}/timeline", 1)):
        browser.get(page)
        with heard(cast.app) as statements:
            browser.get(page)
        assert sum("FROM person_keys" in one for one in statements) == times, page


def test_a_destroyed_key_leaves_a_mark_and_nothing_more_can_be_written(cast: Cast, environment: Environment) -> None:
    case_id, other_id = a_noted_case(cast, CANARY, phone="+7 701"), a_noted_case(cast, "Остаётся")
    browser, path = cast.be("aigerim"), f"/cases/{case_id}/notes"
    assert CANARY in browser.get(path)
    person_id = person_of(cast, case_id)
    with cast.acting("aigerim") as user:
        assert queries.opened(case_id, user).person.phone == "+7 701"
    destroyed(environment, ("person_keys", cast.organisation("almaty"), person_id))
    with cast.acting("aigerim") as user:
        case = queries.opened(case_id, user)
        assert case.person.phone == "[erased]"
        with pytest.raises(Refused, match="erased"):
            actions.write_note(case, kind=NoteKind.CONTACT, text="Ещё", by=user)
        db.session.rollback()
    for page in (path, f"/cases/{case_id}", f"/cases/{case_id}/timeline", f"/cases/{case_id}/plan"):
        shown = browser.get(page)
        assert CANARY not in shown
    assert "[erased]" in browser.get(path)
    form = {"id": str(new_id()), "kind": "contact", "text": "Ещё"}
    assert "were erased" in browser.post(f"{path}/new", form, expect=422)
    assert "Остаётся" in browser.get(f"/cases/{other_id}/notes")
    with owner(environment) as connection:
        row = connection.execute("SELECT wrapped, destroyed_at IS NULL FROM person_keys WHERE id = %s", (person_id,))
        assert row.fetchone() == (None, False)


def test_a_text_that_was_moved_or_changed_does_not_open(cast: Cast, environment: Environment) -> None:
    case_id = a_noted_case(cast, "Первая", CANARY, address="Абая 1")
    path = f"/cases/{case_id}/notes"
    with owner(environment) as connection:
        moved = connection.execute("SELECT address FROM persons WHERE address IS NOT NULL").fetchone()
        assert moved[0].startswith(keyring.PREFIX)
        notes = connection.execute("SELECT id, text FROM notes ORDER BY occurred_at").fetchall()
        raw = bytearray(base64.b64decode(notes[0][1][len(keyring.PREFIX) :]))
        raw[-1] ^= 1
        changed = keyring.PREFIX + base64.b64encode(raw).decode()
        connection.execute("UPDATE notes SET text = %s WHERE id = %s", (changed, notes[0][0]))
        connection.execute("UPDATE notes SET text = %s WHERE id = %s", (moved[0], notes[1][0]))
    page = cast.be("aigerim").get(path)
    assert page.count("[cannot be opened]") == 2
    assert "Абая" not in page
    with owner(environment) as connection:
        connection.execute("UPDATE notes SET text = 'sealed:it is' WHERE id = %s", (notes[0][0],))
    assert "sealed:it is" in cast.be("aigerim").get(path)  # only looks so


def test_texts_from_before_are_read_as_they_stand_and_sealed_once(cast: Cast, environment: Environment) -> None:
    case_id = a_noted_case(cast, CANARY, identifiers={IdentifierKind.PASSPORT: "N777"}, phone="+7 701")
    browser = cast.be("aigerim")
    with owner(environment) as connection:
        connection.execute("UPDATE notes SET text = 'Как раньше'")
        connection.execute("UPDATE identifiers SET value = 'N777', value_hash = NULL")
        connection.execute("UPDATE persons SET phone = '+7 701'")
        connection.execute("DELETE FROM person_keys")
    for _time in range(2):
        assert "Как раньше" in browser.get(f"/cases/{case_id}/notes")
        assert str(case_id) in browser.get("/search?q=N777")
        same = actions.PersonFields(number="X-1", name="Другой", identifiers={IdentifierKind.PASSPORT: "N777"})
        with cast.acting("aigerim") as user, pytest.raises(Refused, match="has this number"):
            actions.add_person(same, by=user)
        told = CliRunner().invoke(seal_texts, env=environment, catch_exceptions=False).stdout
        db_texts = dumped(environment)
        assert "Как раньше" not in db_texts["notes"]
        assert "N777" not in db_texts["identifiers"]
        assert "+7 701" not in db_texts["persons"]
    assert told == "0 rows sealed in all.\n"  # the second time


def test_identifiers_are_found_exactly_and_by_nobody_else(cast: Cast, environment: Environment) -> None:
    case_id = a_case(cast, identifiers={IdentifierKind.NATIONAL: "901231300123"})
    assert str(case_id) in cast.be("aigerim").get("/search?q=901231300123")
    assert str(case_id) not in cast.be("aigerim").get("/search?q=90123130012")
    assert str(case_id) not in cast.be("stranger").get("/search?q=901231300123")
    with cast.app.app_context():
        hashes = {sealing.lookup_hash(cast.organisation(slug), "901231300123") for slug in ("almaty", "stranger")}
    assert len(hashes) == 2  # nobody can tell from a dump that two organisations know the same person
    with owner(environment) as connection:
        [(kept,)] = connection.execute("SELECT value_hash FROM identifiers").fetchall()
    assert kept in hashes


def test_a_text_that_the_session_did_not_seal_is_refused(cast: Cast) -> None:
    case_id = a_noted_case(cast, "Первая")
    with cast.acting("aigerim") as user:
        with pytest.raises((TypeError, StatementError), match=r"notes\.text is written or compared in clear"):
            db.session.scalars(select(Note).where(Note.text == "Первая")).all()
        row = {"org_id": user.org_id, "person_id": case_id, "kind": IdentifierKind.OTHER, "value": "1"}
        with pytest.raises((TypeError, StatementError), match=r"identifiers\.value"):
            db.session.execute(insert(Identifier), [row])
        db.session.rollback()


def test_setting_what_stands_there_already_changes_nothing(cast: Cast) -> None:
    case_id = a_case(cast, phone="+7 701")
    with cast.acting("aigerim") as user:
        person = queries.opened(case_id, user).person
        before = person.version
        person.phone = "+7 701"
        db.session.flush()
        assert person.version == before
        person.phone = "+7 702"
        db.session.flush()
        assert (person.version, person.phone) == (before + 1, "+7 702")
        person.phone = None
        db.session.flush()
        assert person.phone is None


def test_a_key_made_in_a_savepoint_that_was_undone_is_not_used(cast: Cast, environment: Environment) -> None:
    case_id = a_case(cast)
    with owner(environment) as connection:
        connection.execute("DELETE FROM person_keys")
    with cast.acting("aigerim") as user:
        case = queries.opened(case_id, user)
        undone = db.session.begin_nested()
        actions.write_note(case, kind=NoteKind.CONTACT, text="Отменена", by=user)
        undone.rollback()
        actions.write_note(case, kind=NoteKind.CONTACT, text="Осталась", by=user)
    assert "Осталась" in cast.be("aigerim").get(f"/cases/{case_id}/notes")


def test_two_who_write_first_use_one_key(cast: Cast, environment: Environment) -> None:
    case_id = a_case(cast)
    with owner(environment) as connection:
        connection.execute("DELETE FROM person_keys")
    together = threading.Barrier(2)

    def write(name: str) -> None:
        with cast.acting(name) as user:
            case = queries.case_of(user.org_id, case_id)
            together.wait()
            actions.write_note(case, kind=NoteKind.CONTACT, text=f"Пишет {name}", by=user)

    threads = [threading.Thread(target=write, args=(name,)) for name in ("aigerim", "leader")]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    page = cast.be("aigerim").get(f"/cases/{case_id}/notes")
    assert "Пишет aigerim" in page
    assert "Пишет leader" in page


def with_masters(environment: Environment, *names: str) -> Environment:
    """The environment with the installation's key and further ones, in this order; `now` is the installation's."""
    first = environment["CASEFLOW_MASTER_KEYS"]
    more = {"now": first} | {
        one: f"{one}:{base64.b64encode(one.encode().ljust(32)).decode()}" for one in names if one != "now"
    }
    return {**environment, "CASEFLOW_MASTER_KEYS": ",".join(more[one] for one in names)}


def test_keys_are_rotated_while_requests_run(cast: Cast, environment: Environment) -> None:
    cases = [a_noted_case(cast, f"Заметка {place}") for place in range(12)]
    both = create_app(Config.from_env(with_masters(environment, "later", "now")))
    play, stop, faults = Cast(both), threading.Event(), []
    read = 0

    def look() -> None:
        nonlocal read
        try:
            browser = play.be("aigerim")
            while not stop.is_set():
                place = read % len(cases)
                form = {"id": str(new_id()), "kind": "contact", "text": f"Ещё {read}"}
                browser.post(f"/cases/{cases[place]}/notes/new", form)
                page = browser.get(f"/cases/{cases[place]}/notes")
                assert f"Заметка {place}" in page
                assert f"Ещё {read}" in page
                read += 1
        except BaseException as error:  # noqa: BLE001 -- told by the test itself, below
            faults.append(error)

    reader = threading.Thread(target=look)
    reader.start()
    told = CliRunner().invoke(rotate_keys, env=with_masters(environment, "later", "now"), catch_exceptions=False)
    assert "12 keys now lie under later-" in told.stdout
    while read < 3 and not faults:
        reader.join(0.05)
    stop.set()
    reader.join()
    dispose(both)
    assert faults == []
    with owner(environment) as connection:
        names = connection.execute("SELECT DISTINCT master_id FROM person_keys").fetchall()
    assert [name[0].split("-")[0] for name in names] == ["later"]
    # Now the first key may be taken out; the texts are read with the second alone.
    alone = create_app(Config.from_env(with_masters(environment, "later")))
    assert "Заметка 0" in Cast(alone).be("aigerim").get(f"/cases/{cases[0]}/notes")
    dispose(alone)


def test_without_the_master_key_in_use_the_start_says_which_is_missing(cast: Cast, environment: Environment) -> None:
    a_noted_case(cast, "Заметка")
    with cast.app.app_context():
        [used] = master_keys.names()
    with pytest.raises(MasterKeyError, match=rf"lacks {used} \(\d+ keys\)"):
        create_app(Config.from_env(with_masters(environment, "later")))


def test_the_key_of_a_handed_over_person_is_given_only_with_the_reading(cast: Cast) -> None:
    case_id = a_case(cast, phone="+7 701")
    handover = a_handover(cast, case_id)
    asked = text("SELECT wrapped FROM incoming_key(:id)")
    for name in ("officer", "stranger", "coordinator"):
        with cast.acting(name):
            assert db.session.execute(asked, {"id": handover}).all() == []
    with cast.acting("officer"):
        db.session.execute(text("SELECT * FROM incoming_case(:id)"), {"id": handover}).all()
        assert len(db.session.execute(asked, {"id": handover}).all()) == 1
    with cast.acting("stranger"):
        db.session.execute(text("SELECT * FROM incoming_case(:id)"), {"id": handover}).all()
        assert db.session.execute(asked, {"id": handover}).all() == []
        assert db.session.scalars(select(PersonKey)).all() == []
        assert db.session.scalars(select(Person)).all() == []
    assert "+7 701" in cast.be("officer").get(f"/handovers/{handover}")
