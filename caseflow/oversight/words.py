"""What the codes of the audit mean, in words: the nouns that acts are about, and the faults of a chain."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

NOUNS: dict[str, str] = {
    "access": _l("Access"),
    "agreement": _l("Agreement"),
    "assignment": _l("Allocation"),
    "case": _l("Case"),
    "condition": _l("Condition"),
    "conflict": _l("Conflict of interest"),
    "consent": _l("Consent"),
    "contact": _l("Contact"),
    "disclosure": _l("Disclosure"),
    "draft": _l("Draft referral"),
    "factor": _l("Second factor"),
    "glass": _l("Emergency access"),
    "erasure": _l("Erasure of records"),
    "goal": _l("Goal"),
    "handover": _l("Handover"),
    "helper": _l("Worker of a referral"),
    "holiday": _l("Holiday"),
    "intake": _l("Intake"),
    "message": _l("Message"),
    "need": _l("Need"),
    "note": _l("Note"),
    "objection": _l("What the person says is wrong"),
    "organisation": _l("Organisation"),
    "pathway": _l("Pathway"),
    "people": _l("Search for people"),
    "person": _l("Person"),
    "plan": _l("Plan"),
    "reading": _l("Unusual reading"),
    "referral": _l("Referral"),
    "register": _l("Register"),
    "release": _l("Release"),
    "relative": _l("Relative"),
    "report": _l("End report"),
    "row": _l("Record"),
    "retention": _l("Retention of records"),
    "service": _l("Service"),
    "session": _l("Session"),
    "site": _l("Site"),
    "step": _l("Step"),
    "supervision": _l("Supervision"),
    "task": _l("Task"),
    "terms": _l("Terms and code of conduct"),
    "token": _l("Token for a program"),
    "user": _l("User"),
}


FAULTS: dict[str, str] = {
    "changed": _l("an entry was changed"),
    "removed": _l("an entry was removed"),
    "inserted": _l("an entry was inserted"),
    "reordered": _l("entries were reordered"),
    "seal_changed": _l("a seal was changed"),
    "seal_removed": _l("a seal was removed"),
    "seal_inserted": _l("a seal was inserted"),
    "head_differs": _l("the chain is not the one that was told outside"),
    "head_missing": _l("the end of the chain is missing"),
}


def noun(act: str) -> str:
    """The noun of an act (`case.read`) in the reader's language; the code itself where it has no word."""
    code = act.partition(".")[0]
    return str(NOUNS.get(code, code))


def details(detail: dict[str, Any]) -> list[str]:
    """What an entry holds beside its act, as short lines: `phase: intake → planning`, `text: 17 characters`."""
    columns = detail.get("columns")
    if columns is None:
        return [f"{key}: {_value(value)}" for key, value in detail.items()]
    return [
        f"{name}: {_value(after)}" if before is None else f"{name}: {_value(before)} → {_value(after)}"
        for name, (before, after) in columns.items()
    ]


def _value(value: Any) -> str:
    match value:
        case None:
            return "–"
        case {"length": int() as length}:
            return str(ngettext("a text of %(num)d character", "a text of %(num)d characters", length))
        case dict():
            return ", ".join(f"{key} {_value(one)}" for key, one in value.items())
        case list():
            return ", ".join(map(_value, value))
    return str(value)
