"""How much waits for a second person."""

from sqlalchemy import exists, select

from caseflow.accounts.models import User
from caseflow.core.db import db
from caseflow.rights.models import AccessRequest, Erasure
from caseflow.rights.queries.copies import copies_to_decide, marked_by_others
from caseflow.rights.queries.retention import erasures_to_decide, proposed_by_others


def to_decide(user: User) -> int:
    """On how much the user is asked to decide: erasures that others proposed, copies that others marked."""
    erasures = exists().where(Erasure.org_id == user.org_id, proposed_by_others(user))
    copies = exists().where(AccessRequest.org_id == user.org_id, marked_by_others(user))
    # Every page of a leader's asks, and as a rule there is nothing.
    any_erasure, any_copy = db.session.execute(select(erasures, copies)).one()
    return (erasures_to_decide(user) if any_erasure else 0) + (copies_to_decide(user) if any_copy else 0)
