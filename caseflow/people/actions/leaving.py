"""Giving the cases of somebody who left to others."""

from collections.abc import Collection

from flask_babel import gettext as _

from caseflow.accounts.models import User
from caseflow.audit.actions import record
from caseflow.core.errors import Refused
from caseflow.people.actions.cases import allocate, write_note
from caseflow.people.models import Assignment, Case, NoteKind


def hand_on(held: Collection[tuple[Case, Assignment]], leaver: User, worker: User, note: str, *, by: User) -> int:
    """Give these cases of a leaver to a worker, each with the note; all or none. Gives how many."""
    if leaver.active:
        raise Refused(_("This account is open. Close it first, or give the cases away one by one."))
    if not held:
        raise Refused(_("Choose at least one case."), field="cases")
    for case, assignment in held:
        try:
            allocate(case, worker, role=assignment.role, reason=note, by=by)
        except Refused as refusal:
            raise Refused(f"{case.number}: {refusal}", field="worker") from refusal
        words = _("Given from %(before)s, who left, to %(after)s.", before=leaver.name, after=worker.name)
        write_note(case, kind=NoteKind.SYSTEM, text=f"{words} {note}", by=by)
    record("assignment.hand_on", by=by, on=leaver, worker=str(worker.id), cases=len(held))
    return len(held)
