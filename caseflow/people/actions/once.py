"""The double click: a form sent twice is done once."""

import uuid
from typing import TypeVar

from sqlalchemy import text

from caseflow.accounts.models import User
from caseflow.core.db import Owned, db

R = TypeVar("R", bound=Owned)


def one_at_a_time(*words: object) -> None:
    """Let nobody else who names the same words go on before this transaction ends."""
    key = " ".join(map(str, words))
    db.session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": key})


def sent_before(model: type[R], id: uuid.UUID | None, *, by: User) -> R | None:
    """The row that the same form already made; a second sender waits for the first. None without an id."""
    if id is None:
        return None
    one_at_a_time(model.__name__, by.org_id, id)
    row: R | None = db.session.get(model, (by.org_id, id))
    return row
