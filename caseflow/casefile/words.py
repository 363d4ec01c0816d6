"""The kinds of happenings that a timeline can be narrowed to, in words."""

from flask_babel import lazy_gettext as _l

KINDS: dict[str, str] = {
    "note": _l("Notes"),
    "phase": _l("Phases"),
    "stay": _l("Stays"),
    "worker": _l("Workers"),
    "intake": _l("Intake"),
    "need": _l("Needs"),
    "plan": _l("Plan"),
    "consent": _l("Consents"),
    "referral": _l("Referrals"),
    "pathway": _l("Pathways to release"),
    "handover": _l("Handovers"),
    "supervision": _l("Supervision"),
    "contact": _l("Contacts"),
}
