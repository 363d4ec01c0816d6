"""What the codes of the audit mean: the nouns that acts and details are about, in words."""

from flask_babel import lazy_gettext as _l

NOUNS: dict[str, str] = {
    "access": _l("Copy of the records for the person"),
    "agreement": _l("Agreement"),
    "assignment": _l("Allocation"),
    "case": _l("Case"),
    "condition": _l("Condition"),
    "consent": _l("Consent"),
    "contact": _l("Contact"),
    "disclosure": _l("Disclosure"),
    "draft": _l("Draft referral"),
    "erasure": _l("Erasure of records"),
    "goal": _l("Goal"),
    "handover": _l("Handover"),
    "helper": _l("Worker of a referral"),
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
    "referral": _l("Referral"),
    "register": _l("Register"),
    "release": _l("Release"),
    "relative": _l("Relative"),
    "report": _l("End report"),
    "retention": _l("Retention of records"),
    "service": _l("Service"),
    "session": _l("Session"),
    "site": _l("Site"),
    "step": _l("Step"),
    "supervision": _l("Supervision"),
    "task": _l("Task"),
    "user": _l("User"),
}


def noun(act: str) -> str:
    """The noun of an act (`case.read`) in the reader's language; the code itself where it has no word."""
    code = act.partition(".")[0]
    return str(NOUNS.get(code, code))
