"""Each role's home page, by URL: what needs them first, with counts that are true."""

import re
import uuid
from datetime import timedelta

import pytest

from caseflow.accounts import queries as accounts
from caseflow.accounts.actions import add_user
from caseflow.accounts.permissions import Role
from caseflow.core.db import db, today
from caseflow.people import actions as people
from caseflow.people.models import Case, Phase
from tests.cast import PASSWORD, Cast
from tests.people.test_cases import parts
from tests.stories.access import colleague, hired
from tests.stories.people import a_case
from tests.stories.supervision import a_contact, a_supervised_case

ROLES = {
    "aigerim": "What needs you",
    "officer": "What needs you",
    "leader": "Your team",
    "probation_leader": "Your team",
    "coordinator": "What needs you",
    "worker": "Your sessions",
    "admin": "Your organisation",
    "auditor": "Newest entries of the audit",
    "steward": "The platform",
}


def english(cast: Cast, name: str) -> str:
    """This person's home page in English."""
    cast.be(name).post("/language", {"locale": "en"})
    return cast.be(name).get("/")


def figure(page: str, label: str) -> int:
    """The number above a figure's label."""
    found = re.search(r"<bdi>([\d,]+)</bdi></span> <span class=\"cf-figure__label\">" + re.escape(label), page)
    assert found, f"no figure “{label}”"
    return int(found[1].replace(",", ""))


def a_task(cast: Cast, by: str, case_id: uuid.UUID, title: str, days: int) -> None:
    with cast.acting(by) as user:
        case = db.session.get_one(Case, (user.org_id, case_id))
        people.add_task(case, title=title, due_on=user.organisation.today() + timedelta(days=days), by=user)


@pytest.mark.parametrize("name", ROLES)
def test_every_role_has_a_home_of_its_own(cast: Cast, name: str) -> None:
    assert ROLES[name] in english(cast, name)


def test_social_worker_sees_first_what_is_overdue_then_today_then_the_week(cast: Cast) -> None:
    case_id = a_case(cast)
    for title, days in (("Call the court", -2), ("Meet him", 0), ("Write to the school", 6), ("Much later", 30)):
        a_task(cast, "aigerim", case_id, title, days)
    page = english(cast, "aigerim")
    assert [figure(page, label) for label in ("overdue", "today")] == [1, 1]
    places = [page.index(title) for title in ("Call the court", "Meet him", "Write to the school")]
    assert places == sorted(places)
    assert "Much later" not in page[: page.index("My caseload")]


def test_task_is_finished_from_the_home_page_in_one_act(cast: Cast) -> None:
    case_id = a_case(cast)
    a_task(cast, "aigerim", case_id, "Call the court", -2)
    browser = cast.be("aigerim")
    action = re.search(r'action="(/tasks/[^"]+/finish)"', english(cast, "aigerim"))
    assert action
    browser.post(action[1])
    page = browser.get("/")
    assert figure(page, "overdue") == 0
    assert "Call the court" not in page


def test_what_was_a_former_workers_to_do_is_on_their_home_no_more(cast: Cast) -> None:
    case_id = a_case(cast, name="Ермек Сатыбалды")
    hired(cast, "zarina", Role.SOCIAL_WORKER, by="admin")
    daniyar, zarina = (str(colleague(cast, name)) for name in ("daniyar", "zarina"))
    path, day = f"/cases/{case_id}/tasks/new", parts("due_on", today() + timedelta(days=3))
    assert daniyar not in cast.be("aigerim").get(path)  # who may not open the case is not asked to do something in it
    cast.be("aigerim").post(path, {"title": "Call his mother", "user": daniyar, **day}, expect=422)
    given = {"role": "co_worker", "reason": "Leave"}
    cast.be("leader").post(f"/cases/{case_id}/allocate", {**given, "worker": daniyar})
    cast.be("aigerim").post(path, {"title": "Call his mother", "user": daniyar, **day})
    assert "Call his mother" in english(cast, "daniyar")
    cast.be("leader").post(f"/cases/{case_id}/allocate", {**given, "worker": zarina})
    page = english(cast, "daniyar")
    assert "Call his mother" not in page
    assert "Сатыбалды" not in page
    assert "Call his mother" in english(cast, "zarina")


def test_planned_contacts_are_on_the_home_of_whoever_has_the_case(cast: Cast) -> None:
    case_id = a_supervised_case(cast)
    a_contact(cast, case_id)
    assert "Contact at" in english(cast, "officer")
    given = {"worker": str(colleague(cast, "other_officer")), "role": "primary", "reason": "Leave"}
    cast.be("probation_leader").post(f"/cases/{case_id}/allocate", given)
    assert "Contact at" not in english(cast, "officer")
    assert "Contact at" in english(cast, "other_officer")


def test_release_day_that_passed_unconfirmed_needs_somebody(cast: Cast) -> None:
    a_case(cast, release_on=today() - timedelta(days=3))
    page = english(cast, "aigerim")
    assert "Release date: confirm it or change it" in page
    assert "Release date has passed" in page


def test_home_counts_own_cases_only_and_another_worker_sees_none_of_them(cast: Cast) -> None:
    for number in range(3):
        a_case(cast, name=f"Person {number}")
    assert "3 cases" in english(cast, "aigerim")
    assert "You have no cases yet" in english(cast, "daniyar")


def test_stranger_sees_nothing_on_any_home(cast: Cast) -> None:
    case_id = a_case(cast, name="Ермек Сатыбалды")
    a_task(cast, "aigerim", case_id, "Call the court", 0)
    for name in ("stranger", "stranger_worker", "stranger_cso", "stranger_admin", "steward", "admin", "coordinator"):
        page = english(cast, name)
        assert "Сатыбалды" not in page
        assert "Call the court" not in page
    assert figure(english(cast, "stranger"), "open cases") == 0


def test_leader_sees_unallocated_cases_and_each_workers_load(cast: Cast) -> None:
    first = a_case(cast, name="Первый Человек")
    a_case(cast, name="Второй Человек", phase=Phase.PLANNING)
    third = a_case(cast, by="daniyar", name="Третий Человек")
    page = english(cast, "leader")
    assert figure(page, "open cases") == 3
    assert figure(page, "cases without a worker") == 0
    with cast.acting("leader") as leader:
        case = db.session.get_one(Case, (leader.org_id, third))
        aigerim = next(one for one in accounts.colleagues(leader) if one.name.startswith("Айгерім"))
        people.allocate(case, aigerim, reason="Leave", by=leader)
        user_id = aigerim.id
    page = english(cast, "leader")
    assert re.search(rf"worker={user_id}\"><bdi>3</bdi>", page)
    a_task(cast, "aigerim", first, "Late", -1)
    assert figure(english(cast, "leader"), "cases with overdue tasks") == 1


def test_administrator_is_told_which_role_nobody_has(cast: Cast) -> None:
    page = english(cast, "probation_admin")
    assert "Nobody has this role: Auditor" in page
    assert "Every role that your organisation needs is filled." in english(cast, "admin")


def test_steward_sees_counts_and_no_person(cast: Cast) -> None:
    page = english(cast, "steward")
    assert figure(page, "organisations") == 6
    assert figure(page, "agreements in force") == 3


def test_nobody_signed_in_is_asked_to_sign_in(cast: Cast) -> None:
    client = cast.app.test_client()
    assert client.get("/").status_code == 302


def test_leader_of_one_site_sees_its_cases_and_workload(cast: Cast) -> None:
    a_case(cast, number="A-77")
    with cast.acting("aigerim") as aigerim:
        site = aigerim.site_id
    with cast.managing("leader") as leader:
        leader.site_id = site
    assert "Айгерім" in cast.be("leader").get("/")


def test_workload_of_many_workers_goes_on_to_further_pages(cast: Cast) -> None:
    with cast.acting("admin") as admin:
        for number in range(30):
            add_user(
                name=f"Worker {number:02}",
                email=f"worker{number}@example.org",
                role=Role.SOCIAL_WORKER,
                site_id=None,
                password=PASSWORD,
                by=admin,
            )
    a_case(cast)
    leader = cast.be("leader")
    first, second, past = (leader.get(f"/?page={number}") for number in (1, 2, 99))
    assert "Айгерім" in first  # who carries the most comes first
    assert first.count("Worker ") < 30
    assert {f"Worker {number:02}" for number in range(30) if f"Worker {number:02}" not in first + second} == set()
    assert "Worker 29" in second
    assert past.count("Worker ") == second.count("Worker ")
    assert 'rel="next"' not in cast.be("stranger").get("/")
