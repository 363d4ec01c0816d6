"""Search, by URL: names across scripts, one typing error, numbers; and only within what the user may open."""

import re
from urllib.parse import quote

import pytest
from sqlalchemy import select

from caseflow.audit.models import Entry
from caseflow.core.db import db
from tests.cast import Cast
from tests.stories.people import a_case
from tests.stories.referrals import a_referral


def search(cast: Cast, text: str, name: str = "aigerim") -> str:
    cast.be(name).post("/language", {"locale": "en"})
    return cast.be(name).get(f"/search?q={quote(text)}")


def found(page: str) -> list[str]:
    """The names found, best first."""
    return re.findall(r'<th scope="row"><a href="/(?:cases|referrals)/[^"]+"><bdi>([^<]+)</bdi>', page)


@pytest.mark.parametrize(
    ("held", "asked"),
    [
        ("Yerlan Karimov", "Ерлан Каримов"),
        ("محمد العبيدي", "Мохаммед Обейди"),
        ("Нұрлан Жақсыбеков", "Nurlan Zhaksybekov"),
        ("Фирдавс Раҳимов", "فردوس رحيموف"),
    ],
)
def test_name_is_found_in_another_script(cast: Cast, held: str, asked: str) -> None:
    a_case(cast, name=held, latin_name=None)
    a_case(cast, name="Somebody Else", latin_name=None)
    assert found(search(cast, asked)) == [held]


def test_one_typing_error_still_finds(cast: Cast) -> None:
    a_case(cast, name="Ермек Сатыбалды", latin_name=None)
    for asked in ("Ермек Сатыбалдв", "Ермек Сатбалды", "Satybadly Ermek"):
        assert found(search(cast, asked)) == ["Ермек Сатыбалды"]


def test_best_likeness_stands_first_and_the_family_name_alone_is_enough(cast: Cast) -> None:
    for name in ("Асан Каримов", "Асан Керимбаев", "Карим Асанов"):
        a_case(cast, name=name, latin_name=None)
    assert found(search(cast, "Асан Каримов"))[0] == "Асан Каримов"
    assert "Асан Керимбаев" in found(search(cast, "Керимбаев"))


def test_numbers_are_found_exactly_in_any_digits(cast: Cast) -> None:
    a_case(cast, name="Numbered", number="771", latin_name=None)
    a_case(cast, name="Other", number="7712", latin_name=None)
    assert found(search(cast, "771")) == ["Numbered"]
    assert found(search(cast, "٧٧١")) == ["Numbered"]
    assert found(search(cast, "p-771")) == ["Numbered"]


def test_a_single_letter_asks_for_more(cast: Cast) -> None:
    a_case(cast, name="Ермек Сатыбалды")
    for asked in ("", "Е", "  "):
        page = search(cast, asked)
        assert "Type at least 2 letters" in page
        assert found(page) == []


def test_nobody_found_says_what_to_try(cast: Cast) -> None:
    assert "Try the family name alone" in search(cast, "Qwxzv Plmnb")


def test_search_keeps_to_what_the_user_may_open(cast: Cast) -> None:
    a_case(cast, name="Ермек Сатыбалды", number="A-77")
    assert found(search(cast, "Сатыбалды", "leader")) == ["Ермек Сатыбалды"]
    for name in (
        "daniyar",
        "officer",
        "stranger",
        "stranger_worker",
        "stranger_cso",
        "coordinator",
        "steward",
        "admin",
    ):
        for asked in ("Ермек Сатыбалды", "Satybaldy", "A-77"):
            page = search(cast, asked, name)
            assert found(page) == []
            assert "Сатыбалды</bdi>" not in page


def test_receiver_finds_whom_it_was_told_of_and_the_stranger_does_not(cast: Cast) -> None:
    a_referral(cast)
    assert found(search(cast, "Ermek Satybaldy", "coordinator")) == ["Ермек Сатыбалды"]
    assert found(search(cast, "Ermek Satybaldy", "worker")) == []
    assert found(search(cast, "Ermek Satybaldy", "stranger_cso")) == []


def test_audit_keeps_how_many_were_found_and_not_what_was_typed(cast: Cast) -> None:
    a_case(cast, name="Ермек Сатыбалды")
    search(cast, "Сатыбалды")
    with cast.acting("auditor"):
        entry = db.session.scalars(select(Entry).where(Entry.act == "people.search")).one()
        assert entry.detail == {"hits": 1}


def test_what_was_typed_is_shown_as_text(cast: Cast) -> None:
    page = search(cast, "<script>alert(1)</script>")
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
