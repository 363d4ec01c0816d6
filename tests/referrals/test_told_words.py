"""What the sender wrote closes for the receiver with what was told; what is written afterwards both sides read."""

import uuid
from collections.abc import Callable

import psycopg
import pytest
from sqlalchemy import func, select

from caseflow.core import installation
from caseflow.core.db import db
from caseflow.people.models import Consent
from caseflow.referrals.actions.consents import withdraw_consent
from caseflow.referrals.actions.moves import move
from caseflow.referrals.models import Disclosure, Event, Message, Status
from caseflow.referrals.queries import shared
from tests.cast import Cast
from tests.referrals.test_answer import answered
from tests.referrals.test_message import write
from tests.referrals.test_need_to_know import days_pass, declined, version
from tests.stories.received import a_completed, a_session
from tests.stories.referrals import a_referral

Environment = dict[str, str]
End = Callable[[Cast, Environment, uuid.UUID], None]

TOLD = ("His wife has moved away.", "The district court.")
ASKED = ("How is his family?", "Which court?")


def a_talk(cast: Cast) -> uuid.UUID:
    """A referral on which both sides wrote, and whose receiver asked and was answered."""
    id = a_referral(cast)
    write(cast, "coordinator", id, ASKED[0])
    write(cast, "aigerim", id, TOLD[0])
    answered(cast, id, answer="ask", text=ASKED[1])
    said = {"text": TOLD[1], "version": version(cast, id)}
    cast.be("aigerim").post(f"/referrals/{id}/answer-request", said)
    return id


def _decline(cast: Cast, _environment: Environment, id: uuid.UUID) -> None:
    declined(cast, id)


def _withdraw(cast: Cast, _environment: Environment, id: uuid.UUID) -> None:
    said = {"reason": "moved", "text": "To another colony", "version": version(cast, id)}
    cast.be("aigerim").post(f"/referrals/{id}/withdraw", said)
    assert "To another colony" in cast.be("coordinator").get(f"/referrals/{id}")


def _take_consent_back(cast: Cast, _environment: Environment, id: uuid.UUID) -> None:
    with cast.acting("aigerim") as user:
        told = select(Disclosure.consent_id).where(Disclosure.referral_id == id).distinct()
        withdraw_consent(db.session.get_one(Consent, (user.org_id, db.session.scalars(told).one())), None, by=user)


def _complete(cast: Cast, environment: Environment, id: uuid.UUID) -> None:
    answered(cast, id, answer="accept")
    a_session(cast, id, by="coordinator")
    a_completed(cast, id, by="coordinator")
    page = cast.be("coordinator").get(f"/referrals/{id}")
    assert all(words in page for words in TOLD)  # for 90 days
    days_pass(environment["OWNER_DATABASE_URL"], 91)
    with psycopg.connect(environment["OWNER_DATABASE_URL"]) as owner:
        owner.execute("UPDATE referral_messages SET created_at = created_at - interval '91 days'")


@pytest.mark.parametrize("end", [_decline, _withdraw, _take_consent_back, _complete])
def test_what_the_sender_wrote_closes_with_what_it_told(cast: Cast, environment: Environment, end: End) -> None:
    id, other = a_talk(cast), a_referral(cast)
    write(cast, "aigerim", other, "Of somebody else.")
    path = f"/referrals/{id}"
    page = cast.be("coordinator").get(path)
    assert all(page.count(words) == 1 for words in (*TOLD, *ASKED)), "each is kept once"
    assert "closed with the information" not in page
    with cast.acting("coordinator") as user:
        moves = {one.id for one in shared.events(shared.received(id, user))}
    end(cast, environment, id)
    page = cast.be("coordinator").get(path)
    assert not any(words in page for words in TOLD)
    assert all(words in page for words in ASKED)
    assert "What the sender wrote before <bdi><time" in page
    assert "No message yet." not in page
    sent = cast.be("aigerim").get(path)
    assert all(words in sent for words in (*TOLD, *ASKED))
    assert "closed with the information" not in sent
    # Whatever is asked in the receiver's name, a job's included: the database holds it.
    with cast.acting("coordinator") as user:
        mine = select(Message).where(Message.referral_id == id)
        assert [one.text for one in db.session.scalars(mine)] == [ASKED[0]]
        kept = db.session.scalars(select(Event).where(Event.referral_id == id, Event.actor_org_id != user.org_id))
        texts = {one.status: one.text for one in kept}
        assert texts.pop(Status.WITHDRAWN, None) in (None, "To another colony")
        assert texts == {Status.SENT: None}
        assert moves <= set(db.session.scalars(select(Event.id).where(Event.referral_id == id)))
    assert "Of somebody else." in cast.be("coordinator").get(f"/referrals/{other}")
    # They can still talk about why.
    write(cast, "aigerim", id, "He asked us to.")
    write(cast, "coordinator", id, "We understand.")
    for name in ("coordinator", "aigerim"):
        page = cast.be(name).get(path)
        assert page.index("He asked us to.") < page.index("We understand.")
    cast.be("stranger").get(path, expect=404)
    cast.be("stranger_cso").get(path, expect=404)
    for name in ("stranger", "stranger_cso"):
        with cast.acting(name):
            assert db.session.scalar(select(func.count()).select_from(Message)) == 0


def test_an_answer_is_a_message_alone_whoever_writes_it_and_those_of_before_as_well(
    cast: Cast, environment: Environment
) -> None:
    id = a_talk(cast)
    answered(cast, id, answer="ask", text="And which judge?")
    with cast.acting("aigerim") as user:  # as the version before did
        move(shared.opened(id, user).referral, Status.SENT, text="Twice.", by=user)
    assert "Twice." not in cast.be("aigerim").get(f"/referrals/{id}")
    url = environment["OWNER_DATABASE_URL"]
    kept = "SELECT status, text FROM referral_events WHERE text IS NOT NULL ORDER BY created_at"
    installation.downgrade(url, "0042")
    with psycopg.connect(url) as owner:
        before = owner.execute(kept).fetchall()
        owner.execute("UPDATE referral_events SET text = 'x' WHERE status = 'sent'")
    installation.migrate(url, wall_key=environment["CASEFLOW_WALL_KEY"])
    with psycopg.connect(url) as owner:
        assert owner.execute(kept).fetchall() == before
    assert [status for status, _text in before] == ["info_requested", "info_requested"]
