"""The page of a referral: each side sees its own, and nobody else sees that there is one."""

import pytest
from sqlalchemy import func, select

from caseflow.core.db import db
from caseflow.referrals.models import Disclosure, Event, Helper, HelperNote, Message, Outcome, Referral, Report, Session
from tests.cast import Cast
from tests.stories.received import a_completed, a_session, an_accepted

OUTSIDERS = ["second", "stranger", "stranger_worker", "stranger_cso", "daniyar", "officer", "kamqor_admin", "auditor"]


@pytest.mark.parametrize("name", OUTSIDERS)
def test_outsider_gets_404(cast: Cast, name: str) -> None:
    id = an_accepted(cast)
    page = cast.be(name).get(f"/referrals/{id}", expect=404)
    assert "Сатыбалды" not in page


def test_both_sides_read_one_referral_and_only_the_receiver_who_helps(cast: Cast) -> None:
    id = an_accepted(cast)
    a_session(cast, id)
    theirs, ours = cast.be("aigerim").get(f"/referrals/{id}"), cast.be("worker").get(f"/referrals/{id}")
    for page in (theirs, ours):
        assert "We spoke about papers." in page
        assert "Needs somebody who knows the way." in page
    assert "/workers" not in theirs
    assert "/withdraw" in theirs
    assert "/withdraw" not in ours
    assert "/report" in ours


def test_completed_referral_offers_nothing_more_to_do(cast: Cast) -> None:
    id = an_accepted(cast)
    a_completed(cast, id)
    for name in ("worker", "coordinator", "aigerim"):
        page = cast.be(name).get(f"/referrals/{id}")
        for act in ("/sessions/new", "/report", "/end-early", "/pause", "/workers", "/withdraw"):
            assert f"/referrals/{id}{act}" not in page


@pytest.mark.parametrize("name", ["stranger", "stranger_cso", "officer"])
def test_stranger_reads_no_row_of_any_table(cast: Cast, name: str) -> None:
    id = an_accepted(cast)
    a_session(cast, id)
    a_completed(cast, id)
    with cast.acting(name):
        for table in (Referral, Event, Disclosure, Message, Session, Report, Outcome, Helper, HelperNote):
            assert db.session.scalar(select(func.count()).select_from(table)) == 0
