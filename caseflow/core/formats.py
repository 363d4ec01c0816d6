"""How dates, times, distances and numbers are written, and how typed digits are read."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date as babel_date
from babel.numbers import format_decimal
from flask import Flask
from flask_babel import get_locale, get_timezone, gettext, ngettext
from markupsafe import Markup, escape

from caseflow.core.languages import LANGUAGES, SOURCE

_DIGITS = {
    ord(digit): str(value)
    for digits in ("٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹")  # Arabic-Indic, Persian
    for value, digit in enumerate(digits)
}


def normalise_digits(text: str) -> str:
    """The text with Arabic-Indic and Persian digits as 0 to 9; also usable as a WTForms filter on str data."""
    return text.translate(_DIGITS)


def zone() -> tzinfo:
    """The time zone of the reader's organisation; UTC outside a request."""
    found = get_timezone()
    return found if isinstance(found, tzinfo) else UTC


def today() -> date:
    """The day it is where the reader works."""
    return datetime.now(zone()).date()


def local(value: datetime) -> datetime:
    """A moment in the reader's time zone; one without a zone is taken as UTC."""
    return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(zone())


def day_of(value: date | datetime) -> date:
    """The reader's calendar day of a date or a moment."""
    return local(value).date() if isinstance(value, datetime) else value


def date_text(value: date | datetime) -> str:
    """`22 Nov 2026`, `22.11.2026` or `22/11/2026`, as the language writes it."""
    locale = get_locale()
    language = LANGUAGES.get(locale.language if locale else SOURCE, LANGUAGES[SOURCE])
    return babel_date(day_of(value), language.date, locale=locale or SOURCE)


def time_text(value: datetime | time) -> str:
    """`14:05`; all our languages use the 24-hour clock at work."""
    return (local(value) if isinstance(value, datetime) else value).strftime("%H:%M")


def datetime_text(value: datetime) -> str:
    """The date and the time of a moment, in the reader's time zone."""
    return f"{date_text(value)}, {time_text(value)}"


def number_text(value: int | float) -> str:
    """A number with the language's grouping and decimal sign."""
    return format_decimal(value, locale=get_locale() or SOURCE)


def days_text(days: int) -> str:
    """A distance in days from today in words: `today`, `in 12 days`, `3 weeks ago`."""
    if days in (-1, 0, 1):
        return (gettext("yesterday"), gettext("today"), gettext("tomorrow"))[days + 1]
    count, ahead = abs(days), days > 0
    if count < 14:
        return ngettext("in %(num)d day", "in %(num)d days", count) if ahead else _days_ago(count)
    if count < 63:
        weeks = count // 7
        ago = ngettext("%(num)d week ago", "%(num)d weeks ago", weeks)
        return ngettext("in %(num)d week", "in %(num)d weeks", weeks) if ahead else ago
    if count < 730:
        months = round(count / 30.44)
        ago = ngettext("%(num)d month ago", "%(num)d months ago", months)
        return ngettext("in %(num)d month", "in %(num)d months", months) if ahead else ago
    years = int(count / 365.25)
    ago = ngettext("%(num)d year ago", "%(num)d years ago", years)
    return ngettext("in %(num)d year", "in %(num)d years", years) if ahead else ago


def _days_ago(count: int) -> str:
    return ngettext("%(num)d day ago", "%(num)d days ago", count)


def ago_text(value: date | datetime) -> str:
    """How far a date lies from today, or a moment of today from now."""
    days = (day_of(value) - today()).days
    if not isinstance(value, datetime) or days:
        return days_text(days)
    passed = datetime.now(UTC) - local(value)
    if passed < timedelta(0):
        return gettext("today")
    minutes = int(passed.total_seconds() // 60)
    if minutes < 1:
        return gettext("just now")
    if minutes < 60:
        return ngettext("%(num)d minute ago", "%(num)d minutes ago", minutes)
    return ngettext("%(num)d hour ago", "%(num)d hours ago", minutes // 60)


def _isolated(text: str, value: date | datetime | time | None = None) -> Markup:
    if value is None:
        return Markup("<bdi>{}</bdi>").format(text)
    return Markup('<bdi><time datetime="{}">{}</time></bdi>').format(value.isoformat(), text)


def _date(value: date | datetime | None) -> Markup:
    return Markup() if value is None else _isolated(date_text(value), day_of(value))


def _time(value: datetime | time | None) -> Markup:
    return Markup() if value is None else _isolated(time_text(value))


def _datetime(value: datetime | None) -> Markup:
    return Markup() if value is None else _isolated(datetime_text(value), value)


def _number(value: float | None) -> Markup:
    return Markup() if value is None else _isolated(number_text(value))


def _ago(value: date | datetime | None) -> Markup:
    return Markup() if value is None else escape(ago_text(value))


def _date_ago(value: date | datetime | None) -> Markup:
    if value is None:
        return Markup()
    return Markup('{} <span class="cf-ago">({})</span>').format(_date(value), ago_text(value))


def _days_left(value: date | datetime) -> int:
    return (day_of(value) - today()).days


def _bdi(value: object) -> Markup:
    return Markup() if value is None else Markup("<bdi>{}</bdi>").format(value)


def language_name(code: str | None) -> str | None:
    """A language (BCP 47) in the reader's language; the code itself where nobody knows its name."""
    if not code:
        return None
    try:
        return Locale.parse(code, sep="-").get_display_name(get_locale()) or code
    except (UnknownLocaleError, ValueError):
        return code


def country_name(code: str | None) -> str | None:
    """A country (ISO 3166-1) in the reader's language; the code itself where nobody knows its name."""
    locale = get_locale()
    return locale.territories.get(code, code) if code and locale else code


def register(app: Flask) -> None:
    """Give templates the filters for dates, numbers and names; None prints nothing."""
    app.jinja_env.filters.update(
        date=_date,
        time=_time,
        datetime=_datetime,
        number=_number,
        ago=_ago,
        days_left=_days_left,
        date_ago=_date_ago,
        bdi=_bdi,
        country=country_name,
    )
