"""Reading the audit."""

from sqlalchemy import select

from caseflow.accounts.models import User
from caseflow.audit.models import Entry
from caseflow.core.db import Page, paged


def newest(user: User, *, act: str | None, page: int) -> Page[tuple[Entry, str | None]]:
    """The organisation's entries with the name of who acted, newest first; `act` narrows to a noun or a noun.verb."""
    query = (
        select(Entry, User.name)
        .outerjoin(User, (User.org_id == Entry.org_id) & (User.id == Entry.user_id))
        .where(Entry.org_id == user.org_id)
        .order_by(Entry.created_at.desc(), Entry.id.desc())
    )
    if act:
        query = query.where((Entry.act == act) | Entry.act.startswith(f"{act}.", autoescape=True))
    rows = paged(query, number=page, size=50)
    return Page([(entry, name) for entry, name in rows.items], rows.number, rows.size, rows.total)
