"""A person's particulars, relatives and consents, by URL."""

import re
import uuid
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import func, select

from caseflow.core.db import db, new_id, today
from caseflow.core.errors import Conflict, Refused
from caseflow.core.search import query_keys
from caseflow.people import actions, queries
from caseflow.people.models import Category, Consent, IdentifierKind, NameKey, Relative
from tests.cast import Cast
from tests.people.test_cases import parts
from tests.stories.people import a_case


def person(**more: Any) -> dict[str, Any]:
    """A person as the form sends them."""
    return {
        "name": "Ермек Сатыбалды",
        "latin_name": "Ermek Satybaldy",
        "person_number": "P-9",
        "sex": "male",
        "literacy": "some",
        "birth_date-day": "5",
        "birth_date-month": "3",
        "birth_date-year": "1990",
        "version": "1",
        **more,
    }


def found(cast: Cast, query: str) -> bool:
    """Whether the search keys of a name lead to anybody."""
    with cast.acting("aigerim") as user:
        keys = query_keys(query)
        held = set(db.session.scalars(select(NameKey.key).where(NameKey.org_id == user.org_id)))
        return all(wanted & held for wanted in keys)


def test_names_change_and_the_person_is_found_by_the_new_ones_only(cast: Cast) -> None:
    case_id = a_case(cast, identifiers={IdentifierKind.NATIONAL: "111", IdentifierKind.PRISON: "5"})
    assert found(cast, "Сатыбалды")
    cast.be("aigerim").post(
        f"/cases/{case_id}/person",
        person(name="Бауыржан Момышұлы", latin_name="Bauyrzhan Momyshuly", scripts=" بوريجان \n\n", national="222",
               prison="", languages=["kk"], interpreter_language="kk", safe_to_phone="y"),
    )  # fmt: skip
    assert not found(cast, "Сатыбалды")
    assert found(cast, "Momyshuly")
    with cast.acting("aigerim") as user:
        held = queries.opened(case_id, user).person
        assert queries.identifiers(held) == {IdentifierKind.NATIONAL: "222"}
        assert held.languages == ["kk"]
        assert held.safe_to_phone
        assert not held.safe_to_write


def test_second_writer_sees_both_versions_and_decides(cast: Cast) -> None:
    case_id = a_case(cast)
    with cast.acting("daniyar") as user:
        daniyar = user.id
    cast.be("leader").post(
        f"/cases/{case_id}/allocate", {"worker": str(daniyar), "role": "co_worker", "reason": "язык"}
    )
    path = f"/cases/{case_id}/person"
    cast.be("aigerim").post(path, person(phone="+7 701 111", aliases="Ерик"))
    page = cast.be("daniyar").post(path, person(phone="+7 702 222"), expect=409)
    for text in ("+7 701 111", "+7 702 222", "Ерик"):
        assert text in page
    assert 'value="2"' in page  # sent again, it replaces
    cast.be("daniyar").post(path, person(phone="+7 702 222", version="2"))
    with cast.acting("aigerim") as user:
        assert queries.opened(case_id, user).person.phone == "+7 702 222"


def test_change_of_another_name_alone_is_noticed_too(cast: Cast) -> None:
    case_id = a_case(cast)
    path = f"/cases/{case_id}/person"
    same = {"literacy": "unknown", "person_number": _number(cast, case_id)}
    cast.be("aigerim").post(path, person(**same, aliases="Ерик"))
    cast.be("aigerim").post(path, person(**same, aliases="Ермеша"), expect=409)


def _number(cast: Cast, case_id: uuid.UUID) -> str:
    with cast.acting("aigerim") as user:
        return queries.opened(case_id, user).person.number


@pytest.mark.parametrize("version", ["", "x", "999999999999", "0"])
def test_missing_or_forged_version_is_a_conflict(cast: Cast, version: str) -> None:
    case_id = a_case(cast)
    cast.be("aigerim").post(f"/cases/{case_id}/person", person(version=version), expect=409)


def test_person_without_names_in_other_tables_keeps_an_unusual_language(cast: Cast) -> None:
    case_id = a_case(cast, languages=("dng", "kk"))
    page = cast.be("aigerim").get(f"/cases/{case_id}/person")
    assert 'value="dng"' in page
    cast.be("aigerim").post(f"/cases/{case_id}/person", person(languages=["dng"]))


def relative(**more: str) -> dict[str, str]:
    """A relative as the form sends them."""
    return {"id": str(new_id()), "name": "Айсулу", "relation": "дочь", "child": "y", "birth_year": "2015", **more}


def test_relatives_are_added_once_and_changed(cast: Cast) -> None:
    case_id = a_case(cast)
    browser, path, form = cast.be("aigerim"), f"/cases/{case_id}/relatives", relative()
    browser.post(f"{path}/new", form)
    browser.post(f"{path}/new", form)
    assert browser.get(path).count("Айсулу") >= 1
    assert 'id="birth_year-error"' in browser.post(f"{path}/new", relative(birth_year="15"), expect=422)
    edit = f"{path}/{form['id']}"
    browser.post(edit, {**form, "restriction": "Запрет суда", "version": "1"})
    assert "Запрет суда" in browser.get(path)
    page = browser.post(edit, {**form, "restriction": "Нет", "version": "1"}, expect=409)
    assert "Запрет суда" in page
    with cast.acting("aigerim") as user:
        [one] = queries.relatives(queries.opened(case_id, user).person)
        assert one.child
        assert not one.contact_wanted  # the box was not ticked
    for other in ("stranger", "daniyar"):
        cast.be(other).get(edit, expect=404)
        cast.be(other).post(edit, form, expect=404)
    with cast.acting("stranger"):
        assert db.session.scalar(select(func.count(Relative.id))) == 0
    browser.get(f"{path}/{uuid.uuid4()}", expect=404)


def consent(cast: Cast, **more: Any) -> dict[str, Any]:
    """A consent as the form sends it."""
    return {
        "id": str(new_id()),
        "grantee": str(cast.organisation("kamqor")),
        "purpose": "Помощь с апелляцией",
        "categories": ["identity", "legal"],
        "given_by": "person",
        "way": "signed",
        **parts("starts_on", today()),
        **parts("ends_on", today() + timedelta(days=90)),
        **more,
    }


def test_consent_is_recorded_once_and_shown(cast: Cast) -> None:
    case_id = a_case(cast)
    browser, path, form = cast.be("aigerim"), f"/cases/{case_id}/consents", consent(cast)
    browser.post(f"{path}/new", form)
    browser.post(f"{path}/new", form)
    page = browser.get(path)
    assert page.count("Помощь с апелляцией") == 1
    assert "Kamqor" in page
    with cast.acting("aigerim") as user:
        case = queries.opened(case_id, user)
        kamqor = uuid.UUID(form["grantee"])
        [one] = queries.live_consents(case, kamqor, today())
        assert one.covers(Category.LEGAL, today())
        assert not one.covers(Category.RISK, today())
        assert not queries.live_consents(case, kamqor, today() + timedelta(days=91))
        assert not queries.live_consents(case, case.org_id, today())
    with cast.acting("stranger"):
        assert db.session.scalar(select(func.count(Consent.id))) == 0
    with cast.acting("coordinator"):  # the receiver sees what is disclosed by it, not the consent
        assert db.session.scalar(select(func.count(Consent.id))) == 0


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"grantee": ""}, "grantee"),
        ({"grantee": str(uuid.uuid4())}, "grantee"),
        ({"purpose": ""}, "purpose"),
        ({"categories": []}, "categories"),
        ({"categories": ["everything"]}, "categories"),
        ({"way": "spoken"}, "witness"),
        ({"way": "interpreted"}, "witness"),
        ({"given_by": "guardian"}, "guardian"),
        ({"starts_on-year": ""}, "starts_on"),
        (parts("starts_on", today() + timedelta(days=100)), "ends_on"),
    ],
)
def test_consent_names_what_is_missing(cast: Cast, change: dict[str, Any], field: str) -> None:
    case_id = a_case(cast)
    page = cast.be("aigerim").post(f"/cases/{case_id}/consents/new", consent(cast, **change), expect=422)
    assert f'id="{field}-error"' in page


def test_withdrawn_consent_holds_no_longer_and_is_withdrawn_once(cast: Cast) -> None:
    case_id = a_case(cast)
    cast.be("aigerim").post(f"/cases/{case_id}/consents/new", consent(cast))
    with cast.app.test_request_context(), cast.acting("aigerim") as user:
        case = queries.opened(case_id, user)
        [one] = queries.consents(case)
        actions.withdraw_consent(one, "Передумал", by=user)
        assert not queries.live_consents(case, one.grantee_org_id, today())
        with pytest.raises(Conflict):
            actions.withdraw_consent(one, None, by=user)
        assert "Передумал" in [happening.text for happening in queries.happenings(case)]
    assert "Передумал" in cast.be("aigerim").get(f"/cases/{case_id}/consents")


def test_a_consent_offers_the_own_country_first(cast: Cast, environment: dict[str, str]) -> None:
    with psycopg.connect(environment["OWNER_DATABASE_URL"]) as owner:
        owner.execute("UPDATE organisations SET country = 'IQ' WHERE slug = 'kamqor'")
    page = cast.be("aigerim").get(f"/cases/{a_case(cast)}/consents/new")
    offered = re.findall(
        r"<option[^>]*>([^<]+)</option>", page.partition('name="grantee"')[2].partition("</select>")[0]
    )
    abroad = [name for name in offered if name.endswith(" · Iraq")]
    assert "Kamqor Foundation · Iraq" in abroad
    assert offered[-len(abroad) :] == abroad
    assert len(offered) > len(abroad) + 1


def test_nobody_consents_to_their_own_organisation(cast: Cast) -> None:
    case_id = a_case(cast)
    form = consent(cast, grantee=str(cast.organisation("almaty")))
    assert 'id="grantee-error"' in cast.be("aigerim").post(f"/cases/{case_id}/consents/new", form, expect=422)


def test_actions_hold_to_the_rules_of_consent_without_a_form(cast: Cast) -> None:
    case_id = a_case(cast)
    kamqor = cast.organisation("kamqor")
    with cast.acting("aigerim") as user:
        case = queries.opened(case_id, user)
        for grantee, categories in ((case.org_id, [Category.IDENTITY]), (kamqor, [])):
            with pytest.raises(Refused):
                actions.record_consent(
                    case, grantee_org_id=grantee, purpose="x", categories=categories, starts_on=today(), by=user
                )
