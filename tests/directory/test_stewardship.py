"""The steward founds organisations and makes agreements; nobody else does."""

import re

from flask import Flask
from sqlalchemy import select

from caseflow.core.db import db
from caseflow.tenancy.models import Agreement, Organisation
from tests.cast import Browser, Cast

NEW = {
    "name": "Legal Hands",
    "slug": "legal-hands",
    "kind": "cso",
    "country": "KZ",
    "locale": "en",
    "timezone": "Asia/Almaty",
    "rest_days": ["6", "7"],
    "administrator": "Dana Admin",
    "email": "dana@example.org",
}


def test_steward_founds_an_organisation_and_its_first_administrator_signs_in(cast: Cast, app: Flask) -> None:
    page = cast.be("steward").post("/organisations/new", NEW, expect=200)
    found = re.search(r"First password</dt><dd[^>]*>\s*<bdi>([\w-]{16})</bdi>", page)
    assert found is not None
    browser = Browser(app.test_client())
    browser.post("/sign-in", {"email": "dana@example.org", "password": found[1]})
    assert "Legal Hands" in browser.get("/account")
    assert found[1] not in cast.be("steward").get("/organisations")


def test_short_name_is_unique_and_plain_and_the_time_zone_real(cast: Cast) -> None:
    steward = cast.be("steward")
    assert "Another organisation has this short name." in steward.post(
        "/organisations/new", {**NEW, "slug": "kamqor"}, expect=422
    )
    assert "Use small letters" in steward.post("/organisations/new", {**NEW, "slug": "Legal Hands"}, expect=422)
    assert "Write a time zone" in steward.post("/organisations/new", {**NEW, "timezone": "Mars/Olympus"}, expect=422)
    with cast.acting("steward"):
        assert db.session.scalars(select(Organisation).where(Organisation.name == "Legal Hands")).all() == []


def test_agreement_is_made_and_ended_and_decides_who_may_refer(cast: Cast) -> None:
    steward = cast.be("steward")
    day = {"starts_on-day": "1", "starts_on-month": "2", "starts_on-year": "2026"}
    pair = {"sender": str(cast.organisation("probation")), "receiver": str(cast.organisation("stranger-cso"))}
    steward.post("/agreements/new", {**pair, **day, "kinds": ["education"]})
    with cast.acting("officer"):
        made = db.session.scalars(select(Agreement).where(Agreement.kinds == ["education"])).one().id
    assert "Probation Service of Almaty" in steward.get("/agreements")
    steward.post(f"/agreements/{made}/end")
    with cast.acting("officer"):
        assert db.session.scalars(select(Agreement.ended_at).where(Agreement.id == made)).one() is not None


def test_agreement_needs_two_organisations_and_an_end_after_its_start(cast: Cast) -> None:
    steward, almaty = cast.be("steward"), str(cast.organisation("almaty"))
    day = {"starts_on-day": "1", "starts_on-month": "2", "starts_on-year": "2026", "kinds": ["education"]}
    page = steward.post("/agreements/new", {**day, "sender": almaty, "receiver": almaty}, expect=422)
    assert "Choose two different organisations." in page
    end = {"ends_on-day": "1", "ends_on-month": "1", "ends_on-year": "2026"}
    pair = {"sender": almaty, "receiver": str(cast.organisation("kamqor"))}
    assert "The end lies before the start." in steward.post("/agreements/new", {**day, **pair, **end}, expect=422)


def test_nobody_else_founds_or_agrees(cast: Cast) -> None:
    for who in ("aigerim", "coordinator", "kamqor_admin", "stranger"):
        for path in ("/organisations", "/organisations/new", "/agreements", "/agreements/new"):
            cast.be(who).get(path, expect=403)


def test_stranger_sees_no_agreement_of_others(cast: Cast) -> None:
    with cast.acting("stranger"):
        theirs = {one.org_id for one in db.session.scalars(select(Agreement))}
    assert theirs == {cast.organisation("stranger")}
