"""Reading what is kept, copied and contested."""

from caseflow.accounts.models import User
from caseflow.rights.queries.copies import (
    Asked,
    access_request,
    access_requests,
    copies_to_decide,
    copy,
    decisions,
    reads,
    reads_all,
    rows,
    undecided,
    who_reads_all,
    whole_request,
)
from caseflow.rights.queries.objections import (
    happenings,
    objection,
    objections,
    stands,
)
from caseflow.rights.queries.retention import (
    Due,
    Sealed,
    due,
    due_person,
    erasures_to_decide,
    held,
    hold,
    holds,
    kinds,
    log,
    on_hold,
    opened,
    proposal,
    proposals,
    rules,
    sealed,
    sealed_due,
    sealed_proposals,
    special_rules,
)


def to_decide(user: User) -> int:
    """How much waits for the user as the second person: erasures that others proposed, copies that others marked."""
    return erasures_to_decide(user) + copies_to_decide(user)


__all__ = [
    "Asked",
    "Due",
    "Sealed",
    "access_request",
    "access_requests",
    "copies_to_decide",
    "copy",
    "decisions",
    "due",
    "due_person",
    "erasures_to_decide",
    "happenings",
    "held",
    "hold",
    "holds",
    "kinds",
    "log",
    "objection",
    "objections",
    "on_hold",
    "opened",
    "proposal",
    "proposals",
    "reads",
    "reads_all",
    "rows",
    "rules",
    "sealed",
    "sealed_due",
    "sealed_proposals",
    "special_rules",
    "stands",
    "to_decide",
    "undecided",
    "who_reads_all",
    "whole_request",
]
