"""What SQL cannot do although it runs as the application's role in a user's own signed context, as injected SQL does.

The wall between organisations holds against it, and so does what the law and people's safety hang on.
"""

import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege, RaiseException

from caseflow.accounts.actions import set_single_sign_on
from caseflow.audit.models import Entry
from caseflow.core.db import db
from caseflow.core.wall import address_context, sign_context
from caseflow.tenancy.actions import add_holiday
from tests.cast import Cast
from tests.people.test_sealing import a_noted_case, person_of
from tests.people.test_seals import NUMBER, glass
from tests.referrals.test_sealing import a_talk
from tests.rights.test_retention import closed, proposed
from tests.stories.access import excluded, referral_excluded, referral_restricted, restricted
from tests.stories.directory import a_service
from tests.stories.people import a_case
from tests.stories.plans import a_goal
from tests.stories.referrals import a_draft, a_referral

Speak = Callable[..., AbstractContextManager[Any]]


def ids(cast: Cast, name: str) -> tuple[uuid.UUID, uuid.UUID]:
    """The organisation and the id of somebody of the cast."""
    with cast.acting(name) as user:
        return user.org_id, user.id


@pytest.fixture
def speak(environment: dict[str, str], cast: Cast) -> Speak:
    """A connection as the application's role in somebody's name; what it did is undone at the end."""

    @contextmanager
    def opened(name: str, *, without_user: bool = False) -> Iterator[Any]:
        org_id, user_id = ids(cast, name)
        with psycopg.connect(environment["DATABASE_URL"]) as connection:
            backend = str(connection.info.backend_pid)
            user = None if without_user else user_id
            context = sign_context(environment["CASEFLOW_WALL_KEY"], org_id, user, backend)
            connection.execute("SELECT set_config('caseflow.context', %s, true)", (context,))
            yield connection
            connection.rollback()

    return opened


def refused(connection: Any, statement: str, *values: Any) -> bool:
    """Whether the database refuses a statement, or lets it touch none of the rows that it names, which must be there.

    The transaction goes on as it was.
    """
    try:
        with connection.transaction():
            touched = connection.execute(statement, values).rowcount
    except (InsufficientPrivilege, RaiseException):
        return True
    if touched == 0:
        named = re.fullmatch(r"(?:UPDATE|DELETE FROM) (\w+)(?:.*?)( WHERE .*)?", statement)
        assert named, statement
        table, where = named[1], named[2] or ""
        last = values[len(values) - where.count("%s") :]
        [there] = connection.execute(f"SELECT count(*) FROM {table}{where}", last).fetchone()
        assert there, f"no row is there: {statement}"
    return bool(touched == 0)


def done(connection: Any, statement: str, *values: Any) -> bool:
    """Whether the database does it."""
    with connection.transaction():
        return bool(connection.execute(statement, values).rowcount > 0)


def test_no_organisation_makes_itself_a_steward(speak: Speak) -> None:
    for name in ("aigerim", "admin", "coordinator"):
        with speak(name) as there:
            for change in (
                "kind = 'steward'",
                "slug = 'x'",
                "id = id",
                "country = 'IQ'",
                "timezone = 'x'",
                "name = 'x'",
            ):
                assert refused(there, f"UPDATE organisations SET {change} WHERE id = app_org()"), change
            assert there.execute("SELECT app_is_steward()").fetchone() == (False,)
            assert refused(there, "UPDATE organisations SET phone = 'x' WHERE id <> app_org()")
    with speak("aigerim") as there:
        assert refused(there, "UPDATE organisations SET phone = 'x' WHERE id = app_org()")
    with speak("admin") as there:
        assert done(there, "UPDATE organisations SET phone = 'x' WHERE id = app_org()")


def test_only_the_steward_has_stewards(speak: Speak) -> None:
    for name in ("aigerim", "admin", "coordinator"):
        with speak(name) as there:
            assert refused(there, "UPDATE users SET role = 'steward' WHERE id = app_user()"), name
            assert refused(
                there,
                "INSERT INTO users (org_id, id, created_at, email, name, role, active, mail_news)"
                " VALUES (app_org(), gen_random_uuid(), now(), 'x@example.org', 'x', 'steward', true, true)",
            ), name


def test_holidays_are_kept_by_administrators_of_their_own_organisation(speak: Speak, cast: Cast) -> None:
    mine, theirs = ids(cast, "admin")[0], cast.organisation("kamqor")
    added = "INSERT INTO holidays (org_id, id, created_at, day, name) VALUES (%s, %s, now(), '2026-01-01', 'x')"
    written = ("UPDATE holidays SET name = 'y' WHERE org_id = %s", "DELETE FROM holidays WHERE org_id = %s")
    for name, day in (("admin", date(2026, 3, 21)), ("kamqor_admin", date(2026, 3, 22))):
        with cast.acting(name) as user:
            add_holiday(day, "Nauryz", by=user)
    for name in ("aigerim", "leader", "auditor"):
        with speak(name) as there:
            assert refused(there, added, mine, uuid.uuid4()), name
            for statement in written:
                assert refused(there, statement, mine), (name, statement)
    with speak("admin") as there:
        assert refused(there, added, theirs, uuid.uuid4())
        for statement in written:
            assert refused(there, statement, theirs), statement
        assert done(there, added, mine, uuid.uuid4())
        for statement in written:
            assert done(there, statement, mine), statement
    with speak("admin", without_user=True) as there:
        assert done(there, added, mine, uuid.uuid4())


PROPOSED = (
    "INSERT INTO erasures (org_id, id, created_at, person_id, kind, due_on, state, proposed_by, decided_by)"
    " VALUES (app_org(), %s, now(), %s, 'adult', '2020-01-01', %s, %s, %s)"
)


def test_nobody_decides_on_an_erasure_in_anothers_name(speak: Speak, cast: Cast, environment: dict[str, str]) -> None:
    _case_id, person_id = closed(cast, environment)
    aigerim, leader, deputy = (ids(cast, name)[1] for name in ("aigerim", "leader", "deputy"))
    for name, asker in (("aigerim", aigerim), ("leader", leader)):
        with speak(name) as there:
            for state, proposer, decider in (
                ("approved", asker, deputy),
                ("approved", deputy, asker),
                ("proposed", deputy, None),
                ("refused", asker, deputy),
            ):
                assert refused(there, PROPOSED, uuid.uuid4(), person_id, state, proposer, decider), (name, state)
    with speak("aigerim") as there:  # who may not decide how long records are kept does not propose either
        assert refused(there, PROPOSED, uuid.uuid4(), person_id, "proposed", aigerim, None)
    with speak("leader") as there:
        assert done(there, PROPOSED, uuid.uuid4(), person_id, "proposed", leader, None)
    erasure_id = proposed(cast, person_id)
    decided = "UPDATE erasures SET state = %s, decided_by = %s, decided_at = now() WHERE id = %s"
    for name, decider in (("aigerim", aigerim), ("aigerim", deputy), ("leader", leader), ("leader", deputy)):
        with speak(name) as there:
            with pytest.raises((InsufficientPrivilege, psycopg.errors.CheckViolation)), there.transaction():
                there.execute(decided, ("approved", decider, erasure_id))
            there.execute("SELECT erase_person(%s)", (erasure_id,))
            assert there.execute("SELECT count(*) FROM persons WHERE id = %s", (person_id,)).fetchone() == (1,)
    with speak("deputy") as there:
        assert refused(there, decided, "done", deputy, erasure_id)
        assert done(there, decided, "refused", deputy, erasure_id)
        assert refused(there, decided, "approved", deputy, erasure_id)  # over


def test_who_does_not_decide_on_retention_changes_no_rule_and_ends_no_hold(
    speak: Speak, cast: Cast, environment: dict[str, str]
) -> None:
    _case_id, person_id = closed(cast, environment)
    rule = (
        "INSERT INTO retention_rules (org_id, id, created_at, kind, years)"
        " VALUES (app_org(), gen_random_uuid(), now(), 'adult', 0)"
    )
    held = (
        "INSERT INTO retention_holds (org_id, id, created_at, person_id, kind, reason, set_by)"
        " VALUES (app_org(), gen_random_uuid(), now(), %s, 'court', 'x', app_user())"
    )
    ended = "UPDATE retention_holds SET ended_at = now(), ended_by = %s"
    with speak("aigerim") as there:
        assert refused(there, rule)
        assert done(there, held, person_id)
        for one in ("aigerim", "leader"):
            assert refused(there, ended, ids(cast, one)[1])
    with speak("leader") as there:
        assert done(there, rule)
        assert done(there, held.replace("app_user()", "'" + str(ids(cast, "leader")[1]) + "'"), person_id)
        assert refused(there, ended, ids(cast, "deputy")[1])
        assert refused(there, "UPDATE retention_holds SET ended_at = now()")
        assert done(there, ended, ids(cast, "leader")[1])
        assert refused(there, "UPDATE retention_holds SET ended_at = NULL, ended_by = NULL")


def test_hold_of_a_received_referral_is_set_and_ended_in_ones_own_name_and_once(speak: Speak, cast: Cast) -> None:
    referral_id = a_referral(cast)
    held = (
        "INSERT INTO received_holds (org_id, id, created_at, referral_id, kind, reason, set_by)"
        " VALUES (app_org(), gen_random_uuid(), now(), %s, 'court', 'x', %s)"
    )
    ended = "UPDATE received_holds SET ended_at = now(), ended_by = %s"
    coordinator, worker = (ids(cast, name)[1] for name in ("coordinator", "worker"))
    with speak("coordinator") as there:
        assert refused(there, held, referral_id, worker)
        assert done(there, held, referral_id, coordinator)
        assert refused(there, ended, worker)
        assert done(there, ended, coordinator)
        assert refused(there, "UPDATE received_holds SET ended_at = NULL, ended_by = NULL")


def test_no_sql_of_the_application_destroys_a_key(speak: Speak, cast: Cast) -> None:
    referral_id, person_id = a_talk(cast), person_of(cast, a_noted_case(cast, "x"))
    for name in ("aigerim", "leader", "coordinator"):
        with speak(name) as there:
            for table in ("person_keys", "packet_keys"):
                for change in ("wrapped = NULL, destroyed_at = now()", "wrapped = 'x'", "wrapped = wrapped"):
                    assert refused(there, f"UPDATE {table} SET {change}"), (name, table, change)
                assert refused(there, f"DELETE FROM {table}")
    with speak("aigerim") as there:
        made = (
            "INSERT INTO person_keys (org_id, id, created_at, wrapped, master_id, destroyed_at)"
            " VALUES (app_org(), %s, now(), NULL, 'none', now()) ON CONFLICT (org_id, id) DO NOTHING"
        )
        assert refused(there, made, uuid.uuid4())
        with pytest.raises(InsufficientPrivilege), there.transaction():
            there.execute(made.replace("NOTHING", "UPDATE SET wrapped = NULL, destroyed_at = now()"), (person_id,))
    assert referral_id


def test_what_was_closed_stays_closed(speak: Speak, cast: Cast) -> None:
    a_referral(cast)
    with speak("aigerim") as there:
        for later in ("NULL", "expires_at + interval '1 second'", "'infinity'"):
            there.execute("UPDATE disclosures SET expires_at = now() + interval '1 day' WHERE expires_at IS NULL")
            assert refused(there, f"UPDATE disclosures SET expires_at = {later}"), later
        assert done(there, "UPDATE disclosures SET expires_at = now()")  # earlier
        assert done(there, "UPDATE disclosures SET revoked_at = now()")
        for again in ("NULL", "now() + interval '1 day'"):
            assert refused(there, f"UPDATE disclosures SET revoked_at = {again}"), again
        assert done(there, "UPDATE consents SET withdrawn_at = now()")
        for again in ("withdrawn_at = NULL", "withdrawn_at = 'infinity'", "withdrawal_note = 'x'"):
            assert refused(there, f"UPDATE consents SET {again}"), again


def test_ended_sessions_tokens_and_links_open_nothing_again(speak: Speak, cast: Cast) -> None:
    cast.be("aigerim")
    with speak("aigerim") as there:
        assert done(there, "UPDATE sign_ins SET ended_at = now() WHERE user_id = app_user()")
        assert refused(there, "UPDATE sign_ins SET ended_at = NULL")
        there.execute(
            "INSERT INTO api_tokens (org_id, id, created_at, user_id, name, token_hash, permissions, expires_at,"
            " revoked_at) VALUES (app_org(), gen_random_uuid(), now(), app_user(), 'x', 'x', '{}', now(), now())"
        )
        assert refused(there, "UPDATE api_tokens SET revoked_at = NULL")


# Columns that name a user or an organisation's person and are no authors: whom the row is about, or who works on it.
SUBJECTS = {
    "access_review_lines.user_id",
    "api_tokens.user_id",
    "account_links.user_id",
    "assignments.user_id",
    "audit_reviews.user_id",
    "case_access.user_id",
    "devices.user_id",
    "handovers_received.officer_id",
    "notifications.user_id",
    "passkeys.user_id",
    "passwords.id",
    "recovery_codes.user_id",
    "referral_access.user_id",
    "referral_helpers.user_id",
    "sign_ins.user_id",
    "tasks.user_id",
    "terms_acceptances.user_id",
    "totp_secrets.user_id",
    "consents.given_by",  # a code: the person, or a guardian
    "relatives.cared_for_by",
}
NAMING = """
    SELECT c.relname || '.' || a.attname, a.attname, (
        SELECT string_agg(pg_get_expr(p.polwithcheck, p.polrelid), ' ') FROM pg_policy p
        WHERE p.polrelid = c.oid AND NOT p.polpermissive AND p.polcmd = 'a')
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attname <> 'org_id'
      AND (a.attname ~ '(_by|author_id|actor_name|sender_name|markers)$'
          AND a.atttypid IN ('uuid'::regtype, 'text'::regtype, 'uuid[]'::regtype)
        OR EXISTS (SELECT FROM pg_constraint k
            WHERE k.conrelid = c.oid AND k.confrelid = 'users'::regclass AND a.attnum = ANY (k.conkey)))
"""


def test_every_column_that_names_an_author_is_held_to_who_asks(environment: dict[str, str]) -> None:
    with psycopg.connect(environment["OWNER_DATABASE_URL"]) as owner:
        columns = owner.execute(NAMING).fetchall()
    open_ones = {
        name
        for name, column, rule in columns
        if not re.search(rf"\b{column} (=|IS NULL|IS NOT NULL)", rule or "") and name not in SUBJECTS
    }
    assert open_ones == set(), "say in a migration who may stand there, or here that it is no author"
    assert len(columns) > 60
    assert {name for name, *_ in columns} >= SUBJECTS


def test_nobody_writes_in_anothers_name(speak: Speak, cast: Cast) -> None:
    case_id, referral_id = a_noted_case(cast, "x"), a_talk(cast)
    leader = ids(cast, "leader")[1]
    entry = (
        "INSERT INTO audit_entries (org_id, id, created_at, user_id, act, detail)"
        " VALUES (app_org(), gen_random_uuid(), %s, %s, 'case.read', '{}')"
    )
    note = (
        "INSERT INTO notes (org_id, id, created_at, case_id, kind, text, sensitive, occurred_at, written_by)"
        " VALUES (app_org(), gen_random_uuid(), now(), %s, 'contact', 'x', false, now(), %s)"
    )
    phase = (
        "INSERT INTO phase_changes (org_id, id, created_at, case_id, phase, user_id)"
        " VALUES (app_org(), gen_random_uuid(), now(), %s, 'closed', %s)"
    )
    news = (
        "INSERT INTO outbox (org_id, id, to_org_id, created_at, topic, payload, author_id, attempts)"
        " VALUES (app_org(), gen_random_uuid(), app_org(), now(), 'x', '{}', %s, 0)"
    )
    message = (
        "INSERT INTO referral_messages (org_id, id, to_org_id, created_at, referral_id, actor_org_id, actor_name, text)"
        " SELECT org_id, gen_random_uuid(), to_org_id, now(), id, app_org(), %s, 'x' FROM referrals WHERE id = %s"
    )
    with speak("aigerim") as there:
        [me, name] = there.execute("SELECT app_user(), app_name()").fetchone()
        now = datetime.now(UTC)
        for whom in (leader, None):
            assert refused(there, entry, now, whom)
            assert refused(there, phase, case_id, whom)
        assert refused(there, note, case_id, leader)
        assert refused(there, news, leader)
        assert refused(there, message, "Гульнара Ахметова", referral_id)
        assert done(there, entry, now, me)
        assert done(there, entry, now + timedelta(hours=4), me)  # the application's clock may be wrong, the act counts
        assert done(there, note, case_id, me)
        assert done(there, phase, case_id, me)
        assert done(there, news, None)
        assert done(there, message, name, referral_id)
    with speak("aigerim", without_user=True) as there:  # a job, which writes whom its news names
        assert done(there, entry, now, leader)
        assert done(there, note, case_id, leader)


def test_nobody_signs_in_anothers_name(speak: Speak, cast: Cast) -> None:
    case_id = a_noted_case(cast, "x")
    restricted(cast, case_id, "aigerim")
    goal_id = a_goal(cast, case_id)
    leader, deputy = ids(cast, "leader")[1], ids(cast, "deputy")[1]
    with speak("leader") as there:
        ended = "UPDATE case_access SET ended_at = now(), ended_by = %s"
        assert refused(there, ended, deputy)
        assert refused(there, "UPDATE case_access SET ended_at = now()")
        assert done(there, ended, leader)
    with speak("aigerim") as there:
        [me] = there.execute("SELECT app_user()").fetchone()
        stated = "UPDATE goals SET status = 'achieved', status_at = now(), status_by = %s WHERE id = %s"
        assert refused(there, stated, leader, goal_id)
        assert refused(there, "UPDATE goals SET added_by = %s WHERE id = %s", leader, goal_id)
        assert refused(there, "UPDATE goals SET added_by = NULL WHERE id = %s", goal_id)
        assert done(there, stated, me, goal_id)


def test_telling_without_consent_is_approved_by_a_team_leader(speak: Speak, cast: Cast) -> None:
    draft_id = a_draft(cast)
    leader = ids(cast, "leader")[1]
    with speak("aigerim") as there:
        [me] = there.execute("SELECT app_user()").fetchone()
        approved = "UPDATE referral_drafts SET consent_id = NULL, legal_basis = 'x', approved_by = %s WHERE id = %s"
        for whom in (leader, me):
            assert refused(there, approved, whom, draft_id)
    with speak("leader") as there:
        assert done(there, approved, leader, draft_id)


def test_no_user_seals_the_audit_and_a_seal_lies_upon_the_newest(speak: Speak) -> None:
    seal = (
        "INSERT INTO audit_seals (org_id, id, created_at, number, entries, first_id, last_id, last_xact, leaves,"
        " previous, hash) VALUES (app_org(), gen_random_uuid(), now(), %s, 1, gen_random_uuid(), gen_random_uuid(), 1,"
        " 'x', %s, %s)"
    )
    check = (
        "INSERT INTO audit_checks (org_id, id, created_at, entries, seals, faults)"
        " VALUES (app_org(), gen_random_uuid(), now(), 1, 1, 0)"
    )
    for name in ("aigerim", "auditor"):
        with speak(name) as there:
            assert refused(there, seal, 1, bytes(32), b"a" * 32)
            assert refused(there, check)
    with speak("aigerim", without_user=True) as there:
        assert refused(there, seal, 2, bytes(32), b"a" * 32)
        assert done(there, seal, 1, bytes(32), b"a" * 32)
        assert refused(there, seal, 2, bytes(32), b"b" * 32)
        assert done(there, seal, 2, b"a" * 32, b"b" * 32)
        assert done(there, check)


def test_accounts_are_changed_by_whoever_manages_them(speak: Speak, cast: Cast) -> None:
    aigerim, daniyar, admin = (ids(cast, name)[1] for name in ("aigerim", "daniyar", "admin"))
    change = "UPDATE users SET {} WHERE id = %s"
    added = (
        "INSERT INTO users (org_id, id, created_at, email, name, role, active, mail_news)"
        " VALUES (app_org(), gen_random_uuid(), now(), 'x@example.org', 'x', 'worker', true, true)"
    )
    taken = ("role = 'administrator'", "active = NOT active", "site_id = NULL", "email = 'x@example.org'", "name = 'x'")
    for name in ("aigerim", "leader", "auditor"):
        with speak(name) as there:
            assert refused(there, added), name
            for what in taken:
                if (name, what) != ("leader", "active = NOT active"):  # who reviews access closes accounts by it
                    assert refused(there, change.format(what), daniyar), (name, what)
            for what in ("locale = 'x'", "phone = 'x'", "mail_news = false", "provider_subject = 'x'"):
                assert refused(there, change.format(what), daniyar), (name, what)
    with speak("aigerim") as there:
        for what in taken[:2] + taken[3:]:
            assert refused(there, change.format(what), aigerim), what
        for what in ("locale = 'kk'", "phone = 'x'", "mail_news = false", "provider_subject = 'x'"):
            assert done(there, change.format(what), aigerim), what
    with speak("leader") as there:
        assert done(there, change.format("active = false"), daniyar)
        assert refused(there, change.format("active = true"), daniyar)
        for other in ("admin", "auditor", "deputy"):  # who could look at what she does
            assert refused(there, change.format("active = false"), ids(cast, other)[1]), other
    with speak("coordinator") as there:
        for other, closes in (("kamqor_admin", False), ("worker", True)):
            statement, other_id = change.format("active = false"), ids(cast, other)[1]
            assert done(there, statement, other_id) if closes else refused(there, statement, other_id), other
    with speak("admin") as there:
        assert done(there, added.replace("x@example.org", "y@example.org"))
        for what in taken:
            assert done(there, change.format(what), daniyar), what
        for what in ("role = 'auditor'", "active = false"):
            assert refused(there, change.format(what), admin), what
    with speak("aigerim", without_user=True) as there:
        for what in taken:
            assert refused(there, change.format(what), daniyar), what


def test_nobody_makes_a_way_into_anothers_account(speak: Speak, cast: Cast) -> None:
    for one in ("aigerim", "daniyar", "leader", "admin"):
        cast.be(one).get("/account")
    rows = {
        "passwords": ("id, hash, changed_at", "%(user)s, 'x', now()"),
        "sign_ins": ("id, user_id, token_hash, last_seen_at, expires_at", "%(id)s, %(user)s, 'x', now(), 'infinity'"),
        "account_links": ("id, user_id, kind, token_hash, expires_at", "%(id)s, %(user)s, 'reset', 'x', 'infinity'"),
        "api_tokens": (
            "id, user_id, name, token_hash, permissions, expires_at",
            "%(id)s, %(user)s, 'x', 'x', '{}', 'infinity'",
        ),
        "totp_secrets": ("id, user_id, sealed, last_step", "%(id)s, %(user)s, 'x', 0"),
        "passkeys": (
            "id, user_id, name, credential_id, public_key, sign_count",
            "%(id)s, %(user)s, 'x', 'x', 'x', 0",
        ),
        "recovery_codes": ("id, user_id, code_hash", "%(id)s, %(user)s, 'x'"),
        "devices": ("id, user_id, token_hash, last_seen_at", "%(id)s, %(user)s, 'x', now()"),
    }
    for name, victim in (("aigerim", "leader"), ("leader", "admin"), ("aigerim", "daniyar")):
        user_id = ids(cast, victim)[1]
        with speak(name) as there:
            for table, (columns, values) in rows.items():
                statement = (
                    f"INSERT INTO {table} (org_id, created_at, {columns}) VALUES (app_org(), now(), {values})"
                    + (" ON CONFLICT (org_id, id) DO UPDATE SET hash = excluded.hash" if table == "passwords" else "")
                )
                with pytest.raises(InsufficientPrivilege), there.transaction():
                    there.execute(statement, {"id": uuid.uuid4(), "user": user_id})
            for change in ("token_hash = 'x'", "user_id = app_user()", "expires_at = 'infinity'"):
                assert refused(there, f"UPDATE sign_ins SET {change} WHERE user_id = %s", user_id), (name, change)
            assert refused(there, "UPDATE passwords SET hash = 'x' WHERE id = %s", user_id)
    with speak("aigerim") as there:
        assert refused(there, "UPDATE sign_ins SET ended_at = now() WHERE user_id <> app_user()")
        assert refused(there, "UPDATE sign_ins SET user_id = %s WHERE user_id = app_user()", user_id)
        assert done(there, "UPDATE sign_ins SET last_seen_at = now() WHERE user_id = app_user()")
        assert done(there, "UPDATE passwords SET hash = 'x' WHERE id = app_user()")


def test_reviewers_end_ways_in_of_accounts_without_power_alone(
    speak: Speak, cast: Cast, environment: dict[str, str]
) -> None:
    users = {name: ids(cast, name)[1] for name in ("daniyar", "admin", "auditor", "deputy")}
    for name, user_id in users.items():
        cast.be(name).get("/account")
        with speak(name) as there:
            there.execute(
                "INSERT INTO totp_secrets (org_id, created_at, id, user_id, sealed, last_step)"
                " VALUES (app_org(), now(), gen_random_uuid(), %s, 'x', 0)",
                (user_id,),
            )
            there.execute(
                "INSERT INTO api_tokens (org_id, created_at, id, user_id, name, token_hash, permissions, expires_at)"
                " VALUES (app_org(), now(), gen_random_uuid(), %s, 'x', %s, '{}', 'infinity')",
                (user_id, name.encode()),
            )
            there.commit()
    ends = (
        "UPDATE sign_ins SET ended_at = now() WHERE user_id = %s",
        "UPDATE api_tokens SET revoked_at = now() WHERE user_id = %s",
        "DELETE FROM totp_secrets WHERE user_id = %s",
    )
    for name, closes in (("leader", {"daniyar"}), ("admin", set(users)), ("aigerim", set[str]())):
        with speak(name) as there:
            for other, user_id in users.items():
                for statement in ends:
                    asked = done if other in closes else refused
                    assert asked(there, statement, user_id), (name, other, statement)


def test_news_is_told_by_jobs_alone_and_read_by_whom_it_was_told_to(speak: Speak, cast: Cast) -> None:
    users = {name: ids(cast, name) for name in ("aigerim", "daniyar", "leader", "admin", "stranger")}
    told = (
        "INSERT INTO notifications (org_id, id, created_at, user_id, news_id, title, params, path, urgent)"
        " VALUES (%s, gen_random_uuid(), now(), %s, gen_random_uuid(), 'Sign in again', '{}', '/sign-out', true)"
    )
    for name in ("aigerim", "leader", "admin", "stranger"):
        with speak(name) as there:
            for whom in ("daniyar", name):
                assert refused(there, told, *users[whom]), (name, whom)
    with speak("aigerim", without_user=True) as job:
        assert done(job, told, *users["daniyar"])
        job.commit()
    found = "SELECT count(*) FROM notifications WHERE title = 'Sign in again'"
    for name, count in (("daniyar", 1), ("aigerim", 0), ("leader", 0), ("admin", 0), ("stranger", 0)):
        with speak(name) as there:
            assert there.execute(found).fetchone() == (count,), name
            read = there.execute("UPDATE notifications SET read_at = now() WHERE title = 'Sign in again'")
            assert read.rowcount == count, name


def test_what_is_closed_to_a_colleague_tells_of_no_file_that_is_closed_to_who_asks(speak: Speak, cast: Cast) -> None:
    shut, other = a_noted_case(cast, "x"), a_noted_case(cast, "y")
    restricted(cast, shut)
    excluded(cast, other, "deputy")
    deputy, daniyar = (ids(cast, name)[1] for name in ("deputy", "daniyar"))
    both = {shut, other}
    for name, without_user, reader, found in (
        ("daniyar", False, deputy, {other}),
        ("daniyar", False, daniyar, {shut}),
        ("leader", False, deputy, both),
        ("daniyar", True, deputy, both),
        ("stranger", True, deputy, set[uuid.UUID]()),
    ):
        with speak(name, without_user=without_user) as there:
            [closed] = there.execute("SELECT closed_to(%s)", (reader,)).fetchone()
            assert both & set(closed) == found, (name, without_user)


def test_what_a_colleague_has_open_in_an_emergency_tells_of_no_file_that_is_closed_to_who_asks(
    speak: Speak, cast: Cast
) -> None:
    case_id = a_case(cast, number=NUMBER)
    restricted(cast, case_id)
    glass(cast, "deputy")
    reader = ids(cast, "deputy")[1]
    for name, without_user, found in (
        ("daniyar", False, set[uuid.UUID]()),
        ("leader", False, {case_id}),
        ("deputy", False, {case_id}),
        ("daniyar", True, {case_id}),
        ("stranger", True, set[uuid.UUID]()),
    ):
        with speak(name, without_user=without_user) as there:
            [borrowed] = there.execute("SELECT borrowed_by(%s)", (reader,)).fetchone()
            assert {case_id} & set(borrowed) == found, (name, without_user)


def test_what_a_receiver_closed_to_a_colleague_tells_of_no_referral_that_is_closed_to_who_asks(
    speak: Speak, cast: Cast
) -> None:
    shut, other = a_referral(cast), a_referral(cast)
    referral_restricted(cast, shut)
    referral_excluded(cast, other, "second")
    reader = ids(cast, "second")[1]
    for name, found in (("worker", {other}), ("coordinator", {shut, other})):
        with speak(name) as there:
            [closed] = there.execute("SELECT packets_closed_to(%s)", (reader,)).fetchone()
            assert {shut, other} & set(closed) == found, name


def test_hashes_of_an_address_are_given_in_its_own_context_alone(
    speak: Speak, cast: Cast, environment: dict[str, str]
) -> None:
    email, other = (f"{name}@example.org" for name in ("leader", "coordinator"))
    asked = "SELECT count(*) FROM sign_in_candidates(%s)"
    for name in ("aigerim", "leader", "admin", "coordinator"):
        with speak(name) as there:
            assert there.execute(asked, (email,)).fetchone() == (0,), name
    with psycopg.connect(environment["DATABASE_URL"]) as nobody:
        assert nobody.execute(asked, (email,)).fetchone() == (0,)
        backend = str(nobody.info.backend_pid)
        for key, found in ((environment["CASEFLOW_WALL_KEY"], 1), ("another key", 0)):
            context = sign_context(key, address_context(email), None, backend)
            nobody.execute("SELECT set_config('caseflow.context', %s, true)", (context,))
            assert nobody.execute(asked, (email,)).fetchone() == (found,)
            assert nobody.execute(asked, (other,)).fetchone() == (0,)
            assert nobody.execute("SELECT count(*) FROM users").fetchone() == (0,)
    assert cast.be("leader").get("/account")


def test_the_directory_is_kept_by_whoever_keeps_it(speak: Speak, cast: Cast) -> None:
    a_service(cast)
    for name in ("worker", "second"):
        with speak(name) as there:
            assert refused(there, "UPDATE services SET status = 'inactive' WHERE org_id = app_org()"), name
    with speak("coordinator") as there:
        assert done(there, "UPDATE services SET status = 'inactive' WHERE org_id = app_org()")


def test_copies_are_decided_by_whoever_may(speak: Speak, cast: Cast) -> None:
    person_id = person_of(cast, a_noted_case(cast, "x"))
    opened = (
        "INSERT INTO access_requests (org_id, id, created_at, person_id, state, asked_on, opened_by)"
        " VALUES (app_org(), %s, now(), %s, 'asked', current_date, app_user())"
    )
    for name, may in (("aigerim", refused), ("leader", done)):
        request_id = uuid.uuid4()
        with speak(name) as there:
            assert done(there, opened, request_id, person_id)
            assert done(there, "UPDATE access_requests SET state = 'marked' WHERE id = %s", request_id)
            for decided in ("state = 'ready'", "state = 'approved', decided_by = app_user()"):
                assert may(there, f"UPDATE access_requests SET {decided} WHERE id = %s", request_id), (name, decided)


def test_nobody_decides_on_a_copy_whose_marks_they_touched(speak: Speak, cast: Cast) -> None:
    person_id = person_of(cast, a_noted_case(cast, "x"))
    leader, deputy, aigerim = (ids(cast, name)[1] for name in ("leader", "deputy", "aigerim"))
    opened = (
        "INSERT INTO access_requests (org_id, id, created_at, person_id, state, asked_on, opened_by, markers)"
        " VALUES (app_org(), %s, now(), %s, 'asked', current_date, app_user(), %s)"
    )
    part = (
        "INSERT INTO access_parts (org_id, id, created_at, request_id, part, reason, marked_by)"
        " VALUES (app_org(), gen_random_uuid(), now(), %s, 'notes', 'safety', app_user())"
    )
    decided = "UPDATE access_requests SET state = 'approved', decided_by = app_user() WHERE id = %s"
    for touched in (
        (part, "DELETE FROM access_parts WHERE request_id = %s"),
        ("UPDATE access_requests SET state = 'marked', marked_by = app_user() WHERE id = %s",),
    ):
        request_id = uuid.uuid4()
        with speak("leader") as there:
            assert refused(there, opened, request_id, person_id, [deputy])
            assert done(there, opened, request_id, person_id, [])
            assert refused(there, "UPDATE access_requests SET markers = %s", [deputy])
            for statement in touched:
                assert done(there, statement, request_id)
            assert there.execute("SELECT markers FROM access_requests").fetchall() == [([leader],)]
            assert done(there, "UPDATE access_requests SET marked_by = NULL")
            for less in ([], [aigerim], [leader, aigerim]):
                assert refused(there, "UPDATE access_requests SET markers = %s", less), less
            with pytest.raises(psycopg.errors.CheckViolation), there.transaction():
                there.execute(decided, (request_id,))


def test_who_does_not_manage_accounts_changes_no_rule_of_signing_in(speak: Speak, cast: Cast) -> None:
    provider = (
        "INSERT INTO single_sign_on (org_id, id, created_at, issuer, client_id, sealed_secret, domains,"
        " passwords_allowed, active)"
        " VALUES (app_org(), gen_random_uuid(), now(), 'https://x', 'x', 'x', '{x}', true, true)"
    )
    rules = (
        "INSERT INTO sign_in_rules (org_id, id, created_at, factor_roles)"
        " VALUES (app_org(), gen_random_uuid(), now(), '{}')"
    )
    for name in ("aigerim", "leader"):
        with speak(name) as there:
            for statement in (provider, rules, "UPDATE sites SET capacity = 1"):
                assert refused(there, statement), (name, statement)
    with speak("admin") as there:
        for statement in (provider, rules, "UPDATE sites SET capacity = 1"):
            assert done(there, statement), statement
    with cast.acting("admin") as admin:
        set_single_sign_on(
            issuer="https://x.example",
            client_id="x",
            secret="x",
            domains=["x.example"],
            passwords_allowed=True,
            active=True,
            by=admin,
        )
    with speak("leader") as there:
        assert refused(there, "UPDATE single_sign_on SET issuer = 'https://y'")


def test_the_audit_is_read_by_auditors_and_of_a_file_by_whoever_works_on_cases(speak: Speak, cast: Cast) -> None:
    case_id, other_id = a_noted_case(cast, "x"), a_noted_case(cast, "y")
    excluded(cast, other_id, "daniyar")
    with cast.acting("aigerim") as user:
        db.session.add(
            Entry(org_id=user.org_id, user_id=user.id, act="case.list", detail={"n": 2}, about=[case_id, other_id])
        )
    for name, counts in (
        ("auditor", (True, True)),
        ("aigerim", (True, True)),
        ("daniyar", (True, False)),
        ("admin", (False, False)),
        ("stranger", (False, False)),
    ):
        with speak(name) as there:
            for function in ("audit_about", "audit_of"):
                asked = f"SELECT count(*) FROM {function}(ARRAY[%s]::uuid[])"
                found = tuple(there.execute(asked, (one,)).fetchone()[0] > 0 for one in (case_id, other_id))
                assert found == counts, (name, function)
            named = "SELECT about, detail FROM audit_of(ARRAY[%s, %s]::uuid[])"
            told = there.execute(named, (case_id, other_id)).fetchall()
            assert {one for about, _detail in told for one in about} == {
                one for one, seen in zip((case_id, other_id), counts, strict=True) if seen
            }, name
            assert all(detail == {} for _about, detail in told), name
    for name in ("aigerim", "leader", "admin"):
        with speak(name) as there:
            assert there.execute("SELECT count(*) FROM audit_entries").fetchone() == (0,), name
