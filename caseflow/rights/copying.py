"""A person's records as a document for the person: parts, rows and facts in words of their language."""

import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import select

from caseflow.accounts.models import User
from caseflow.audit.models import Entry
from caseflow.core import printing
from caseflow.core.db import db, now
from caseflow.core.formats import country_name, date_text, language_name, number_text, time_text
from caseflow.core.i18n import LANGUAGES, Labelled, locale_for, supported
from caseflow.core.languages import SOURCE
from caseflow.directory.models import Service
from caseflow.people.models import Category, Person
from caseflow.rights.gathering import facts
from caseflow.rights.models import AccessRequest, Withheld
from caseflow.rights.words import FACTS, MARKS, PARTS
from caseflow.tenancy import queries as tenancy
from caseflow.tenancy.models import Organisation, Site

TEMPLATE = Path(__file__).parent / "copy.typ"
ORDER = ("persons", "names", "identifiers", "relatives", "cases")  # first; the audit comes last

WHOLE = {"audit_entries"}  # withheld as a whole or not at all: the document sums it up

Marks = dict[tuple[str, uuid.UUID | None], Withheld]


@dataclass(frozen=True, slots=True)
class Shown:
    """A row as the person would read it, for those who decide on it."""

    id: uuid.UUID
    title: str
    fields: list[list[str]]

    def holds(self, words: str) -> bool:
        """Whether one of the facts holds these words, in whatever case."""
        return words.casefold() in "\n".join(said for _label, said in self.fields).casefold()


def shown(rows: list[Any], org_id: uuid.UUID) -> list[Shown]:
    """The rows in the reader's language."""
    say = _Words({"": rows}, tenancy.organisation(org_id))
    return [Shown(row.id, _title(number, row, say), say.fields(row)) for number, row in enumerate(rows, 1)]


def document(request: AccessRequest, person: Person, rows: dict[str, list[Any]], marks: Marks) -> bytes:
    """The copy as a PDF in the request's language; what `marks` withhold is said to be withheld, and why."""
    organisation = tenancy.organisation(request.org_id)
    with force_locale(str(locale_for(_language(request, organisation), organisation.country))):
        return printing.pdf(TEMPLATE, _data(request, person, rows, marks, organisation), at=now())


def _data(
    request: AccessRequest, person: Person, rows: dict[str, list[Any]], marks: Marks, organisation: Organisation
) -> dict[str, Any]:
    say = _Words(rows, organisation)
    first = [name for name in ORDER if name in rows]
    names = [*first, *sorted(set(rows) - {*first, "audit_entries"}, key=lambda name: str(PARTS.get(name, name)))]
    parts = [_part(name, rows[name], marks, say) for name in names]
    if "audit_entries" in rows:
        parts.append(_audit(rows["audit_entries"], marks.get(("audit_entries", None)), say))
    day = say.day(now())
    return {
        "language": (language := _language(request, organisation)),
        "rtl": LANGUAGES[language].rtl,
        "title": _("Copy of your records"),
        "organisation": organisation.name,
        "person": person.name,
        "number": person.number,
        "day": day,
        "head": [
            [_("Name"), person.name],
            [_("Number"), person.number],
            [_("Organisation"), organisation.name],
            [_("Asked on"), date_text(request.asked_on)],
            [_("Made on"), day],
        ],
        "intro": [
            _("This is what the organisation holds of you: what was written about you, drafts too, and who saw it."),
            _("Where something is withheld, it says so, and why. You may ask for a review of it."),
            _("If something is wrong, tell the organisation: it is corrected, or your words are put beside it."),
        ],
        "pages": _("Page %(number)s of %(pages)s", number="{page}", pages="{pages}"),
        "parts": parts,
    }


def _language(request: AccessRequest, organisation: Organisation) -> str:
    return supported(request.language) or supported(organisation.locale) or SOURCE


def _part(name: str, rows: list[Any], marks: Marks, say: "_Words") -> dict[str, Any]:
    whole = marks.get((name, None))
    made = [] if whole else [_row(number, row, marks.get((name, row.id)), say) for number, row in enumerate(rows, 1)]
    return _titled(name, whole) | {"rows": made}


def _titled(name: str, whole: Withheld | None) -> dict[str, Any]:
    said = None if whole is None else _withheld(whole)
    return {
        "title": str(PARTS.get(name, name)),
        "withheld": said,
        "rows": [],
        "columns": [],
        "widths": [],
        "lines": [],
    }


def _withheld(reason: Withheld) -> str:
    return _("Withheld: %(reason)s.", reason=reason.label)


def _row(number: int, row: Any, reason: Withheld | None, say: "_Words") -> dict[str, Any]:
    title = _title(number, row, say)
    if reason is not None:
        return {"title": title, "withheld": _withheld(reason), "fields": []}
    return {"title": title, "withheld": None, "fields": say.fields(row)}


def _title(number: int, row: Any, say: "_Words") -> str:
    written = getattr(row, "created_at", None)
    return number_text(number) if written is None else f"{number_text(number)} · {say.day(written)}"


def _audit(entries: list[Entry], whole: Withheld | None, say: "_Words") -> dict[str, Any]:
    """Who did and saw what, by day: the role, and no name of staff."""
    part = _titled("audit_entries", whole)
    if whole is not None:
        return part
    ids = {entry.user_id for entry in entries if entry.user_id is not None}
    query = select(User.id, User.role).where(User.org_id == entries[0].org_id, User.id.in_(ids))
    roles = {user_id: role.label for user_id, role in db.session.execute(query)}
    lines = Counter[tuple[str, str, str, str]]()
    for entry in entries:
        role = _("caseflow itself") if entry.user_id is None else roles.get(entry.user_id, "–")
        about = PARTS.get(entry.subject or "", "–")
        lines[say.day(entry.created_at), role, _act(entry.act), str(about)] += 1
    told = [[*line, number_text(times)] for line, times in lines.items()]
    columns = [_("Day"), _("Who"), _("What they did"), _("About"), _("Times")]
    return part | {"columns": columns, "widths": [3, 4, 6, 5, 2], "lines": told}


def _act(act: str) -> str:
    match act.partition(".")[2]:
        case "list" | "search":
            return _("saw your name or number in a list or a search")
        case "read" | "print" | "export" | "download":
            return _("opened or printed your file")
    return _("wrote or changed something in your file")


class _Words:
    """How the values of rows are said: codes by their labels, ids by names, moments in the organisation's time."""

    def __init__(self, rows: dict[str, list[Any]], organisation: Organisation) -> None:
        self._zone = ZoneInfo(organisation.timezone)
        self._own = organisation.id
        ids = {
            value
            for part in rows.values()
            for row in part
            for column, value in facts(row)
            if column in FACTS and isinstance(value, uuid.UUID)
        }
        self._names: dict[uuid.UUID, str] = {}
        for model in (Organisation, Service, Site):
            named = db.session.execute(select(model.id, model.name).where(model.id.in_(ids)))
            self._names.update((key, name) for key, name in named)

    def fields(self, row: Any) -> list[list[str]]:
        """The facts of a row that are not empty, each with its name, in the order of FACTS."""
        held = dict(facts(row))
        found = []
        for column, label in FACTS.items():
            if column in held and column not in MARKS and (said := self._said(column, held[column])):
                found.append([str(label), said])
        return found

    def day(self, value: datetime) -> str:
        """The day of a moment where the organisation works."""
        return date_text(value.astimezone(self._zone).date())

    def _said(self, column: str, value: Any) -> str:
        if value is None or value == "" or value == self._own:
            return ""
        match value:
            case bool():
                return _("yes") if value else _("no")
            case Labelled():
                return value.label
            case uuid.UUID():
                return self._names.get(value, "")
            case datetime():
                there = value.astimezone(self._zone)
                return f"{date_text(there.date())}, {time_text(there.time())}"
            case date():
                return date_text(value)
            case int() | float():
                return str(value) if column.endswith("year") else number_text(value)
            case dict():
                return "\n".join(
                    f"{FACTS.get(key, key)}: {said}" for key, one in value.items() if (said := self._said(key, one))
                )
            case list():
                return ", ".join(said for one in value if (said := self._said(column, one)))
        coded = CODED.get(column)
        return (coded(value) or value) if coded else str(value)


def _category(code: str) -> str:
    return Category(code).label if code in list(Category) else code


def _reason(words: str) -> str:
    return _("Under 18") if words == "juvenile" else words  # of a seal, on which nobody decided


CODED: dict[str, Callable[[str], str | None]] = {
    "categories": _category,
    "interpreter_language": language_name,
    "language": language_name,
    "languages": language_name,
    "nationality": country_name,
    "reason": _reason,
}
