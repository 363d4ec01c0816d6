"""What SQL cannot do although it runs as the application's role in a user's own signed context, as injected SQL does.

The wall between organisations holds against it, and so does what the law and people's safety hang on.
"""

import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege, RaiseException

from caseflow.core.wall import sign_context
from tests.cast import Cast
from tests.people.test_sealing import a_noted_case, person_of
from tests.referrals.test_sealing import a_talk
from tests.rights.test_retention import closed, proposed
from tests.stories.referrals import a_referral

Speak = Callable[[str], AbstractContextManager[Any]]


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
    """Whether the database refuses a statement, or finds no row for it; the transaction goes on as it was."""
    try:
        with connection.transaction():
            return bool(connection.execute(statement, values).rowcount == 0)
    except (InsufficientPrivilege, RaiseException):
        return True


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


def test_services_and_holidays_are_written_by_their_own_organisation(speak: Speak, cast: Cast) -> None:
    victim = cast.organisation("kamqor")
    with speak("aigerim") as there:
        statement = "INSERT INTO holidays (org_id, id, created_at, day, name) VALUES (%s, %s, now(), '2026-01-01', 'x')"
        assert refused(there, statement, victim, uuid.uuid4())
        assert done(there, statement, ids(cast, "aigerim")[0], uuid.uuid4())


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
