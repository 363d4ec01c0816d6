"""Writing to the audit."""

import uuid
from typing import Any, Protocol

from caseflow.audit.models import Entry
from caseflow.core import sight
from caseflow.core.db import Owned, db, request_id


class Member(Protocol):
    """Whoever acts: a user of an organisation (accounts come after this room)."""

    org_id: Any
    id: Any


def record(act: str, *, by: Member, on: Owned | None = None, case_id: uuid.UUID | None = None, **detail: Any) -> None:
    """Add an entry: `act` is `noun.verb`; `detail` holds codes, ids and numbers, never narrative text or names.

    It says what the act was in the domain's words; which columns of which rows it changed is recorded by itself
    (`audit.changes`), as is what a page shows (`audit.readings`).
    """
    if on is not None and on in db.session.new:
        db.session.flush()  # a new row has its id from here on
    subject_id = None if on is None else on.id
    db.session.add(
        Entry(
            org_id=by.org_id,
            user_id=by.id,
            act=act,
            subject=None if on is None else getattr(on, "__tablename__", None),
            subject_id=subject_id,
            case_id=case_id,
            detail=detail,
            request_id=request_id(),
            about=sorted({one for one in (subject_id, case_id, *_files(on)) if one is not None}),
        )
    )


def _files(row: Owned | None) -> list[uuid.UUID | None]:
    return [] if row is None else [getattr(row, f"{noun}_id", None) for noun in sight.FILES]


def sum_up() -> None:
    """The unit of work is a bulk act that writes one summarising entry: its single rows are not recorded."""
    db.session().info["summed_up"] = True
