"""An officer's week: who is due, who missed, and several outcomes on one page."""

from datetime import timedelta

from sqlalchemy import select

from caseflow.core.db import db, today
from caseflow.people import actions as people
from caseflow.people import queries
from caseflow.supervision.models import Contact, ContactLevel, ContactOutcome
from tests.cast import Cast
from tests.stories.supervision import a_contact, a_supervised_case


def test_several_outcomes_are_saved_at_once(cast: Cast) -> None:
    rows = []
    for name in ("Асан Усенов", "Бек Жолдасов", "Сауле Ким"):
        case_id = a_supervised_case(cast, name=name, latin_name=None)
        rows.append(a_contact(cast, case_id, days=-1))
    first, second, third = rows
    text = cast.be("officer").get("/week")
    for name in ("Асан Усенов", "Бек Жолдасов", "Сауле Ким"):
        assert name in text
    cast.be("officer").post(
        "/week",
        {
            f"{first}-outcome": "complied",
            f"{second}-outcome": "unacceptable_absence",
            f"{second}-reason": "Not reached",
            f"{second}-response": "talk",
            f"{third}-outcome": "",
        },
    )
    with cast.acting("officer"):
        held = {one.id: one.outcome for one in db.session.scalars(select(Contact))}
    assert held == {first: ContactOutcome.COMPLIED, second: ContactOutcome.UNACCEPTABLE_ABSENCE, third: None}
    assert "Not reached" in cast.be("officer").get("/week")  # among the missed


def test_line_with_a_mistake_stays_with_what_was_typed_and_the_others_are_saved(cast: Cast) -> None:
    good = a_contact(cast, a_supervised_case(cast), days=-1)
    wrong = a_contact(cast, a_supervised_case(cast), days=-2)
    empty = a_contact(cast, a_supervised_case(cast), days=-3)
    text = cast.be("officer").post(
        "/week",
        {
            f"{good}-outcome": "complied",
            f"{wrong}-outcome": "acceptable_absence",
            f"{wrong}-note": "Called in the morning",
            f"{empty}-outcome": "",
            f"{empty}-note": "A word without an outcome",
        },
        expect=422,
    )
    assert "Say why the person did not come." in text
    assert "Called in the morning" in text
    assert "Choose what came of it." in text
    assert "A word without an outcome" in text
    with cast.acting("officer"):
        held = {one.id: one.outcome for one in db.session.scalars(select(Contact))}
    assert held == {good: ContactOutcome.COMPLIED, wrong: None, empty: None}


def test_double_click_on_the_week_records_once(cast: Cast) -> None:
    contact = a_contact(cast, a_supervised_case(cast), days=-1)
    for _time in range(2):
        cast.be("officer").post("/week", {f"{contact}-outcome": "complied"})
    with cast.acting("officer"):
        assert db.session.scalars(select(Contact)).one().version == 2


def test_person_who_is_due_with_nothing_planned_stands_out(cast: Cast) -> None:
    start = today() - timedelta(days=20)
    due = a_supervised_case(cast, name="Дамир Due", starts_on=start, level=ContactLevel.TWO_WEEKS)
    fine = a_supervised_case(cast, name="Фарида Fine", starts_on=today(), level=ContactLevel.EIGHT_WEEKS)
    text = cast.be("officer").get("/week")
    assert "Дамир Due" in text
    assert "Фарида Fine" not in text
    a_contact(cast, due, days=3)
    beyond = cast.be("officer").get(f"/week?of={today() + timedelta(days=3)}")
    assert "Everybody who is due has a contact planned." in beyond
    assert "Дамир Due" in beyond  # planned
    assert fine is not None


def test_leader_looks_at_an_officers_week_and_an_officer_only_at_their_own(cast: Cast) -> None:
    a_contact(cast, a_supervised_case(cast, name="Ерлан Own"), days=-1)
    with cast.acting("officer") as officer:
        officer_id = officer.id
    assert "Ерлан Own" in cast.be("probation_leader").get(f"/week?officer={officer_id}")
    assert "Ерлан Own" not in cast.be("probation_leader").get("/week")
    assert "Ерлан Own" not in cast.be("other_officer").get(f"/week?officer={officer_id}")
    assert "Ерлан Own" not in cast.be("stranger").get(f"/week?officer={officer_id}")


def test_week_follows_the_case_to_its_new_officer(cast: Cast) -> None:
    case_id = a_supervised_case(cast, name="Нурлан Moved")
    a_contact(cast, case_id, days=-1)
    with cast.acting("other_officer") as other:
        other_id = other.id
    with cast.acting("probation_leader") as leader:
        worker = next(one for one in queries.workers(leader) if one.id == other_id)
        people.allocate(queries.opened(case_id, leader), worker, reason="Leave", by=leader)
    assert "Нурлан Moved" not in cast.be("officer").get("/week")
    assert "Нурлан Moved" in cast.be("other_officer").get("/week")


def test_wrong_address_shows_this_week(cast: Cast) -> None:
    cast.be("officer").get("/week?of=nonsense&officer=nonsense")


def test_week_at_the_end_of_the_calendar_is_this_week(cast: Cast) -> None:
    this_week = cast.be("officer").get("/week").count("<th")
    for day in ("9999-12-31", "0001-01-01", "x"):
        assert cast.be("officer").get(f"/week?of={day}").count("<th") == this_week
