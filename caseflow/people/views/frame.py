"""What stands round every page of a case: who it is about, and the ways to its other pages."""

import uuid
from dataclasses import dataclass, field
from typing import Any

from flask import current_app, g, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from caseflow.core.formats import language_name, time_text
from caseflow.people import queries
from caseflow.people.models import AccessKind, Case, Phase
from caseflow.tenancy.models import OrganisationKind

TONES = {Phase.PRE_RELEASE: "warn", Phase.RELEASED: "good", Phase.POST_RELEASE_SUPPORT: "good", Phase.CLOSED: "neutral"}


@dataclass(frozen=True)
class Tab:
    """A page of a case; current on its own endpoint and on those that begin with one of `below`."""

    endpoint: str
    label: Any
    below: tuple[str, ...] = field(default=())


TABS = (
    Tab("casefile.overview", _l("Overview"), ("people.", "rights.")),
    Tab("casefile.timeline", _l("Timeline")),
    Tab("people.notes", _l("Notes"), ("people.notes", "people.new_note", "people.amend_note")),
    Tab("assessments.needs", _l("Needs"), ("assessments.",)),
    Tab("plans.show", _l("Plan"), ("plans.",)),
    Tab("referrals.of_case", _l("Referrals"), ("referrals.",)),
    Tab("people.consents", _l("Consents"), ("people.consents", "people.new_consent")),
    Tab("people.relatives", _l("Family"), ("people.relatives", "people.new_relative", "people.edit_relative")),
    Tab("release.show", _l("Release"), ("release.",)),
    Tab("supervision.show", _l("Supervision"), ("supervision.",)),
)


def case_tabs(case: Case) -> list[dict[str, object]]:
    """The pages of the case that exist here and are open to the reader, as `ui.subnav` takes them."""
    open_to_reader = [
        tab for tab in TABS if _open(tab.endpoint) and (_supervises() or tab.endpoint != "supervision.show")
    ]
    here = request.endpoint or ""
    current = max(open_to_reader, key=lambda tab: _nearness(tab, here), default=None)
    return [
        {"url": url_for(tab.endpoint, id=case.id), "label": str(tab.label), "current": tab is current}
        for tab in open_to_reader
    ]


def _supervises() -> bool:
    return current_user.organisation.kind is OrganisationKind.PROBATION_SERVICE


def _nearness(tab: Tab, endpoint: str) -> int:
    if tab.endpoint == endpoint:
        return len(endpoint) + 1
    return max((len(start) for start in tab.below if endpoint.startswith(start)), default=0)


def _open(endpoint: str) -> bool:
    view = current_app.view_functions.get(endpoint)
    return view is not None and current_user.may(getattr(view, "permission", None))


def refer_url(case: Case) -> str | None:
    """Where a referral begins, for who may send one while the case is open."""
    return url_for("referrals.start", id=case.id) if _open("referrals.start") and may_change(case) else None


def borrowed(case: Case) -> bool:
    """Whether the reader has the file open by emergency access alone."""
    return case.guarded and queries.borrows(current_user, case)


def reads_alone(case: Case) -> bool:
    """Whether the reader has the file open by emergency access alone and writes nothing to it: not so a sealed one."""
    if not case.guarded:
        return False
    known: dict[uuid.UUID, bool] = g.setdefault("reads_alone", {})  # a page asks for each of its buttons
    if case.id not in known:
        known[case.id] = queries.only_reads(case)
    return known[case.id]


def may_change(case: Case) -> bool:
    """Whether the work on the case goes on, and the reader may take part in it."""
    return case.open() and not reads_alone(case)


def case_acts(case: Case) -> list[tuple[str, str]]:
    """What stands under no tab of the case, addresses and labels: rarer pages, and what ends or moves the case."""
    works, goes_on = not reads_alone(case), may_change(case)
    acts = [
        ("people.edit_person", _("Names, numbers and particulars"), True),
        ("people.edit_facts", _("Case and dates"), True),
        ("people.tasks", _("Tasks"), True),
        ("audit.who_has_seen", _("Who has seen this file"), True),
        ("people.access", _("Who may open this case"), True),
        ("rights.objections", _("What the person says is wrong"), True),
        ("rights.copies", _("Copies of the records for the person"), works),
        ("rights.holds", _("Holds: why records are kept"), works),
        ("people.change_phase", _("Change the phase"), goes_on),
        ("people.transfer", _("Move to another site"), goes_on and case.in_custody()),
        ("people.allocate", _("Give the case to a worker"), goes_on),
        (closed_by(), _("Close the case"), goes_on),
        ("people.reopen_case", _("Open the case again"), works and not case.open()),
        ("people.new_case_again", _("New case of the same person"), works and not case.open()),
    ]
    return [(url_for(endpoint, id=case.id), label) for endpoint, label, there in acts if there and _open(endpoint)]


def closed_by() -> str:
    """The page that closes a case of the reader's: in a probation service the supervision ends with it."""
    return "supervision.close" if _supervises() else "people.close_case"


def _closed_to_others(case: Case) -> list[dict[str, object]]:
    """That the file is restricted, and until when the reader has it open in an emergency."""
    held = queries.restriction(case)
    if held is None:
        return []
    mine = [one for one in queries.live_access(case, AccessKind.GLASS) if one.user_id == current_user.id]
    ends = [time_text(one.until) for one in mine if one.until is not None]
    words = [
        (_("Sealed") if held.sealed_at else _("Restricted"), "bad"),
        *((_("Emergency access until %(time)s", time=end), "warn") for end in ends),
    ]
    return [{"text": text, "tone": tone} for text, tone in words]


def case_identity(case: Case) -> dict[str, object]:
    """Who the case is about, as `ui.identity_bar` takes it."""
    person = case.person
    worker = case.primary_worker
    dates = [
        (_("Release expected"), case.release_on if case.in_custody() else None),
        (_("Released"), case.released_on),
        (_("Closed"), case.closed_on),
    ]
    alerts = _closed_to_others(case) if case.guarded else []
    if case.in_custody() and case.release_on is None and case.release_unknown_reason is None:
        alerts.append({"text": _("Release date missing"), "tone": "warn"})
    if worker is None and case.open():
        alerts.append({"text": _("No worker"), "tone": "bad"})
    if person.interpreter_language:
        language = language_name(person.interpreter_language)
        alerts.append({"text": _("Interpreter: %(language)s", language=language), "tone": "info"})
    return {
        "name": person.name,
        "other_name": person.latin_name if person.latin_name != person.name else None,
        "url": url_for("casefile.overview", id=case.id) if "casefile.overview" in current_app.view_functions else None,
        "number": case.number,
        "age": person.age(current_user.organisation.today()),
        "site": None if case.site is None else case.site.name,
        "phase": case.phase.label,
        "phase_tone": TONES.get(case.phase, "info"),
        "dates": dates,
        "worker": None if worker is None else worker.name,
        "alerts": alerts,
    }
