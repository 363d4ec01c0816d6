"""Every reading of a person's file becomes one entry: written at the end of the request, in its own transaction."""

from typing import Any

from sqlalchemy import event, insert
from sqlalchemy.orm import Session

from caseflow.audit.models import Entry
from caseflow.core import sight
from caseflow.core.db import new_id, now, request_id

TABLES = {"person": "persons", "case": "cases", "referral": "referrals", "handover": "handovers"}


@event.listens_for(Session, "before_commit")
def _write(session: Session) -> None:
    if session.in_nested_transaction():
        return
    seen = sight.take(session)
    tenant = session.info.get("tenant")
    if seen is None or tenant is None or tenant.user_id is None:
        return
    session.connection().execute(
        insert(Entry.__table__),  # type: ignore[arg-type]
        {
            "org_id": tenant.org_id,
            "id": new_id(),
            "created_at": now(),
            "user_id": tenant.user_id,
            "request_id": request_id(),
            "about": list(seen.seen),
            **_act(seen),
        },
    )


def _act(seen: sight.Sight) -> dict[str, Any]:
    """What kind of reading it was: a file that the address names was opened, several others were listed."""
    opened = next((file for file in seen.seen if file in seen.asked), None)
    noun = None if opened is None else seen.seen[opened]
    case_id = opened if noun == "case" else next((file for file, one in seen.seen.items() if one == "case"), None)
    return {
        "act": f"{noun or 'people'}.{seen.how or ('list' if noun is None else 'read')}",
        "subject": None if noun is None else TABLES[noun],
        "subject_id": opened,
        "case_id": case_id if opened else None,
        "detail": seen.detail or {"page": seen.page},
    }
