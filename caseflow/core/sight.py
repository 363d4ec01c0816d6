"""What of people's files a request has read: every row that it loads tells by its ids whose file it belongs to.

Readings record themselves in this way. A page that reads columns instead of rows says so by `see`; one that loads more
than it shows (a search that ranks) says by `only` what it showed. The audit writes it down at the commit.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session

from caseflow.core.db import Model, db

FILES = ("person", "case", "referral", "handover")  # nouns: a row's `<noun>_id` names the file that it is part of


@dataclass(slots=True)
class Sight:
    """What a request reads: `page` is its endpoint, `asked` the ids in its address, `seen` id → noun."""

    page: str
    asked: frozenset[uuid.UUID]
    how: str | None = None  # search, print, export, download; else whatever the address tells
    detail: dict[str, Any] = field(default_factory=dict)
    seen: dict[uuid.UUID, str] = field(default_factory=dict)


def begin(page: str, asked: Iterable[object]) -> None:
    """From here on, what is loaded is read by somebody on this page."""
    ids = frozenset(one for one in asked if isinstance(one, uuid.UUID))
    db.session().info["sight"] = Sight(page, ids)


def forget() -> None:
    """Nothing was shown: the answer leads elsewhere."""
    held = _held(db.session())
    if held is not None:
        held.seen.clear()
        held.how, held.detail = None, {}


def see(noun: str, *ids: uuid.UUID) -> None:
    """Files whose names or facts are shown without their rows having been loaded."""
    held = _held(db.session())
    if held is not None:
        held.seen.update(dict.fromkeys(ids, noun))


def only(how: str, seen: Iterable[tuple[str, uuid.UUID]], **detail: Any) -> None:
    """Of all that was loaded, only these (noun, id) are shown; `how` is search, print, export or download."""
    held = _held(db.session())
    if held is not None:
        held.seen = {file: noun for noun, file in seen}
        held.how, held.detail = how, detail


def read_as(how: str) -> None:
    """What this request reads is printed, exported or downloaded."""
    held = _held(db.session())
    if held is not None:
        held.how = how


def take(session: Session) -> Sight | None:
    """What was read since it was last asked for, or None."""
    held = _held(session)
    if held is None or not (held.seen or held.how):
        return None
    session.info["sight"] = Sight(held.page, held.asked)
    return held


def _held(session: Any) -> Sight | None:
    held: Sight | None = session.info.get("sight")
    return held


@event.listens_for(Model, "load", propagate=True)
def _loaded(row: Any, context: Any) -> None:
    held = _held(context.session)
    if held is None or not row.__audited__:
        return
    values = row.__dict__
    noun = getattr(row, "__noun__", None)
    if noun is not None:
        held.seen[values["id"]] = noun
    for name in FILES:
        file = values.get(f"{name}_id")
        if file is not None:
            held.seen.setdefault(file, name)


@event.listens_for(Session, "after_rollback")
def _rolled_back(session: Session) -> None:
    held = _held(session)
    if held is not None:
        held.seen.clear()
