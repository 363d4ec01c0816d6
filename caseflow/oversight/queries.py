"""Reading the audit."""

import uuid

from sqlalchemy import func, select

from caseflow.accounts.models import User
from caseflow.audit.models import Entry
from caseflow.core.db import Page, db
from caseflow.oversight.words import noun

__all__ = ["newest", "noun"]


def newest(
    user: User, *, act: str | None = None, by: uuid.UUID | None = None, page: int = 1, size: int = 50
) -> Page[tuple[Entry, str | None]]:
    """The organisation's entries with the name of who acted, newest first.

    `act` narrows to a noun (`case`) or an act (`case.read`), `by` to one user's.
    """
    chosen = [Entry.org_id == user.org_id]
    if act:
        chosen.append((Entry.act == act) | Entry.act.startswith(f"{act}.", autoescape=True))
    if by:
        chosen.append(Entry.user_id == by)
    total = db.session.scalar(select(func.count()).select_from(Entry).where(*chosen)) or 0
    number = max(1, min(page, -(-total // size)))
    rows = db.session.execute(
        select(Entry, User.name)
        .outerjoin(User, (User.org_id == Entry.org_id) & (User.id == Entry.user_id))
        .where(*chosen)
        .order_by(Entry.created_at.desc(), Entry.id.desc())
        .limit(size)
        .offset((number - 1) * size)
    )
    return Page([(entry, name) for entry, name in rows], number, size, total)
