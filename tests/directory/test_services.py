"""The directory: found by filters, kept by its own organisation, changed by nobody else."""

import re
import uuid
from datetime import date

from sqlalchemy import func, select

from caseflow.core.db import db
from caseflow.directory import queries
from caseflow.directory.models import ServedSex, Service, ServicePlace, ServiceStatus
from caseflow.people import queries as people
from caseflow.people.models import Sex
from caseflow.tenancy.models import ReferralKind
from tests.cast import Cast
from tests.stories.directory import a_service
from tests.stories.people import a_case

OFFER = {
    "kind": "education",
    "name": "Reading and writing",
    "description": "Twice a week, in small groups.",
    "place": "custody",
    "sex": "any",
    "languages": ["kk", "ru"],
    "minimum_age": "١٦",  # Arabic-Indic digits
}


def _version(page: str) -> str:
    found = re.search(r'name="version"[^>]*value="(\d+)"', page)
    assert found is not None
    return found[1]


def test_every_organisation_finds_the_service_and_only_its_own_may_change_it(cast: Cast) -> None:
    id = a_service(cast)
    for who in ("aigerim", "stranger", "coordinator"):
        assert "Free legal advice" in cast.be(who).get("/directory")
        cast.be(who).get(f"/directory/services/{id}")
    cast.be("stranger_cso").get(f"/directory/mine/{id}", expect=404)
    cast.be("stranger_cso").post(f"/directory/mine/{id}/status", {"status": "defunct"}, expect=404)
    cast.be("aigerim").get("/directory/mine", expect=403)
    assert "Free legal advice" not in cast.be("stranger_cso").get("/directory/mine")


def test_filters_narrow_the_list_and_the_count_is_true(cast: Cast) -> None:
    a_service(cast, name="For women", sex=ServedSex.FEMALE, place=ServicePlace.COMMUNITY, languages=("kk",))
    a_service(cast, ReferralKind.EDUCATION, name="School 50%_off", place=ServicePlace.CUSTODY, languages=("ru",))
    browser = cast.be("aigerim")
    for query, found, missing in (
        ("kind=education", "School 50%_off", "For women"),
        ("place=community", "For women", "School 50%_off"),
        ("language=kk", "For women", "School 50%_off"),
        ("text=%25_o", "School 50%_off", "For women"),
        ("text=kamqor&kind=legal_aid", "For women", "School 50%_off"),
    ):
        page = browser.get(f"/directory?{query}")
        assert found in page
        assert missing not in page
        assert "<bdi>1</bdi> entry" in page
    assert "No service fits" in browser.get("/directory?text=nothing-of-the-kind")
    browser.get("/directory?kind=wrong&place=moon&language=xx&page=999999999999999999999")


def test_readers_own_country_comes_first(cast: Cast) -> None:
    with cast.acting("stranger_cso") as user:
        organisation = user.organisation.name
    a_service(cast, name="Help in Almaty")
    a_service(cast, by="stranger_cso", name="Help in Baghdad")
    for who, near, far in (("aigerim", "Almaty", "Baghdad"), ("stranger", "Baghdad", "Almaty")):
        page = cast.be(who).get("/directory")
        assert page.index(f"Help in {near}") < page.index(f"Help in {far}")
    assert f"{organisation}</bdi> · Iraq" in cast.be("aigerim").get("/directory")


def test_list_has_25_a_page(cast: Cast) -> None:
    for number in range(27):
        a_service(cast, name=f"Service {number:02d}")
    assert "<bdi>27</bdi> entries" in cast.be("aigerim").get("/directory")
    assert cast.be("aigerim").get("/directory?page=2").count("cf-card__title") == 2


def test_coordinator_adds_a_service_and_a_second_click_adds_nothing(cast: Cast) -> None:
    browser, draft = cast.be("coordinator"), str(uuid.uuid4())
    for _click in range(2):
        browser.post("/directory/mine/new", {**OFFER, "draft": draft})
    with cast.acting("aigerim"):
        [service] = db.session.scalars(select(Service)).unique()
        assert (service.name, service.minimum_age, service.languages) == ("Reading and writing", 16, ["kk", "ru"])


def test_wrong_fields_are_named_and_what_was_typed_is_kept(cast: Cast) -> None:
    wrong = {**OFFER, "name": "", "minimum_age": "40", "maximum_age": "20", "description": "Kept text"}
    page = cast.be("coordinator").post("/directory/mine/new", wrong, expect=422)
    assert "Kept text" in page
    page = cast.be("coordinator").post("/directory/mine/new", {**wrong, "name": "A"}, expect=422)
    assert "The oldest age lies below the youngest." in page


def test_second_writer_sees_both_versions(cast: Cast) -> None:
    id = a_service(cast, ReferralKind.EDUCATION)
    browser, path = cast.be("coordinator"), f"/directory/mine/{id}"
    version = _version(browser.get(path))
    browser.post(path, {**OFFER, "name": "First version", "version": version})
    page = browser.post(path, {**OFFER, "name": "Second version", "version": version}, expect=409)
    assert "First version" in page
    assert "Second version" in page
    browser.post(path, {**OFFER, "name": "Second version", "version": _version(page)})


def test_closed_service_leaves_the_open_list_and_comes_back(cast: Cast) -> None:
    id = a_service(cast)
    coordinator, reader = cast.be("coordinator"), cast.be("aigerim")
    coordinator.post(f"/directory/mine/{id}/status", {"status": "temporarily closed"})
    assert "Free legal advice" not in reader.get("/directory")
    assert "Free legal advice" in reader.get("/directory?closed=yes")
    coordinator.post(f"/directory/mine/{id}/status", {"status": "active"})
    assert "Free legal advice" in reader.get("/directory")
    coordinator.post(f"/directory/mine/{id}/status", {"status": "inactive"})
    assert "Free legal advice" not in reader.get("/directory?closed=yes")


def test_services_that_fit_come_first_with_their_reasons(cast: Cast) -> None:
    case = a_case(cast, sex=Sex.MALE, birth_date=date(1990, 1, 1), languages=("kk",))
    a_service(cast, name="Women only", sex=ServedSex.FEMALE)
    a_service(cast, name="Youth", maximum_age=21, languages=("ar",), place=ServicePlace.COMMUNITY)
    a_service(cast, name="Fits", sex=ServedSex.MALE, minimum_age=18, languages=("kk",), place=ServicePlace.CUSTODY)
    a_service(cast, by="stranger_cso", name="No agreement")
    with cast.acting("leader") as user, cast.app.test_request_context():
        person = people.opened(case, user).person
        today = user.organisation.today()
        kind, place = ReferralKind.LEGAL_AID, ServicePlace.CUSTODY
        found = queries.matching(person, kind, org=user.organisation, on=today, place=place)
        assert [match.service.name for match in found] == ["Fits", "Women only", "Youth"]
        assert (len(found[0].reasons), found[0].misfits) == (4, [])
        assert len(found[2].misfits) == 3
        assert queries.offered_elsewhere(kind, org=user.organisation, on=today) == 0


def test_statuses_of_all_services_are_hsds_words(cast: Cast) -> None:
    assert {status.value for status in ServiceStatus} == {"active", "temporarily closed", "inactive", "defunct"}
    a_service(cast)
    with cast.acting("stranger"):
        assert db.session.scalar(select(func.count()).select_from(Service)) == 1
