"""What people type into dates and numbers, and what they are told."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from caseflow.core import formats
from tests.core.front import Everything, form, make_app


@pytest.fixture(autouse=True)
def in_a_request() -> Iterator[None]:
    with make_app(country="IQ", timezone="Asia/Baghdad").test_request_context("/"):
        yield


def test_date_is_read_from_its_three_inputs() -> None:
    filled = form()
    assert filled.validate(), filled.errors
    assert filled.born.data == date(1990, 3, 5)


@pytest.mark.parametrize("digits", [("٥", "٣", "١٩٩٠"), ("۵", "۳", "۱۹۹۰")])
def test_date_in_arabic_and_persian_digits(digits: tuple[str, str, str]) -> None:
    filled = form(**dict(zip(("born-day", "born-month", "born-year"), digits, strict=True)))
    assert filled.validate(), filled.errors
    assert filled.born.data == date(1990, 3, 5)


@pytest.mark.parametrize(
    ("typed", "message", "wrong"),
    [
        ({"born-month": ""}, "Enter the month.", "month"),
        ({"born-month": "", "born-year": ""}, "Something is missing: Month, Year.", "month"),
        ({"born-month": "13"}, "The month must be a number from 1 to 12.", "month"),
        ({"born-day": "x"}, "The day must be a number from 1 to 31.", "day"),
        ({"born-day": "²"}, "The day must be a number from 1 to 31.", "day"),
        ({"born-year": "90"}, "The year must have four digits, such as 1987.", "year"),
        ({"born-day": "31", "born-month": "4"}, "This month has fewer days: check the day.", "day"),
        ({"born-day": "", "born-month": "", "born-year": ""}, "Fill this in.", "day"),
        ({"born-year": "2190"}, "The date must be today or in the past.", "day"),
    ],
)
def test_wrong_date_says_which_part_and_keeps_what_was_typed(typed: dict[str, str], message: str, wrong: str) -> None:
    filled = form(**typed)
    assert not filled.validate()
    assert filled.born.errors == [message]
    assert filled.born.focus_id == f"born-{wrong}"
    drawn = str(filled.born())
    assert "is-invalid" in drawn
    for name, value in typed.items():
        assert f'name="{name}" type="text"' in drawn
        assert f'value="{value}"' in drawn


def test_date_left_out_by_a_tampered_form_is_missing() -> None:
    from werkzeug.datastructures import MultiDict

    filled = Everything(formdata=MultiDict({"name": "A", "kind": "a", "sex": "f"}))
    assert not filled.validate()
    assert filled.born.errors == ["Fill this in."]


def test_optional_date_may_stay_empty_and_is_not_marked_wrong() -> None:
    filled = form(**{"due-day": "", "due-month": "", "due-year": ""})
    assert filled.validate(), filled.errors
    assert filled.due.data is None
    assert "is-invalid" not in str(filled.due())


def test_date_in_the_past_is_refused_where_it_must_come() -> None:
    yesterday = formats.today() - timedelta(days=1)
    filled = form(**{"due-day": f"{yesterday.day}", "due-month": f"{yesterday.month}", "due-year": f"{yesterday.year}"})
    assert not filled.validate()
    assert filled.due.errors == ["The date must be today or in the future."]


def test_moment_is_typed_in_the_organisations_time() -> None:
    parts = {"day": "31", "month": "3", "year": "2026", "hour": "14", "minute": "05"}
    filled = form(**{f"starts-{part}": value for part, value in parts.items()})
    assert filled.validate(), filled.errors
    assert filled.starts.data == datetime(2026, 3, 31, 11, 5, tzinfo=UTC)
    shown = Everything(formdata=None, data={"starts": filled.starts.data})
    assert shown.starts.typed == {"day": "31", "month": "3", "year": "2026", "hour": "14", "minute": "05"}


def test_moment_to_come_is_not_in_the_past() -> None:
    moment = datetime.now(formats.zone()) + timedelta(minutes=90)
    parts = ("day", "month", "year", "hour", "minute")
    filled = form(**{f"born-{part}": str(getattr(moment, part)) for part in parts[:3]})
    filled.born.data = moment
    from caseflow.core.fields import NotInFuture

    with pytest.raises(ValueError, match="today or in the past"):
        NotInFuture()(filled, filled.born)


def test_stored_date_is_shown_in_parts() -> None:
    shown = Everything(formdata=None, data={"born": date(1990, 3, 5)})
    assert 'name="born-day" type="text"' in str(shown.born())
    assert shown.born.typed == {"day": "5", "month": "3", "year": "1990"}


def test_typed_text_is_escaped() -> None:
    filled = form(**{"born-day": '"><b>'})
    assert "<b>" not in str(filled.born())


@pytest.mark.parametrize(("typed", "stored"), [("٣", 3), (" 12 ", 12), ("", None)])
def test_number_in_any_digits(typed: str, stored: int | None) -> None:
    filled = form(children=typed)
    assert filled.validate(), filled.errors
    assert filled.children.data == stored


def test_number_that_is_none_is_kept_and_explained() -> None:
    filled = form(children="three")
    assert not filled.validate()
    assert filled.children.errors == ["Enter a whole number, such as 12."]
    assert "three" in str(filled.children())


def test_texts_are_tidied() -> None:
    filled = form(name="  Aigul \t Sadykova ", number=" ٠٧١\u00a0٢ ", note=" one\r\ntwo \r\n")
    assert filled.validate(), filled.errors
    assert (filled.name.data, filled.number.data, filled.note.data) == ("Aigul Sadykova", "071 2", "one\ntwo")


def test_too_long_text_says_how_long_it_may_be() -> None:
    filled = form(note="x" * 31)
    assert not filled.validate()
    assert filled.note.errors == ["Too long: use 30 characters at most."]
