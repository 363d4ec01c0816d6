"""What happened in a case, as lines for the timeline."""

from dataclasses import dataclass
from datetime import datetime

from flask import url_for
from flask_babel import gettext as _

from caseflow.accounts import queries as accounts
from caseflow.people.models import Assignment, AssignmentRole, Case, Consent, Phase
from caseflow.people.queries.cases import assignment_history, phase_changes, stays
from caseflow.people.queries.persons import consents, notes
from caseflow.tenancy import queries as tenancy


@dataclass(frozen=True)
class Happening:
    """One line of a timeline, in the reader's language; `kind` is what the timeline filters by."""

    at: datetime
    kind: str
    title: str
    text: str | None = None
    who: str | None = None
    where: str | None = None
    url: str | None = None
    tone: str = "neutral"


def happenings(case: Case) -> list[Happening]:
    """Notes, phases, stays, workers and consents of a case; in no particular order."""
    return [*_notes(case), *_phases(case), *_stays(case), *_assignments(case), *_consents(case)]


def _notes(case: Case) -> list[Happening]:
    found = []
    for note in notes(case):
        title = note.kind.label if note.amends_id is None else _("Note amended")
        if note.sensitive:  # its words stay on the page of notes
            title = _("Sensitive note")
        url = url_for("people.notes", id=case.id, _anchor=f"note-{note.id}")
        text = None if note.sensitive else note.text
        found.append(Happening(note.occurred_at, "note", title, text, note.author.name, url=url))
    return found


def _phases(case: Case) -> list[Happening]:
    found = []
    for change, name in phase_changes(case):
        if change.before is None:
            title = _("Case opened: %(phase)s", phase=change.phase.label)
        elif change.phase is Phase.CLOSED:
            title = _("Case closed")
        elif change.before is Phase.CLOSED:
            title = _("Case reopened: %(phase)s", phase=change.phase.label)
        else:
            title = _("Phase: %(phase)s", phase=change.phase.label)
        tone = "good" if change.phase is Phase.RELEASED else "info"
        found.append(Happening(change.created_at, "phase", title, change.reason, name, tone=tone))
    if case.register_print is not None:
        found.append(Happening(case.created_at, "phase", _("Taken over from the register"), tone="info"))
    return found


def _stays(case: Case) -> list[Happening]:
    return [Happening(stay.since, "stay", _("Stay begins"), stay.reason, where=site) for stay, site in stays(case)]


def _assignments(case: Case) -> list[Happening]:
    return [_assigned(one) for one in assignment_history(case)]


def _assigned(one: Assignment) -> Happening:
    title = _("Responsible worker named") if one.role is AssignmentRole.PRIMARY else _("Co-worker named")
    return Happening(one.since, "worker", title, one.reason, one.user.name)


def _consents(case: Case) -> list[Happening]:
    found = []
    grantees: dict[object, str] = {}
    url = url_for("people.consents", id=case.id)
    for consent in consents(case):
        if consent.grantee_org_id not in grantees:
            grantees[consent.grantee_org_id] = tenancy.organisation(consent.grantee_org_id).name
        grantee = grantees[consent.grantee_org_id]
        found.append(
            Happening(
                consent.created_at, "consent", _("Consent recorded"), consent.purpose, _recorder(consent), grantee, url
            )
        )
        if consent.withdrawn_at is not None:
            found.append(
                Happening(
                    consent.withdrawn_at,
                    "consent",
                    _("Consent withdrawn"),
                    consent.withdrawal_note,
                    where=grantee,
                    url=url,
                    tone="warn",
                )
            )
    return found


def _recorder(consent: Consent) -> str | None:
    user = accounts.user_of(consent.org_id, consent.recorded_by)
    return None if user is None else user.name
