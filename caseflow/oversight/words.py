"""The codes of the audit in words: the nouns that acts are about, what was done, and the faults of a chain."""

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
    "people": _l("Lists and searches"),
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
    "session": _l("Sign-in session"),
    "site": _l("Site"),
    "step": _l("Step"),
    "supervision": _l("Supervision"),
    "task": _l("Task"),
    "terms": _l("Terms and code of conduct"),
    "token": _l("Token for a program"),
    "user": _l("User"),
}

# What was done, as it stands after the noun: "Case: reading". An act without a word of its own shows its code alone.
VERBS: dict[str, str] = {
    "accept": _l("accepting"),
    "add": _l("adding"),
    "administrator": _l("a new administrator"),
    "admit": _l("adding a colleague"),
    "agreement": _l("agreeing with the person"),
    "allocate": _l("giving to a worker"),
    "answer": _l("answering"),
    "approve": _l("approving"),
    "ask": _l("asking"),
    "assign": _l("assigning workers"),
    "begin": _l("beginning"),
    "break": _l("opening"),
    "call-off": _l("calling off"),
    "cancel": _l("cancelling"),
    "change": _l("changing"),
    "close": _l("closing"),
    "complete": _l("completing"),
    "confirm": _l("confirming"),
    "date": _l("changing the date"),
    "deactivate": _l("closing the account"),
    "declare": _l("declaring"),
    "decline": _l("declining"),
    "delete-draft": _l("deleting the draft"),
    "download": _l("downloading"),
    "edit": _l("changing"),
    "end": _l("ending"),
    "end-allowed": _l("taking a colleague off the list"),
    "end-excluded": _l("ending an exclusion"),
    "end-glass": _l("ending emergency access"),
    "end-restricted": _l("lifting the restriction"),
    "end_all": _l("ending all"),
    "exclude": _l("excluding a colleague"),
    "explain": _l("explaining to the person"),
    "export": _l("downloading"),
    "factor_roles": _l("rules of signing in"),
    "finish": _l("finishing"),
    "found": _l("founding"),
    "hand_on": _l("giving on"),
    "hold": _l("setting a hold"),
    "invitation": _l("inviting"),
    "lead": _l("taking the lead"),
    "lift": _l("lifting the restriction"),
    "link_used": _l("using a link"),
    "link_withdrawn": _l("withdrawing a link"),
    "list": _l("seeing in a list"),
    "make": _l("making"),
    "mark": _l("marking what is withheld"),
    "meet": _l("agreeing on a meeting"),
    "message": _l("writing a message"),
    "move": _l("changing the status"),
    "note": _l("writing a note"),
    "officer": _l("naming an officer"),
    "open": _l("opening"),
    "password": _l("changing the password"),
    "phase": _l("changing the phase"),
    "plan": _l("planning"),
    "print": _l("printing"),
    "propose": _l("proposing"),
    "reactivate": _l("opening the account again"),
    "read": _l("reading"),
    "record": _l("recording"),
    "recovery_code": _l("using a recovery code"),
    "recovery_codes": _l("making recovery codes"),
    "refuse": _l("refusing"),
    "remove": _l("removing"),
    "reopen": _l("reopening"),
    "report": _l("reporting"),
    "reset": _l("resetting"),
    "restrict": _l("restricting"),
    "review": _l("reviewing"),
    "revoke": _l("revoking"),
    "rule": _l("changing the rules"),
    "save": _l("saving"),
    "seal": _l("sealing"),
    "search": _l("searching"),
    "send": _l("sending"),
    "single_sign_on": _l("single sign-on"),
    "start": _l("starting"),
    "status": _l("changing the status"),
    "tie": _l("tying to the provider"),
    "transfer": _l("moving to another site"),
    "unhold": _l("ending a hold"),
    "unseal": _l("unsealing"),
    "untie": _l("untying from the provider"),
    "upload": _l("uploading"),
    "withdraw": _l("withdrawing"),
    "words": _l("writing the person's own words"),
    "write": _l("writing"),
    "wrong_codes": _l("wrong codes"),
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


def deed(act: str) -> str:
    """An act in the reader's language, `case.read` as "Case: reading"; its noun alone where the verb has no word."""
    verb = VERBS.get(act.partition(".")[2])
    return noun(act) if verb is None else f"{noun(act)}: {verb}"


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
            words = ngettext("a text of %(num)d character", "a text of %(num)d characters", length)
            # Arabic words within a line of codes, which runs from left to right.
            return f"\N{FIRST STRONG ISOLATE}{words}\N{POP DIRECTIONAL ISOLATE}"
        case dict():
            return ", ".join(f"{key} {_value(one)}" for key, one in value.items())
        case list():
            return ", ".join(map(_value, value))
    return str(value)
