"""The order, its conditions and its contacts, by URL."""

import uuid
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from caseflow.core.db import db
from caseflow.people import queries as people
from caseflow.people.models import Case, CaseOutcome, Phase
from caseflow.supervision import queries
from caseflow.supervision.models import Condition, Contact, ContactLevel, ContactOutcome, Supervision
from tests.cast import Cast
from tests.stories.people import a_case
from tests.stories.supervision import a_contact, a_supervised_case

ALMATY = ZoneInfo("Asia/Almaty")


def here() -> datetime:
    return datetime.now(ALMATY)


def parts(name: str, day: date | datetime) -> dict[str, str]:
    """A date, or a moment, as the form's inputs carry it."""
    typed = {f"{name}-day": str(day.day), f"{name}-month": str(day.month), f"{name}-year": str(day.year)}
    if isinstance(day, datetime):
        typed |= {f"{name}-hour": str(day.hour), f"{name}-minute": str(day.minute)}
    return typed


def order_form(**changes: Any) -> dict[str, Any]:
    today = here().date()
    return {
        "order_number": "12-77",
        "court": "District court 2",
        **parts("starts_on", today),
        **parts("ends_on", today + timedelta(days=300)),
        "level": "weekly",
        **changes,
    }


def test_officer_records_the_order_once(cast: Cast) -> None:
    case_id = a_case(cast, "officer", phase=Phase.RELEASED)
    page = f"/cases/{case_id}/supervision"
    cast.be("officer").post(f"{page}/order", order_form())
    text = cast.be("officer").get(page)
    assert "12-77" in text
    assert "District court 2" in text
    with cast.acting("officer"):
        assert db.session.scalar(select(func.count()).select_from(Supervision)) == 1


def test_second_order_of_a_case_is_a_conflict(cast: Cast) -> None:
    case_id = a_supervised_case(cast)
    with cast.acting("officer") as officer:
        version = db.session.scalars(select(Supervision)).one().version
    stale = order_form(version=str(version + 5), court="Another court")
    text = cast.be("officer").post(f"/cases/{case_id}/supervision/order", stale, expect=409)
    assert "Another court" in text  # what was typed is kept
    assert "Almaty district court" in text  # and theirs is shown
    with cast.acting("officer"):
        assert db.session.scalars(select(Supervision)).one().court == "Almaty district court"
    assert officer is not None


def test_order_that_ends_before_it_starts_is_refused_at_its_field(cast: Cast) -> None:
    case_id = a_case(cast, "officer", phase=Phase.RELEASED)
    wrong = order_form(**parts("ends_on", here().date() - timedelta(days=3)))
    text = cast.be("officer").post(f"/cases/{case_id}/supervision/order", wrong, expect=422)
    assert "The end lies before the start." in text
    assert "12-77" in text


def test_condition_is_added_once_explained_and_ended(cast: Cast) -> None:
    case_id = a_supervised_case(cast)
    page = f"/cases/{case_id}/supervision"
    form = {"kind": "reporting", "text": "Come on Mondays", **parts("starts_on", here().date())}
    officer = cast.be("officer")
    officer.post(f"{page}/conditions/new", form)
    officer.post(f"{page}/conditions/new", form)
    with cast.acting("officer"):
        [condition_id] = db.session.scalars(select(Condition.id)).all()
    assert "Not explained yet" in officer.get(page)
    officer.post(
        f"{page}/conditions/{condition_id}/explain", {**parts("explained_on", here().date()), "understood": "y"}
    )
    assert "Understood" in officer.get(page)
    officer.post(f"{page}/conditions/{condition_id}/end")
    officer.post(f"{page}/conditions/{condition_id}/end", expect=409)


def test_condition_needs_an_order(cast: Cast) -> None:
    case_id = a_case(cast, "officer", phase=Phase.RELEASED)
    cast.be("officer").get(f"/cases/{case_id}/supervision/conditions/new", expect=404)


def test_contact_is_planned_once_moved_and_called_off(cast: Cast) -> None:
    case_id = a_supervised_case(cast)
    page = f"/cases/{case_id}/supervision"
    officer = cast.be("officer")
    day = here().replace(second=0, microsecond=0) + timedelta(days=3)
    form = {**parts("starts_at", day), "way": "in_person", "place": "Room 9"}
    officer.post(f"{page}/contacts/new", form)
    officer.post(f"{page}/contacts/new", form)  # the double click
    with cast.acting("officer"):
        [contact] = db.session.scalars(select(Contact)).all()
        contact_id, version = contact.id, contact.version
    moved = {**parts("starts_at", day + timedelta(days=1)), "way": "phone", "version": str(version)}
    officer.post(f"{page}/contacts/{contact_id}/change", moved)
    stale = {**moved, "place": "Elsewhere"}
    assert "Elsewhere" in officer.post(f"{page}/contacts/{contact_id}/change", stale, expect=409)
    officer.post(f"{page}/contacts/{contact_id}/call-off", {}, expect=422)
    officer.post(f"{page}/contacts/{contact_id}/call-off", {"reason": "Ill"})
    assert "Called off" in officer.get(page)
    officer.post(f"{page}/contacts/{contact_id}/call-off", {"reason": "Ill"}, expect=409)


def test_contact_is_planned_neither_in_the_past_nor_too_far_ahead(cast: Cast) -> None:
    case_id = a_supervised_case(cast)
    for days in (-1, 200):
        form = {**parts("starts_at", here() + timedelta(days=days)), "way": "phone"}
        cast.be("officer").post(f"/cases/{case_id}/supervision/contacts/new", form, expect=422)
    with cast.acting("officer"):
        assert db.session.scalar(select(func.count()).select_from(Contact)) == 0


def test_outcome_is_recorded_once(cast: Cast) -> None:
    case_id = a_supervised_case(cast)
    page = f"/cases/{case_id}/supervision"
    contact_id = a_contact(cast, case_id, days=-1)
    officer = cast.be("officer")
    officer.post(f"{page}/contacts/{contact_id}/outcome", {"outcome": "complied", "note": "Found work"})
    assert "Found work" in officer.get(page)
    text = officer.post(f"{page}/contacts/{contact_id}/outcome", {"outcome": "sent_away", "note": "Again"}, expect=409)
    assert "Again" in text
    with cast.acting("officer"):
        assert db.session.scalars(select(Contact)).one().outcome is ContactOutcome.COMPLIED


def test_absence_needs_its_reason_a_breach_its_response_and_a_warning_its_why(cast: Cast) -> None:
    case_id = a_supervised_case(cast)
    contact_id = a_contact(cast, case_id, days=-1)
    address = f"/cases/{case_id}/supervision/contacts/{contact_id}/outcome"
    officer = cast.be("officer")
    assert "Say why the person did not come." in officer.post(address, {"outcome": "acceptable_absence"}, expect=422)
    missed = {"outcome": "unacceptable_absence", "reason": "Forgot"}
    assert "Choose how you respond" in officer.post(address, missed, expect=422)
    warned = {**missed, "response": "first_warning"}
    assert "why a talk or help will not do" in officer.post(address, warned, expect=422)
    officer.post(address, {**warned, "note": "Third time"})


def test_outcome_of_a_contact_to_come_is_refused(cast: Cast) -> None:
    case_id = a_supervised_case(cast)
    contact_id = a_contact(cast, case_id, days=2)
    address = f"/cases/{case_id}/supervision/contacts/{contact_id}/outcome"
    cast.be("officer").post(address, {"outcome": "complied"}, expect=422)


def test_unplanned_contact_is_recorded_with_its_outcome(cast: Cast) -> None:
    case_id = a_supervised_case(cast)
    address = f"/cases/{case_id}/supervision/contacts/held"
    form = {**parts("starts_at", here() - timedelta(hours=2)), "way": "home_visit", "outcome": "complied"}
    cast.be("officer").post(address, form)
    assert "Visit at home" in cast.be("officer").get(f"/cases/{case_id}/supervision")
    ahead = {**form, **parts("starts_at", here() + timedelta(days=2))}
    cast.be("officer").post(address, ahead, expect=422)


def test_next_contact_is_due_by_the_level_from_the_last_one_held(cast: Cast) -> None:
    start = here().date() - timedelta(days=40)
    case_id = a_supervised_case(cast, starts_on=start, level=ContactLevel.FOUR_WEEKS)
    with cast.acting("officer") as officer:
        case = db.session.get_one(Case, (officer.org_id, case_id))
        assert queries.next_due(case) == start + timedelta(weeks=4)
    page = f"/cases/{case_id}/supervision/contacts"
    held = here() - timedelta(days=2)
    cast.be("officer").post(f"{page}/held", {**parts("starts_at", held), "way": "phone", "outcome": "complied"})
    missed = here() - timedelta(days=1)
    form = {"way": "phone", "outcome": "acceptable_absence", "reason": "Court"}
    cast.be("officer").post(f"{page}/held", {**parts("starts_at", missed), **form})
    with cast.app.test_request_context(), cast.acting("officer") as officer:
        case = db.session.get_one(Case, (officer.org_id, case_id))
        due = queries.next_due(case)
    assert due is not None
    assert abs((due - (held.date() + timedelta(weeks=4))).days) <= 1  # the reader's zone, or UTC outside a request


def test_case_is_closed_with_its_outcome_and_the_supervision_with_it(cast: Cast) -> None:
    case_id = a_supervised_case(cast)
    a_contact(cast, case_id, days=5)
    page = f"/cases/{case_id}/supervision"
    officer = cast.be("officer")
    officer.post(f"{page}/close", {"outcome": "sentence_ended"}, expect=422)
    officer.post(f"{page}/close", {"outcome": "sentence_ended", "note": "Works, lives with his mother"})
    with cast.acting("officer") as user:
        case = db.session.get_one(Case, (user.org_id, case_id))
        assert (case.phase, case.outcome) == (Phase.CLOSED, CaseOutcome.SENTENCE_ENDED)
        assert db.session.scalars(select(Supervision)).one().ended_at is not None
        assert db.session.scalars(select(Contact)).one().called_off_at is not None
    officer.post(f"{page}/close", {"outcome": "sentence_ended", "note": "Again"}, expect=409)
    officer.post(f"{page}/contacts/new", {**parts("starts_at", here() + timedelta(days=2)), "way": "phone"}, expect=409)
    assert "The supervision has ended" in officer.get(page)


def test_no_page_closes_a_case_and_leaves_its_supervision(cast: Cast) -> None:
    case_id = a_supervised_case(cast)
    officer = cast.be("officer")
    officer.post(f"/cases/{case_id}/close", {"outcome": "sentence_ended"})
    assert officer.location == f"/cases/{case_id}/supervision/close"
    with cast.acting("officer") as user:
        assert people.opened(case_id, user).open()
        assert db.session.scalars(select(Supervision)).one().ended_at is None


def test_case_with_an_unrecorded_contact_is_not_closed(cast: Cast) -> None:
    case_id = a_supervised_case(cast)
    a_contact(cast, case_id, days=-1)
    text = cast.be("officer").post(
        f"/cases/{case_id}/supervision/close", {"outcome": "completed", "note": "Done"}, expect=422
    )
    assert "record it first" in text


def test_return_to_custody_closes_the_case_and_keeps_its_history(cast: Cast) -> None:
    case_id = a_supervised_case(cast)
    a_contact(cast, case_id, days=-1)
    page = f"/cases/{case_id}/supervision"
    cast.be("officer").post(f"{page}/return", {"reason": "New sentence"})
    with cast.acting("officer") as user:
        case = db.session.get_one(Case, (user.org_id, case_id))
        assert case.outcome is CaseOutcome.RETURNED
        assert db.session.scalar(select(func.count()).select_from(Contact)) == 1


def test_happenings_tell_the_order_the_conditions_and_each_contact(cast: Cast) -> None:
    case_id = a_supervised_case(cast)
    a_contact(cast, case_id, days=4)
    late = a_contact(cast, case_id, days=-1)
    outcome = {"outcome": "acceptable_absence", "reason": "Hospital"}
    cast.be("officer").post(f"/cases/{case_id}/supervision/contacts/{late}/outcome", outcome)
    with cast.app.test_request_context(), cast.acting("officer") as user:
        told = queries.happenings(db.session.get_one(Case, (user.org_id, case_id)))
    titles = [one.title for one in told]
    assert "Supervision order recorded" in titles
    assert "Acceptable absence" in titles
    assert any(title.startswith("Contact planned for") for title in titles)
    assert any(one.text == "Hospital" for one in told)


def test_stranger_and_colleague_without_the_case_find_nothing(cast: Cast) -> None:
    case_id = a_supervised_case(cast)
    contact_id = a_contact(cast, case_id, days=-1)
    page = f"/cases/{case_id}/supervision"
    paths = ["", "/order", "/conditions/new", "/contacts/new", f"/contacts/{contact_id}/outcome", "/close", "/return"]
    for name in ("stranger", "other_officer"):
        for path in paths:
            cast.be(name).get(page + path, expect=404)
        cast.be(name).post(f"{page}/contacts/{contact_id}/outcome", {"outcome": "complied"}, expect=404)
    cast.be("aigerim").get(page, expect=403)
    with cast.acting("stranger"):
        for table in (Supervision, Condition, Contact):
            assert db.session.scalar(select(func.count()).select_from(table)) == 0


def test_unknown_contact_is_not_found(cast: Cast) -> None:
    case_id = a_supervised_case(cast)
    cast.be("officer").get(f"/cases/{case_id}/supervision/contacts/{uuid.uuid4()}/outcome", expect=404)
