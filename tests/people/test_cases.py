"""Cases by URL: opening, facts, phases, workers, sites, closing and opening again."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from werkzeug.exceptions import NotFound

from caseflow.core.db import db, new_id, today
from caseflow.core.errors import Refused
from caseflow.core.search import query_keys
from caseflow.people import actions, queries
from caseflow.people.models import (
    AssignmentRole,
    Case,
    CaseOutcome,
    Name,
    NameKey,
    Person,
    Phase,
    PhaseChange,
    Stay,
    Task,
)
from caseflow.tenancy import actions as tenancy
from caseflow.tenancy.models import SiteKind
from tests.cast import Cast
from tests.stories.people import a_case


def parts(name: str, day: Any) -> dict[str, str]:
    """A date as the three inputs send it."""
    return {f"{name}-day": str(day.day), f"{name}-month": str(day.month), f"{name}-year": str(day.year)}


def typed(**more: str) -> dict[str, Any]:
    """A new person and case as the form sends them."""
    return {
        "id": str(new_id()),
        "name": "Нұрлан Әбдіров",
        "latin_name": "Nurlan Abdirov",
        "scripts": "نورلان عبدیروف",
        "aliases": "Нурик",
        "person_number": "77-1",
        "national": "٩٠٠١٠١٣٠٠١٢٣",
        "sex": "male",
        "birth_date-day": "5",
        "birth_date-month": "3",
        "birth_date-year": "1990",
        "languages": ["kk", "ru"],
        "literacy": "full",
        "number": "C-77",
        "admitted_at-day": "3",
        "admitted_at-month": "11",
        "admitted_at-year": "2025",
        "admitted_at-hour": "9",
        "admitted_at-minute": "30",
        "commitment_order": "Order 12",
        "legal_status": "sentenced",
        **parts("release_on", today() + timedelta(days=200)),
        **more,
    }


def test_social_worker_opens_a_case_by_hand_and_double_click_makes_one(cast: Cast) -> None:
    form = typed()
    browser = cast.be("aigerim")
    browser.post("/cases/new", form)
    browser.post("/cases/new", form)
    with cast.app.test_request_context(), cast.acting("aigerim") as user:
        [case] = db.session.scalars(select(Case).where(Case.org_id == user.org_id)).all()
        assert str(case.id) == form["id"]
        assert case.primary_worker is user
        assert case.phase is Phase.INTAKE
        assert queries.identifiers(case.person) == {"national": "900101300123"}
        assert {name.full for name in queries.names(case.person)} == {
            "Нұрлан Әбдіров", "Nurlan Abdirov", "نورلان عبدیروف", "Нурик",
        }  # fmt: skip
        assert [task.kind.value for task in queries.open_tasks(case)] == ["intake"]
        kept = set(db.session.scalars(select(NameKey.key).where(NameKey.person_id == case.person_id)))
        assert all(keys & kept for keys in query_keys("Nurlan Abdirov"))
        assert [happening.kind for happening in queries.happenings(case)].count("phase") == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"person_number": ""}, "person_number"),
        ({"number": ""}, "number"),
        ({"commitment_order": ""}, "commitment_order"),
        ({"admitted_at-day": "", "admitted_at-month": "", "admitted_at-year": "", "admitted_at-hour": "",
          "admitted_at-minute": ""}, "admitted_at"),
        ({"release_on-day": "", "release_on-month": "", "release_on-year": ""}, "release_unknown_reason"),
        ({"birth_date-year": "2999"}, "birth_date"),
        ({"sex": "other"}, "sex"),
        ({"worker": str(uuid.uuid4())}, "worker"),
        ({"site": str(uuid.uuid4())}, "site"),
    ],
)  # fmt: skip
def test_what_a_prison_must_know_is_asked_for(cast: Cast, change: dict[str, str], field: str) -> None:
    page = cast.be("aigerim").post("/cases/new", typed(**change), expect=422)
    assert f'id="{field}-error"' in page
    assert "نورلان عبدیروف" in page  # what was typed is kept
    with cast.acting("aigerim"):
        assert db.session.scalar(select(func.count(Person.id))) == 0


def test_numbers_are_taken_once(cast: Cast) -> None:
    browser = cast.be("aigerim")
    browser.post("/cases/new", typed())
    taken = {
        "person_number": typed(number="C-78", national=""),
        "number": typed(person_number="77-2", national=""),
        "national": typed(number="C-78", person_number="77-2"),
    }
    for field, form in taken.items():
        assert f'id="{field}-error"' in browser.post("/cases/new", form, expect=422)
    # Another organisation's numbers are its own.
    cast.be("stranger").post("/cases/new", typed(site=""))


def test_second_case_of_the_same_person(cast: Cast) -> None:
    case_id = a_case(cast)
    form = {key: value for key, value in typed(number="C-2").items() if key not in ("name", "sex")}
    cast.be("aigerim").post(f"/cases/{case_id}/new-case", form)
    with cast.acting("aigerim") as user:
        cases = db.session.scalars(select(Case).where(Case.org_id == user.org_id)).all()
        assert len(cases) == 2
        assert len({case.person_id for case in cases}) == 1


def test_facts_change_and_a_second_writer_sees_both_versions(cast: Cast) -> None:
    case_id = a_case(cast)
    browser = cast.be("aigerim")
    path = f"/cases/{case_id}/facts"
    browser.get(path)
    form = {key: value for key, value in typed().items() if not key.startswith(("birth", "name"))}
    browser.post(path, {**form, "offence_type": "Theft", "version": "1"})
    page = browser.post(path, {**form, "offence_type": "Robbery", "version": "1"}, expect=409)
    assert "Theft" in page
    assert "Robbery" in page
    browser.post(path, {**form, "offence_type": "Robbery", "version": "2"})
    with cast.acting("aigerim") as user:
        assert queries.opened(case_id, user).offence_type == "Robbery"


def test_stranger_and_colleague_outside_the_case_do_not_see_it(cast: Cast) -> None:
    case_id = a_case(cast)
    for other in ("daniyar", "stranger", "stranger_worker", "officer", "admin", "auditor", "coordinator", "steward"):
        with cast.acting(other) as user:
            with pytest.raises(NotFound):
                queries.opened(case_id, user)
            assert db.session.scalar(select(func.count()).select_from(queries.visible(user).subquery())) == 0
    for other in ("stranger", "officer", "coordinator", "steward"):
        with cast.acting(other):
            for table in (Person, Case, Name, NameKey, Task, Stay, PhaseChange):
                assert db.session.scalar(select(func.count()).select_from(table)) == 0


def test_team_leader_of_a_site_sees_the_cases_of_the_site(cast: Cast) -> None:
    case_id = a_case(cast)
    with cast.acting("leader") as leader:
        site_id = queries.opened(case_id, leader).site_id  # without a site: the whole organisation
    with cast.managing("leader") as leader:
        leader.site_id = site_id
    with cast.acting("leader") as leader:
        assert queries.opened(case_id, leader).id == case_id
    with cast.managing("leader") as leader:
        leader.site_id = tenancy.add_site(name="Other", kind=SiteKind.PRISON, by=leader).id
    with cast.acting("leader") as leader, pytest.raises(NotFound):
        queries.opened(case_id, leader)


def test_team_leader_gives_the_case_to_another_worker(cast: Cast) -> None:
    case_id = a_case(cast)
    with cast.acting("daniyar") as user:
        daniyar = user.id
    with cast.acting("officer") as user:
        outsider = user.id
    leader, path = cast.be("leader"), f"/cases/{case_id}/allocate"
    leader.post(path, {"worker": str(daniyar), "role": "primary", "reason": ""}, expect=422)
    assert 'id="worker-error"' in leader.post(
        path, {"worker": str(outsider), "role": "primary", "reason": "x"}, expect=422
    )
    leader.post(path, {"worker": str(daniyar), "role": "primary", "reason": "Отпуск"})
    assert "Отпуск" in leader.get(path)
    cast.be("aigerim").get(f"/cases/{case_id}/notes", expect=404)  # no longer hers
    cast.be("daniyar").get(f"/cases/{case_id}/notes")
    with cast.acting("leader") as user:
        case = queries.opened(case_id, user)
        assert [one.ended_reason for one in queries.assignment_history(case)] == [None, "Отпуск"]
        assert {task.user_id for task in queries.open_tasks(case)} == {daniyar}


def test_nobody_is_responsible_worker_and_co_worker_of_one_case(cast: Cast) -> None:
    case_id = a_case(cast)
    with cast.acting("aigerim") as user:
        aigerim = user.id
    for role in ("primary", "co_worker"):
        page = cast.be("leader").post(
            f"/cases/{case_id}/allocate", {"worker": str(aigerim), "role": role, "reason": "x"}, expect=422
        )
        assert 'id="worker-error"' in page
    with cast.acting("daniyar") as user:
        daniyar = user.id
    cast.be("leader").post(
        f"/cases/{case_id}/allocate", {"worker": str(daniyar), "role": "co_worker", "reason": "язык"}
    )
    with cast.acting("daniyar") as user:
        case = queries.opened(case_id, user)
        assert queries.co_worker(case) is user
        assert case.primary_worker is not None
        assert case.primary_worker.id == aigerim


def test_only_workers_on_cases_get_cases(cast: Cast) -> None:
    case_id = a_case(cast)
    with cast.acting("admin") as user:
        admin = user
        with pytest.raises(Refused):
            actions.allocate(queries.case_of(user.org_id, case_id), admin, role=AssignmentRole.CO_WORKER, by=user)


def test_phase_goes_on_as_the_table_allows(cast: Cast) -> None:
    case_id = a_case(cast)
    browser, path = cast.be("aigerim"), f"/cases/{case_id}/phase"
    assert 'id="phase-error"' in browser.post(path, {"phase": "delivery"}, expect=422)  # not from the intake
    assert 'id="phase-error"' in browser.post(path, {"phase": "closed"}, expect=422)  # closing is an act of its own
    for phase in ("planning", "delivery", "pre_release", "released"):
        browser.post(path, {"phase": phase})
    with cast.acting("aigerim") as user:
        case = queries.opened(case_id, user)
        assert case.released_on == user.organisation.today()
        assert all(stay.until for stay, _ in queries.stays(case))
    assert 'id="reason-error"' in browser.post(path, {"phase": "delivery"}, expect=422)  # a return needs a reason
    browser.post(path, {"phase": "delivery", "reason": "Отзыв"})
    with cast.acting("aigerim") as user:
        case = queries.opened(case_id, user)
        assert case.in_custody()
        assert case.released_on is None
        assert len(queries.stays(case)) == 2
        assert [change.phase.value for change, _ in queries.phase_changes(case)][:2] == ["delivery", "released"]


def test_case_is_closed_and_opened_again_with_a_reason(cast: Cast) -> None:
    case_id = a_case(cast)
    browser = cast.be("aigerim")
    assert 'id="outcome-error"' in browser.post(f"/cases/{case_id}/close", {"outcome": ""}, expect=422)
    browser.post(f"/cases/{case_id}/close", {"outcome": "moved", "note": "Уехал"})
    browser.post(f"/cases/{case_id}/close", {"outcome": "moved"}, expect=409)
    browser.post(f"/cases/{case_id}/phase", {"phase": "delivery"}, expect=422)
    with cast.acting("aigerim") as user:
        case = queries.opened(case_id, user)
        assert case.outcome is CaseOutcome.MOVED
        assert not queries.open_tasks(case)
    assert 'id="reason-error"' in browser.post(f"/cases/{case_id}/reopen", {"phase": "delivery"}, expect=422)
    assert 'id="phase-error"' in browser.post(
        f"/cases/{case_id}/reopen", {"phase": "released", "reason": "x"}, expect=422
    )
    browser.post(f"/cases/{case_id}/reopen", {"phase": "delivery", "reason": "Вернулся"})
    browser.post(f"/cases/{case_id}/reopen", {"phase": "delivery", "reason": "Вернулся"}, expect=409)
    with cast.app.test_request_context(), cast.acting("aigerim") as user:
        case = queries.opened(case_id, user)
        assert case.open()
        assert case.outcome is None
        with pytest.raises(Refused):
            actions.reopen_case(case, Phase.INTAKE, "", by=user)
        titles = [one.text for one in queries.happenings(case)]
        assert "Уехал" in titles
        assert "Вернулся" in titles


def test_person_moves_to_another_site_and_the_stay_is_kept(cast: Cast) -> None:
    case_id = a_case(cast)
    with cast.acting("admin") as admin:
        site_id = tenancy.add_site(name="Колония 2", kind=SiteKind.PRISON, by=admin).id
    browser, path = cast.be("aigerim"), f"/cases/{case_id}/transfer"
    assert 'id="site-error"' in browser.post(path, {"site": str(uuid.uuid4())}, expect=422)
    browser.post(path, {"site": str(site_id), "reason": "Лечение"})
    assert "Колония 2" in browser.get(path)
    browser.post(path, {"site": str(site_id)}, expect=422)
    with cast.acting("aigerim") as user:
        case = queries.opened(case_id, user)
        assert case.site_id == site_id
        assert [bool(stay.until) for stay, _ in queries.stays(case)] == [False, True]
        with pytest.raises(Refused):
            actions.transfer(case, case.site, None, by=user)  # type: ignore[arg-type]  # it has one
