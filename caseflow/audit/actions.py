"""Writing to the audit."""

import uuid
from typing import Any, Protocol

from caseflow.audit.models import Entry
from caseflow.core.db import Owned, db, request_id


class Member(Protocol):
    """Whoever acts: a user of an organisation (accounts come after this room)."""

    org_id: Any
    id: Any


def record(act: str, *, by: Member, on: Owned | None = None, case_id: uuid.UUID | None = None, **detail: Any) -> None:
    """Add an entry: `act` is `noun.verb`; `detail` holds codes, ids and numbers, never narrative text or names."""
    if on is not None and on in db.session.new:
        db.session.flush()  # a new row has its id from here on
    db.session.add(
        Entry(
            org_id=by.org_id,
            user_id=by.id,
            act=act,
            subject=None if on is None else getattr(on, "__tablename__", None),
            subject_id=None if on is None else on.id,
            case_id=case_id,
            detail=detail,
            request_id=request_id(),
        )
    )
