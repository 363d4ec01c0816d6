"""Retention of received referrals: the receiver holds nothing afterwards, and the sender all of its own record."""

import re
import uuid
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner
from psycopg import sql
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from caseflow import create_app
from caseflow.accounts.permissions import Role
from caseflow.cli import rotate_keys, seal_texts
from caseflow.config import Config
from caseflow.core.db import db
from caseflow.core.wall import sign_context
from caseflow.people import queries as cases
from caseflow.people.models import Category, Consent
from caseflow.referrals.actions import access, answering, consents, messages
from caseflow.referrals.models import DeclineReason
from caseflow.referrals.queries import shared
from caseflow.rights import actions as rights
from caseflow.rights import queries
from caseflow.rights.models import Erasure, ErasureState, HoldKind, RuleKind
from caseflow.rights.queries import received
from tests.cast import Cast
from tests.conftest import dispose
from tests.people.test_sealing import owner, with_masters
from tests.rights.test_retention import closed
from tests.stories.access import hired, referral_restricted
from tests.stories.people import a_case
from tests.stories.received import a_completed, a_session, an_accepted
from tests.stories.referrals import a_consent, a_referral

LONG_AGO = 6 * 366  # days
NAME = "Карлыгаш"
WORDS = "zhuldyz"  # of the sender, and of what was reported to it
OWN = "kobelek"  # of the receiver alone
SECOND = "second_coordinator"
Environment = dict[str, str]


def ended(environment: Environment, referral_id: uuid.UUID, days: int = LONG_AGO) -> None:
    """Make it so that the referral ended so many days ago; what was told stays open, as it is for 90 days."""
    with owner(environment) as connection:
        connection.execute(
            "UPDATE referrals SET status_at = now() - make_interval(days => %s) WHERE id = %s", (days, referral_id)
        )


def a_finished(cast: Cast, environment: Environment, days: int = LONG_AGO) -> uuid.UUID:
    """A referral that was helped with and completed, with words of both sides and the receiver's own."""
    referral_id = an_accepted(cast, case=a_case(cast, name=f"{NAME} Имя"), reason=f"{WORDS} reason")
    with cast.acting("aigerim") as user:
        messages.send_message(shared.opened(referral_id, user).referral, f"{WORDS} question", by=user)
    a_session(cast, referral_id, concern=f"{WORDS} concern")
    with cast.acting("worker") as user:
        referral = shared.received(referral_id, user)
        messages.send_message(referral, f"{WORDS} reply", by=user)
        messages.write_note(referral, f"{OWN} note", by=user)
        hold = rights.hold_received(referral, HoldKind.COURT, f"{OWN} hold", by=user)
        rights.end_received_hold(hold, by=user)
    referral_restricted(cast, referral_id)
    with cast.acting("coordinator") as user:
        access.lift_restriction(shared.received(referral_id, user), "Over", by=user)
    a_completed(cast, referral_id)
    ended(environment, referral_id, days)
    return referral_id


def offered(cast: Cast, by: str = "coordinator") -> list[uuid.UUID]:
    """What falls due, in the order of the page."""
    page = cast.be(by).get("/retention")
    return [uuid.UUID(one) for one in re.findall(r'name="referral" value="([^"]+)"', page)]


def proposed(cast: Cast, referral_id: uuid.UUID, by: str = "coordinator") -> uuid.UUID:
    cast.be(by).post("/retention/propose", {"referral": str(referral_id)})
    with cast.acting(by) as user:
        query = select(Erasure).where(Erasure.org_id == user.org_id, Erasure.referral_id == referral_id)
        return db.session.scalars(query.where(Erasure.state == ErasureState.PROPOSED)).one().id


def erased(cast: Cast, redis: Any, referral_id: uuid.UUID) -> uuid.UUID:
    """Propose, approve by a second person, and let the job run."""
    erasure_id = proposed(cast, referral_id)
    cast.be(SECOND).post(f"/retention/{erasure_id}/approve")
    cast.deliver(redis)
    return erasure_id


def state(cast: Cast, erasure_id: uuid.UUID) -> ErasureState:
    with cast.acting("coordinator") as user:
        return db.session.get_one(Erasure, (user.org_id, erasure_id)).state


def seen(environment: Environment, org_id: uuid.UUID, *words: str) -> set[str]:
    """The tables of the catalogue in which the application's role finds one of these words, as this organisation."""
    found = set()
    with psycopg.connect(environment["DATABASE_URL"]) as connection:
        context = sign_context(environment["CASEFLOW_WALL_KEY"], org_id, None, str(connection.info.backend_pid))
        connection.execute("SELECT set_config('caseflow.context', %s, true)", (context,))
        tables = connection.execute(
            "SELECT c.relname, array_agg(a.attname ORDER BY a.attnum) FROM pg_class c"
            " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
            " WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace"
            " AND has_column_privilege(c.oid, a.attnum, 'SELECT') GROUP BY c.relname"
        ).fetchall()
        assert len(tables) > 50
        for name, columns in tables:
            row = sql.SQL(", ").join(map(sql.Identifier, columns))
            query = sql.SQL("SELECT count(*) FROM (SELECT {} FROM {}) t WHERE t::text ~ %s")
            hits = connection.execute(query.format(row, sql.Identifier(name)), ("|".join(words),)).fetchone()
            if hits and hits[0]:
                found.add(name)
    return found


def test_the_receiver_holds_nothing_afterwards_and_the_sender_its_record(
    cast: Cast, environment: Environment, redis: Any
) -> None:
    hired(cast, SECOND, Role.COORDINATOR)
    referral_id = a_finished(cast, environment)
    other_id = a_finished(cast, environment, days=20)
    cast.deliver(redis)  # the news of it
    kamqor, almaty, stranger = (cast.organisation(one) for one in ("kamqor", "almaty", "stranger-cso"))
    everywhere = seen(environment, kamqor, str(referral_id))
    assert everywhere >= {
        "referrals", "referral_events", "referral_messages", "referral_sessions", "referral_reports",
        "referral_outcomes", "referral_helpers", "referral_notes", "referral_access", "received_holds", "disclosures",
        "packet_keys", "notifications", "outbox",
    }  # fmt: skip
    sent_before = seen(environment, almaty, str(referral_id))
    address = f"/referrals/{referral_id}"
    before = cast.be("aigerim").get(address)
    assert NAME in cast.be("coordinator").get(address)
    assert offered(cast) == [referral_id]
    erasure_id = erased(cast, redis, referral_id)
    assert state(cast, erasure_id) is ErasureState.DONE

    assert seen(environment, kamqor, str(referral_id)) == {"audit_entries", "erasures"}  # ids alone
    for name in ("coordinator", SECOND, "worker"):
        cast.be(name).get(address, expect=404)
        cast.be(name).get(f"{address}/holds", expect=404)
        for page in ("/inbox?status=all", "/search?q=" + NAME, "/notifications", "/"):
            assert str(referral_id) not in cast.be(name).get(page), page
    inbox = cast.be("coordinator").get("/inbox?status=all")
    assert str(other_id) in inbox
    assert inbox.count(NAME) == 1
    log = cast.be("coordinator").get("/retention/log")
    assert "Referrals received" in log
    assert NAME not in log

    assert seen(environment, almaty, str(referral_id)) >= sent_before - {"outbox"}
    after = cast.be("aigerim").get(address)
    assert "Kamqor Foundation" in after
    assert "Erased at the receiver" in after
    assert "What the receiver saw" in after
    for words in ("reason", "question", "reply", "concern"):
        assert f"{WORDS} {words}" in before
        assert f"{WORDS} {words}" in after, words
    for words in ("As hoped.", "All was done.", "We spoke about papers.", "Олег Ким"):
        assert words in after, words
    assert 'name="message"' not in after
    assert "nobody reads messages" in cast.be("aigerim").post(
        f"{address}/messages", {"message": "Still there?"}, expect=409
    )
    assert "Kamqor Foundation" in cast.be("aigerim").get("/referrals?status=all")
    with cast.acting("aigerim") as user:
        case_id = shared.opened(referral_id, user).case.id  # type: ignore[union-attr]  # the sender's
    for page in (f"/cases/{case_id}/referrals", f"/cases/{case_id}/timeline"):
        assert str(referral_id) in cast.be("aigerim").get(page), page
    assert seen(environment, stranger, str(referral_id)) == set()
    cast.be("stranger").get(address, expect=404)
    cast.be("stranger_cso").get(address, expect=404)
    with cast.acting("coordinator"):
        assert db.session.execute(text("SELECT erase_received(:id)"), {"id": erasure_id}).scalar() == 0  # twice


def test_an_open_one_never_falls_due_and_the_rule_says_when(cast: Cast, environment: Environment) -> None:
    late, early, running = a_referral(cast), a_referral(cast), an_accepted(cast)
    for referral_id in (late, early):
        with cast.acting("coordinator") as user:
            answering.decline(shared.received(referral_id, user), DeclineReason.NO_CAPACITY, by=user)
    with owner(environment) as connection:
        for referral_id, years in ((late, 5), (early, 7), (running, 30)):
            connection.execute(
                "UPDATE referrals SET status_at = now() - make_interval(years => %s, days => 1) WHERE id = %s",
                (years, referral_id),
            )
    assert offered(cast) == [early, late]  # the longest due first
    coordinator = cast.be("coordinator")
    page = coordinator.get("/retention/rules")
    assert 'name="received"' in page
    assert 'name="adult"' not in page
    assert "received-error" in coordinator.post("/retention/rules", {"received": "-1"}, expect=422)
    coordinator.post("/retention/rules", {"received": "6"})
    assert offered(cast) == [early]
    coordinator.post("/retention/rules", {"received": "0"})
    assert offered(cast) == [early, late]
    cast.be("coordinator").post("/retention/propose", {"referral": str(running)})
    cast.be("coordinator").post("/retention/propose", {"referral": "x"}, expect=400)
    with cast.acting("coordinator") as user:
        assert db.session.scalars(select(Erasure)).all() == []
        assert queries.rules(user)[RuleKind.RECEIVED] == 0
    with cast.acting("stranger_cso") as user:
        assert queries.rules(user)[RuleKind.RECEIVED] == 5  # their own
    cast.be("worker").get("/retention", expect=403)


def test_nobody_approves_what_they_proposed_and_another_organisation_reaches_nothing(
    cast: Cast, environment: Environment, redis: Any
) -> None:
    hired(cast, SECOND, Role.COORDINATOR)
    referral_id = a_finished(cast, environment)
    for name in ("leader", "stranger", "stranger_cso", "probation_leader"):  # the sender is as much a stranger here
        cast.be(name).post("/retention/propose", {"referral": str(referral_id)})
        assert str(referral_id) not in cast.be(name).get("/retention")
        with cast.acting(name):
            assert db.session.scalars(select(Erasure)).all() == []
    erasure_id = proposed(cast, referral_id)
    assert offered(cast) == []
    approve = f"/retention/{erasure_id}/approve"
    assert "All that this organisation holds of the referral" in cast.be(SECOND).get(approve)
    assert "Nobody approves what they proposed" in cast.be("coordinator").post(approve, expect=422)
    for name in ("leader", "stranger", "stranger_cso"):
        cast.be(name).get(approve, expect=404)
        cast.be(name).get(f"/retention/{erasure_id}/refuse", expect=404)
        with cast.acting(name):
            assert db.session.execute(text("SELECT erase_received(:id)"), {"id": erasure_id}).scalar() == 0
    for name in ("worker", "kamqor_admin"):
        cast.be(name).get(approve, expect=403)
    with cast.acting("coordinator"):
        assert db.session.execute(text("SELECT erase_received(:id)"), {"id": erasure_id}).scalar() == 0  # only proposed
    cast.be(SECOND).post(f"/retention/{erasure_id}/refuse")
    cast.deliver(redis)
    assert NAME in cast.be("coordinator").get(f"/referrals/{referral_id}")
    assert offered(cast) == [referral_id]  # and may be proposed again


def test_a_hold_keeps_it_at_every_step(cast: Cast, environment: Environment, redis: Any) -> None:
    hired(cast, SECOND, Role.COORDINATOR)
    referral_id = a_finished(cast, environment)
    holds = f"/referrals/{referral_id}/holds"
    worker = cast.be("worker")
    assert "reason-error" in worker.post(holds, {"kind": "court"}, expect=422)
    for name in ("aigerim", "stranger_cso", "second"):  # the sender, a stranger, and who does not help with it
        cast.be(name).get(holds, expect=403 if name == "aigerim" else 404)
    erasure_id = proposed(cast, referral_id)
    worker.post(holds, {"kind": "court", "reason": f"{OWN} appeal"})
    assert f"{OWN} appeal" in worker.get(holds)
    assert "on hold" in cast.be(SECOND).post(f"/retention/{erasure_id}/approve", expect=422)
    cast.be(SECOND).post(f"/retention/{erasure_id}/refuse")
    assert offered(cast) == []
    with cast.acting("worker") as user:
        live = [one.id for one in received.holds(shared.received(referral_id, user)) if one.ended_at is None]
    [hold_id] = live
    end = f"{holds}/{hold_id}/end"
    cast.be("stranger_cso").post(end, expect=404)
    worker.post(end)
    worker.post(end, expect=409)
    again = proposed(cast, referral_id)
    cast.be(SECOND).post(f"/retention/{again}/approve")
    worker.post(holds, {"kind": "complaint", "reason": "Late"})  # before the job has run
    cast.deliver(redis)
    assert NAME in cast.be("coordinator").get(f"/referrals/{referral_id}")
    assert state(cast, again) is ErasureState.REFUSED


def test_the_function_asks_again_whether_it_has_ended(cast: Cast, environment: Environment, redis: Any) -> None:
    hired(cast, SECOND, Role.COORDINATOR)
    referral_id = a_finished(cast, environment)
    erasure_id = proposed(cast, referral_id)
    cast.be(SECOND).post(f"/retention/{erasure_id}/approve")
    with owner(environment) as connection:
        connection.execute("UPDATE referrals SET status = 'in_progress' WHERE id = %s", (referral_id,))
    cast.deliver(redis)
    assert NAME in cast.be("coordinator").get(f"/referrals/{referral_id}")
    assert state(cast, erasure_id) is ErasureState.REFUSED


def test_consents_and_the_persons_own_end_afterwards_as_before(
    cast: Cast, environment: Environment, redis: Any
) -> None:
    """What the sender does later with its record meets nobody at the other side, and does not fail."""
    hired(cast, SECOND, Role.COORDINATOR)
    case_id = a_case(cast)
    consent_id = a_consent(cast, case_id, [Category.IDENTITY, Category.LEGAL])
    referral_id = a_referral(cast, case=case_id, consent=consent_id, categories=[Category.IDENTITY, Category.LEGAL])
    with cast.acting("coordinator") as user:
        answering.decline(shared.received(referral_id, user), DeclineReason.NO_CAPACITY, by=user)
    ended(environment, referral_id)
    with owner(environment) as connection:  # as it is with one that ran out, and was not revoked
        connection.execute("UPDATE disclosures SET revoked_at = NULL, expires_at = now() - interval '1 day'")
    erased(cast, redis, referral_id)
    with cast.acting("aigerim") as user:
        consents.withdraw_consent(db.session.get_one(Consent, (user.org_id, consent_id)), None, by=user)
    cast.deliver(redis)
    assert "Try again with a new referral" in cast.be("aigerim").get(f"/referrals/{referral_id}")
    cast.be("aigerim").post(f"/referrals/{referral_id}/again")


def test_the_senders_own_erasing_takes_its_words_from_the_keys_that_are_left(
    cast: Cast, environment: Environment, redis: Any
) -> None:
    hired(cast, SECOND, Role.COORDINATOR)
    referral_id = a_finished(cast, environment)
    erased(cast, redis, referral_id)
    with owner(environment) as connection:
        [(case_id, person_id)] = connection.execute(
            "SELECT c.id, c.person_id FROM cases c JOIN referral_origins o ON o.case_id = c.id WHERE o.id = %s",
            (referral_id,),
        ).fetchall()
        connection.execute(
            "UPDATE cases SET phase = 'closed', outcome = 'moved', closed_on = current_date - 9999, site_id = NULL,"
            " opened_on = current_date - 9999 WHERE id = %s",
            (case_id,),
        )
    cast.be("leader").post("/retention/propose", {"person": str(person_id)})
    with cast.acting("leader"):
        erasure_id = db.session.scalars(select(Erasure.id).where(Erasure.person_id == person_id)).one()
    cast.be("deputy").post(f"/retention/{erasure_id}/approve")
    cast.deliver(redis)
    with owner(environment) as connection:
        keys = "SELECT actor_org_id = org_id, wrapped IS NULL FROM packet_keys WHERE packet_id = %s ORDER BY 1"
        assert connection.execute(keys, (referral_id,)).fetchall() == [(False, False), (True, True)]


def test_what_both_wrote_opens_after_the_master_key_was_changed(
    cast: Cast, environment: Environment, redis: Any
) -> None:
    hired(cast, SECOND, Role.COORDINATOR)
    referral_id = a_finished(cast, environment)
    erased(cast, redis, referral_id)
    both = with_masters(environment, "later", "now")
    assert CliRunner().invoke(rotate_keys, env=both, catch_exceptions=False).exit_code == 0
    assert CliRunner().invoke(seal_texts, env=both, catch_exceptions=False).exit_code == 0
    app = create_app(Config.from_env(with_masters(environment, "later")))
    try:
        page = Cast(app).be("aigerim").get(f"/referrals/{referral_id}")
        for words in ("reason", "question", "reply", "concern"):
            assert f"{WORDS} {words}" in page
    finally:
        dispose(app)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE referrals SET to_org_id = NULL",
        "UPDATE referrals SET former_org_id = NULL",
        "UPDATE packet_keys SET to_org_id = NULL",
        "DELETE FROM outbox",
        "DELETE FROM received_holds",
        "UPDATE received_holds SET reason = 'x'",
        "UPDATE erasures SET referral_id = referral_id",
    ],
)
def test_nobody_leaves_a_referral_by_sql(cast: Cast, statement: str) -> None:
    with cast.acting("coordinator"), pytest.raises(DBAPIError, match="permission denied"):
        db.session.execute(text(statement))


def test_nothing_is_written_to_nobody_by_sql(cast: Cast) -> None:
    referral_id = a_referral(cast)
    with cast.acting("aigerim") as user, pytest.raises(DBAPIError, match="row-level security"):
        db.session.execute(
            text(
                "INSERT INTO referral_messages (org_id, id, created_at, referral_id, actor_org_id, actor_name, text)"
                " VALUES (:org, gen_random_uuid(), now(), :referral, :org, 'x', 'x')"
            ),
            {"org": user.org_id, "referral": referral_id},
        )


def test_the_eraser_may_take_the_receiver_out_of_every_table_that_shares_a_referral(environment: Environment) -> None:
    with owner(environment) as connection:
        shared_tables = connection.execute(
            "SELECT c.conrelid::regclass::text, has_column_privilege('caseflow_eraser', c.conrelid, 'to_org_id',"
            " 'UPDATE'), NOT a.attnotnull FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid"
            " AND a.attname = 'to_org_id' WHERE c.contype = 'f' AND c.confrelid = 'referrals'::regclass"
        ).fetchall()
    assert len(shared_tables) >= 6
    assert [name for name, may, empty in shared_tables if not (may and empty)] == []


def test_the_page_shows_what_the_organisation_has(cast: Cast, environment: Environment) -> None:
    _case_id, _person_id = closed(cast, environment)
    prison, cso = cast.be("leader").get("/retention"), cast.be("coordinator").get("/retention")
    assert "last case was closed" in prison
    assert "Referrals received" not in prison
    assert "last case was closed" not in cso
    assert "Referrals received are erased" in cso
    assert 'name="person"' in prison
    assert 'name="person"' not in cso
    assert 'name="received"' not in cast.be("leader").get("/retention/rules")
    assert "Referrals received" not in cast.be("leader").get("/retention/rules/special")
    cast.be("coordinator").get("/retention/rules/special", expect=302)


def test_an_organisation_with_cases_that_receives_has_both(cast: Cast, environment: Environment) -> None:
    case_id, _person_id = closed(cast, environment)
    a_finished(cast, environment)
    with owner(environment) as connection:
        connection.execute("UPDATE organisations SET kind = 'probation_service' WHERE slug = 'kamqor'")
    hired(cast, "both", Role.TEAM_LEADER)
    page = cast.be("both").get("/retention")
    assert "last case was closed" in page
    assert 'name="referral"' in page
    rules = cast.be("both").get("/retention/rules")
    assert 'name="received"' in rules
    assert 'name="adult"' in rules
    # A coordinator decides on what was received, and sees nobody's case.
    cast.be("leader").get("/retention")
    with owner(environment) as connection:
        connection.execute("UPDATE users SET role = 'coordinator' WHERE email = 'deputy@example.org'")
    deputy = cast.be("deputy")
    assert 'name="person"' not in deputy.get("/retention")
    assert 'name="adult"' not in deputy.get("/retention/rules")
    deputy.get("/retention/rules/special", expect=302)
    with cast.acting("leader") as user:
        hold_id = rights.set_hold(cases.opened(case_id, user), HoldKind.COURT, "Appeal", by=user).id
    deputy.post(f"/cases/{case_id}/holds/{hold_id}/end", expect=404)


def test_both_lists_of_the_page_have_their_own_pages(cast: Cast, environment: Environment) -> None:
    first = a_referral(cast)
    with cast.acting("coordinator") as user:
        answering.decline(shared.received(first, user), DeclineReason.NO_CAPACITY, by=user)
    ended(environment, first)
    with owner(environment) as connection:  # as many more as fill a page
        connection.execute(
            "INSERT INTO referrals SELECT (r).* FROM (SELECT jsonb_populate_record(t, jsonb_build_object("
            "'id', gen_random_uuid(), 'status_at', t.status_at + n * interval '1 day')) AS r"
            " FROM referrals t, generate_series(1, 29) n WHERE t.id = %s) AS more",
            (first,),
        )
    coordinator = cast.be("coordinator")
    assert offered(cast)[0] == first
    assert len(offered(cast)) == 25
    page = coordinator.get("/retention?page=2&received=2")
    assert len(re.findall(r'name="referral" value="', page)) == 5
    assert "received=1" in page


def test_who_decides_alone_is_told_that_nothing_will_be_erased(cast: Cast) -> None:
    told = "You are the only one who decides here"
    assert told in cast.be("coordinator").get("/retention")
    assert told not in cast.be("leader").get("/retention")
    hired(cast, SECOND, Role.COORDINATOR)
    assert told not in cast.be("coordinator").get("/retention")
