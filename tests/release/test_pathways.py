"""Pathways, key dates, the release itself and the release list, by URL."""

import re
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select

from caseflow.core.db import db, today
from caseflow.people import queries as people
from caseflow.people.models import Case, Phase
from caseflow.release import queries
from caseflow.release.models import Pathway, plan_from
from tests.cast import Cast
from tests.stories.people import a_case
from tests.stories.release import a_handover


def day(name: str, value: date) -> dict[str, str]:
    return {f"{name}-day": str(value.day), f"{name}-month": str(value.month), f"{name}-year": str(value.year)}


def test_nothing_needed_is_an_answer_that_counts(cast: Cast) -> None:
    case_id = a_case(cast)
    page = f"/cases/{case_id}/release"
    aigerim = cast.be("aigerim")
    assert "<bdi>0</bdi> of <bdi>7</bdi> settled" in aigerim.get(page)
    aigerim.post(f"{page}/pathways/drugs", {"standing": "support_not_required", "version": "0"})
    aigerim.post(f"{page}/pathways/accommodation", {"standing": "support_required", "note": "No home", "version": "0"})
    text = aigerim.get(page)
    assert "<bdi>1</bdi> of <bdi>7</bdi> settled" in text
    assert "No home" in text
    assert "Nothing needed" in text


def test_double_click_on_a_pathway_writes_one_row(cast: Cast) -> None:
    case_id = a_case(cast)
    for _time in range(2):
        cast.be("aigerim").post(f"/cases/{case_id}/release/pathways/work", {"standing": "in_progress", "version": "0"})
    with cast.acting("aigerim"):
        assert db.session.scalars(select(Pathway)).one().version == 1


def test_second_writer_of_a_pathway_sees_both_versions_and_decides(cast: Cast) -> None:
    case_id = a_case(cast)
    page = f"/cases/{case_id}/release/pathways/health"
    aigerim = cast.be("aigerim")
    aigerim.post(page, {"standing": "in_progress", "note": "Doctor on Monday", "version": "0"})
    text = aigerim.post(page, {"standing": "done", "note": "All done", "version": "0"}, expect=409)
    assert "Doctor on Monday" in text
    assert "All done" in text
    version = re.search(r'name="version"[^>]*value="(\d+)"', text)
    assert version is not None
    aigerim.post(page, {"standing": "done", "note": "All done", "version": version[1]})
    with cast.acting("aigerim"):
        assert db.session.scalars(select(Pathway)).one().note == "All done"


def test_pathway_that_does_not_exist_is_not_found(cast: Cast) -> None:
    cast.be("aigerim").get(f"/cases/{a_case(cast)}/release/pathways/luck", expect=404)


def test_release_is_confirmed_once_and_not_for_a_day_to_come(cast: Cast) -> None:
    case_id = a_case(cast, release_on=today() - timedelta(days=2))
    page = f"/cases/{case_id}/release"
    aigerim = cast.be("aigerim")
    assert "nobody has confirmed" in aigerim.get(page)
    aigerim.post(f"{page}/confirm", day("released_on", today() + timedelta(days=9)), expect=422)
    aigerim.post(f"{page}/confirm", day("released_on", today() - timedelta(days=1)))
    aigerim.post(f"{page}/confirm", day("released_on", today() - timedelta(days=1)), expect=409)
    with cast.acting("aigerim") as user:
        case = people.opened(case_id, user)
        assert (case.phase, case.released_on) == (Phase.RELEASED, today() - timedelta(days=1))


def test_release_list_shows_each_case_on_its_list_only(cast: Cast) -> None:
    dates: dict[str, Any] = {"Soon Ones": 30, "Later Ones": 120, "Far Ones": 900, "Late Ones": -5}
    for name, days in dates.items():
        a_case(cast, name=name, latin_name=None, release_on=today() + timedelta(days=days))
    seen = {
        which: [name for name in dates if name in cast.be("aigerim").get(f"/release-list?which={which}")]
        for which in ("12", "24", "all", "past", "nonsense")
    }
    assert seen == {
        "12": ["Soon Ones"],
        "24": ["Soon Ones", "Later Ones"],
        "all": list(dates),
        "past": ["Late Ones"],
        "nonsense": ["Soon Ones"],
    }
    assert "Soon Ones" not in cast.be("daniyar").get("/release-list?which=all")  # not his case
    assert "Soon Ones" in cast.be("leader").get("/release-list?which=all")
    assert "Soon Ones" not in cast.be("stranger").get("/release-list?which=all")


def test_release_list_counts_pathways_and_says_where_the_handover_stands(cast: Cast) -> None:
    case_id = a_case(cast, release_on=today() + timedelta(days=20))
    aigerim = cast.be("aigerim")
    assert "Not started" in aigerim.get("/release-list")
    aigerim.post(f"/cases/{case_id}/release/pathways/drugs", {"standing": "support_not_required", "version": "0"})
    a_handover(cast, case_id)
    text = aigerim.get("/release-list")
    assert "<bdi>1</bdi> of <bdi>7</bdi>" in text
    assert "Invited" in text


def test_release_list_is_paged_with_a_true_count(cast: Cast) -> None:
    for _number in range(27):
        a_case(cast, release_on=today() + timedelta(days=20))
    with cast.acting("aigerim") as user:
        second = queries.release_list(user, "12", page=2)
    assert (second.total, len(second.items)) == (27, 2)
    assert "of <bdi>2</bdi>" in cast.be("aigerim").get("/release-list?page=2")


def test_handover_is_prepared_eight_months_before_a_release_and_twelve_for_a_long_sentence() -> None:
    release = date(2027, 10, 1)
    assert plan_from(release, 24) == release - timedelta(days=243)
    assert plan_from(release, 240) == plan_from(release, None) == release - timedelta(days=365)


def test_stranger_finds_nothing_of_a_release(cast: Cast) -> None:
    case_id = a_case(cast)
    page = f"/cases/{case_id}/release"
    cast.be("aigerim").post(f"{page}/pathways/work", {"standing": "done", "version": "0"})
    for name in ("stranger", "daniyar", "officer"):
        for path in ("", "/pathways/work", "/confirm"):
            cast.be(name).get(page + path, expect=404)
        cast.be(name).post(f"{page}/pathways/work", {"standing": "done", "version": "1"}, expect=404)
    cast.be("coordinator").get(page, expect=403)
    with cast.acting("stranger"):
        assert db.session.scalar(select(func.count()).select_from(Pathway)) == 0
        assert db.session.scalar(select(func.count()).select_from(Case)) == 0
