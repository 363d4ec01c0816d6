"""Holidays, by URL: the administrator adds and removes them, deadlines count them, and nobody else does."""

import re
import uuid
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from caseflow.audit.models import Entry
from caseflow.core.db import db
from caseflow.referrals.models import Referral
from caseflow.referrals.queries import shared
from caseflow.tenancy import queries as tenancy
from caseflow.tenancy.actions import add_holiday
from tests.cast import Cast
from tests.stories.referrals import a_referral

PATH = "/holidays"


def this_year(cast: Cast, month: int, day: int, *, years: int = 0) -> date:
    """A day of the cast's present year."""
    with cast.acting("admin") as user:
        return date(user.organisation.today().year + years, month, day)


def said(day: date, until: date | None = None, **fields: Any) -> dict[str, Any]:
    """What the form sends."""
    last = (until.day, until.month, until.year) if until else ("", "", "")
    return {
        "name": "Nauryz",
        **dict(zip(("day-day", "day-month", "day-year"), (day.day, day.month, day.year), strict=True)),
        **dict(zip(("until-day", "until-month", "until-year"), last, strict=True)),
        **fields,
    }


def held(cast: Cast, name: str = "admin") -> list[tuple[date, str]]:
    """The holidays of somebody's organisation, in their order."""
    with cast.acting(name) as user:
        return [(one.day, one.name) for one in tenancy.holidays(user.org_id, date(1900, 1, 1))]


def the_holiday(cast: Cast, day: date, name: str = "Nauryz", by: str = "admin") -> uuid.UUID:
    """One that is there, and its id."""
    with cast.acting(by) as user:
        return add_holiday(day, name, by=user).id


def written(text: str) -> str:
    """A page's words, without their marks."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))


def test_administrator_adds_a_holiday(cast: Cast) -> None:
    day, admin = this_year(cast, 12, 16), cast.be("admin")
    assert f'href="{PATH}"' in admin.get("/")
    page = admin.get(PATH)
    assert "There is no holiday yet" in page
    assert re.findall(r'<a href="([^"]+)" aria-current="page">', page) == ["/"]
    sent = said(day, name=" Independence  Day ") | {"day-day": "١٦"}
    admin.post(PATH, sent)
    assert admin.location == PATH
    assert held(cast) == [(day, "Independence Day")]
    page = admin.get(PATH)
    assert "1 holiday is added." in page
    assert f"16 Dec {day.year} Independence Day" in written(page)
    with cast.acting("auditor"):
        [entry] = db.session.scalars(select(Entry).where(Entry.act == "holiday.add")).all()
        assert entry.detail == {"day": day.isoformat(), "days": 1}


def test_several_days_become_one_row_each(cast: Cast) -> None:
    first, last = this_year(cast, 2, 27), this_year(cast, 3, 2)
    cast.be("admin").post(PATH, said(first, last))
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    assert held(cast) == [(day, "Nauryz") for day in days]
    assert f"{len(days)} holidays are added." in cast.be("admin").get(PATH)


def test_what_is_wrong_names_its_field_and_keeps_what_was_typed(cast: Cast) -> None:
    day, admin = this_year(cast, 3, 21), cast.be("admin")
    later, far = this_year(cast, 12, 31, years=5), this_year(cast, 1, 1, years=6)
    for sent, field, words in (
        (said(day, name=""), "name", "Fill this in."),
        (said(day, name="x" * 201), "name", "Too long"),
        (said(day) | {"day-day": "32"}, "day-day", "The day must be a number from 1 to 31."),
        (said(day) | {"day-day": "31", "day-month": "2"}, "day-day", "This month has fewer days"),
        (said(day) | {"day-day": "", "day-month": "", "day-year": ""}, "day-day", "Fill this in."),
        (said(this_year(cast, 12, 31, years=-2)), "day-day", f"Enter a day from 1 Jan {day.year - 1} to"),
        (said(far), "day-day", f"to 31 Dec {day.year + 5}."),
        (said(later, far), "until-day", f"to 31 Dec {day.year + 5}."),
        (said(day, day - timedelta(days=1)), "until-day", "The last day lies before the first."),
        (said(day, day + timedelta(days=14)), "until-day", "Add at most 14 days at once."),
    ):
        page = admin.post(PATH, sent, expect=422)
        assert re.search(rf'<a href="#{field}"[^>]*>.*{re.escape(words)}', page), (sent, words)
        if sent["name"] == "Nauryz":
            assert 'value="Nauryz"' in page
    assert held(cast) == []
    admin.post(PATH, said(day, day + timedelta(days=13)))
    assert len(held(cast)) == 14


def test_a_day_that_is_there_is_refused_in_words_and_nothing_of_the_rest_stays(cast: Cast) -> None:
    day, admin = this_year(cast, 3, 22), cast.be("admin")
    the_holiday(cast, day)
    for sent in (said(day, name="Again"), said(day - timedelta(days=1), day, name="Again")):
        page = admin.post(PATH, sent, expect=422)
        assert re.search(rf'<a href="#day-day"[^>]*>.*22 Mar {day.year} is a holiday already\.', page)
        assert 'value="Again"' in page
    assert held(cast) == [(day, "Nauryz")]
    cast.be("kamqor_admin").post(PATH, said(day))  # the days of another organisation are its own
    assert held(cast, "kamqor_admin") == [(day, "Nauryz")]


def test_administrator_removes_a_holiday(cast: Cast) -> None:
    day, admin = this_year(cast, 3, 21), cast.be("admin")
    id = the_holiday(cast, day)
    assert f'action="{PATH}/{id}/remove"' in admin.get(PATH)
    admin.post(f"{PATH}/{id}/remove")
    assert f"21 Mar {day.year} is a holiday no more." in admin.get(PATH)
    assert held(cast) == []
    admin.post(f"{PATH}/{id}/remove", expect=404)
    with cast.acting("auditor"):
        [entry] = db.session.scalars(select(Entry).where(Entry.act == "holiday.remove")).all()
        assert (entry.subject_id, entry.detail) == (id, {"day": day.isoformat()})


def test_this_year_and_later_stand_first_and_what_is_past_in_pages(cast: Cast) -> None:
    new_year, last_year = this_year(cast, 1, 1), this_year(cast, 1, 1, years=-1)
    for day in (new_year, new_year - timedelta(days=1), this_year(cast, 1, 1, years=1)):
        the_holiday(cast, day)
    page = cast.be("admin").get(PATH)
    told = re.findall(r'<div><bdi><time datetime="([^"]+)"', page)
    years = [int(one[:4]) - new_year.year for one in told]
    assert years == [0, 1, -1]
    assert page.index("This year and later") < page.index("Earlier years")
    for number in range(26):
        the_holiday(cast, last_year + timedelta(days=number))
    assert "Page 1 of 2" in written(cast.be("admin").get(PATH))
    second = cast.be("admin").get(f"{PATH}?page=2")
    assert last_year.isoformat() in second
    assert new_year.isoformat() in second


def test_home_names_the_next_ones(cast: Cast) -> None:
    admin = cast.be("admin")
    assert "None is to come" in admin.get("/")
    with cast.acting("admin") as user:
        today = user.organisation.today()
    for days in (-1, 0, 3, 5, 9):
        the_holiday(cast, today + timedelta(days=days), f"Day {days}")
    page = admin.get("/")
    assert re.findall(r"Day -?\d", page) == ["Day 0", "Day 3", "Day 5"]


def test_new_deadline_leaves_a_holiday_out_and_one_that_is_set_keeps_its_day(cast: Cast) -> None:
    def answer_by(referral_id: uuid.UUID) -> date:
        with cast.acting("coordinator") as user:
            referral: Referral = shared.received(referral_id, user)
            return referral.answer_by

    sent = a_referral(cast)
    due = answer_by(sent)
    cast.be("kamqor_admin").post(PATH, said(due))
    assert answer_by(sent) == due
    assert answer_by(a_referral(cast)) > due


def test_dates_are_written_as_the_readers_language_writes_them(cast: Cast) -> None:
    the_holiday(cast, this_year(cast, 3, 21))
    with cast.acting("admin") as user:
        user.locale = "ar"
    page = cast.be("admin").get(PATH)
    assert 'dir="rtl"' in page
    assert f">21/03/{this_year(cast, 3, 21).year}</time>" in page


def test_nobody_else_keeps_holidays(cast: Cast) -> None:
    day = this_year(cast, 3, 21)
    id = the_holiday(cast, day)
    for name in ("aigerim", "leader", "auditor", "coordinator", "stranger", "steward"):
        browser = cast.be(name)
        browser.get(PATH, expect=403)
        browser.post(PATH, said(day + timedelta(days=1)), expect=403)
        browser.post(f"{PATH}/{id}/remove", expect=403)
        assert f'href="{PATH}"' not in browser.get("/")
    for name in ("kamqor_admin", "stranger_admin"):  # whose database lets them read the row, as deadlines do
        browser = cast.be(name)
        browser.post(f"{PATH}/{id}/remove", expect=404)
        assert "Nauryz" not in browser.get(PATH)
        assert "Nauryz" not in browser.get("/")
    cast.be("admin").post(f"{PATH}/{uuid.uuid4()}/remove", expect=404)
    assert held(cast) == [(day, "Nauryz")]
