"""Finding people: by a name in any script, by number or identifier, within what the user may open."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any, TypeVar

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Integer,
    Select,
    Uuid,
    and_,
    any_,
    cast,
    exists,
    func,
    literal,
    select,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute, joinedload
from sqlalchemy.types import TypeEngine

from caseflow.accounts.models import User
from caseflow.accounts.permissions import Scope
from caseflow.core.db import db
from caseflow.core.formats import normalise_digits
from caseflow.core.sealing import opened_all
from caseflow.core.search import name_keys, query_keys, rank
from caseflow.people.models import Case, Category, Identifier, Name, NameKey, Person
from caseflow.people.queries import identified, visible
from caseflow.referrals.models import Disclosure, Referral
from caseflow.referrals.queries import shared as referrals

T = TypeVar("T")

MINIMUM = 2  # letters or digits
CANDIDATES = 200  # cases that are read and ranked
SHOWN = 50
ALIKE = 0.5  # a name that is less like the query than this shares a few consonants with it and no more
RECEIVED = 5_000  # disclosed names compared; a receiver has no index of the people it helps
READ_AT_ONCE = 250  # of them


@dataclass(frozen=True, slots=True)
class Found:
    """A case whose person fits, and as what: by `number`, or by the likeness of a name (0 to 1)."""

    case: Case
    likeness: float
    number: bool = False


def search(text: str, user: User) -> list[Found]:
    """The cases in the user's scope that fit, best first, at most 50: numbers exactly, names by likeness."""
    text = normalise_digits(text.strip())
    exact = _by_number(text, user)
    seen = {found.case.id for found in exact}
    return [*exact, *(found for found in _by_name(text, user) if found.case.id not in seen)][:SHOWN]


def _by_number(text: str, user: User) -> list[Found]:
    spellings = sorted({text, text.upper()})
    persons = union_all(
        select(Person.id).where(Person.org_id == user.org_id, Person.number.in_(spellings)),
        select(Identifier.person_id).where(Identifier.org_id == user.org_id, identified(user.org_id, spellings)),
    )
    # Not one query with OR, which would read every case instead of asking each index.
    cases = union_all(
        select(Case.id).where(Case.org_id == user.org_id, Case.number.in_(spellings)),
        select(Case.id).where(Case.org_id == user.org_id, Case.person_id.in_(persons)),
    )
    query = _shown(visible(user)).where(Case.id.in_(cases))
    return [Found(one, 1.0, number=True) for one in db.session.scalars(query.limit(SHOWN)).unique()]


def _by_name(text: str, user: User) -> list[Found]:
    words = query_keys(text)
    if not words:
        return []
    fitting = visible(user).join(Person, and_(Person.org_id == Case.org_id, Person.id == Case.person_id))
    # A worker's few cases are each asked for the words; in a whole organisation the words lead to the persons.
    query, matched = (_asked if user.scope is Scope.OWN else _led)(fitting, words, user.org_id)
    query = query.where(matched >= _enough(len(words))).order_by(matched.desc(), Case.id.desc()).limit(CANDIDATES)
    rows = list(db.session.execute(query.with_only_columns(Case.id, Person.id, Person.name, Person.latin_name)))
    others = _other_names(user.org_id, {person_id for _case_id, person_id, _name, _latin in rows})
    named = [
        (case_id, [name, *([latin] if latin else []), *others.get(person_id, [])])
        for case_id, person_id, name, latin in rows
    ]
    likeness = {case_id: score for case_id, score in rank(text, named, SHOWN) if score >= ALIKE}
    cases = db.session.scalars(_shown(visible(user)).where(_among(Case.id, likeness, Uuid))).unique()
    return sorted((Found(one, likeness[one.id]) for one in cases), key=lambda found: -found.likeness)


def _enough(asked: int) -> int:
    """How many of the words asked for a name must match: all of two, then all but one (a patronymic, a second name)."""
    return asked if asked <= 2 else asked - 1


def _led(
    query: Select[Any], words: Sequence[frozenset[int]], org_id: uuid.UUID
) -> tuple[Select[Any], ColumnElement[int]]:
    """The query joined to the persons that share a key with any word, and with how many words they do."""
    each = [
        select(NameKey.person_id).where(NameKey.org_id == org_id, _among(NameKey.key, keys, Integer)).distinct()
        for keys in words
    ]
    either = union_all(*each).subquery()
    hits = select(either.c.person_id, func.count().label("words")).group_by(either.c.person_id).subquery()
    return query.join(hits, hits.c.person_id == Case.person_id), hits.c.words


def _asked(
    query: Select[Any], words: Sequence[frozenset[int]], org_id: uuid.UUID
) -> tuple[Select[Any], ColumnElement[int]]:
    """The query as it is, and with how many words each case's person shares a key: a few index probes a case."""
    shares = [
        exists().where(
            NameKey.org_id == org_id, NameKey.person_id == Case.person_id, _among(NameKey.key, keys, Integer)
        )
        for keys in words
    ]
    return query, reduce(add, (cast(one, Integer) for one in shares))


def _other_names(org_id: uuid.UUID, persons: set[uuid.UUID]) -> dict[uuid.UUID, list[str]]:
    query = select(Name.person_id, Name.full).where(Name.org_id == org_id, _among(Name.person_id, persons, Uuid))
    found: dict[uuid.UUID, list[str]] = {}
    for person_id, full in db.session.execute(query):
        found.setdefault(person_id, []).append(full)
    return found


def _among(column: InstrumentedAttribute[T], values: Iterable[T], kind: type[TypeEngine[T]]) -> ColumnElement[bool]:
    """The column is one of these values, sent as one array: the statement stays the same however many there are."""
    return column == any_(literal(list(values), ARRAY(kind)))


def _shown(query: Select[Case]) -> Select[Case]:
    return query.options(joinedload(Case.person), joinedload(Case.site)).order_by(Case.opened_on.desc(), Case.id)


def search_received(text: str, user: User) -> list[tuple[Referral, str]]:
    """The received referrals the user sees whose disclosed name is like the text, with that name, best first."""
    words = query_keys(normalise_digits(text))
    if not words:
        return []
    query = (
        referrals.visible(user)
        .join(
            Disclosure,
            and_(
                Disclosure.to_org_id == Referral.to_org_id,
                Disclosure.org_id == Referral.org_id,
                Disclosure.referral_id == Referral.id,
                Disclosure.category == Category.IDENTITY,
            ),
        )
        .with_only_columns(Referral.org_id, Referral.id, Disclosure.content)
        .order_by(Referral.sent_at.desc())
        .limit(RECEIVED)
    )
    candidates = []
    # A part at a time, and no rows of whole referrals: a large receiver was sent thousands.
    for part in db.session.execute(query, execution_options={"yield_per": READ_AT_ONCE}).partitions():
        for row, content in zip(part, opened_all(row[2] for row in part), strict=True):
            if not content:  # erased
                continue
            names = [content["name"], *filter(None, [content["latin_name"]]), *content["other_names"]]
            keys = name_keys(*names)
            if sum(not keys.isdisjoint(word) for word in words) >= _enough(len(words)):
                candidates.append(((tuple(row[:2]), content["name"]), names))
    best = [item for item, score in rank(text, candidates, SHOWN) if score >= ALIKE]
    query = referrals.visible(user).where(_among(Referral.id, [key[1] for key, _name in best], Uuid))
    found = {(one.org_id, one.id): one for one in db.session.scalars(query.options(joinedload(Referral.service_now)))}
    return [(found[key], name) for key, name in best]
