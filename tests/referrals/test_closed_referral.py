"""A received referral that its receiver closed: to all but a list, or to a colleague who is excluded."""

import re
import uuid
from typing import Any

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege
from redis import Redis

from caseflow.accounts.permissions import Role
from caseflow.core.errors import Refused
from caseflow.core.wall import sign_context
from caseflow.people.models import ExclusionGround
from caseflow.referrals.actions import access, assigning, messages
from caseflow.referrals.queries import access as deciding
from caseflow.referrals.queries import shared
from tests.cast import Cast
from tests.referrals.test_news import bell
from tests.stories.access import colleague, hired, referral_excluded, referral_restricted
from tests.stories.received import a_planned_session, a_session, an_accepted
from tests.stories.referrals import a_referral

NAME = "Сатыбалды"
PAGES = ("", "/access", "/workers", "/access/restrict", "/access/exclude")


@pytest.fixture
def referral(cast: Cast) -> uuid.UUID:
    """Accepted by the coordinator, with a worker and a session to come; two team leaders read all that is received."""
    hired(cast, "kamqor_leader", Role.TEAM_LEADER)
    hired(cast, "kamqor_deputy", Role.TEAM_LEADER)
    referral = an_accepted(cast)
    a_planned_session(cast, referral)
    a_session(cast, referral)
    return referral


def closed_to(cast: Cast, who: str, referral: uuid.UUID) -> None:
    """By no address, list or count."""
    browser = cast.be(who)
    for page in PAGES:
        browser.get(f"/referrals/{referral}{page}", expect=404)
    browser.post(f"/referrals/{referral}/messages", {"message": "x"}, expect=404)
    for path in ("/inbox?status=all", "/", "/search?q=Ермек"):
        page = browser.get(path)
        assert NAME not in page, path
        assert str(referral) not in page, path


def open_for(cast: Cast, who: str, referral: uuid.UUID) -> None:
    """By address and in the list."""
    assert NAME in cast.be(who).get(f"/referrals/{referral}")
    assert str(referral) in cast.be(who).get("/inbox?status=all")


def test_restricted_referral_is_open_to_its_list_alone(cast: Cast, referral: uuid.UUID) -> None:
    for who in ("coordinator", "worker", "kamqor_leader", "kamqor_deputy"):
        open_for(cast, who, referral)
    chosen = {"reason": "The family is known here", "users": [str(colleague(cast, "kamqor_leader"))]}
    cast.be("coordinator").post(f"/referrals/{referral}/access/restrict", chosen)
    page = cast.be("coordinator").get(f"/referrals/{referral}/access")
    assert "The family is known here" in page
    for who in ("coordinator", "worker", "kamqor_leader"):
        open_for(cast, who, referral)
    closed_to(cast, "kamqor_deputy", referral)
    closed_to(cast, "stranger_cso", referral)
    assert NAME in cast.be("aigerim").get(f"/referrals/{referral}"), "the sender's side is its own"
    for who in ("aigerim", "worker", "kamqor_admin"):
        cast.be(who).get(f"/referrals/{referral}/access", expect=403)
    cast.be("leader").get(f"/referrals/{referral}/access", expect=404)
    cast.be("coordinator").post(f"/referrals/{referral}/access/lift", {"reason": "They moved"})
    open_for(cast, "kamqor_deputy", referral)


def _told(cast: Cast) -> list[str]:
    """What the deputy's bell says of referrals; of new colleagues it speaks as well."""
    return [title for title in bell(cast, "kamqor_deputy") if "has the role" not in title]


def test_excluded_colleague_is_told_and_given_nothing(cast: Cast, referral: uuid.UUID, redis: "Redis") -> None:
    cast.deliver(redis)
    assert _told(cast) != []
    said = {"user": str(colleague(cast, "kamqor_deputy")), "ground": "victim", "reason": "Her brother was hurt"}
    cast.be("coordinator").post(f"/referrals/{referral}/access/exclude", said)
    closed_to(cast, "kamqor_deputy", referral)
    open_for(cast, "kamqor_leader", referral)
    assert _told(cast) == [], "older news of it is gone"
    with cast.acting("aigerim") as user:
        messages.send_message(shared.opened(referral, user).referral, "He asks when you come", by=user)
    with cast.acting("coordinator") as user:
        assigning.assign(shared.received(referral, user), [colleague(cast, "second")], None, by=user)
    cast.deliver(redis)
    assert _told(cast) == []
    assert any("You are assigned" in title for title in bell(cast, "second"))
    page = cast.be("coordinator").get(f"/referrals/{referral}/access")
    [end] = re.findall(rf"/referrals/{referral}/access/[0-9a-f-]{{36}}/end", page)
    for who, status in (("kamqor_deputy", 404), ("stranger_cso", 404), ("aigerim", 403), ("worker", 403)):
        cast.be(who).post(end, {"reason": "x"}, expect=status)
    cast.be("coordinator").post(end, {"reason": "It was another one"})
    open_for(cast, "kamqor_deputy", referral)


@pytest.mark.parametrize("how", ["restricted", "excluded"])
def test_nobody_is_assigned_to_whom_it_is_closed(cast: Cast, referral: uuid.UUID, how: str) -> None:
    second, path = str(colleague(cast, "second")), f"/referrals/{referral}/workers"
    assert second in cast.be("coordinator").get(path)
    if how == "restricted":
        referral_restricted(cast, referral)
    else:
        referral_excluded(cast, referral, "second")
    assert second not in cast.be("coordinator").get(path)
    cast.be("coordinator").post(path, {"workers": [second], "primary": second}, expect=422)
    with cast.acting("coordinator") as user, pytest.raises(Refused):
        assigning.assign(shared.received(referral, user), [uuid.UUID(second)], None, by=user)
    if how == "restricted":
        admitted = {"user": second, "reason": "She knows the language"}
        cast.be("coordinator").post(f"/referrals/{referral}/access/admit", admitted)
        cast.be("second").get(f"/referrals/{referral}", expect=404)
        cast.be("coordinator").post(path, {"workers": [second], "primary": second})
        open_for(cast, "second", referral)


def test_who_helps_and_who_keeps_the_list_stay_on_it(cast: Cast, referral: uuid.UUID) -> None:
    path = f"/referrals/{referral}/access"
    excluding = {"ground": "conflict", "reason": "x"}
    for who in ("worker", "coordinator", "stranger_cso"):  # who helps; oneself; another organisation's
        said = excluding | {"user": str(colleague(cast, who))}
        cast.be("coordinator").post(f"{path}/exclude", said, expect=422)
    with cast.acting("coordinator") as user:
        received = shared.received(referral, user)
        for act in (
            lambda: access.admit(received, user, "x", by=user),  # it is not restricted
            lambda: access.lift_restriction(received, "x", by=user),
            lambda: access.restrict(received, [], " ", by=user),
        ):
            with pytest.raises(Refused):
                act()
    referral_restricted(cast, referral)
    cast.be("coordinator").post(f"{path}/restrict", {"reason": "again"}, expect=409)
    for one, words in (("worker", "must be able to open it"), ("coordinator", "Nobody who may change this")):
        ended = f"{path}/{_decision(cast, referral, one)}/end"
        assert words in cast.be("coordinator").post(ended, {"reason": "x"}, expect=422)
    open_for(cast, "coordinator", referral)
    cast.be("coordinator").post(f"{path}/admit", {"user": str(colleague(cast, "kamqor_leader")), "reason": "x"})
    referral_excluded(cast, referral, "kamqor_deputy")
    barred = {"user": str(colleague(cast, "kamqor_deputy")), "reason": "x"}
    cast.be("coordinator").post(f"{path}/admit", barred, expect=422)
    cast.be("coordinator").post(f"{path}/{_decision(cast, referral, 'coordinator')}/end", {"reason": "On leave"})
    assert cast.be("coordinator").location == "/inbox"
    closed_to(cast, "coordinator", referral)
    open_for(cast, "kamqor_leader", referral)


def _decision(cast: Cast, referral: uuid.UUID, who: str) -> uuid.UUID:
    named = colleague(cast, who)
    with cast.acting("coordinator") as user:
        held = deciding.decisions(shared.received(referral, user))
        return next(one.id for one in held if one.user_id == named and one.ended_at is None)


def test_stranger_and_sender_decide_nothing_about_a_received_referral(cast: Cast, referral: uuid.UUID) -> None:
    for who, status in (("stranger_cso", 404), ("stranger", 404), ("leader", 404), ("daniyar", 403), ("second", 403)):
        for act in ("restrict", "exclude", "admit", "lift"):
            path = f"/referrals/{referral}/access/{act}"
            cast.be(who).post(path, {"reason": "x"}, expect=status)
    with cast.acting("coordinator") as user:
        assert deciding.decisions(shared.received(referral, user)) == []


def test_the_senders_restriction_and_the_receivers_do_not_touch(cast: Cast, referral: uuid.UUID) -> None:
    other = a_referral(cast)
    referral_excluded(cast, referral, "kamqor_deputy")
    open_for(cast, "kamqor_deputy", other)
    for who in ("aigerim", "leader", "deputy"):
        assert NAME in cast.be(who).get(f"/referrals/{referral}"), who
        assert "A sister" not in cast.be(who).get(f"/referrals/{referral}")


# In the database, as the application's role


def ask(connection: Any, environment: dict[str, str], cast: Cast, who: str, query: str, *values: object) -> Any:
    """One statement in somebody's name; undone afterwards."""
    with cast.acting(who) as user:
        org, id = user.org_id, user.id
    context = sign_context(environment["CASEFLOW_WALL_KEY"], org, id, str(connection.info.backend_pid))
    with connection.transaction(force_rollback=True):
        connection.execute("SELECT set_config('caseflow.context', %s, true)", (context,))
        found = connection.execute(query, values)
        return found.fetchall() if found.description else found.rowcount


TABLES = {
    "referrals": "id",
    "referral_events": "referral_id",
    "referral_sessions": "referral_id",
    "referral_helpers": "referral_id",
    "referral_access": "referral_id",
    "disclosures": "referral_id",
}


@pytest.mark.parametrize("how", ["restricted", "excluded"])
def test_no_row_of_it_is_read_or_written_by_whom_it_is_closed_to(
    cast: Cast, referral: uuid.UUID, environment: dict[str, str], how: str
) -> None:
    if how == "restricted":
        referral_restricted(cast, referral, "kamqor_leader")
    else:
        referral_excluded(cast, referral, "kamqor_deputy")
    with psycopg.connect(environment["DATABASE_URL"]) as app:
        for table, column in TABLES.items():
            query = f"SELECT 1 FROM {table} WHERE {column} = %s"
            assert ask(app, environment, cast, "kamqor_deputy", query, referral) == [], table
            assert ask(app, environment, cast, "kamqor_leader", query, referral), table
            assert bool(ask(app, environment, cast, "aigerim", query, referral)) is (
                table not in ("referral_helpers", "referral_access")
            ), table
        moved = "UPDATE referrals SET status = status WHERE id = %s"
        assert ask(app, environment, cast, "kamqor_deputy", moved, referral) == 0
        assert ask(app, environment, cast, "kamqor_leader", moved, referral) == 1
        ended = "UPDATE referral_access SET ended_at = now() WHERE referral_id = %s AND ended_at IS NULL"
        assert ask(app, environment, cast, "kamqor_deputy", ended, referral) == 0
        assert ask(app, environment, cast, "aigerim", ended, referral) == 0
        assert ask(app, environment, cast, "stranger_cso", ended, referral) == 0


def test_nobody_lets_themselves_in_or_decides_in_anothers_name(
    cast: Cast, referral: uuid.UUID, environment: dict[str, str]
) -> None:
    referral_restricted(cast, referral)
    made = (
        "INSERT INTO referral_access (org_id, id, created_at, referral_id, kind, user_id, reason, granted_by)"
        " VALUES (%s, gen_random_uuid(), now(), %s, 'allowed', %s, 'x', %s)"
    )
    kamqor, almaty = cast.organisation("kamqor"), cast.organisation("almaty")
    ids = {name: colleague(cast, name) for name in ("coordinator", "kamqor_deputy", "aigerim")}
    with psycopg.connect(environment["DATABASE_URL"]) as app:
        for who, org, giver in (
            ("kamqor_deputy", kamqor, "kamqor_deputy"),
            ("coordinator", kamqor, "kamqor_deputy"),
            ("aigerim", kamqor, "aigerim"),
        ):
            with pytest.raises(InsufficientPrivilege):
                ask(app, environment, cast, who, made, org, referral, ids["kamqor_deputy"], ids[giver])
        with pytest.raises(psycopg.IntegrityError):  # the sender has no say about a referral that it did not receive
            ask(app, environment, cast, "aigerim", made, almaty, referral, ids["aigerim"], ids["aigerim"])
        allowed = made, kamqor, referral, ids["kamqor_deputy"], ids["coordinator"]
        assert ask(app, environment, cast, "coordinator", *allowed) == 1
        reopened = "UPDATE referral_access SET ended_at = NULL WHERE ended_at IS NOT NULL"
        with cast.acting("coordinator") as user:
            access.lift_restriction(shared.received(referral, user), "x", by=user)
        assert ask(app, environment, cast, "coordinator", reopened) == 0


def test_restriction_is_not_for_auditors_and_an_exclusion_is(
    cast: Cast, referral: uuid.UUID, environment: dict[str, str]
) -> None:
    hired(cast, "kamqor_auditor", Role.AUDITOR)
    query = "SELECT 1 FROM referrals WHERE id = %s"
    with psycopg.connect(environment["DATABASE_URL"]) as app:
        referral_restricted(cast, referral)
        assert ask(app, environment, cast, "kamqor_auditor", query, referral)
        assert ask(app, environment, cast, "kamqor_deputy", query, referral) == []
        with cast.acting("coordinator") as user:
            [one] = [one for one in deciding.accounts.colleagues(user) if one.role is Role.AUDITOR]
            access.exclude(shared.received(referral, user), one, ExclusionGround.VICTIM, "x", by=user)
        assert ask(app, environment, cast, "kamqor_auditor", query, referral) == []
    for who in ("kamqor_auditor", "auditor"):
        cast.be(who).get(f"/referrals/{referral}", expect=404)
