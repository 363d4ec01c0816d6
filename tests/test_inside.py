"""What SQL cannot do although it runs as the application's role under a user's own signed context, as injected SQL does.

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
