"""Declaring a conflict of interest, ending it, and excluding whoever declared it from a case in one act."""

from flask_babel import gettext as _

from caseflow.accounts.models import User
from caseflow.audit.actions import record
from caseflow.core.db import db, now
from caseflow.core.errors import Refused
from caseflow.people import queries
from caseflow.people.actions.access import exclude
from caseflow.people.models import Case, Conflict, ExclusionGround


def declare_conflict(name: str, ground: ExclusionGround, *, by: User) -> Conflict:
    """Write down whom the user is related to or in conflict with: at least a given and a family name."""
    if len(name.split()) < queries.SHARED:
        raise Refused(_("Write the name in full: a family name alone is many people's."), field="name")
    made = Conflict(org_id=by.org_id, user_id=by.id, name=name, ground=ground)
    db.session.add(made)
    db.session.flush()
    record("conflict.declare", by=by, on=made, ground=ground.value)
    return made


def end_conflict(conflict: Conflict, *, by: User) -> None:
    """It holds no more; exclusions that were made of it stay until a team leader ends them."""
    conflict.ended_at = now()
    db.session.flush()
    record("conflict.end", by=by, on=conflict)


def exclude_declared(conflict: Conflict, case: Case, *, by: User) -> None:
    """Exclude whoever declared it from the case, on the ground that they gave."""
    exclude(case, conflict.user, conflict.ground, _("Declared by themself: %(name)s", name=conflict.name), by=by)
