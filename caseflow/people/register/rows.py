"""From a row of the file to a record of ours, typed and complete, or to the reasons why it cannot be taken."""

from dataclasses import dataclass, fields
from datetime import date, datetime
from hashlib import sha256
from operator import attrgetter
from typing import Any

from flask_babel import lazy_gettext as _l

from caseflow.people.register.fields import FIELDS, Unfit
from caseflow.people.register.mapping import NAME_FIELDS, Mapping
from caseflow.people.register.reading import Row, RowError

REASONS: dict[str, str] = {
    "too_many_cells": _l("The row has %(cells)s cells, the header has %(columns)s."),
    "too_few_cells": _l("The row has only %(cells)s cells, the header has %(columns)s."),
    "broken_quotes": _l("The quotation marks of the row do not match."),
    "excel_error": _l("The cell holds the error %(value)s."),
    "missing": _l("A value is needed here."),
    "too_long": _l("The text is longer than %(most)s characters."),
    "unlisted_value": _l("The mapping does not list “%(value)s”."),
    "not_a_choice": _l("“%(value)s” is not known here. Add it to the mapping's values. Allowed: %(allowed)s."),
    "not_a_date": _l("“%(value)s” is not a date in a format that the mapping lists."),
    "not_a_number": _l("“%(value)s” is not a whole number."),
    "not_yes_or_no": _l("“%(value)s” is neither yes nor no."),
    "not_a_country": _l("“%(value)s” is not a country by its two letters (ISO 3166-1)."),
    "not_a_language": _l("“%(value)s” is not a language code (BCP 47)."),
    "no_return": _l("Days to a return are given where the row says that there was none."),
    "twice": _l("Row %(row)s of this file has the same case number."),
    "other_person": _l("This case number belongs to another person here, with the number %(number)s."),
    "in_use": _l("This case number belongs to another person here."),
    "number_taken": _l("Another person here has this number: %(number)s."),
    "refused": _l("The database does not take this row."),
    "out_of_range": _l("%(value)s does not lie between %(least)s and %(most)s."),
}
"""The sentence for each reason; the `params` of a RowError fill it."""


def reason_text(error: RowError) -> str:
    """Why the row was refused, in the reader's language."""
    return str(REASONS[error.reason]) % error.params if error.params else str(REASONS[error.reason])


# None of these records is frozen: making one would take twice as long, and a register makes very many.
@dataclass(slots=True)
class PersonRecord:
    """A person as the register has them; `number` is the identity in the organisation.

    birth_estimated is set where the register knows only the year: birth_date is then its first of January.
    """

    number: str
    name: str
    name_latin: str | None = None
    name_arabic: str | None = None
    name_cyrillic: str | None = None
    alias: str | None = None
    sex: str = "unknown"
    gender: str | None = None
    birth_date: date | None = None
    birth_estimated: bool = False
    age_group: str | None = None
    nationality: str | None = None
    languages: tuple[str, ...] = ()
    national_number: str | None = None
    passport: str | None = None


@dataclass(slots=True)
class CaseRecord:
    """A case as the register has it; `number` is the identity in the organisation, None is what it does not say."""

    number: str
    opened_on: date | None = None
    admitted_at: datetime | None = None
    legal_status: str = "unknown"
    phase: str = "intake"
    offence_class: str | None = None
    offence_type: str | None = None
    offence_subtype: str | None = None
    sentence_months: int | None = None
    release_on: date | None = None
    released_on: date | None = None
    release_type: str | None = None
    release_year: int | None = None


@dataclass(slots=True)
class SiteRecord:
    """Where the person is or was held or supervised; the code is the name where the register has no codes."""

    code: str
    name: str


@dataclass(slots=True)
class ReturnRecord:
    """That the person returned to prison, after how many days, and why."""

    days: int | None = None
    kind: str | None = None
    offence_class: str | None = None
    offence_type: str | None = None
    offence_subtype: str | None = None
    within_years: int | None = None


@dataclass(slots=True)
class Record:
    """All that one row says. Rows with the same fingerprint (32 bytes) say the same."""

    row_number: int
    person: PersonRecord
    case: CaseRecord
    site: SiteRecord | None
    returned: ReturnRecord | None
    fingerprint: bytes


_PLACES = {name: tuple(name.split(".", 1)) for name in FIELDS}
_NAME_PARTS = frozenset(_PLACES[name][1] for name in NAME_FIELDS)
# Computed once: the names are asked for in every row. A return without details must still differ from none.
_NAMES = {
    kind: ("__class__", *(part.name for part in fields(kind)))
    for kind in (PersonRecord, CaseRecord, SiteRecord, ReturnRecord)
}
_VALUES = {kind: attrgetter(*names) for kind, names in _NAMES.items()}


def convert(mapping: Mapping, row: Row) -> Record | list[RowError]:
    """The record of a row, or every reason against it; `mapping.check` has passed for the table's columns."""
    if row.error is not None:
        return [row.error]
    said: dict[str, dict[str, Any]] = {"person": {}, "identifier": {}, "case": {}, "site": {}, "return": {}}
    errors: list[RowError] = []
    number, cells = row.number, row.cells
    for rule in mapping.rules:
        value = rule.value(number, cells)
        if value is None:
            continue
        if isinstance(value, Unfit):
            errors.append(RowError(number, rule.source, value.reason, value.params))
        else:
            record, part = _PLACES[rule.target.name]
            said[record][part] = value
    if not errors and said["person"].keys().isdisjoint(_NAME_PARTS):
        source = next(rule.source for rule in mapping.rules if rule.target.name in NAME_FIELDS)
        errors.append(RowError(row.number, source, "missing"))
    if "days" in said["return"] and said["return"].get("returned") is False:
        source = next(rule.source for rule in mapping.rules if rule.target.name == "return.days")
        errors.append(RowError(row.number, source, "no_return"))
    if errors:
        return errors
    person = _person(said["person"], said["identifier"])
    case = CaseRecord(**said["case"])
    site, returned = _site(said["site"]), _returned(said["return"])
    return Record(row.number, person, case, site, returned, _fingerprint(person, case, site, returned))


def _person(given: dict[str, Any], numbers: dict[str, str]) -> PersonRecord:
    parts = [given.pop(part, None) for part in ("family_name", "given_name", "patronymic")]
    given.setdefault("name", " ".join(part for part in parts if part))
    year = given.pop("birth_year", None)
    if year is not None and "birth_date" not in given:
        given.update(birth_date=date(year, 1, 1), birth_estimated=True)
    return PersonRecord(**given, national_number=numbers.get("national"), passport=numbers.get("passport"))


def _site(given: dict[str, str]) -> SiteRecord | None:
    known = given.get("code") or given.get("name")
    return SiteRecord(code=known, name=given.get("name", known)) if known else None


def _returned(given: dict[str, Any]) -> ReturnRecord | None:
    """A return where the register says so or, where it has no such column, where it tells the days."""
    if not given.pop("returned", "days" in given):
        return None
    return ReturnRecord(**given)


def _fingerprint(*records: PersonRecord | CaseRecord | SiteRecord | ReturnRecord | None) -> bytes:
    """A digest of what the row says: the same for the same values, whatever the row's place and the file's format."""
    said = [
        f"{name}={value}"
        for record in records
        if record is not None
        for name, value in zip(_NAMES[type(record)], _VALUES[type(record)](record), strict=True)
        if value is not None
    ]
    return sha256("\x1f".join(said).encode()).digest()
