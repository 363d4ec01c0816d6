"""What an incoming party reads of a case, laid out in the reader's language; the contents are `incoming_case()`'s."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from caseflow.assessments.models import NeedArea, NeedPriority, NeedStatus
from caseflow.core.formats import country_name, date_text, language_name, number_text
from caseflow.people.models import Category, LegalStatus, Literacy, Sex
from caseflow.plans.models import GoalStatus, StepStatus

Content = dict[str, Any]
Row = tuple[str, str | None]

# What a handover can open; the rest is told in referrals only.
HANDED_OVER = (
    Category.IDENTITY,
    Category.CONTACT,
    Category.CUSTODY_DATES,
    Category.SUPPORT_NEEDS,
    Category.PLAN,
    Category.FAMILY,
    Category.OFFENCE,
)
USUAL = HANDED_OVER[:5]  # offence and family only when somebody chooses them
LETTER = "letter"


@dataclass(frozen=True, slots=True)
class Section:
    """One category as it is read: a title and rows of (label, value)."""

    name: str
    title: str
    rows: list[tuple[str, str]]


def sections(told: Mapping[str, Content]) -> list[Section]:
    """What was opened, the sender's letter first, then who it is about, then the rest in a fixed order."""
    found = []
    if LETTER in told:
        found.append(Section(LETTER, _("What the sender writes"), [(_("Message"), told[LETTER]["text"])]))
    for category in HANDED_OVER:
        if category.value in told:
            rows = [(label, value) for label, value in _READ[category](told[category.value]) if value]
            found.append(Section(category.value, category.label, rows))
    return found


def _identity(held: Content) -> list[Row]:
    return [
        (_("Name"), held["name"]),
        (_("Name in Latin letters"), held["latin_name"]),
        (_("Number"), held["number"]),
        (_("Sex"), Sex(held["sex"]).label),
        (_("Gender, in their own words"), held["gender"]),
        (_("Date of birth"), _date(held["birth_date"])),
        (_("Nationality"), country_name(held["nationality"])),
        (_("Languages"), _list(name for code in held["languages"] if (name := language_name(code)))),
        (_("Reading and writing"), Literacy(held["literacy"]).label),
        (_("Interpreter for"), language_name(held["interpreter_language"])),
        (_("Accessibility needs"), held["accessibility"]),
    ]


def _contact(held: Content) -> list[Row]:
    safe = {"safe_to_phone": _("phone"), "safe_to_text": _("text message"), "safe_to_write": _("letter")}
    allowed = _list(words for name, words in safe.items() if held[name])
    return [
        (_("Phone"), held["phone"]),
        (_("Address"), held["address"]),
        (_("Safe to use"), allowed or _("Nothing: go through the organisation that hands over")),
    ]


def _custody(held: Content) -> list[Row]:
    months = held["sentence_months"]
    return [
        (_("Site"), held["site"]),
        (_("Legal status"), LegalStatus(held["legal_status"]).label),
        (_("Admitted"), _date(held["admitted_at"])),
        (_("Sentence"), _months(months) if months else None),
        (_("Expected release"), _date(held["release_on"])),
        (_("Conditional release possible"), _date(held["conditional_release_on"])),
        (_("Released"), _date(held["released_on"])),
        (_("Kind of release"), held["release_type"]),
    ]


def _months(months: int) -> str:
    return ngettext("%(count)s month", "%(count)s months", months, count=number_text(months))


def _offence(held: Content) -> list[Row]:
    return [(_("Class"), held["class"]), (_("Kind of offence"), held["type"]), (_("More exactly"), held["subtype"])]


def _family(held: Content) -> list[Row]:
    return [(str(one["relation"]), _relative(one)) for one in held["relatives"]]


def _relative(one: Content) -> str:
    born = _("born %(year)s", year=one["birth_year"]) if one["birth_year"] else None
    wanted = _("contact wanted") if one["contact_wanted"] else _("no contact wanted")
    known = [one["name"], born, wanted, one["restriction"]]
    return " · ".join(str(part) for part in known if part)


def _needs(held: Content) -> list[Row]:
    rows: list[Row] = []
    for one in held["needs"]:
        words = [one["description"], NeedStatus(one["status"]).label]
        if one["status"] == NeedStatus.OPEN:
            words.append(NeedPriority(one["priority"]).label)
        rows.append((NeedArea(one["area"]).label, " · ".join(word for word in words if word)))
    return rows


def _plan(held: Content) -> list[Row]:
    rows: list[Row] = []
    for goal in held["goals"]:
        until = _date(goal["target_on"])
        lines = [" · ".join(part for part in (goal["title"], GoalStatus(goal["status"]).label, until) if part)]
        lines += [f"– {step['title']} · {StepStatus(step['status']).label}" for step in goal["steps"]]
        rows.append((NeedArea(goal["area"]).label, "\n".join(lines)))
    return rows


_READ: dict[Category, Callable[[Content], list[Row]]] = {
    Category.IDENTITY: _identity,
    Category.CONTACT: _contact,
    Category.CUSTODY_DATES: _custody,
    Category.SUPPORT_NEEDS: _needs,
    Category.PLAN: _plan,
    Category.FAMILY: _family,
    Category.OFFENCE: _offence,
}


def _date(value: str | None) -> str | None:
    if not value:
        return None
    return date_text(datetime.fromisoformat(value) if "T" in value else date.fromisoformat(value))


def _list(texts: Iterable[str]) -> str:
    return _(", ").join(texts)
