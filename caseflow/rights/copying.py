"""A person's records as a document for the person: parts, rows and facts in words of their language."""

import hashlib
import json
import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import force_locale
from flask_babel import gettext as _

from caseflow.accounts.permissions import Role
from caseflow.audit.models import Entry
from caseflow.core import printing
from caseflow.core.db import now
from caseflow.core.formats import country_name, date_text, language_name, number_text, time_text
from caseflow.core.i18n import LANGUAGES, Labelled, locale_for, supported
from caseflow.core.languages import SOURCE
from caseflow.people.models import Category, Person
from caseflow.rights.giving import Roles, as_json, given, others
from caseflow.rights.models import AccessRequest, Withheld
from caseflow.rights.words import FACTS, MARKS, PARTS, in_words
from caseflow.tenancy import queries as tenancy
from caseflow.tenancy.models import Organisation

TEMPLATE = Path(__file__).parent / "copy.typ"
ORDER = ("persons", "names", "identifiers", "relatives", "cases")  # first; the audit comes last

Rows = dict[str, list[Any]]

WHOLE = {"audit_entries"}  # withheld as a whole or not at all: the document sums it up


@dataclass(frozen=True, slots=True)
class Decisions:
    """What was decided on a copy: what is withheld, and what of somebody else is given out all the same."""

    withheld: dict[tuple[str, uuid.UUID | None], Withheld] = field(default_factory=dict)  # by part, or part and row
    chosen: frozenset[tuple[str, uuid.UUID, str]] = frozenset()  # part, row, column

    def whole(self, part: str) -> Withheld | None:
        """Why the part is withheld, if it is."""
        return self.withheld.get((part, None))

    def of(self, row: Any) -> Withheld | None:
        """Why the single row is."""
        return self.withheld.get((row.__tablename__, row.id))

    def on_purpose(self, row: Any) -> set[str]:
        """The columns of the row that are about somebody else and given out."""
        return {column for part, row_id, column in self.chosen if (part, row_id) == (row.__tablename__, row.id)}


@dataclass(frozen=True, slots=True)
class Known:
    """What rows name by their ids: colleagues by their roles; organisations, services and sites by their names."""

    roles: Roles
    names: Mapping[uuid.UUID, str]


@dataclass(frozen=True, slots=True)
class Shown:
    """A row as the person would read it, for those who decide on it; `others` is held back: column, name, words."""

    id: uuid.UUID
    title: str
    fields: list[list[str]]
    others: list[list[str]]

    def holds(self, words: str) -> bool:
        """Whether one of the facts holds these words, in whatever case."""
        said = [*(said for _label, said in self.fields), *(said for *_names, said in self.others)]
        return words.casefold() in "\n".join(said).casefold()


def shown(rows: list[Any], known: Known, org_id: uuid.UUID) -> list[Shown]:
    """The rows in the reader's language."""
    say = _Words(known, tenancy.organisation(org_id))
    return [
        Shown(row.id, _title(number, row, say), say.fields(row), say.others(row)) for number, row in enumerate(rows, 1)
    ]


def made(request: AccessRequest, person: Person, rows: Rows, known: Known, decisions: Decisions) -> dict[str, Any]:
    """The copy, complete: `parts` for programs, and `document` as the person reads it, in the request's language."""
    organisation = tenancy.organisation(request.org_id)
    with force_locale(str(locale_for(_language(request, organisation), organisation.country))):
        document = _data(request, person, rows, known, decisions, organisation)
    return {
        "made_at": now().isoformat(),
        "asked_on": request.asked_on.isoformat(),
        "parts": {name: _for_programs(name, part, known, decisions, organisation) for name, part in rows.items()},
        "document": document,
    }


def digest(copy: dict[str, Any]) -> str:
    """What tells whether two copies say the same, whoever has looked at the file in the meantime."""
    said = {name: part for name, part in copy["parts"].items() if name not in WHOLE or isinstance(part, dict)}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def for_programs(copy: dict[str, Any]) -> dict[str, Any]:
    """The copy without the document."""
    return {name: held for name, held in copy.items() if name != "document"}


def on_paper(copy: dict[str, Any]) -> bytes:
    """The document as a PDF."""
    return printing.pdf(TEMPLATE, copy["document"], at=datetime.fromisoformat(copy["made_at"]))


def _for_programs(name: str, rows: list[Any], known: Known, decisions: Decisions, organisation: Organisation) -> Any:
    if whole := decisions.whole(name):
        return {"withheld": whole.value}
    if name == "audit_entries":
        return [
            {"day": day.isoformat(), "role": role, "act": act, "about": about, "times": times}
            for (day, role, act, about), times in _summed_up(rows, known, ZoneInfo(organisation.timezone)).items()
        ]
    return [
        {"withheld": reason.value}
        if (reason := decisions.of(row))
        else as_json(row, known.roles, decisions.on_purpose(row))
        for row in rows
    ]


def _data(
    request: AccessRequest, person: Person, rows: Rows, known: Known, decisions: Decisions, organisation: Organisation
) -> dict[str, Any]:
    say = _Words(known, organisation)
    first = [name for name in ORDER if name in rows]
    names = [*first, *sorted(set(rows) - {*first, "audit_entries"}, key=lambda name: str(PARTS.get(name, name)))]
    parts = [_part(name, rows[name], decisions, say) for name in names]
    if "audit_entries" in rows:
        parts.append(_audit(rows["audit_entries"], decisions.whole("audit_entries"), say))
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
            # The same in every copy, so that it tells nobody whether there is any of it.
            _(
                "What is about other people, such as where they live and how to reach them, is not in a copy as a rule;"
                " nor is who may open your file and who may not."
            ),
            _("Where something else is withheld, it says so, and why. You may ask for a review of it."),
            _("If something is wrong, tell the organisation: it is corrected, or your words are put beside it."),
        ],
        "pages": _("Page %(number)s of %(pages)s", number="{page}", pages="{pages}"),
        "parts": parts,
    }


def _language(request: AccessRequest, organisation: Organisation) -> str:
    return supported(request.language) or supported(organisation.locale) or SOURCE


def _part(name: str, rows: list[Any], decisions: Decisions, say: "_Words") -> dict[str, Any]:
    whole = decisions.whole(name)
    said = [] if whole else [_row(number, row, decisions, say) for number, row in enumerate(rows, 1)]
    return _titled(name, whole) | {"rows": said}


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


def _row(number: int, row: Any, decisions: Decisions, say: "_Words") -> dict[str, Any]:
    title, reason, chosen = _title(number, row, say), decisions.of(row), decisions.on_purpose(row)
    if reason is not None:
        return {"title": title, "withheld": _withheld(reason), "fields": [], "others": []}
    others = [[label, said] for column, label, said in say.others(row) if column in chosen]
    return {"title": title, "withheld": None, "fields": say.fields(row), "others": others}


def _title(number: int, row: Any, say: "_Words") -> str:
    written = getattr(row, "created_at", None)
    return number_text(number) if written is None else f"{number_text(number)} · {say.day(written)}"


def _audit(entries: list[Entry], whole: Withheld | None, say: "_Words") -> dict[str, Any]:
    """Who did and saw what, by day: the role, and no name of staff."""
    part = _titled("audit_entries", whole)
    if whole is not None:
        return part
    told = []
    for (day, role, act, about), times in _summed_up(entries, say.known, say.zone).items():
        who = _("caseflow itself") if role is None else role.label
        told.append([date_text(day), who, _act(act), str(PARTS.get(about or "", "–")), number_text(times)])
    columns = [_("Day"), _("Who"), _("What they did"), _("About"), _("Times")]
    return part | {"columns": columns, "widths": [3, 4, 6, 5, 2], "lines": told}


def _summed_up(
    entries: list[Entry], known: Known, zone: ZoneInfo
) -> Counter[tuple[date, Role | None, str, str | None]]:
    """How often who (by role), on a day, listed, opened or changed what (a table that may be in a copy)."""
    return Counter(
        (
            entry.created_at.astimezone(zone).date(),
            None if entry.user_id is None else known.roles.get(entry.user_id),
            _kind(entry.act),
            entry.subject if entry.subject in PARTS else None,
        )
        for entry in entries
    )


def _kind(act: str) -> str:
    match act.partition(".")[2]:
        case "list" | "search":
            return "listed"
        case "read" | "print" | "export" | "download":
            return "opened"
    return "changed"


def _act(kind: str) -> str:
    match kind:
        case "listed":
            return _("saw your name or number in a list or a search")
        case "opened":
            return _("opened or printed your file")
    return _("wrote or changed something in your file")


class _Words:
    """How the values of rows are said: codes by their labels, ids by names, moments in the organisation's time."""

    def __init__(self, known: Known, organisation: Organisation) -> None:
        self.known = known
        self.zone = ZoneInfo(organisation.timezone)
        self._own = organisation.id

    def fields(self, row: Any) -> list[list[str]]:
        """The facts of a row that are the person's and not empty, each with its name, in the order of FACTS."""
        return [[label, said] for _column, label, said in self._facts(dict(given(row, self.known.roles)))]

    def others(self, row: Any) -> list[list[str]]:
        """Those that are about somebody else, likewise, each with its column."""
        return self._facts(dict(others(row)))

    def _facts(self, held: dict[str, Any]) -> list[list[str]]:
        found = []
        for column, label in FACTS.items():
            if column not in held or column in MARKS:
                continue
            # Of an objection: what it says is wrong decides what the value means.
            value = in_words(held["fact"], held[column]) if column == "stood" else held[column]
            if words := self._said(column, value):
                found.append([column, str(label), words])
        return found

    def day(self, value: datetime) -> str:
        """The day of a moment where the organisation works."""
        return date_text(value.astimezone(self.zone).date())

    def _said(self, column: str, value: Any) -> str:
        if value is None or value == "" or value == self._own:
            return ""
        match value:
            case bool():
                return _("yes") if value else _("no")
            case Labelled():
                return value.label
            case uuid.UUID():
                return self.known.names.get(value, "")
            case datetime():
                there = value.astimezone(self.zone)
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
