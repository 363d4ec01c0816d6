"""Whatever page shows a person, whoever opens it, leaves an entry that names that person's file."""

import re
import uuid
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from flask import Flask
from werkzeug.routing import Rule

from caseflow.accounts.permissions import may
from caseflow.core.db import today
from caseflow.people.models import Category
from caseflow.people.queries import opened
from caseflow.rights import actions as rights
from caseflow.rights.models import Fact
from caseflow.tenancy.models import ReferralKind
from tests.cast import ROLES, Cast
from tests.stories.access import excluded, referral_restricted
from tests.stories.assessments import a_need
from tests.stories.people import a_case
from tests.stories.plans import an_agreed_plan
from tests.stories.received import a_planned_session, a_session, an_accepted, past
from tests.stories.referrals import a_consent, a_draft, a_referral
from tests.stories.release import a_handover, accepted, led
from tests.stories.supervision import a_contact, a_supervised_case

NAMES = re.compile("Сатыбалды|Satybaldy")
READERS = ("aigerim", "leader", "admin", "coordinator", "worker", "officer", "auditor")
# Where an address begins, whose id follows; an address that begins otherwise is tried with all of them.
TABLES = {
    "cases": "cases",
    "referrals": "referrals",
    "referral-drafts": "referral_drafts",
    "sessions": "referral_sessions",
    "handovers": "handovers",
    "register-imports": "register_imports",
    "directory": "services",
    "goal_id": "goals",
    "step_id": "steps",
    "need_id": "needs",
    "note_id": "notes",
    "relative_id": "relatives",
    "consent_id": "consents",
    "condition_id": "conditions",
    "contact_id": "contacts",
    "handover_id": "handovers",
    "access_id": "(SELECT id FROM case_access UNION ALL SELECT id FROM referral_access) AS either",
    "request_id": "access_requests",
    "objection_id": "objections",
    "sites": "sites",
    "users": "users",
    "leavers": "users",
    "access-reviews": "access_reviews",
    "restricted-cases": "case_access",
    "retention": "erasures",
    "audit": "persons",
    "sign-in": "organisations",
}
ELSEWHERE = {"area": ["accommodation"], "part": ["notes", "persons"]}


@pytest.fixture
def world(cast: Cast, environment: dict[str, str]) -> Iterator[Any]:
    """One person's files, everywhere: with the prison, a CSO and on probation; gives the owner's connection."""
    case = a_case(cast)
    a_need(cast, case)
    an_agreed_plan(cast, case)
    a_consent(cast, case, [Category.IDENTITY, Category.LEGAL])
    a_draft(cast, case=case, kind=ReferralKind.FAMILY_CONTACT)
    excluded(cast, case, "deputy")
    with cast.acting("aigerim") as user:
        rights.open_access_request(opened(case, user), today(), by=user)
        rights.object_to(opened(case, user), Fact.PHONE, "The number is old", by=user)
    referral = an_accepted(cast, case=case)
    past(environment["OWNER_DATABASE_URL"], a_planned_session(cast, referral))
    a_session(cast, referral)
    referral_restricted(cast, referral)
    a_referral(cast, case=case, kind=ReferralKind.EMPLOYMENT)
    a_handover(cast, a_case(cast, release_on=today()))
    led(cast, accepted(cast, a_handover(cast, a_case(cast, release_on=today()))), released_on=today())
    supervised = a_supervised_case(cast)
    a_contact(cast, supervised)
    a_contact(cast, supervised, days=-1)
    with psycopg.connect(environment["OWNER_DATABASE_URL"], autocommit=True) as owner:
        yield owner


# Whose rows name their case: in an address behind another case they are not found, and need not be asked for.
OF_A_CASE = ("consents", "conditions", "contacts", "goals", "handovers", "needs", "notes", "objections")


def _ids(owner: Any, table: str) -> list[str]:
    return [str(row[0]) for row in owner.execute(f"SELECT id FROM {table} ORDER BY id").fetchall()]


def _cases(owner: Any) -> dict[str, str]:
    """The case of each thing that has one, by their ids."""
    query = " UNION ALL ".join(f"SELECT id::text, case_id::text FROM {table}" for table in OF_A_CASE)
    return dict(owner.execute(query).fetchall())


def _addresses(app: Flask, owner: Any, reader: str) -> Iterator[str]:
    """Every address that answers to GET and to the reader's role, with ids of the world filled in."""
    known, cases = {key: _ids(owner, table)[-4:] for key, table in TABLES.items()}, _cases(owner)
    known["cases"] = _ids(owner, "cases")
    for rule in app.url_map.iter_rules():
        permission = getattr(app.view_functions[rule.endpoint], "permission", None)
        if permission is not None and not may(ROLES[reader], permission):
            continue
        if "GET" in (rule.methods or set()) and rule.endpoint not in ("static", "accounts.sign_out"):
            yield from (path for path in _filled(rule, known) if _fits(path.split("/"), cases))


def _fits(parts: list[str], cases: dict[str, str]) -> bool:
    """Whether whatever an address names behind a case is that case's."""
    return parts[1] != "cases" or all(cases.get(part, parts[2]) == parts[2] for part in parts[3:])


def _filled(rule: Rule, known: dict[str, list[str]]) -> Iterator[str]:
    paths = [rule.rule]
    for kind, name in re.findall(r"<(\w+):(\w+)>", rule.rule):
        first = rule.rule.strip("/").split("/")[0]
        whole = sorted({one for ids in known.values() for one in ids})
        values = known.get(first if name == "id" else name, whole) if kind == "uuid" else ELSEWHERE.get(name, ["x"])
        paths = [path.replace(f"<{kind}:{name}>", value) for path in paths for value in values]
    return iter(paths)


@pytest.mark.long
def test_every_page_that_shows_a_person_is_recorded(app: Flask, cast: Cast, world: Any) -> None:
    files = {uuid.UUID(one) for table in ("persons", "cases", "referrals", "handovers") for one in _ids(world, table)}
    shown, silent = 0, []
    for name in READERS:
        browser = cast.be(name).client
        lists = ["/search?q=Ермек", "/caseload?phase=closed", "/referrals?status=all"]
        for address in [*_addresses(app, world, name), *lists]:
            answer = browser.get(address)
            assert answer.status_code < 500, address
            if answer.status_code != 200 or not NAMES.search(answer.get_data(as_text=True)):
                continue
            shown += 1
            told = world.execute(
                "SELECT about FROM audit_entries WHERE request_id = %s AND act ~ %s",
                (answer.headers["X-Request-Id"], r"\.(read|list|search|print|export|download)$"),
            ).fetchall()
            if len(told) != 1 or not files & set(told[0][0]):
                silent.append(f"{name}: {address} {told}")
    assert shown > 100, "the world shows too little for this test to mean anything"
    assert silent == [], f"{len(silent)} of {shown} pages"


def test_a_page_that_shows_nobody_and_an_act_that_leads_elsewhere_leave_no_reading(cast: Cast, world: Any) -> None:
    def readings() -> int:
        [(count,)] = world.execute("SELECT count(*) FROM audit_entries WHERE act ~ '(read|list|search)$'").fetchall()
        return int(count)

    [case, *_] = _ids(world, "cases")
    browser = cast.be("aigerim")
    before = readings()
    browser.get("/directory")
    browser.get("/account")
    cast.be("stranger").get(f"/cases/{case}", expect=404)
    cast.be("auditor").get(f"/cases/{case}", expect=403)
    assert readings() == before
    browser.get(f"/cases/{case}/tasks/new")
    after = readings()
    assert after == before + 1
    browser.client.post(f"/cases/{case}/phase", data={"csrf_token": "x"})
    assert readings() == after, "refused before anything was read"


def test_a_form_sent_back_with_an_error_shows_the_person_and_is_recorded(cast: Cast, world: Any) -> None:
    [case, *_] = _ids(world, "cases")
    cast.be("aigerim").post(f"/cases/{case}/notes/new", {"text": ""}, expect=422)
    answer = cast.be("aigerim").last
    assert answer is not None
    [(act, about)] = world.execute(
        "SELECT act, about FROM audit_entries WHERE request_id = %s", (answer.headers["X-Request-Id"],)
    ).fetchall()
    assert act == "case.read"
    assert uuid.UUID(case) in about


def test_a_list_is_one_entry_with_all_whom_it_shows(cast: Cast, world: Any) -> None:
    cast.be("leader").get("/caseload")
    answer = cast.be("leader").last
    assert answer is not None
    [(act, about)] = world.execute(
        "SELECT act, about FROM audit_entries WHERE request_id = %s", (answer.headers["X-Request-Id"],)
    ).fetchall()
    assert act == "people.list"
    almaty = world.execute(
        "SELECT c.id FROM cases c JOIN organisations o ON o.id = c.org_id WHERE o.slug = 'almaty' AND phase <> 'closed'"
    ).fetchall()
    assert {row[0] for row in almaty} <= set(about)
