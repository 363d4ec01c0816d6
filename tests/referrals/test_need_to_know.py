"""Need to know: what was told closes with a decline or a withdrawal, and 90 days after the help has ended."""

import uuid
from datetime import datetime, timedelta

import psycopg
import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import ProgrammingError

from caseflow.core.db import db
from caseflow.referrals.models import Disclosure, Referral
from caseflow.referrals.queries import shared
from tests.cast import Cast
from tests.stories.received import a_completed, a_session, an_accepted
from tests.stories.referrals import a_referral

NAME = "Ермек Сатыбалды"
DAYS = timedelta(days=90)


def held(cast: Cast, name: str) -> int:
    """How many disclosures this person's organisation reads."""
    with cast.acting(name):
        return db.session.scalar(select(func.count()).select_from(Disclosure)) or 0


def ends(cast: Cast, id: uuid.UUID) -> list[tuple[datetime | None, datetime | None]]:
    """When each disclosure of a referral was revoked and expires, as the sender reads it."""
    with cast.acting("aigerim"):
        query = select(Disclosure.revoked_at, Disclosure.expires_at).where(Disclosure.referral_id == id)
        return [(row[0], row[1]) for row in db.session.execute(query)]


def version(cast: Cast, id: uuid.UUID) -> int:
    """The version of a referral."""
    with cast.acting("aigerim"):
        return db.session.scalars(select(Referral.version).where(Referral.id == id)).one()


def declined(cast: Cast, id: uuid.UUID) -> None:
    """The coordinator says no."""
    said = {"answer": "decline", "reason": "no_capacity", "version": version(cast, id)}
    cast.be("coordinator").post(f"/referrals/{id}/answer", said)


def days_pass(owner_url: str, days: int) -> None:
    """Make it so that all that was told expires some days sooner."""
    with psycopg.connect(owner_url) as owner:
        owner.execute("UPDATE disclosures SET expires_at = expires_at - make_interval(days => %s)", (days,))


def test_decline_closes_what_was_told_and_says_so_to_both(cast: Cast) -> None:
    id, other = a_referral(cast), a_referral(cast)
    told = held(cast, "coordinator")
    declined(cast, id)
    page = cast.be("coordinator").get(f"/referrals/{id}")
    assert NAME not in page
    assert "You declined this referral" in page
    assert "Information closed on <bdi><time" in page
    assert "What you are told" in page
    assert "the information was closed on <bdi><time" in cast.be("aigerim").get(f"/referrals/{id}")
    assert told > 1
    assert held(cast, "coordinator") == told / 2  # the other referral stays open
    assert NAME in cast.be("coordinator").get(f"/referrals/{other}")
    assert "Name closed" in cast.be("coordinator").get("/inbox?status=ended")
    closed = ends(cast, id)
    assert len(closed) == told / 2
    assert all(revoked is not None for revoked, _expires in closed)


def test_withdrawal_closes_what_was_told(cast: Cast) -> None:
    id = an_accepted(cast)
    a_session(cast, id)
    cast.be("aigerim").post(f"/referrals/{id}/withdraw", {"reason": "moved", "version": version(cast, id)})
    page = cast.be("worker").get(f"/referrals/{id}")
    assert NAME not in page
    assert "The sender took this referral back" in page
    assert "We spoke about papers." in page  # its own record stays
    assert held(cast, "coordinator") == 0


@pytest.mark.parametrize("early", [False, True])
def test_told_is_open_for_90_days_after_the_end_and_then_closes(
    cast: Cast, environment: dict[str, str], early: bool
) -> None:
    id = an_accepted(cast)
    if early:
        said = {"reason": "Moved to another town", "version": version(cast, id)}
        cast.be("worker").post(f"/referrals/{id}/end-early", said)
    else:
        a_session(cast, id)
        a_completed(cast, id)
    with cast.acting("coordinator") as user:
        referral = shared.received(id, user)
        ended, until = referral.status_at, shared.told_until(referral)
    assert until == ended + DAYS
    assert {expires for _revoked, expires in ends(cast, id)} == {until}
    for name in ("worker", "aigerim"):
        page = cast.be(name).get(f"/referrals/{id}")
        assert NAME in page
        assert "Open until <bdi><time" in page
    days_pass(environment["OWNER_DATABASE_URL"], 91)
    page = cast.be("worker").get(f"/referrals/{id}")
    assert NAME not in page
    assert "The help has ended, and what you were told about the person is closed." in page
    assert ("We spoke about papers." in page) is not early
    assert "the information was closed on <bdi><time" in cast.be("aigerim").get(f"/referrals/{id}")


def test_consent_that_ends_sooner_closes_sooner_and_again_changes_nothing(
    cast: Cast, environment: dict[str, str]
) -> None:
    id = an_accepted(cast)
    with psycopg.connect(environment["OWNER_DATABASE_URL"]) as owner:
        owner.execute("UPDATE disclosures SET expires_at = now() + interval '5 days'")
    before = ends(cast, id)
    a_session(cast, id)
    a_completed(cast, id)
    assert ends(cast, id) == before
    with cast.acting("coordinator"):
        db.session.execute(select(func.close_disclosures(id)))
    assert ends(cast, id) == before


def test_what_is_not_ended_closes_for_nobody_and_strangers_close_and_learn_nothing(cast: Cast) -> None:
    id, ended = a_referral(cast), a_referral(cast)
    declined(cast, ended)
    for name in ("coordinator", "aigerim", "stranger", "stranger_cso"):
        with cast.acting(name):
            assert db.session.scalar(select(func.close_disclosures(id))) == 0
    for name, knows in (("coordinator", True), ("aigerim", True), ("stranger", False), ("stranger_cso", False)):
        with cast.acting(name):
            assert (db.session.scalar(select(func.disclosures_end(ended))) is not None) is knows
    cast.be("stranger").get(f"/referrals/{ended}", expect=404)
    cast.be("stranger_cso").get(f"/referrals/{ended}", expect=404)
    assert NAME in cast.be("coordinator").get(f"/referrals/{id}")


def test_receiver_cannot_open_again_what_closed(cast: Cast) -> None:
    id = a_referral(cast)
    declined(cast, id)
    with cast.acting("coordinator"):
        db.session.execute(Disclosure.__table__.update().values(revoked_at=None, expires_at=None))  # type: ignore[attr-defined]
    assert held(cast, "coordinator") == 0
    with cast.acting("coordinator"), pytest.raises(ProgrammingError):
        db.session.execute(Disclosure.__table__.update().values(content={}))  # type: ignore[attr-defined]
