"""What the two sides of a referral or a handover wrote: each under its side's own key, read by both and no one else."""

import uuid
from typing import Any

import pytest
from click.testing import CliRunner
from psycopg.types.json import Jsonb
from sqlalchemy import insert, select, update
from sqlalchemy.exc import DBAPIError

from caseflow import create_app
from caseflow.cli import rotate_keys, seal_texts
from caseflow.config import Config
from caseflow.core import doctor, keyring, resealing
from caseflow.core.db import db, new_id, now
from caseflow.core.errors import Refused
from caseflow.people.models import Category, PacketKey
from caseflow.referrals.actions import messages, sending
from caseflow.referrals.models import Disclosure, Draft, Message, Referral
from caseflow.referrals.queries import shared
from caseflow.release import actions as release
from caseflow.release.models import Handover
from tests.cast import Cast
from tests.conftest import dispose
from tests.people.test_sealing import CANARY, destroyed, dumped, heard, owner, with_masters
from tests.rights.test_retention import LONG_AGO, a_second_leader, proposed
from tests.stories.people import a_case
from tests.stories.received import a_completed, a_session, an_accepted
from tests.stories.referrals import a_draft, a_referral
from tests.stories.release import a_handover

Environment = dict[str, str]

TOLD = f"{CANARY} told"
HELD = f"{CANARY} held"


def a_talk(cast: Cast, **fields: Any) -> uuid.UUID:
    """A referral on which both sides wrote."""
    referral_id = an_accepted(cast, reason=f"{TOLD} reason", **fields)
    for name, words in (("aigerim", f"{TOLD} message"), ("worker", f"{HELD} message")):
        with cast.acting(name) as user:
            messages.send_message(shared.opened(referral_id, user).referral, words, by=user)
    a_session(cast, referral_id, concern=f"{HELD} concern")
    with cast.acting("worker") as user:
        messages.write_note(shared.received(referral_id, user), f"{HELD} note", by=user)
    return referral_id


def packet(referral_id: uuid.UUID) -> keyring.PacketRef:
    row = db.session.scalars(select(Referral).where(Referral.id == referral_id)).one()
    return keyring.PacketRef(row.org_id, row.to_org_id, row.id)


def test_each_side_has_its_key_and_both_read_all(cast: Cast, environment: Environment) -> None:
    referral_id = a_talk(cast)
    found = {name: rows for name, rows in dumped(environment).items() if CANARY in rows}
    assert found == {}
    sent, received = (cast.be(name).get(f"/referrals/{referral_id}") for name in ("aigerim", "worker"))
    for page in (sent, received):
        for words in (f"{TOLD} message", f"{HELD} message", f"{HELD} concern"):
            assert words in page
    assert f"{TOLD} reason" in received
    assert f"{HELD} note" in received
    assert f"{HELD} note" not in sent
    cast.be("stranger").get(f"/referrals/{referral_id}", expect=404)
    with owner(environment) as connection:
        keys = connection.execute("SELECT actor_org_id FROM packet_keys WHERE packet_id = %s", (referral_id,))
        assert {row[0] for row in keys} == {cast.organisation("almaty"), cast.organisation("kamqor")}


def test_keys_are_read_by_two_sides_and_changed_by_none(cast: Cast) -> None:
    referral_id = a_talk(cast)
    for name, seen in (("aigerim", 2), ("coordinator", 2), ("stranger", 0), ("stranger_cso", 0), ("officer", 0)):
        with cast.acting(name) as user:
            assert len(db.session.scalars(select(PacketKey)).all()) == seen, name
            with pytest.raises(DBAPIError, match="permission denied"):
                db.session.execute(update(PacketKey).values(wrapped=None, destroyed_at=now()))
            db.session.rollback()
    with cast.acting("coordinator") as user:
        mine = packet(referral_id)
        row = {
            "org_id": mine.org_id,
            "to_org_id": mine.to_org_id,
            "packet_id": new_id(),
            "master_id": "k",
            "wrapped": b"x",
        }
        with pytest.raises(DBAPIError, match="row-level security"):
            db.session.execute(insert(PacketKey), [row | {"actor_org_id": mine.org_id}])
        db.session.rollback()
        with pytest.raises(DBAPIError, match="permission denied"):
            db.session.execute(update(PacketKey).values(actor_org_id=user.org_id))
        db.session.rollback()


def test_keys_of_all_packets_on_a_page_come_with_one_query(cast: Cast) -> None:
    case_id = a_case(cast, phone="+7 701")
    talks = [a_talk(cast, case=case_id) for _ in range(3)]
    for name, page, packets, persons in (
        ("coordinator", "/inbox?status=all", 1, 0),
        ("worker", "/", 1, 0),
        ("worker", f"/referrals/{talks[0]}", 1, 0),
        ("aigerim", f"/referrals/{talks[0]}", 1, 0),
        ("aigerim", f"/cases/{case_id}/timeline", 1, 1),
        ("aigerim", f"/cases/{case_id}/referrals", 0, 0),
    ):
        browser = cast.be(name)
        browser.get(page)
        with heard(cast.app) as statements:
            browser.get(page)
        counts = [sum(f"FROM {table}" in one for one in statements) for table in ("packet_keys", "person_keys")]
        assert counts == [packets, persons], page


def test_an_erased_person_takes_along_what_was_told_and_not_what_the_receiver_wrote(
    cast: Cast, environment: Environment, redis: Any
) -> None:
    second, case_id = a_second_leader(cast), a_case(cast)
    referral_id, other_id = a_talk(cast, case=case_id), a_talk(cast)
    handover_id = a_handover(cast, case_id, ground=f"{TOLD} ground")
    with cast.acting("officer") as user:
        handover = db.session.scalars(select(Handover).where(Handover.id == handover_id)).one()
        assert handover.ground == f"{TOLD} ground"
        release.decline_handover(handover, f"{HELD} reason", by=user)
    old_id = a_referral(cast, case=case_id)
    with owner(environment) as connection:  # written before there were keys
        connection.execute("DELETE FROM packet_keys WHERE packet_id = %s", (old_id,))
        connection.execute(
            "INSERT INTO referral_messages SELECT org_id, gen_random_uuid(), to_org_id, now(), id, org_id, 'x', %s"
            " FROM referrals WHERE id = %s",
            (f"{TOLD} before", old_id),
        )
        connection.execute(
            "UPDATE cases SET phase = 'closed', outcome = 'moved', closed_on = current_date - %s::int,"
            " opened_on = current_date - %s::int, site_id = NULL WHERE id = %s",
            (LONG_AGO, LONG_AGO + 400, case_id),
        )
        [(person_id,)] = connection.execute("SELECT person_id FROM cases WHERE id = %s", (case_id,)).fetchall()
    erasure_id = proposed(cast, person_id)
    cast.be(second).post(f"/retention/{erasure_id}/approve")
    cast.deliver(redis)
    page = cast.be("worker").get(f"/referrals/{referral_id}")
    assert TOLD not in page
    assert "What the sender wrote before" in page  # and what it said of a person who is erased is closed as well
    for words in (f"{HELD} message", f"{HELD} concern", f"{HELD} note"):
        assert words in page
    cast.be("aigerim").get(f"/referrals/{referral_id}", expect=404)
    assert f"{TOLD} message" in cast.be("worker").get(f"/referrals/{other_id}")
    with owner(environment) as connection:
        keys = connection.execute(
            "SELECT packet_id, actor_org_id FROM packet_keys WHERE destroyed_at IS NOT NULL"
        ).fetchall()
    almaty = cast.organisation("almaty")
    assert set(keys) == {(one, almaty) for one in (referral_id, handover_id, old_id)}
    assert {name for name, rows in dumped(environment).items() if TOLD in rows} == set()
    with cast.acting("worker") as user:  # the receiver still works on it; the sender can write nothing more
        messages.send_message(shared.received(referral_id, user), f"{HELD} later", by=user)
    with cast.acting("leader") as user:
        sent = db.session.scalars(select(Referral).where(Referral.id == referral_id)).one()
        with pytest.raises(Refused, match="erased"):
            messages.send_message(sent, "Late", by=user)
        db.session.rollback()
    with cast.acting("officer"):
        handover = db.session.scalars(select(Handover).where(Handover.id == handover_id)).one()
        assert (handover.ground, handover.reason) == ("[erased]", f"{HELD} reason")


def test_the_receiver_destroys_its_own_words_alone(cast: Cast, environment: Environment) -> None:
    referral_id, other_id = a_talk(cast), a_talk(cast)
    destroyed(environment, ("packet_keys", cast.organisation("kamqor"), referral_id))
    page = cast.be("aigerim").get(f"/referrals/{referral_id}")
    assert HELD not in page
    assert f"{TOLD} message" in page
    assert "[erased]" in page
    assert f"{HELD} concern" in cast.be("aigerim").get(f"/referrals/{other_id}")
    with cast.acting("worker") as user:
        referral = shared.received(referral_id, user)
        with pytest.raises(Refused, match="erased"):
            messages.write_note(referral, "Late", by=user)
        db.session.rollback()


def test_a_text_opens_in_its_own_packet_and_column_alone(cast: Cast, environment: Environment) -> None:
    referral_id, other_id = a_talk(cast), a_talk(cast)
    with owner(environment) as connection:
        connection.execute(
            "UPDATE referral_sessions SET concern = (SELECT text FROM referral_messages"
            " WHERE referral_id = %(of)s AND actor_org_id = to_org_id) WHERE referral_id = %(of)s",
            {"of": referral_id},
        )
    assert cast.be("aigerim").get(f"/referrals/{referral_id}").count("[cannot be opened]") == 1
    with owner(environment) as connection:  # a key put into the place of another opens nothing
        wrapped = connection.execute(
            "SELECT wrapped FROM packet_keys WHERE packet_id = %s AND actor_org_id = to_org_id", (referral_id,)
        ).fetchone()
        connection.execute(
            "UPDATE packet_keys SET wrapped = %s WHERE packet_id = %s AND actor_org_id = org_id",
            (wrapped[0], other_id),
        )
    with cast.acting("coordinator") as user, pytest.raises(Exception, match="what it sealed was changed"):
        [one.text for one in shared.messages(shared.received(other_id, user))]


CLEARED = {
    "referral_messages": "text",
    "referral_events": "text",
    "referral_sessions": "summary",
    "referral_reports": "text",
    "referral_outcomes": "text",
    "referral_notes": "text",
    "handovers": "ground",
}


def test_packets_from_before_are_read_and_sealed_under_the_writers_key(
    cast: Cast, environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    referral_id = a_talk(cast)
    with cast.acting("coordinator") as user:
        told = (Disclosure.to_org_id == user.org_id, Disclosure.category == Category.IDENTITY)
        identity = db.session.scalars(select(Disclosure).where(*told)).one().content
    identity |= {"name": f"{CANARY} Имя", "language": "kk"}
    a_completed(cast, referral_id)
    case_id = a_case(cast)
    handover_id = a_handover(cast, case_id)
    with owner(environment) as connection:
        for table, column in CLEARED.items():
            connection.execute(f"UPDATE {table} SET {column} = '{CANARY} {table}'")
        connection.execute(
            "UPDATE disclosures SET language = NULL, content = %s::jsonb WHERE category = 'identity'",
            (Jsonb(identity),),
        )
        connection.execute("UPDATE referral_sessions SET concern = NULL, place = NULL")
        connection.execute("UPDATE disclosures SET content = '{}' WHERE category <> 'identity'")
        connection.execute("DELETE FROM packet_keys")
    pages = [
        ("worker", "/inbox?status=all&language=kk", "Имя"),
        ("coordinator", "/search?q=Имя", "Имя"),
        ("aigerim", f"/referrals/{referral_id}", f"{CANARY} referral_messages"),
        ("worker", f"/referrals/{referral_id}", f"{CANARY} referral_notes"),
        ("officer", f"/handovers/{handover_id}", f"{CANARY} handovers"),
    ]

    def shown() -> None:
        for name, page, words in pages:
            assert words in cast.be(name).get(page), page
        assert str(referral_id) not in cast.be("coordinator").get("/inbox?status=all&language=ru")

    shown()
    monkeypatch.setattr(resealing, "BATCH", 2)
    with cast.app.app_context():
        halfway = resealing.seal_rest(environment["OWNER_DATABASE_URL"])
        for _time in range(4):
            next(halfway)
        del halfway  # broken off
    shown()
    told = CliRunner().invoke(seal_texts, env=environment, catch_exceptions=False).stdout
    assert "rows sealed in all" in told
    assert {name for name, rows in dumped(environment).items() if CANARY in rows} == set()
    shown()
    again = CliRunner().invoke(seal_texts, env=environment, catch_exceptions=False).stdout
    assert again == "0 rows sealed in all.\n"
    with owner(environment) as connection:
        sides = dict(connection.execute("SELECT id, actor_org_id FROM packet_keys").fetchall())
        for table, column in CLEARED.items():
            writer = {"referral_notes": "org_id", "handovers": "org_id"}.get(table, "to_org_id")
            writer = "actor_org_id" if table in ("referral_messages", "referral_events") else writer
            written = connection.execute(f"SELECT {column}, {writer} FROM {table}").fetchall()
            assert written, table
            for text, expected in written:
                name = keyring.named_in(text)
                assert name is not None
                assert (name.kind, sides[name.id]) == (keyring.Kind.PACKET, expected), table


def test_the_inbox_is_filtered_by_the_language_to_speak(cast: Cast) -> None:
    speaks = a_draft(cast)
    with cast.acting("aigerim") as user:
        draft = db.session.get_one(Draft, (user.org_id, speaks))
        draft.language = "kk"
        sending.send(draft, by=user)
    with cast.acting("coordinator") as user:
        told = db.session.scalars(select(Disclosure).where(Disclosure.to_org_id == user.org_id)).all()
        assert {one.category for one in told if one.language == "kk"} == {Category.LEGAL}
    assert str(speaks) in cast.be("coordinator").get("/inbox?language=kk")
    assert str(speaks) not in cast.be("coordinator").get("/inbox?language=tg")


def test_keys_of_packets_rotate_with_those_of_persons(cast: Cast, environment: Environment) -> None:
    referral_id = a_talk(cast)
    both = with_masters(environment, "later", "now")
    assert "hang on the old master key" in " ".join(str(one) for one in doctor.check(Config.from_env(both)))
    told = CliRunner().invoke(rotate_keys, env=both, catch_exceptions=False).stdout
    assert "keys now lie under later-" in told
    assert not any("master key" in str(one) for one in doctor.check(Config.from_env(both)))
    with owner(environment) as connection:
        names = connection.execute("SELECT DISTINCT master_id FROM packet_keys").fetchall()
    assert [name[0].split("-")[0] for name in names] == ["later"]
    alone = create_app(Config.from_env(with_masters(environment, "later")))
    page = Cast(alone).be("worker").get(f"/referrals/{referral_id}")
    dispose(alone)
    assert f"{TOLD} message" in page
    assert f"{HELD} note" in page


def test_a_first_message_of_both_sides_at_once_makes_two_keys(cast: Cast) -> None:
    """The sender's key is made with the sending; the receiver's by whoever writes first, and the second finds it."""
    referral_id = a_referral(cast)
    for words in ("one", "two"):
        with cast.acting("coordinator") as user:
            messages.send_message(shared.received(referral_id, user), words, by=user)
    with cast.acting("coordinator"):
        assert len(db.session.scalars(select(PacketKey).where(PacketKey.packet_id == referral_id)).all()) == 2
        assert [one.text for one in db.session.scalars(select(Message).order_by(Message.id))] == ["one", "two"]
