"""What colleagues declare of whom they are related to or in conflict with, and whose files that may be."""

import uuid
from collections.abc import Iterable
from datetime import datetime

from flask import abort
from sqlalchemy import ColumnElement, Select, func, intersect, or_, select
from sqlalchemy.orm import joinedload

from caseflow.accounts.models import User
from caseflow.core.db import as_organisation, db, one_or_404
from caseflow.core.search import query_keys, skeleton
from caseflow.people.models import Case, Conflict, Name, NameKey, Person
from caseflow.people.queries.cases import visible

SHARED = 2  # words of a name: the family name alone is many people's
CANDIDATES = 500
SHOWN = 20


def declared(user: User) -> list[Conflict]:
    """The user's own, those that hold, the newest first."""
    return _all(user, Conflict.user_id == user.id)


def conflicts(user: User, *, since: datetime | None = None) -> list[Conflict]:
    """Those of the organisation, for team leaders and auditors; not what may be about a file that is closed to them.

    Those that hold; with `since`, also those that were ended after it.
    """
    held = _all(user, since=since)
    closed = set(db.session.scalar(select(func.closed_to(user.id))) or [])
    if not closed:
        return held
    with as_organisation():  # to the user there are no such persons
        hidden = {one.id for one in held if closed & persons_like(one.org_id, one.name)}
    return [one for one in held if one.id not in hidden or one.user_id == user.id]


def _all(user: User, *which: ColumnElement[bool], since: datetime | None = None) -> list[Conflict]:
    held = Conflict.ended_at.is_(None) if since is None else or_(Conflict.ended_at.is_(None), Conflict.ended_at > since)
    query = select(Conflict).where(Conflict.org_id == user.org_id, held, *which)
    return list(db.session.scalars(query.options(joinedload(Conflict.user)).order_by(Conflict.id.desc())).unique())


def own_conflict(id: uuid.UUID, user: User) -> Conflict:
    """One of the user's own, or 404."""
    return one_or_404(_live(id, user).where(Conflict.user_id == user.id))


def conflict(id: uuid.UUID, user: User) -> Conflict:
    """One of those that the user is shown, or 404."""
    found = one_or_404(_live(id, user))
    return found if found in conflicts(user) else abort(404)


def _live(id: uuid.UUID, user: User) -> Select[Conflict]:
    return select(Conflict).where(Conflict.org_id == user.org_id, Conflict.id == id, Conflict.ended_at.is_(None))


def cases_like(conflict: Conflict, user: User) -> list[Case]:
    """The cases that the user sees of persons who are written so."""
    query = visible(user).where(Case.person_id.in_(persons_like(conflict.org_id, conflict.name)))
    return list(db.session.scalars(query.options(joinedload(Case.person)).limit(SHOWN)).unique())


def persons_like(org_id: uuid.UUID, name: str) -> set[uuid.UUID]:
    """The persons of the organisation whose name shares so many words with this one, in any script."""
    words = query_keys(name)
    if len(words) < SHARED:
        return set()
    pairs = [
        intersect(*(select(NameKey.person_id).where(NameKey.org_id == org_id, NameKey.key.in_(keys)) for keys in pair))
        for pair in ((one, other) for at, one in enumerate(words) for other in words[at + 1 :])
    ]
    found = {row for pair in pairs for row in db.session.scalars(pair.limit(CANDIDATES))}
    written = [
        *db.session.execute(select(Person.id, Person.name).where(Person.org_id == org_id, Person.id.in_(found))),
        *db.session.execute(select(Name.person_id, Name.full).where(Name.org_id == org_id, Name.person_id.in_(found))),
    ]
    return {person_id for person_id, full in written if alike(name, full)}


def alike(one: str, other: str) -> bool:
    """Whether two names share at least two words, by their consonants."""
    return len(_bones(one.split()) & _bones(other.split())) >= SHARED


def _bones(words: Iterable[str]) -> set[str]:
    return {bones for word in words if len(bones := skeleton(word)) > 1}
