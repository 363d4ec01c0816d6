"""Languages wired into Flask: who chooses, which catalogue answers, and labels for the codes we store.

One way to name a code: a `Labelled` enumeration beside its model.

    class Urgency(Labelled):
        STANDARD = "standard", _l("Standard")

`Urgency.STANDARD` is the text "standard" in the database, `.label` its name in the reader's language, and
`Urgency.choices()` fills a SelectField or RadioField. Never put what a user typed into `lazy_gettext(…)`
variables: a lazy text counts as safe HTML in templates.
"""

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Self
from zoneinfo import ZoneInfo

from babel import Locale
from flask import Flask, current_app, has_request_context, request, session
from flask_babel import Babel, get_locale, refresh

from caseflow.core import formats
from caseflow.core.formats import normalise_digits, today, zone
from caseflow.core.languages import (
    LANGUAGES,
    SOURCE,
    CatalogueDomain,
    Language,
    first_weekday,
    locale_for,
    offered,
    supported,
    translations,
)

__all__ = [
    "LANGUAGES",
    "Labelled",
    "Language",
    "chosen_locale",
    "clear_session",
    "init_app",
    "locale_dir",
    "locale_for",
    "normalise_digits",
    "offered",
    "set_locale",
    "supported",
    "today",
    "week_starts_on",
    "zone",
]

_SESSION_KEY = "locale"

Chooser = Callable[[], str | None]


class Labelled(StrEnum):
    """A stored code with a name in the reader's language: members are `NAME = "code", _l("Text")`."""

    _value_: str
    _label: str

    def __new__(cls, value: str, label: str = "") -> Self:  # the default is for look-ups: Urgency("urgent")
        """Make a member that is its code and carries its lazy label."""
        member = str.__new__(cls, value)
        member._value_ = value
        member._label = label
        return member

    @property
    def label(self) -> str:
        """The name in the reader's language."""
        return str(self._label)

    @classmethod
    def choices(cls, only: Iterable[Self] | None = None) -> list[tuple[str, str]]:
        """Pairs (code, label) for a WTForms choice field, in the order of declaration."""
        return [(member.value, member.label) for member in (cls if only is None else only)]


def init_app(
    app: Flask,
    *,
    choose: Chooser,
    country: Chooser = lambda: None,
    timezone: Chooser = lambda: None,
    default_locale: str = SOURCE,
) -> None:
    """Wire the languages: `choose` gives the user's or organisation's locale, then come session, browser, default.

    `country` (ISO 3166-1) decides the week and the numbers, `timezone` (IANA name) the clock; all three may return
    None and are asked at most once a request. Templates get `_`, the filters of `formats`, and the globals
    `locale`, `locale_dir`, `languages`.
    """

    def select_locale() -> Locale:
        wishes = [choose(), chosen_locale(), _browser_locale()] if has_request_context() else []
        code = next((found for wish in wishes if (found := supported(wish))), default_locale)
        return locale_for(code, country() if has_request_context() else None)

    def select_timezone() -> ZoneInfo | None:
        name = timezone() if has_request_context() else None
        return ZoneInfo(name) if name else None

    for code in (language.code for language in offered()):
        translations(code)  # a broken catalogue stops the start, not a page
    babel = Babel(app, default_locale=default_locale, locale_selector=select_locale, timezone_selector=select_timezone)
    babel.domain_instance = CatalogueDomain()
    app.extensions["caseflow.country"] = country
    formats.register(app)
    app.jinja_env.policies["ext.i18n.trimmed"] = True  # as babel.cfg extracts
    app.jinja_env.globals.update(locale=locale_code, locale_dir=locale_dir, languages=offered)


def _browser_locale() -> str | None:
    return request.accept_languages.best_match([language.code for language in offered()])


def chosen_locale() -> str | None:
    """The language this browser session chose, if it did."""
    return session.get(_SESSION_KEY)


def set_locale(code: str | None) -> bool:
    """Keep the reader's choice in the session, from now on; False when the language is not offered."""
    found = supported(code)
    if found is None:
        return False
    session[_SESSION_KEY] = found
    refresh()
    return True


def clear_session() -> None:
    """Nothing lives on of what stood in the session, but the reader's language."""
    chosen = session.get(_SESSION_KEY)
    session.clear()
    if chosen:
        session[_SESSION_KEY] = chosen


def locale_code() -> str:
    """The language of this page as BCP 47 (`ar`), for `<html lang>`."""
    locale = get_locale()
    return locale.language if locale else SOURCE


def locale_dir() -> str:
    """`rtl` or `ltr`, for `<html dir>` and to pick the style sheet."""
    language = LANGUAGES.get(locale_code())
    return "rtl" if language and language.rtl else "ltr"


def week_starts_on() -> int:
    """The first day of the week where the reader works, 0 = Monday."""
    return first_weekday(current_app.extensions["caseflow.country"]())
