"""The languages caseflow speaks, and their catalogues read straight from the `.po` files."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from io import BytesIO
from pathlib import Path
from types import MappingProxyType

from babel import Locale, UnknownLocaleError
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask_babel import Domain, get_locale

PACKAGE = Path(__file__).resolve().parents[1]
SOURCE = "en"  # the texts in the code are English: it needs no catalogue


@dataclass(frozen=True, slots=True)
class Language:
    """A language: BCP 47 code, its name in itself, and its all-digits date pattern (CLDR letters)."""

    code: str
    name: str
    date: str
    rtl: bool = False


LANGUAGES: Mapping[str, Language] = MappingProxyType(
    {
        language.code: language
        for language in (
            Language("en", "English", "d MMM yyyy"),
            Language("ru", "Русский", "dd.MM.yyyy"),
            Language("kk", "Қазақша", "dd.MM.yyyy"),
            Language("ky", "Кыргызча", "dd.MM.yyyy"),
            Language("tg", "Тоҷикӣ", "dd.MM.yyyy"),
            Language("ar", "العربية", "dd/MM/yyyy", rtl=True),
            Language("ckb", "کوردیی ناوەندی", "dd/MM/yyyy", rtl=True),
        )
    }
)


def catalogues_folder() -> Path:
    """Where the catalogues are: inside the installed package, or beside it in a working copy."""
    inside = PACKAGE / "_translations"
    return inside if inside.is_dir() else PACKAGE.parent / "translations"


def catalogue_path(code: str) -> Path:
    """The `.po` file of a language, whether it exists or not."""
    return catalogues_folder() / code / "LC_MESSAGES" / "messages.po"


@cache
def offered() -> tuple[Language, ...]:
    """The languages people can choose: English and those that have a catalogue."""
    return tuple(language for code, language in LANGUAGES.items() if code == SOURCE or catalogue_path(code).is_file())


@cache
def translations(code: str) -> NullTranslations:
    """The catalogue of one offered language, parsed once per process; English comes back unchanged."""
    path = catalogue_path(code)
    if not path.is_file():
        return NullTranslations()
    with path.open("rb") as file:
        catalogue = read_po(file, locale=code)
    binary = BytesIO()
    write_mo(binary, catalogue)  # leaves fuzzy messages out: an untested guess is worse than English
    binary.seek(0)
    return Translations(fp=binary)


def supported(code: str | None) -> str | None:
    """The offered code that a wish such as `ar-IQ`, `ar_IQ` or `AR` means, or None."""
    if not code:
        return None
    language = code.replace("-", "_").split("_")[0].lower()
    return language if any(language == offer.code for offer in offered()) else None


@lru_cache(maxsize=1024)  # Babel reads the parts of a name anew each time, and a page asks often
def locale_for(code: str, country: str | None = None) -> Locale:
    """The CLDR locale for a language in a country (ISO 3166-1), or without the country where CLDR has no such pair."""
    if country:
        try:
            return Locale.parse(f"{code}_{country.upper()}")
        except (UnknownLocaleError, ValueError):
            pass
    return Locale.parse(code)


def first_weekday(country: str | None) -> int:
    """The day a country's week begins on, 0 = Monday; Monday where CLDR does not know the country."""
    try:
        return int(Locale.parse(f"und_{(country or '').upper()}").first_week_day)
    except (UnknownLocaleError, ValueError):
        return 0


class CatalogueDomain(Domain):
    """Flask-Babel's domain, fed by our catalogues instead of compiled files."""

    def get_translations(self) -> NullTranslations:
        """The catalogue of the request's language; English outside a request."""
        locale = get_locale()
        return translations(locale.language) if locale else NullTranslations()
