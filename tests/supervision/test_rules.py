"""What the actions of supervision refuse whoever calls them."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from caseflow.accounts.models import User
from caseflow.core.db import db, now, today
from caseflow.core.errors import Conflict, Refused
from caseflow.people import queries as people
from caseflow.people.models import Phase
from caseflow.supervision import actions, queries
from caseflow.supervision.models import (
    Condition,
    ConditionKind,
    Contact,
    ContactForm,
    ContactLevel,
    ContactOutcome,
    Supervision,
)
from tests.cast import Cast
from tests.stories.people import a_case
from tests.stories.supervision import a_contact, a_supervised_case
from tests.supervision.test_supervision import here, order_form


def a_condition(cast: Cast, case_id: object) -> None:
    with cast.acting("officer") as user:
        actions.add_condition(
            people.opened(case_id, user),  # type: ignore[arg-type]
            kind=ConditionKind.TRAVEL,
            text="Tell before you travel",
            starts_on=today(),
            ends_on=None,
            explained_on=today(),
            understood=True,
            by=user,
        )


def test_case_has_one_order(cast: Cast) -> None:
    case_id = a_supervised_case(cast)
    with cast.acting("officer") as user, pytest.raises(Conflict):
        actions.record_order(
            people.opened(case_id, user),
            order_number="2",
            court=None,
            starts_on=today(),
            ends_on=None,
            level=ContactLevel.WEEKLY,
            by=user,
        )


def test_order_is_changed_by_whoever_saw_it_as_it_stands(cast: Cast) -> None:
    case_id = a_supervised_case(cast)
    cast.be("officer").post(f"/cases/{case_id}/supervision/order", order_form(version="1", court="Supreme"))
    with cast.acting("officer"):
        order = db.session.scalars(select(Supervision)).one()
        assert (order.court, order.level) == ("Supreme", ContactLevel.WEEKLY)


def test_condition_explained_when_it_is_added_ends_with_the_order_and_not_again(cast: Cast) -> None:
    case_id = a_supervised_case(cast)
    a_condition(cast, case_id)
    with cast.acting("officer") as user:
        order = db.session.scalars(select(Supervision)).one()
        assert db.session.scalars(select(Condition)).one().understood
        actions.end(order, by=user)
        with pytest.raises(Conflict):
            actions.end(order, by=user)
        condition = db.session.scalars(select(Condition)).one()
        assert condition.ended_at is not None
        with pytest.raises(Conflict):
            actions.explain_condition(condition, explained_on=today(), understood=False, by=user)
        case = people.opened(case_id, user)
        assert queries.next_due(case) is None
        with pytest.raises(Refused, match="no order in force"):
            actions.add_condition(
                case,
                kind=ConditionKind.WORK,
                text="Work",
                starts_on=today(),
                ends_on=None,
                explained_on=None,
                understood=False,
                by=user,
            )
    with cast.app.test_request_context(), cast.acting("officer") as user:
        titles = [one.title for one in queries.happenings(people.opened(case_id, user))]
    assert "Supervision ended" in titles
    assert "Condition ended: Travel" in titles


def test_unplanned_contact_is_not_recorded_ahead(cast: Cast) -> None:
    case_id = a_supervised_case(cast)
    with cast.acting("officer") as user, pytest.raises(Refused) as refused:
        actions.record_held(
            people.opened(case_id, user),
            starts_at=now() + timedelta(hours=2),
            form=ContactForm.PHONE,
            place=None,
            outcome=ContactOutcome.COMPLIED,
            reason=None,
            response=None,
            note=None,
            by=user,
        )
    assert refused.value.field == "starts_at"


def test_case_without_an_order_is_closed_with_what_was_planned_called_off(cast: Cast) -> None:
    case_id = a_case(cast, "officer", phase=Phase.RELEASED)
    a_contact(cast, case_id, days=3)
    form = {"outcome": "moved", "note": "To another country"}
    cast.be("officer").post(f"/cases/{case_id}/supervision/close", form)
    with cast.acting("officer") as user:
        assert db.session.scalars(select(Contact)).one().called_off_at is not None
        case = people.opened(case_id, user)
        assert case.phase is Phase.CLOSED
        assert queries.next_due(case) is None
    with cast.app.test_request_context(), cast.acting("officer") as user:
        titles = [one.title for one in queries.happenings(people.opened(case_id, user))]
    assert any(title.startswith("Contact called off") for title in titles)
    with cast.acting("officer"):
        assert db.session.scalar(select(func.count()).select_from(Supervision)) == 0


def test_kept_and_called_off_contacts_do_not_hinder_the_closing(cast: Cast) -> None:
    case_id = a_supervised_case(cast)
    held = a_contact(cast, case_id, days=-2)
    officer = cast.be("officer")
    officer.post(f"/cases/{case_id}/supervision/contacts/{held}/outcome", {"outcome": "complied"})
    officer.post(f"/cases/{case_id}/supervision/close", {"outcome": "completed", "note": "Done"})


def test_week_begins_on_the_readers_first_day() -> None:
    wednesday = here().date().replace(year=2026, month=11, day=25)
    assert queries.first_of_week(wednesday, 0).isoformat() == "2026-11-23"
    assert queries.first_of_week(wednesday, 5).isoformat() == "2026-11-21"  # Saturday, as in Iraq


def test_stranger_changes_nothing_by_actions_either(cast: Cast) -> None:
    case_id = a_supervised_case(cast)
    a_condition(cast, case_id)
    with cast.acting("stranger") as user:
        assert db.session.scalar(select(func.count()).select_from(Condition)) == 0
        assert db.session.get(User, (user.org_id, user.id)) is user
