"""What an incoming party can read, tried in the database as the application's own role."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, insert, select, text, update
from sqlalchemy.exc import ProgrammingError

from caseflow.core.db import db, now, today
from caseflow.people import actions as people_actions
from caseflow.people import queries as people
from caseflow.people.models import Case, Category, Consent, Person
from caseflow.release.models import Handover, HandoverReading, HandoverStatus, Letter
from tests.cast import Cast
from tests.release.test_handover import NAME, a_consent, a_full_case
from tests.stories.people import a_case
from tests.stories.release import a_handover, accepted


def read(cast: Cast, who: str, handover: uuid.UUID) -> dict[str, Any]:
    """What the function gives this user."""
    with cast.acting(who):
        rows = db.session.execute(text("SELECT category, content FROM incoming_case(:id)"), {"id": handover})
        return {row.category: row.content for row in rows}


def change(cast: Cast, who: str, handover: uuid.UUID, **values: Any) -> None:
    """Try to change the handover's row, past the actions."""
    with cast.acting(who):
        done = db.session.execute(update(Handover).where(Handover.id == handover).values(**values))
        assert done.rowcount == 1  # type: ignore[attr-defined]


def test_only_the_categories_agreed_come_back(cast: Cast) -> None:
    case_id = a_full_case(cast)
    handover = a_handover(cast, case_id, categories=[Category.IDENTITY, Category.PLAN])
    told = read(cast, "officer", handover)
    assert set(told) == {"identity", "plan"}
    assert told["identity"]["name"] == NAME
    assert "Abay 1" not in str(told)
    assert "Wants to weld" not in str(told)


def test_every_category_comes_back_where_all_are_agreed(cast: Cast) -> None:
    everything = [Category.IDENTITY, Category.CONTACT, Category.CUSTODY_DATES, Category.OFFENCE]
    everything += [Category.FAMILY, Category.SUPPORT_NEEDS, Category.PLAN]
    handover = a_handover(cast, a_full_case(cast), categories=everything, letter="Read this")
    told = read(cast, "officer", handover)
    assert set(told) == {category.value for category in everything} | {"letter"}
    assert told["family"]["relatives"][0]["name"] is None  # a child's
    page = cast.be("officer").get(f"/handovers/{handover}")
    assert "Read this" in page


def test_nobody_else_reads_it(cast: Cast) -> None:
    handover = a_handover(cast, a_case(cast))
    for name in ("stranger", "coordinator", "aigerim", "steward"):
        assert read(cast, name, handover) == {}
    with cast.app.app_context():
        assert db.session.execute(text("SELECT count(*) FROM incoming_case(:id)"), {"id": handover}).scalar() == 0
    assert read(cast, "officer", uuid.uuid4()) == {}


def test_withdrawn_consent_closes_everything_at_once(cast: Cast) -> None:
    case_id = a_case(cast)
    consent_id = a_consent(cast, case_id, [Category.IDENTITY, Category.CONTACT])
    handover = accepted(
        cast,
        a_handover(
            cast, case_id, categories=[Category.IDENTITY], ground=None, consent_id=consent_id, letter="Ask him first"
        ),
    )
    assert set(read(cast, "officer", handover)) == {"identity", "letter"}
    with cast.acting("aigerim") as user:
        consent = db.session.get_one(Consent, (user.org_id, consent_id))
        people_actions.withdraw_consent(consent, "Changed his mind", by=user)
    assert read(cast, "officer", handover) == {}
    page = cast.be("officer").get(f"/handovers/{handover}")
    assert NAME not in page
    assert "Nothing of the case is open to you" in page
    text_ = cast.be("officer").post(f"/handovers/{handover}/lead", {"reason": "Now"}, expect=422)
    assert "not open to you any more" in text_
    with cast.acting("officer"):
        assert db.session.scalar(select(func.count()).select_from(Case)) == 0
    assert "holds no longer" in cast.be("aigerim").get(f"/cases/{case_id}/release")


def a_raw_handover(cast: Cast, case_id: uuid.UUID, consent_id: uuid.UUID, *, to: str = "probation") -> uuid.UUID:
    """A handover written past the actions, which would have refused it."""
    receiver = cast.organisation(to)
    with cast.acting("aigerim") as user:
        handover = Handover(
            org_id=user.org_id,
            id=uuid.uuid4(),
            to_org_id=receiver,
            case_id=case_id,
            started_by=user.id,
            sender_name=user.name,
            categories=["identity", "contact", "plan"],
            ground="",
            consent_id=consent_id,
            opens_on=today() - timedelta(days=2),
            closes_on=today() + timedelta(days=30),
            status_at=now(),
        )
        db.session.add(handover)
        return handover.id


def test_database_opens_no_more_than_the_consent_covers(cast: Cast) -> None:
    case_id = a_case(cast)
    handover = a_raw_handover(cast, case_id, a_consent(cast, case_id, [Category.IDENTITY, Category.FAMILY]))
    assert set(read(cast, "officer", handover)) == {"identity"}


def test_consent_that_has_ended_opens_nothing(cast: Cast) -> None:
    case_id = a_case(cast)
    ended = a_consent(cast, case_id, [Category.IDENTITY], ends_on=today() - timedelta(days=1))
    assert read(cast, "officer", a_raw_handover(cast, case_id, ended)) == {}


def test_consent_of_another_case_or_for_another_organisation_opens_nothing(cast: Cast) -> None:
    case_id, other = a_case(cast), a_case(cast)
    handover = a_raw_handover(cast, other, a_consent(cast, case_id, [Category.IDENTITY]))
    assert read(cast, "officer", handover) == {}
    elsewhere = a_raw_handover(cast, case_id, a_consent(cast, case_id, [Category.IDENTITY]), to="kamqor")
    assert read(cast, "coordinator", elsewhere) == {}


def test_outside_its_dates_nothing_is_open(cast: Cast) -> None:
    handover = a_handover(cast, a_case(cast))
    assert read(cast, "officer", handover)
    change(cast, "aigerim", handover, closes_on=today() - timedelta(days=2))
    assert read(cast, "officer", handover) == {}


@pytest.mark.parametrize("status", [HandoverStatus.DECLINED, HandoverStatus.CANCELLED, HandoverStatus.LED])
def test_handover_that_has_ended_opens_nothing(cast: Cast, status: HandoverStatus) -> None:
    handover = a_handover(cast, a_case(cast))
    if status is HandoverStatus.LED:
        accepted(cast, handover)
    change(cast, "aigerim" if status is HandoverStatus.CANCELLED else "officer", handover, status=status)
    assert read(cast, "officer", handover) == {}


@pytest.mark.parametrize(
    ("who", "values"),
    [
        ("officer", {"closes_on": today() + timedelta(days=9999)}),
        ("officer", {"release_on": today()}),
        ("officer", {"status": HandoverStatus.CANCELLED}),
        ("officer", {"status": HandoverStatus.LED}),  # nobody accepted it yet
        ("officer", {"categories": ["offence"]}),
        ("officer", {"consent_id": None, "ground": ""}),
        ("aigerim", {"status": HandoverStatus.PREPARING}),
        ("aigerim", {"met_on": today()}),
        ("aigerim", {"categories": ["identity"]}),
        ("aigerim", {"to_org_id": uuid.uuid4()}),
    ],
)
def test_neither_side_moves_what_is_the_other_sides(cast: Cast, who: str, values: dict[str, Any]) -> None:
    handover = a_handover(cast, a_case(cast))
    with pytest.raises(ProgrammingError, match=r"may not move|permission denied"):
        change(cast, who, handover, **values)


def test_ended_handover_is_not_opened_again_by_either_side(cast: Cast) -> None:
    handover = a_handover(cast, a_case(cast))
    change(cast, "officer", handover, status=HandoverStatus.DECLINED)
    for who in ("officer", "aigerim"):
        with pytest.raises(ProgrammingError, match="may not move"):
            change(cast, who, handover, status=HandoverStatus.INVITED)


def test_receiver_reads_neither_the_rows_nor_the_letter_directly(cast: Cast) -> None:
    a_handover(cast, a_case(cast), letter="Only through the door")
    with cast.acting("officer"):
        for table in (Person, Case, Letter):
            assert db.session.scalar(select(func.count()).select_from(table)) == 0


def test_each_reading_is_written_down_with_its_reader_and_cannot_be_forged(cast: Cast) -> None:
    case_id = a_case(cast)
    handover = a_handover(cast, case_id)
    read(cast, "officer", handover)
    read(cast, "stranger", handover)
    cast.be("probation_leader").get(f"/handovers/{handover}")
    with cast.acting("aigerim"):
        rows = db.session.scalars(select(HandoverReading).order_by(HandoverReading.created_at)).all()
        assert [one.reader_name for one in rows] == ["Тимур Бек", "Асель Жан"]
        owner, moment = rows[0].org_id, rows[0].created_at
    page = cast.be("aigerim").get(f"/cases/{case_id}/release")
    assert "Асель Жан" in page
    forged = insert(HandoverReading).values(
        org_id=owner,
        id=uuid.uuid4(),
        to_org_id=cast.organisation("probation"),
        created_at=moment,
        handover_id=handover,
    )
    with cast.acting("officer"), pytest.raises(ProgrammingError, match="permission denied"):
        db.session.execute(forged)


def test_case_of_the_taken_lead_is_the_receivers_own_and_the_prisons_stays(cast: Cast) -> None:
    case_id = a_case(cast)
    handover = accepted(cast, a_handover(cast, case_id))
    with cast.acting("aigerim") as user:
        assert people.opened(case_id, user).id == case_id
    cast.be("officer").get(f"/cases/{case_id}", expect=404)
    cast.be("officer").get(f"/cases/{case_id}/release", expect=404)
    assert handover
