"""The mapping of a register: which column, constant or template fills which of our fields, read from TOML.

A mapping is checked as a whole when it is loaded: its errors name the key and say what is allowed there.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterable
from collections.abc import Mapping as Dict
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import lru_cache
from pathlib import Path
from string import Formatter
from typing import Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flask_babel import lazy_gettext as _l

from caseflow.people.register.fields import FIELDS, Field, Unfit, Value, parse

BLANKS = ("", "-", "N/A", "NA", "NULL")
DATES = ("%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y")
DATETIMES = ("%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%d.%m.%Y %H:%M", "%d/%m/%Y %H:%M", *DATES)
UTC = ZoneInfo("UTC")
REQUIRED = ("person.number", "case.number")
NAME_FIELDS = ("person.name", "person.family_name", "person.given_name")
ROW = "row"
"""What a template calls the number of the row in the file."""

_MAPPING_KEYS = ("name", "description", "blanks", "dates", "datetimes", "timezone", "fields")
_RULE_KEYS = ("column", "constant", "template", "values", "default", "required", "blanks", "formats", "unlisted")
_SOURCES = ("column", "constant", "template")
_UNLISTED = ("keep", "refuse")
_DASHES = re.compile("[‐‑‒–—―−]")
_CACHED = 20_000
_UNSEEN: Any = object()


class MappingError(Exception):
    """The mapping cannot be used; `message` (lazy, translatable) names the key and what is allowed."""

    def __init__(self, message: Any) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return str(self.message)


def same(text: str) -> str:
    """What makes two ways of writing a value the same one: case, kinds of dashes and spaces do not count."""
    if not text.isascii():
        text = _DASHES.sub("-", unicodedata.normalize("NFKC", text))
    return " ".join(text.casefold().split())


@dataclass(frozen=True, slots=True)
class Rule:
    """How one field is filled. Exactly one of column, constant and template is set."""

    target: Field
    column: str = ""
    constant: str = ""
    template: str = ""
    values: Dict[str, str] = field(default_factory=dict)
    default: str = ""
    required: bool = False
    blanks: frozenset[str] = frozenset()
    formats: tuple[str, ...] = ()
    unlisted: str = "keep"
    timezone: ZoneInfo = UTC
    _known: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def source(self) -> str:
        """What to name in an error: the column, the template, or our field where a constant fills it."""
        return self.column or self.template or self.target.name

    def columns(self) -> list[str]:
        """The file's columns that the rule reads."""
        return [self.column] if self.column else [name for name in _placeholders(self.template) if name != ROW]

    def value(self, row_number: int, cells: Dict[str, str]) -> Value | Unfit:
        """The typed value for one row, None where the row says nothing, or why it cannot be taken."""
        if self.template:
            return self._convert(self._filled(row_number, cells))
        text = cells[self.column] if self.column else self.constant
        value: Value | Unfit = self._known.get(text, _UNSEEN)
        if value is _UNSEEN:
            if len(self._known) >= _CACHED:
                self._known.clear()
            value = self._known[text] = self._convert(text)
        return value

    def _filled(self, row_number: int, cells: Dict[str, str]) -> str:
        parts = []
        for literal, name in _split(self.template):
            parts.append(literal)
            if name == ROW:
                parts.append(str(row_number))
            elif name is not None:
                text = cells[name]
                if same(text) in self.blanks:
                    return ""
                parts.append(text)
        return "".join(parts)

    def _convert(self, text: str) -> Value | Unfit:
        key = same(text)
        listed = self.values.get(key)
        if listed is None and key not in self.blanks and self.values and self.unlisted == "refuse":
            return Unfit("unlisted_value", {"value": text})
        text = text if listed is None else listed
        if key in self.blanks if listed is None else not listed:
            if not self.default:
                return Unfit("missing") if self.required else None
            text = self.default
        return parse(self.target, text, self.formats, self.timezone)


@dataclass(frozen=True, slots=True)
class Mapping:
    """A checked mapping: its name and its rules, in the order of our fields."""

    name: str
    description: str
    rules: tuple[Rule, ...]

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a mapping from a file; MappingError when it cannot be read or used."""
        try:
            return cls.parse(path.read_text(encoding="utf-8-sig"))
        except (OSError, UnicodeDecodeError) as error:
            raise MappingError(_l("The mapping file cannot be read: %(why)s.", why=str(error))) from error

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a mapping from TOML; MappingError names the key that is wrong."""
        try:
            data = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise MappingError(_l("The mapping is no valid TOML: %(why)s.", why=str(error))) from error
        _only(data, _MAPPING_KEYS, "")
        fields = data.get("fields")
        if not isinstance(fields, dict) or not fields:
            raise MappingError(_l("The mapping needs a table “fields” that says what fills which field."))
        fields = _flat(fields)
        for name in fields:
            if name not in FIELDS:
                raise MappingError(
                    _l(
                        "There is no field “%(name)s”. The fields are: %(allowed)s.",
                        name=name,
                        allowed=", ".join(FIELDS),
                    )
                )
        for name in REQUIRED:
            if name not in fields:
                raise MappingError(_l("The field “%(name)s” must be filled: rows are known by it.", name=name))
        if not any(name in fields for name in NAME_FIELDS):
            raise MappingError(_l("One of these fields must be filled: %(names)s.", names=", ".join(NAME_FIELDS)))
        defaults = _Defaults(
            blanks=_texts(data, "blanks", BLANKS, ""),
            dates=_formats(data, "dates", DATES, ""),
            datetimes=_formats(data, "datetimes", DATETIMES, ""),
            timezone=_timezone(data),
        )
        rules = tuple(_rule(FIELDS[name], fields[name], defaults) for name in FIELDS if name in fields)
        return cls(_text(data, "name", ""), _text(data, "description", ""), rules)

    def columns(self) -> list[str]:
        """The columns that the mapping reads, each once."""
        return list(dict.fromkeys(column for rule in self.rules for column in rule.columns()))

    @property
    def makes_names_up(self) -> bool:
        """Whether the name is a constant or made of the row's number alone: a stand-in, not what anybody is called."""
        return any(rule.target.name == "person.name" and not rule.columns() for rule in self.rules)

    def check(self, columns: Iterable[str]) -> None:
        """Raise MappingError when the file lacks a column that the mapping reads."""
        there = list(columns)
        missing = [column for column in self.columns() if column not in there]
        if missing:
            raise MappingError(
                _l(
                    "The file has no column %(missing)s. Its columns are: %(columns)s.",
                    missing=_quoted(missing),
                    columns=_quoted(there),
                )
            )

    def unused(self, columns: Iterable[str]) -> list[str]:
        """The columns of the file that the mapping leaves out."""
        read = set(self.columns())
        return [column for column in columns if column not in read]


def shipped() -> dict[str, Path]:
    """The mappings that come with caseflow, by name."""
    folder = Path(__file__).parent / "mappings"
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}


@dataclass(frozen=True, slots=True)
class _Defaults:
    blanks: tuple[str, ...]
    dates: tuple[str, ...]
    datetimes: tuple[str, ...]
    timezone: ZoneInfo


def _rule(target: Field, data: Any, defaults: _Defaults) -> Rule:
    """Check one entry of `fields`; a plain text is the name of a column."""
    key = target.name
    if isinstance(data, str):
        data = {"column": data}
    if not isinstance(data, dict):
        raise MappingError(_l("“%(key)s” must be the name of a column or a table.", key=key))
    _only(data, _RULE_KEYS, key)
    sources = [source for source in _SOURCES if source in data]
    if len(sources) != 1:
        raise MappingError(_l("“%(key)s” needs exactly one of: %(allowed)s.", key=key, allowed=", ".join(_SOURCES)))
    required = data.get("required", key in REQUIRED)
    if not isinstance(required, bool):
        raise MappingError(_l("“%(key)s” must be true or false.", key=f"{key}.required"))
    values = data.get("values", {})
    if not isinstance(values, dict):
        raise MappingError(_l("“%(key)s” must be a table of the file's values and ours.", key=f"{key}.values"))
    unlisted = _text(data, "unlisted", key) or "keep"
    if unlisted not in _UNLISTED:
        raise MappingError(
            _l("“%(key)s” must be one of: %(allowed)s.", key=f"{key}.unlisted", allowed=", ".join(_UNLISTED))
        )
    # A register may hold a time of day where only the day matters to us.
    formats = defaults.datetimes if target.kind == "datetime" else (*defaults.dates, *defaults.datetimes)
    rule = Rule(
        target=target,
        column=" ".join(_text(data, "column", key).split()),
        constant=_text(data, "constant", key),
        template=_template(_text(data, "template", key), key),
        values={same(theirs): _scalar(ours, f"{key}.values.{theirs}") for theirs, ours in values.items()},
        default=_text(data, "default", key),
        required=required,
        blanks=frozenset(map(same, ("", *_texts(data, "blanks", defaults.blanks, key)))),
        formats=_formats(data, "formats", formats, key),
        unlisted=unlisted,
        timezone=defaults.timezone,
    )
    if not (rule.column or rule.constant or rule.template):
        raise MappingError(_l("“%(key)s” must not be empty.", key=f"{key}.{sources[0]}"))
    for where, text in (
        ("constant", rule.constant),
        ("default", rule.default),
        *((f"values.{theirs}", ours) for theirs, ours in rule.values.items()),
    ):
        if text and isinstance(parse(target, text, rule.formats, rule.timezone), Unfit):
            raise MappingError(
                _l(
                    "“%(key)s” is “%(value)s”, which does not fit. Allowed: %(allowed)s.",
                    key=f"{key}.{where}",
                    value=text,
                    allowed=target.allowed(),
                )
            )
    return rule


def _flat(fields: Dict[str, Any]) -> dict[str, Any]:
    """Accept both `"person.sex" = …` and a table `[fields.person]` with `sex = …`."""
    flat: dict[str, Any] = {}
    records = {name.partition(".")[0] for name in FIELDS}
    for name, entry in fields.items():
        if name in records and isinstance(entry, dict):
            flat.update({f"{name}.{part}": inner for part, inner in entry.items()})
        else:
            flat[name] = entry
    return flat


def _only(data: Dict[str, Any], allowed: tuple[str, ...], where: str) -> None:
    for key in data:
        if key not in allowed:
            raise MappingError(
                _l(
                    "“%(key)s” is not known. Allowed: %(allowed)s.",
                    key=f"{where}.{key}" if where else key,
                    allowed=", ".join(allowed),
                )
            )


def _scalar(value: Any, key: str) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str() | int():
            return str(value).strip()
        case datetime() | date() | time():
            return value.isoformat()
    raise MappingError(_l("“%(key)s” must be a text, a number, a date, or true or false.", key=key))


def _text(data: Dict[str, Any], name: str, where: str) -> str:
    return _scalar(data.get(name, ""), f"{where}.{name}" if where else name)


def _texts(data: Dict[str, Any], name: str, default: tuple[str, ...], where: str) -> tuple[str, ...]:
    texts = data.get(name, list(default))
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise MappingError(_l("“%(key)s” must be a list of texts.", key=f"{where}.{name}" if where else name))
    return tuple(texts)


def _formats(data: Dict[str, Any], name: str, default: tuple[str, ...], where: str) -> tuple[str, ...]:
    """Formats of strptime that name a whole day."""
    formats = _texts(data, name, default, where)
    sample = datetime(2003, 11, 28)  # noqa: DTZ001 -- only its day matters
    for text in formats:
        try:
            understood = datetime.strptime(sample.strftime(text), text).date() == sample.date()  # noqa: DTZ007
        except ValueError:
            understood = False
        if not understood:
            raise MappingError(
                _l(
                    "“%(key)s” holds “%(value)s”, which gives no date. Write it with %%d, %%m and %%Y.",
                    key=f"{where}.{name}" if where else name,
                    value=text,
                )
            )
    return formats


def _timezone(data: Dict[str, Any]) -> ZoneInfo:
    name = _text(data, "timezone", "") or "UTC"
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise MappingError(_l("“timezone” is “%(value)s”. Write it like “Asia/Almaty”.", value=name)) from error


@lru_cache(maxsize=256)
def _split(template: str) -> tuple[tuple[str, str | None], ...]:
    return tuple((literal, name) for literal, name, _, _ in Formatter().parse(template))


def _placeholders(template: str) -> list[str]:
    return [name for _, name in _split(template) if name is not None]


def _template(template: str, key: str) -> str:
    """A template of columns in braces; their names with single spaces, as the header's are."""
    try:
        parts = list(Formatter().parse(template))
    except ValueError:
        parts = [("", "", "", None)]
    if any(name is not None and (not name.strip() or form or conversion) for _, name, form, conversion in parts):
        raise MappingError(
            _l("“%(key)s” must be a text with columns in braces, like “{Year}-{row}”.", key=f"{key}.template")
        )
    escaped = ((literal.replace("{", "{{").replace("}", "}}"), name) for literal, name, _, _ in parts)
    return "".join(literal + ("" if name is None else "{" + " ".join(name.split()) + "}") for literal, name in escaped)


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"“{name}”" for name in names)
