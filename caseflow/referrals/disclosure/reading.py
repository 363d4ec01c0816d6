"""What was told, laid out for whoever reads it: labels, codes and dates in the reader's language."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext
from wtforms import BooleanField, Field, SelectField

from caseflow.assessments.models import NeedArea
from caseflow.core.fields import DatePartsField
from caseflow.core.formats import country_name, date_text, language_name, number_text
from caseflow.people.models import Category, LegalStatus, Literacy, Sex
from caseflow.referrals.disclosure.gathering import Content
from caseflow.referrals.kinds import KINDS
from caseflow.tenancy.models import ReferralKind

Row = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Section:
    """One category as it is read: a title and rows of (label, value) in the reader's language."""

    category: Category
    title: str
    rows: list[Row]


def sections(told: Mapping[Category, Content]) -> list[Section]:
    """What was told, as it is read: the request first, then who it is about, then the rest in a fixed order."""
    order = sorted(told, key=lambda category: ("kind" not in told[category], list(Category).index(category)))
    return [Section(category, _title(category, told[category]), _rows(category, told[category])) for category in order]


def _title(category: Category, held: Content) -> str:
    if "kind" not in held:
        return category.label
    return _("%(kind)s: what is asked for", kind=ReferralKind(held["kind"]).label)


def _rows(category: Category, held: Content) -> list[Row]:
    rows = _request_rows(held) if "kind" in held else []
    rows += _READ[category](held)
    return [(label, value) for label, value in rows if value]


def _request_rows(held: Content) -> list[tuple[str, str | None]]:
    form = KINDS[ReferralKind(held["kind"])].form(formdata=None, meta={"csrf": False})
    told = held["details"]
    return [
        (_("Reason"), held["reason"]),
        *((str(field.label.text), _value(field, told.get(field.name))) for field in form.own()),
        (_("Language to speak"), language_name(held["language"])),
        (_("Interpreter"), _("Needed") if held["interpreter"] else None),
        (_("Accessibility needs"), held["accessibility"]),
        (_("Cannot come"), held["clashes"]),
    ]


def _value(field: Field, value: Any) -> str | None:
    """A detail in words: a code by its choice, a date as dates are written."""
    if value in (None, ""):
        return None
    if isinstance(field, BooleanField):
        return _("Yes") if value else _("No")
    if isinstance(field, DatePartsField):
        return _date(value)
    if isinstance(field, SelectField):
        choices: Any = field.iter_choices()  # the stubs know only the tuples of before
        return next((str(choice.label) for choice in choices if choice.value == value), str(value))
    return str(value)


def _read_identity(held: Content) -> list[tuple[str, str | None]]:
    born = _date(held["birth_date"])
    if born and held["birth_estimated"]:
        born = _("%(date)s (estimated)", date=born)
    return [
        (_("Name"), held["name"]),
        (_("Name in Latin letters"), held["latin_name"]),
        (_("Other names"), _list(held["other_names"])),
        (_("Sex"), Sex(held["sex"]).label),
        (_("Gender, in their own words"), held["gender"]),
        (_("Date of birth"), born),
        (_("Age group"), held["age_group"]),
        (_("Nationality"), country_name(held["nationality"])),
        (_("Languages"), _list(name for code in held["languages"] if (name := language_name(code)))),
        (_("Reading and writing"), Literacy(held["literacy"]).label),
        (_("Interpreter for"), language_name(held["interpreter_language"])),
    ]


def _read_contact(held: Content) -> list[tuple[str, str | None]]:
    safe = {
        "safe_to_phone": _("phone"),
        "safe_to_text": _("text message"),
        "safe_to_write": _("letter"),
    }
    allowed = [words for name, words in safe.items() if held[name]]
    return [
        (_("Phone"), held["phone"]),
        (_("Address"), held["address"]),
        (_("Safe to use"), _list(allowed) or _("Nothing: go through the referring organisation")),
    ]


def _read_family(held: Content) -> list[tuple[str, str | None]]:
    adults = []
    for one in held["relatives"]:
        name = f"{one['name']} ({one['relation']})"
        adults.append(_("%(name)s: contact restricted", name=name) if one["restricted"] else name)
    children = [
        _("%(relation)s, born %(year)s", relation=one["relation"], year=one["birth_year"])
        if one["birth_year"]
        else str(one["relation"])
        for one in held["children"]
    ]
    return [(_("Relatives"), "\n".join(adults)), (_("Children"), "\n".join(children))]


def _read_needs(held: Content) -> list[tuple[str, str | None]]:
    return [
        (_("Accessibility needs"), held.get("accessibility")),
        *((NeedArea(need["area"]).label, str(need["text"])) for need in held["needs"]),
    ]


def _read_plan(held: Content) -> list[tuple[str, str | None]]:
    rows: list[tuple[str, str | None]] = []
    for goal in held["goals"]:
        until = _date(goal["target_on"])
        title = goal["title"]
        rows.append(
            (NeedArea(goal["area"]).label, _("%(goal)s (until %(date)s)", goal=title, date=until) if until else title)
        )
    return rows


def _read_custody(held: Content) -> list[tuple[str, str | None]]:
    return [
        (_("Number"), held["number"]),
        (_("Site"), held["site"]),
        (_("Admitted"), _date(held["admitted_on"])),
        (_("Legal status"), LegalStatus(held["legal_status"]).label),
        (_("Expected release"), _date(held["release_on"]) or held["release_unknown_reason"]),
        (_("Conditional release possible"), _date(held["conditional_release_on"])),
        (_("Released"), _date(held["released_on"])),
    ]


def _read_offence(held: Content) -> list[tuple[str, str | None]]:
    months = held["sentence_months"]
    length = ngettext("%(count)s month", "%(count)s months", months or 0, count=number_text(months or 0))
    return [
        (_("Class"), held["class"]),
        (_("Kind of offence"), held["type"]),
        (_("More exactly"), held["subtype"]),
        (_("Sentence"), length if months else None),
        (_("Why this is told"), held["why_told"]),
    ]


def _read_risk(held: Content) -> list[tuple[str, str | None]]:
    return [(_("What to know to be safe"), held["text"])]


_READ: dict[Category, Callable[[Content], list[tuple[str, str | None]]]] = {
    Category.IDENTITY: _read_identity,
    Category.CONTACT: _read_contact,
    Category.FAMILY: _read_family,
    Category.EDUCATION: _read_needs,
    Category.WORK: _read_needs,
    Category.LEGAL: _read_needs,
    Category.SUPPORT_NEEDS: _read_needs,
    Category.PLAN: _read_plan,
    Category.CUSTODY_DATES: _read_custody,
    Category.OFFENCE: _read_offence,
    Category.RISK: _read_risk,
}


def _date(value: str | None) -> str | None:
    return date_text(date.fromisoformat(value)) if value else None


def _list(texts: Iterable[str]) -> str:
    return _(", ").join(texts)
