"""Every text in every language: complete catalogues, who chooses, and how dates and numbers are written."""

import ast
import gettext
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
import wtforms
from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po
from flask import Flask
from flask_babel import force_locale, lazy_gettext
from flask_babel import gettext as translate

from caseflow.core import formats, i18n, languages
from caseflow.core.form_words import _WORDS, FORM_WORDS
from tests.core.front import form, make_app

ROOT = Path(__file__).parents[2]
COMPLETE = ("ru", "ar")
KEYWORDS: dict[str, tuple[int, ...] | None] = {
    "_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "pgettext": None,
    "_l": None,
    "lazy_gettext": None,
    "lazy_ngettext": (1, 2),
}
PLACEHOLDER = re.compile(r"%\((\w+)\)([sd])")

Message = str | tuple[str, str]


@cache
def texts() -> dict[Message, str]:
    """Each text that code and templates use now, and a file that uses it."""
    with (ROOT / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    found: dict[Message, str] = {}
    for file_name, _line, message, _comments, _context in extract_from_dir(ROOT, methods, options, keywords=KEYWORDS):
        found.setdefault(message, file_name)  # type: ignore[arg-type]
    return found


@cache
def catalogue(code: str) -> Catalog:
    with languages.catalogue_path(code).open("rb") as file:
        return read_po(file, locale=code)


def forms(message: Iterable[str] | str | None) -> tuple[str, ...]:
    return (message,) if isinstance(message, str) else tuple(message or ())


def placeholders(text: str) -> set[tuple[str, ...]]:
    return set(PLACEHOLDER.findall(text))


# ---- The catalogues


def test_texts_are_found_in_code_and_templates() -> None:
    assert texts()["Skip to the content"].endswith("base.html")
    assert texts()["Fill this in."].endswith("form_words.py")


def test_makefile_extracts_what_this_test_extracts() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for keyword in ("-k _l ", "-k lazy_gettext ", "-k lazy_ngettext:1,2 "):
        assert keyword in makefile


@pytest.mark.parametrize("code", COMPLETE)
def test_no_text_is_missing(code: str) -> None:
    missing = []
    for message, where in texts().items():
        entry = catalogue(code).get(message if isinstance(message, str) else message[0])
        if entry is None or not all(forms(entry.string)):
            missing.append(f"{where}: {message!r}")
    assert not missing, f"{len(missing)} without {code} (`make translations`, then translate):\n" + "\n".join(missing)


@pytest.mark.parametrize("code", COMPLETE)
def test_no_text_is_fuzzy_or_left_over(code: str) -> None:
    used = {message if isinstance(message, str) else message[0] for message in texts()}
    assert [entry.id for entry in catalogue(code) if entry.id and entry.fuzzy] == []
    assert [key for entry in catalogue(code) if (key := forms(entry.id)[:1]) and key[0] and key[0] not in used] == []


def wrong_placeholders(catalog: Catalog) -> list[str]:
    """Entries whose translation has other placeholders; a plural form for one number only may leave the number out."""
    plural = gettext.c2py(catalog.plural_expr)
    numbers_of_form = [sum(plural(number) == form for number in range(1001)) for form in range(catalog.num_plurals)]
    wrong = []
    for entry in catalog:
        if not entry.id:
            continue
        wanted = set().union(*(placeholders(text) for text in forms(entry.id)))
        for index, text in enumerate(forms(entry.string)):
            missing, extra = wanted - placeholders(text), placeholders(text) - wanted
            spoken = entry.pluralizable and numbers_of_form[index] == 1 and len(missing) == 1
            if text and (extra or (missing and not spoken)):
                wrong.append(f"{entry.id!r}: {text!r}")
    return wrong


@pytest.mark.parametrize("code", COMPLETE)
def test_placeholders_are_the_same(code: str) -> None:
    assert wrong_placeholders(catalogue(code)) == []


def test_placeholders_that_differ_are_seen() -> None:
    catalog = Catalog(locale="ar")
    catalog.add("%(name)s left", "%(nom)s")
    catalog.add(("%(num)d day", "%(num)d days"), ("لا أيام", "يوم", "يومان", "أيام", "%(num)d", "%(num)d"))
    assert len(wrong_placeholders(catalog)) == 2  # three to ten days must say how many


@pytest.mark.parametrize("code", COMPLETE)
def test_plural_forms_are_as_many_as_the_language_has(code: str) -> None:
    plural, cldr = gettext.c2py(catalogue(code).plural_expr), Locale.parse(code).plural_form
    order = [form for form in ("zero", "one", "two", "few", "many", "other") if form in map(cldr, range(201))]
    wanted = len(order)
    assert catalogue(code).num_plurals == wanted
    # Babel's own formula for Arabic puts the forms in another order than CLDR and the translators' tools.
    assert [plural(number) for number in range(201)] == [order.index(cldr(number)) for number in range(201)]
    wrong = [entry.id for entry in catalogue(code) if entry.pluralizable and len(forms(entry.string)) != wanted]
    assert wrong == []


@pytest.mark.parametrize("code", COMPLETE)
def test_translations_bring_no_markup_of_their_own(code: str) -> None:
    wrong = [
        e.id for e in catalogue(code) if e.id and "<" in "".join(forms(e.string)) and "<" not in "".join(forms(e.id))
    ]
    assert wrong == []


def test_catalogues_are_kept_without_places_and_binaries() -> None:
    for path in (ROOT / "translations").rglob("*"):
        assert path.suffix not in {".mo", ".pot"}
        if path.suffix == ".po":
            assert "\n#:" not in path.read_text("utf-8")


def test_fuzzy_text_is_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "messages.po"
    path.write_text('#, fuzzy\nmsgid "Name"\nmsgstr "Имя?"\n\nmsgid "Site"\nmsgstr "Место"\n', "utf-8")
    monkeypatch.setattr(languages, "catalogue_path", lambda code: path)
    found = languages.translations.__wrapped__("kk")
    assert (found.gettext("Name"), found.gettext("Site")) == ("Name", "Место")


def test_form_words_answer_every_text_of_wtforms() -> None:
    asked = set()
    for path in Path(wtforms.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and "gettext" in node.func.attr:
                asked.update({a.value for a in node.args[:1] if isinstance(a, ast.Constant)})
    assert len(asked) > 30
    counted = {text for text in asked if text not in _WORDS}
    assert all(FORM_WORDS.ngettext(text, text, 2) != text for text in counted), counted
    assert "Invalid email address." in _WORDS


# ---- Who chooses


@pytest.mark.parametrize(
    ("told", "chosen", "accepted", "expected"),
    [
        (None, None, "ru-RU,ru;q=0.9,en;q=0.5", "ru"),
        (None, None, "fr,de;q=0.8", "en"),
        (None, None, "", "en"),
        (None, "ar", "ru", "ar"),
        ("ar", "ru", "en", "ar"),
        ("ar-IQ", None, "en", "ar"),
        ("xx", None, "ru", "ru"),
    ],
)
def test_language_is_told_then_chosen_then_the_browsers(
    told: str | None, chosen: str | None, accepted: str, expected: str
) -> None:
    with make_app(locale=told).test_request_context(headers={"Accept-Language": accepted}):
        if chosen:
            assert i18n.set_locale(chosen)
        assert i18n.locale_code() == expected


def test_a_language_that_is_not_offered_cannot_be_chosen() -> None:
    with make_app().test_request_context("/"):
        assert not i18n.set_locale("xx")
        assert not i18n.set_locale(None)
        assert i18n.chosen_locale() is None


def test_choosing_counts_from_this_moment() -> None:
    with make_app().test_request_context("/"):
        assert translate("Sign out") == "Sign out"
        i18n.set_locale("ru")
        assert translate("Sign out") == "Выйти"


def test_only_languages_with_a_catalogue_are_offered() -> None:
    assert {language.code for language in languages.offered()} >= {"en", "ru", "ar"}
    assert all(
        language.code == "en" or languages.catalogue_path(language.code).is_file() for language in languages.offered()
    )


def test_page_says_its_language_and_direction() -> None:
    client = make_app(locale="ar", country="IQ").test_client()
    page = client.get("/").text
    assert '<html lang="ar" dir="rtl">' in page
    assert "bootstrap.rtl." in page
    english = make_app().test_client().get("/").text
    assert '<html lang="en" dir="ltr">' in english
    assert "bootstrap.rtl." not in english


def test_outside_a_request_texts_are_english_until_told_otherwise() -> None:
    assert str(lazy_gettext("Sign out")) == "Sign out"
    with make_app(locale="ru").app_context():
        assert translate("Sign out") == "Sign out"
        with force_locale(str(i18n.locale_for("ar", "IQ"))):
            assert translate("Sign out") == "تسجيل الخروج"
            assert formats.date_text(date(2026, 3, 31)) == "31/03/2026"


class Urgency(i18n.Labelled):
    STANDARD = "standard", lazy_gettext("Sign out")
    URGENT = "urgent", lazy_gettext("Search")


def test_codes_have_names_in_the_readers_language() -> None:
    assert Urgency("urgent") is Urgency.URGENT
    assert f"{Urgency.URGENT}" == "urgent"
    with make_app(locale="ru").test_request_context("/"):
        assert Urgency.choices() == [("standard", "Выйти"), ("urgent", "Найти")]
        assert Urgency.choices([Urgency.URGENT]) == [("urgent", "Найти")]


# ---- How it is written


@pytest.fixture
def russian() -> Iterator[Flask]:
    app = make_app(locale="ru", country="KZ", timezone="Asia/Almaty")
    with app.test_request_context("/"):
        yield app


@pytest.mark.parametrize(("code", "text"), [("en", "5 Mar 2026"), ("ru", "05.03.2026"), ("ar", "05/03/2026")])
def test_dates_are_written_as_the_language_writes_them(code: str, text: str) -> None:
    with make_app(locale=code).test_request_context("/"):
        assert formats.date_text(date(2026, 3, 5)) == text


def test_moments_are_shown_in_the_organisations_time(russian: Flask) -> None:
    moment = datetime(2026, 3, 5, 20, 30, tzinfo=UTC)
    assert formats.datetime_text(moment) == "06.03.2026, 01:30"
    assert formats.date_text(moment.replace(tzinfo=None)) == "06.03.2026"
    assert formats.day_of(moment) == date(2026, 3, 6)


@pytest.mark.parametrize(
    ("days", "english", "russian", "arabic"),
    [
        (0, "today", "сегодня", "اليوم"),
        (1, "tomorrow", "завтра", "غداً"),
        (-1, "yesterday", "вчера", "أمس"),
        (2, "in 2 days", "через 2 дня", "بعد يومين"),
        (12, "in 12 days", "через 12 дней", "بعد 12 يوماً"),
        (-5, "5 days ago", "5 дней назад", "قبل 5 أيام"),
        (21, "in 3 weeks", "через 3 недели", "بعد 3 أسابيع"),
        (-21, "3 weeks ago", "3 недели назад", "قبل 3 أسابيع"),
        (91, "in 3 months", "через 3 месяца", "بعد 3 أشهر"),
        (-61 * 5, "10 months ago", "10 месяцев назад", "قبل 10 أشهر"),
        (731, "in 2 years", "через 2 года", "بعد سنتين"),
        (-365 * 6, "5 years ago", "5 лет назад", "قبل 5 سنوات"),
    ],
)
def test_distances_are_said_in_words(days: int, english: str, russian: str, arabic: str) -> None:
    for code, text in (("en", english), ("ru", russian), ("ar", arabic)):
        with make_app(locale=code).test_request_context("/"):
            assert formats.days_text(days) == text


def test_moments_of_today_are_near(monkeypatch: pytest.MonkeyPatch) -> None:
    class Noon(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return datetime(2026, 3, 5, 12, 0, tzinfo=UTC)

    monkeypatch.setattr(formats, "datetime", Noon)
    with make_app().test_request_context("/"):
        noon = Noon.now()
        said = [
            formats.ago_text(Noon.fromtimestamp((noon - timedelta(minutes=m)).timestamp(), UTC))
            for m in (0, 1, 59, 150, -30)
        ]
    assert said == ["just now", "1 minute ago", "59 minutes ago", "2 hours ago", "today"]


def test_filters_isolate_and_escape() -> None:
    app = make_app()
    with app.test_request_context("/"):
        day = formats.today() + timedelta(days=12)
        template = app.jinja_env.from_string(
            "{{ day|date }}|{{ 12345|number }}|{{ name|bdi }}|{{ none|date }}{{ none|number }}{{ none|datetime }}"
            "{{ none|bdi }}{{ none|ago }}{{ none|date_ago }}{{ none|time }}|{{ day|date_ago }}|{{ day|days_left }}"
        )
        text = formats.date_text(day)
        written = f'<bdi><time datetime="{day.isoformat()}">{text}</time></bdi>'
        assert template.render(day=day, name="<b>") == (
            f'{written}|<bdi>12,345</bdi>|<bdi>&lt;b&gt;</bdi>||{written} <span class="cf-ago">(in 12 days)</span>|12'
        )


@pytest.mark.parametrize(("country", "first"), [("IQ", 5), ("KZ", 0), ("KG", 0), ("TJ", 0), (None, 0), ("??", 0)])
def test_week_begins_where_the_country_begins_it(country: str | None, first: int) -> None:
    with make_app(locale="en", country=country).test_request_context("/"):
        assert i18n.week_starts_on() == first


def test_locale_keeps_the_country_where_cldr_knows_the_pair() -> None:
    assert str(i18n.locale_for("ar", "IQ")) == "ar_IQ"
    assert str(i18n.locale_for("ru", "TJ")) == "ru"
    assert str(i18n.locale_for("ckb", "IQ")) == "ckb_IQ"


def test_numbers_are_grouped_as_the_language_does(russian: Flask) -> None:
    assert formats.number_text(114391) == "114\u00a0391"


def test_digits_of_other_scripts_are_read() -> None:
    assert formats.normalise_digits("٠١٢٣٤٥٦٧٨٩ ۰۱۲۳۴۵۶۷۸۹ 7") == "0123456789 0123456789 7"


def test_form_messages_come_in_the_readers_language() -> None:
    with make_app(locale="ru").test_request_context("/"):
        filled = form(name="", note="x" * 31)
        assert not filled.validate()
        assert filled.name.errors == ["Заполните это поле."]
        assert filled.note.errors == ["Слишком длинно: не более 30 знаков."]
