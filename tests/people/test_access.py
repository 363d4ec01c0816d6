"""Who may open a case, by URL: restricting, excluding, emergency access, and what nobody sees who may not."""

import re
import uuid
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import select, text

from caseflow.accounts.models import User
from caseflow.core.db import db, new_id, today
from caseflow.people import actions, queries
from caseflow.people.models import Access, AccessKind, Case, NoteKind
from caseflow.referrals.actions import answering
from caseflow.referrals.queries import shared
from caseflow.rights import actions as rights
from caseflow.rights.models import HoldKind
from caseflow.tenancy import actions as tenancy
from caseflow.tenancy.models import SiteKind
from tests.cast import Browser, Cast
from tests.people.test_cases import parts
from tests.stories.access import colleague, excluded, restricted
from tests.stories.people import a_case
from tests.stories.referrals import a_referral
from tests.trust.tables import hashes_at

NAME, LATIN, NUMBER = "Ермек Сатыбалды", "Ermek Satybaldy", "R-0815"


def _whole_case(cast: Cast) -> tuple[uuid.UUID, uuid.UUID]:
    """A case with a note, a task and a sent referral; gives its id and the referral's."""
    case_id = a_case(cast, number=NUMBER)
    with cast.acting("aigerim") as user:
        case = queries.opened(case_id, user)
        actions.write_note(case, kind=NoteKind.CONTACT, text="Spoke of his mother", by=user)
        actions.add_task(case, title="Call the registry", due_on=user.organisation.today(), by=user)
    return case_id, a_referral(cast, case=case_id)


def _decide(browser: Browser, path: str, **typed: Any) -> None:
    browser.post(path, {"reason": "It must be so", **typed})


def _pages_of_a_case(cast: Cast) -> list[str]:
    rules = [rule for rule in cast.app.url_map.iter_rules() if rule.rule.startswith("/cases/<uuid:id>")]
    return [rule.rule for rule in rules if rule.arguments == {"id"}]


def test_leader_of_another_site_reads_no_name_among_the_restricted_cases(cast: Cast) -> None:
    excluded(cast, a_case(cast, number=NUMBER), "daniyar")
    deputy = cast.be("deputy")
    assert NAME in deputy.get("/restricted-cases")
    with cast.managing("deputy") as user:
        user.site_id = tenancy.add_site(name="Other", kind=SiteKind.PRISON, by=user).id
    page = deputy.get("/restricted-cases")
    assert NAME not in page
    assert NUMBER not in page


def test_leader_of_another_site_reads_the_restricted_case_on_whose_list_they_are(cast: Cast) -> None:
    restricted(cast, a_case(cast, number=NUMBER), "deputy")
    with cast.managing("deputy") as user:
        user.site_id = tenancy.add_site(name="Other", kind=SiteKind.PRISON, by=user).id
    assert NAME in cast.be("deputy").get("/restricted-cases")


@pytest.mark.parametrize("how", ["restricted", "excluded"])
def test_closed_case_is_on_no_page_in_no_list_search_or_count(cast: Cast, how: str) -> None:
    case_id, referral_id = _whole_case(cast)
    deputy, rules = cast.be("deputy"), _pages_of_a_case(cast)
    assert len(rules) > 25
    before = deputy.get("/")
    assert NAME in deputy.get("/caseload")
    assert LATIN in deputy.get(f"/search?q={LATIN}")
    leader = cast.be("leader")
    if how == "restricted":
        _decide(leader, f"/cases/{case_id}/access/restrict")
    else:
        typed = {"user": str(colleague(cast, "deputy")), "ground": "relative"}
        _decide(leader, f"/cases/{case_id}/access/exclude", **typed)
    with cast.acting("leader") as user:
        person_number = queries.opened(case_id, user).person.number
    for rule in rules:
        path = rule.replace("<uuid:id>", str(case_id))
        methods = next(one.methods for one in cast.app.url_map.iter_rules() if one.rule == rule) or set()
        answer = deputy.client.get(path) if "GET" in methods else deputy.client.post(path)
        assert answer.status_code in (400, 404), path  # 400: a form without a token
        deputy.post(path, {"reason": "x"}, expect=404 if "POST" in methods else 405)
    deputy.get(f"/referrals/{referral_id}", expect=404)
    marks = (NAME, LATIN, NUMBER, str(case_id), str(referral_id), "Spoke of his mother", "Call the registry")
    # Spelled otherwise than the marks: the page repeats what was asked for.
    asked = (NAME.upper(), LATIN.upper(), "Satybaldi", person_number.lower(), NUMBER.lower())
    searches = [f"/search?q={one}" for one in asked]
    plain = [r.rule for r in cast.app.url_map.iter_rules() if not r.arguments and "GET" in (r.methods or set())]
    assert all(LATIN in leader.get(path) for path in searches)
    for path in [*plain, *searches, "/caseload?worker=nobody", "/release-list?which=all"]:
        page = deputy.client.get(path).get_data(as_text=True)
        assert not [mark for mark in marks if mark in page], path
    assert _figures(before) == [0, 0, 0, 1]
    assert _figures(deputy.get("/")) == [0, 0, 0, 0]
    assert NAME in leader.get("/caseload")
    assert _figures(leader.get("/")) == [0, 0, 0, 1]
    assert NAME in cast.be("aigerim").get("/caseload")  # the responsible worker is never left out
    cast.be("stranger").get(f"/cases/{case_id}/access", expect=404)


def _figures(home: str) -> list[int]:
    return [int(number) for number in re.findall(r'cf-figure__number">(?:<bdi[^>]*>)?(\d+)', home)]


def test_only_a_leader_decides_who_may_open_a_case(cast: Cast) -> None:
    case_id = a_case(cast)
    for path in ("", "/restrict", "/admit", "/exclude", "/lift"):
        cast.be("aigerim").get(f"/cases/{case_id}/access{path}", expect=403)
        cast.be("stranger").get(f"/cases/{case_id}/access{path}", expect=404)
        cast.be("leader").get(f"/cases/{case_id}/access{path}")
    cast.be("aigerim").get("/restricted-cases", expect=403)
    assert "No case is restricted" in cast.be("stranger").get("/restricted-cases")


def test_leader_restricts_admits_excludes_and_ends_it_again(cast: Cast) -> None:
    case_id = a_case(cast)
    path, leader = f"/cases/{case_id}/access", cast.be("leader")
    ids = {name: str(colleague(cast, name)) for name in ("aigerim", "daniyar", "deputy", "leader")}
    leader.post(f"{path}/restrict", {"reason": ""}, expect=422)
    _decide(leader, f"{path}/restrict")
    leader.post(f"{path}/restrict", {"reason": "again"}, expect=409)
    assert "Restricted" in cast.be("aigerim").get(f"/cases/{case_id}")
    cast.be("daniyar").get(f"/cases/{case_id}", expect=404)
    _decide(leader, f"{path}/admit", user=ids["daniyar"])
    cast.be("daniyar").get(f"/cases/{case_id}")  # on the list: whatever their role reaches
    assert "Данияр Омаров" in leader.get(path)
    # Who works on it stays; the last one who may change it stays.
    for name in ("aigerim", "leader"):
        leader.post(f"{path}/{_live(cast, name)}/end", {"reason": "x"}, expect=422)
    typed = {"reason": "x", "ground": "conflict"}
    leader.post(f"{path}/exclude", {**typed, "user": ids["aigerim"]}, expect=422)
    leader.post(f"{path}/exclude", {**typed, "user": ids["leader"]}, expect=422)
    leader.post(f"{path}/exclude", {**typed, "user": ids["daniyar"], "ground": ""}, expect=422)
    _decide(leader, f"{path}/exclude", user=ids["daniyar"], ground="conflict")
    cast.be("daniyar").get(f"/cases/{case_id}", expect=404)
    leader.post(f"{path}/admit", {"reason": "x", "user": ids["daniyar"]}, expect=422)
    # Given to another leader, it can be left.
    _decide(leader, f"{path}/admit", user=ids["deputy"])
    cast.be("deputy").post(f"{path}/{_live(cast, 'leader')}/end", {"reason": "x"})
    leader.get(path, expect=404)
    _decide(leader := cast.be("deputy"), f"{path}/admit", user=ids["leader"])
    leader.post(f"{path}/{_live(cast, 'deputy')}/end", {"reason": "A conflict of interest"})
    assert leader.location == "/restricted-cases"
    leader.get(path, expect=404)
    leader = cast.be("leader")
    _decide(leader, f"{path}/lift")
    cast.be("deputy").get(path)
    cast.be("daniyar").get(f"/cases/{case_id}", expect=404)  # the exclusion stays
    leader.post(f"{path}/{_live(cast, 'daniyar', AccessKind.EXCLUDED)}/end", {"reason": "x"})
    with cast.acting("leader") as user:
        assert not db.session.scalars(select(Case).where(Case.org_id == user.org_id, Case.guarded)).all()
    with cast.acting("auditor"):
        acts = set(db.session.scalars(text("SELECT act FROM audit_entries WHERE act LIKE 'access.%'")))
    assert acts == {
        "access.restrict", "access.admit", "access.exclude", "access.lift", "access.end-allowed", "access.end-excluded",
    }  # fmt: skip


def _live(cast: Cast, name: str, kind: AccessKind = AccessKind.ALLOWED) -> uuid.UUID:
    user_id = colleague(cast, name)
    with cast.acting("aigerim"):
        query = select(Access.id).where(Access.user_id == user_id, Access.kind == kind, Access.ended_at.is_(None))
        return db.session.scalars(query).one()


def test_nothing_is_decided_twice_or_where_it_means_nothing(cast: Cast) -> None:
    case_id = a_case(cast, number=NUMBER)
    path, leader = f"/cases/{case_id}/access", cast.be("leader")
    ids = {name: str(colleague(cast, name)) for name in ("daniyar", "deputy", "leader", "aigerim")}
    why, ground = {"reason": "x"}, {"reason": "x", "ground": "other"}
    leader.post(f"{path}/admit", {**why, "user": ids["deputy"]}, expect=422)
    leader.post(f"{path}/lift", why, expect=409)
    leader.post(f"{path}/restrict", {**why, "users": [ids["deputy"]]})
    assert "Nobody is excluded" in cast.be("deputy").get(path)
    leader.post(f"{path}/admit", {**why, "user": ids["deputy"]}, expect=409)
    leader.post(f"{path}/admit", {**why, "user": str(colleague(cast, "auditor"))}, expect=422)
    leader.post(f"{path}/exclude", {**ground, "user": ids["leader"]}, expect=422)
    cast.be("daniyar").post("/emergency-access", {"number": NUMBER, "reason": "Fire", "minutes": "30"})
    leader.post(f"{path}/{_live(cast, 'daniyar', AccessKind.GLASS)}/end", why)
    cast.be("daniyar").get(f"/cases/{case_id}", expect=404)
    deputys = _live(cast, "deputy")
    leader.post(f"{path}/exclude", {**ground, "user": ids["deputy"]})  # off the list, too
    leader.post(f"{path}/exclude", {**ground, "user": ids["deputy"]}, expect=409)
    leader.post(f"{path}/{deputys}/end", why, expect=409)
    with cast.acting("leader") as user:
        restriction = queries.restriction(queries.opened(case_id, user))
        assert restriction is not None
        restriction_id = restriction.id
    leader.post(f"{path}/{restriction_id}/end", why, expect=422)
    leader.post(f"{path}/{uuid.uuid4()}/end", why, expect=404)
    cast.be("stranger").post(f"{path}/{restriction_id}/end", why, expect=404)


def test_case_is_not_given_to_whom_it_is_closed_to_and_nobody_reads_why(cast: Cast) -> None:
    restricted_id, excluded_id = a_case(cast), a_case(cast, name="Асан")
    restricted(cast, restricted_id)
    excluded(cast, excluded_id, "daniyar")
    typed = {"worker": str(colleague(cast, "daniyar")), "role": "primary", "reason": "Workload"}
    for case_id in (restricted_id, excluded_id):
        page = cast.be("leader").post(f"/cases/{case_id}/allocate", typed, expect=422)
        assert "Данияр Омаров may not open this case" in page
        assert "cousin" not in page
        assert "Relative" not in page
    _decide(cast.be("leader"), f"/cases/{restricted_id}/access/admit", user=typed["worker"])
    cast.be("leader").post(f"/cases/{restricted_id}/allocate", typed)


def test_emergency_opens_a_restricted_case_for_a_while_alarms_and_is_reviewed(
    cast: Cast, redis: Any, environment: dict[str, str]
) -> None:
    case_id = a_case(cast, number=NUMBER)
    restricted(cast, case_id)
    daniyar, leader = cast.be("daniyar"), cast.be("leader")
    typed = {"number": NUMBER, "reason": "He said he would harm himself", "minutes": "60"}
    for field, value in (("number", ""), ("reason", ""), ("minutes", "600"), ("minutes", "")):
        assert f'id="{field}-error"' in daniyar.post("/emergency-access", {**typed, field: value}, expect=422)
    daniyar.post("/emergency-access", typed)
    assert daniyar.location == f"/cases/{case_id}"
    daniyar.post("/emergency-access", typed)  # the double click
    page = daniyar.get(f"/cases/{case_id}")
    assert "Emergency access until" in page
    assert NAME in daniyar.get("/emergency-access")
    assert NAME not in daniyar.get("/caseload")
    cast.deliver(redis)
    news = "Данияр Омаров opened a restricted case in an emergency"
    assert news in leader.get("/notifications")
    assert news in cast.be("auditor").get("/notifications")
    for other in ("deputy", "aigerim", "daniyar", "stranger", "admin"):
        assert news not in cast.be(other).get("/notifications")
    assert "Emergency access" in cast.be("auditor").get("/audit?act=glass")
    assert "to review" in leader.get("/restricted-cases")
    assert "to review" not in cast.be("deputy").get("/restricted-cases")
    with cast.acting("leader") as user:
        [glass] = queries.to_review(user)
        review = f"/restricted-cases/{glass.id}/review"
    for other in ("deputy", "stranger"):
        cast.be(other).post(review, {"justified": "yes", "review": "Right"}, expect=404)
    leader.post(review, {"justified": "yes", "review": ""}, expect=422)
    leader.post(review, {"justified": "no", "review": "The duty officer could have been asked."})
    leader.post(review, {"justified": "yes", "review": "x"}, expect=409)
    assert "to review" not in leader.get("/restricted-cases")
    assert "not justified" in leader.get(f"/cases/{case_id}/access")
    with psycopg.connect(environment["OWNER_DATABASE_URL"]) as owner:
        owner.execute("UPDATE case_access SET created_at = created_at - interval '2 hours', until = now()")
    daniyar.get(f"/cases/{case_id}", expect=404)
    with cast.acting("auditor"):
        acts = list(db.session.scalars(text("SELECT act FROM audit_entries WHERE act LIKE 'glass.%' ORDER BY act")))
    assert acts == ["glass.break", "glass.review"]


def test_emergency_access_is_for_reading(cast: Cast, environment: dict[str, str]) -> None:
    case_id = a_case(cast, number=NUMBER)
    with cast.acting("aigerim") as user:
        task_id = actions.add_task(queries.opened(case_id, user), title="Call", due_on=today(), by=user).id
    restricted(cast, case_id)
    with cast.acting("leader") as user:
        hold_id = rights.set_hold(queries.opened(case_id, user), HoldKind.COURT, "Appeal", by=user).id
    daniyar, case = cast.be("daniyar"), f"/cases/{case_id}"
    task = {"title": "x", "user": str(colleague(cast, "daniyar")), **parts("due_on", today() + timedelta(days=3))}
    daniyar.post("/emergency-access", {"number": NUMBER, "reason": "He said he would harm himself", "minutes": "60"})
    page = daniyar.get(case)
    assert "you can read it, and write nothing to it" in page
    assert "Refer to a service" not in page
    assert "Refer to a service" in cast.be("leader").get(case)
    before = hashes_at(environment["OWNER_DATABASE_URL"])
    handover = {
        "receiver": str(cast.organisation("probation")), "ground": "Law on probation", "letter": "He is ill",
        "categories": ["identity", "contact", "offence"],
    }  # fmt: skip
    consent = {
        "grantee": str(cast.organisation("kamqor")), "purpose": "Help", "categories": ["identity", "contact"],
        "given_by": "person", "way": "signed", **parts("starts_on", today()),
    }  # fmt: skip
    for path, typed in (
        ("/notes/new", {"kind": "contact", "text": "x"}),
        ("/needs/new", {"area": "legal", "description": "x", "priority": "now"}),
        ("/tasks/new", task),
        ("/consents/new", consent),
        ("/release/handovers/new", handover),
        ("/referrals/new", {"kind": "legal_aid"}),
        ("/phase", {"phase": "assessment", "reason": "x"}),
        ("/close", {"outcome": "died"}),
    ):
        page = daniyar.post(case + path, typed, expect=422)
        assert "Emergency access is for reading" in page, path
        daniyar.get(case)
    # A button has no form to show it on; the second's row is written with the commit.
    assert "Emergency access is for reading" in daniyar.post(f"/tasks/{task_id}/finish", expect=422)
    deputy = cast.be("deputy")
    deputy.post("/emergency-access", {"number": NUMBER, "reason": "The court called", "minutes": "60"})
    before = hashes_at(environment["OWNER_DATABASE_URL"])
    page = deputy.post(f"{case}/holds/{hold_id}/end", expect=422)
    assert "Emergency access is for reading" in page
    assert deputy.last is not None
    assert deputy.last.headers["X-Content-Type-Options"] == "nosniff"
    assert hashes_at(environment["OWNER_DATABASE_URL"]) == before


def test_nobody_learns_by_emergency_access_whether_a_closed_case_exists(cast: Cast) -> None:
    case_id = a_case(cast, number=NUMBER)
    a_case(cast, number="OPEN-1", name="Асан")
    restricted(cast, case_id)
    excluded(cast, case_id, "deputy")
    typed = {"reason": "Fire", "minutes": "30"}

    def said(name: str, number: str) -> str:
        page = cast.be(name).post("/emergency-access", {**typed, "number": number}, expect=422)
        return re.sub(r'csrf_token" value="[^"]+"|<!-- \w+ -->', "", page).replace(number, "")

    assert said("deputy", NUMBER) == said("deputy", "NONE-99")
    assert said("daniyar", "OPEN-1") == said("daniyar", "NONE-99")
    assert said("stranger", NUMBER) == said("stranger", "NONE-99")
    for other in ("admin", "auditor", "coordinator"):
        cast.be(other).get("/emergency-access", expect=403)
    with cast.acting("auditor"):
        tried = list(db.session.scalars(text("SELECT detail::text FROM audit_entries WHERE act = 'glass.refuse'")))
        assert len(tried) == 4
        assert not [one for one in tried if NUMBER in one]


def test_number_of_a_closed_case_is_refused_as_any_other(cast: Cast) -> None:
    case_id = a_case(cast, number=NUMBER)
    restricted(cast, case_id)
    with cast.acting("leader") as user:
        person_number = queries.opened(case_id, user).person.number
    typed = {
        "id": str(new_id()), "name": "Асан", "person_number": "77", "number": NUMBER, "sex": "male",
        "literacy": "full", "legal_status": "sentenced", "commitment_order": "1", "release_unknown_reason": "x",
        "admitted_at-day": "3", "admitted_at-month": "11", "admitted_at-year": "2025", "admitted_at-hour": "9",
        "admitted_at-minute": "30",
    }  # fmt: skip
    assert 'id="number-error"' in cast.be("daniyar").post("/cases/new", typed, expect=422)
    page = cast.be("daniyar").post("/cases/new", {**typed, "number": "C-1", "person_number": person_number}, expect=422)
    assert 'id="person_number-error"' in page


def test_news_is_not_told_to_whom_the_case_is_closed_and_what_was_told_is_gone(cast: Cast, redis: Any) -> None:
    case_id, referral_id = _whole_case(cast)
    aigerim, news = colleague(cast, "aigerim"), "put a referral"
    with cast.acting("coordinator") as user:
        answering.waitlist(shared.received(referral_id, user), by=user)
    cast.deliver(redis)
    assert news in cast.be("aigerim").get("/notifications")
    other = colleague(cast, "daniyar")
    with cast.acting("leader") as user:
        daniyar = db.session.get_one(User, (user.org_id, other))
        actions.allocate(queries.opened(case_id, user), daniyar, by=user)
    excluded(cast, case_id, "aigerim")
    assert news not in cast.be("aigerim").get("/notifications")
    with cast.acting("coordinator") as user:
        answering.accept(shared.received(referral_id, user), by=user)
    cast.deliver(redis)
    accepted = "accepted a referral"
    assert accepted in cast.be("daniyar").get("/notifications")
    assert accepted not in cast.be("aigerim").get("/notifications")
    with cast.acting("leader"):
        told = db.session.scalars(text("SELECT user_id FROM notifications WHERE title LIKE '%accepted a referral%'"))
        assert aigerim not in set(told)
