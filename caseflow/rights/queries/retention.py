"""What falls due by the rules of retention, what is held, and what was erased."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import abort
from sqlalchemy import (
    ColumnElement,
    Date,
    Integer,
    Select,
    and_,
    case,
    cast,
    exists,
    false,
    func,
    literal,
    select,
    text,
    union,
)
from sqlalchemy.orm import aliased, joinedload

from caseflow.accounts.models import User
from caseflow.accounts.permissions import Permission
from caseflow.core.db import db, one_or_404
from caseflow.core.paging import Page, paged
from caseflow.people import queries as people
from caseflow.people.models import Case, Person, Phase
from caseflow.rights.models import DEFAULTS, FALLBACK, PERSONAL, Erasure, ErasureState, Hold, Rule, RuleKind
from caseflow.rights.queries import received
from caseflow.tenancy.models import OrganisationKind

LIVE = (ErasureState.PROPOSED, ErasureState.APPROVED)
ADULT_AT = 18  # years


@dataclass(frozen=True, slots=True)
class Due:
    """A person whose records have been kept long enough, with the case that was closed last."""

    person: Person
    case: Case
    kind: RuleKind
    due_on: date


def rules(user: User) -> dict[RuleKind, int]:
    """For how many years records, and received referrals, are kept where no rule names the outcome."""
    held = {one.kind: one.years for one in _rules(user.org_id) if one.outcome is None}
    return FALLBACK | DEFAULTS.get(user.organisation.country, {}) | held


def kinds(user: User) -> list[RuleKind]:
    """Which rules are the user's to see to: the organisation has cases, which they open, or receives referrals."""
    kind, mine = user.organisation.kind, Case.org_id == user.org_id
    has_cases = user.may(Permission.OPEN_CASES) and (
        kind is not OrganisationKind.CSO or db.session.scalar(select(exists().where(mine)))
    )
    receives = kind is OrganisationKind.CSO or received.any_received(user)
    return [*(PERSONAL if has_cases else ()), *((RuleKind.RECEIVED,) if receives else ())]


def special_rules(user: User) -> list[Rule]:
    """The rules for cases that ended in a certain way."""
    return [one for one in _rules(user.org_id) if one.outcome is not None]


def _rules(org_id: uuid.UUID) -> list[Rule]:
    return list(db.session.scalars(select(Rule).where(Rule.org_id == org_id).order_by(Rule.kind, Rule.outcome)))


def due(user: User, *, page: int) -> Page[Due]:
    """Whose records fall due, the longest due first, among the cases that the user may open."""
    query, kind, due_on = _due(user)
    found = paged(query.add_columns(kind, due_on).order_by(due_on, Case.id), number=page)
    items = [Due(one.person, one, RuleKind(of), on) for one, of, on in found.items]
    return Page(items, found.number, found.size, found.total)


def due_person(person_id: uuid.UUID, user: User) -> Due | None:
    """The same for one person; None where their records do not fall due, are held, or are proposed already."""
    query, kind, due_on = _due(user)
    row = db.session.execute(query.add_columns(kind, due_on).where(Case.person_id == person_id)).unique().one_or_none()
    return None if row is None else Due(row[0].person, row[0], RuleKind(row[1]), row[2])


def _due(user: User) -> tuple[Select[Case], ColumnElement[str], ColumnElement[date]]:
    """The last case of each such person: all cases are closed, none was closed later, nothing holds it."""
    juvenile = cast(Person.birth_date + func.make_interval(ADULT_AT), Date) > _first(Case.person_id)
    kind = case((juvenile, RuleKind.JUVENILE.value), else_=RuleKind.ADULT.value)
    years: list[tuple[ColumnElement[bool], ColumnElement[int]]] = []
    for rule in special_rules(user):
        fits = and_(kind == rule.kind.value, Case.outcome == rule.outcome)
        years.append((fits, literal(rule.years, Integer)))
    years += [(kind == of.value, literal(count, Integer)) for of, count in rules(user).items() if of in PERSONAL]
    due_on = cast(Case.closed_on + func.make_interval(case(*years)), Date)
    other = aliased(Case)
    of_same = and_(other.org_id == Case.org_id, other.person_id == Case.person_id)
    later = (other.closed_on > Case.closed_on) | ((other.closed_on == Case.closed_on) & (other.id > Case.id))
    query = (
        _openable(user)
        .join(Person, and_(Person.org_id == Case.org_id, Person.id == Case.person_id))
        .where(
            Case.phase == Phase.CLOSED,
            due_on <= user.organisation.today(),
            ~exists().where(of_same, (other.phase != Phase.CLOSED) | later),
            ~exists().where(Hold.org_id == Case.org_id, Hold.person_id == Case.person_id, Hold.ended_at.is_(None)),
            ~exists().where(
                Erasure.org_id == Case.org_id,
                Erasure.person_id == Case.person_id,
                Erasure.state.in_((*LIVE, ErasureState.DONE)),
            ),
        )
        .options(joinedload(Case.person))
    )
    return query, kind, due_on


def _openable(user: User) -> Select[Case]:
    """The cases that the user may open; none for whoever's role opens no case, and decides on what was received."""
    query = people.visible(user)
    return query if user.may(Permission.OPEN_CASES) else query.where(false())


def opened(case_id: uuid.UUID, user: User) -> Case:
    """A case that the user may open, or 404, for whoever's role opens none as well."""
    return people.opened(case_id, user) if user.may(Permission.OPEN_CASES) else abort(404)


@dataclass(frozen=True, slots=True)
class Sealed:
    """A juvenile's sealed file as a team leader must know of it: a number and dates, no name."""

    person_id: uuid.UUID
    number: str
    closed_on: date
    due_on: date
    held: bool
    proposed: bool


def sealed(user: User) -> list[Sealed]:
    """The sealed files of the organisation by when they fall due, where nobody excluded the user from them."""
    years = {one.outcome: one.years for one in special_rules(user) if one.kind is RuleKind.JUVENILE}
    general, found = rules(user)[RuleKind.JUVENILE], []
    for row in db.session.execute(text("SELECT * FROM sealed_files()")):
        due_on = _later(row.closed_on, years.get(row.outcome, general))
        found.append(Sealed(row.person_id, row.number, row.closed_on, due_on, row.held, row.proposed))
    return sorted(found, key=lambda one: (one.due_on, one.number))


def sealed_due(user: User) -> list[Sealed]:
    """Those that fall due, that nothing holds and nobody has proposed."""
    return [one for one in sealed(user) if one.due_on <= user.organisation.today() and not one.held | one.proposed]


def _later(day: date, years: int) -> date:
    """The same day so many years later, as PostgreSQL counts: the 28th where there is no 29th of February."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def _first(person_id: ColumnElement[uuid.UUID] | object) -> ColumnElement[date]:
    """When the person's first case began."""
    other = aliased(Case)
    begun = select(func.min(other.opened_on)).where(other.org_id == Case.org_id, other.person_id == person_id)
    return begun.correlate(Case).scalar_subquery()


def holds(person: Person) -> list[Hold]:
    """What keeps, and kept, the person's records, the newest first."""
    query = select(Hold).where(Hold.org_id == person.org_id, Hold.person_id == person.id)
    return list(db.session.scalars(query.options(joinedload(Hold.setter)).order_by(Hold.created_at.desc())).unique())


def hold(person: Person, id: uuid.UUID) -> Hold:
    """One of them, or 404."""
    mine = (Hold.org_id == person.org_id, Hold.person_id == person.id)
    return one_or_404(select(Hold).where(*mine, Hold.id == id))


def held(org_id: uuid.UUID, person_id: uuid.UUID) -> bool:
    """Whether something keeps the person's records now."""
    live = (Hold.org_id == org_id, Hold.person_id == person_id, Hold.ended_at.is_(None))
    return db.session.scalar(select(exists().where(*live))) or False


def on_hold(erasure: Erasure, user: User) -> bool:
    """Whether something keeps what an erasure is about; of a sealed file, its function tells."""
    if erasure.referral_id is not None:
        return received.held(erasure.org_id, erasure.referral_id)
    assert erasure.person_id is not None  # the one or the other, by a CHECK
    sealed_held = any(one.held for one in sealed(user) if one.person_id == erasure.person_id)
    return held(erasure.org_id, erasure.person_id) or sealed_held


def proposals(user: User) -> list[tuple[Erasure, Person]]:
    """What waits for a second person, the oldest first, where the user may open a case of the person."""
    return [(row[0], row[1]) for row in db.session.execute(_proposals(user)).unique()]


def sealed_proposals(user: User) -> list[tuple[Erasure, Sealed]]:
    """The same for sealed files, which nobody opens for it."""
    files = {one.person_id: one for one in sealed(user)}
    query = _sealed_proposals(files, user).options(joinedload(Erasure.proposer))
    found = db.session.scalars(query.order_by(Erasure.created_at)).unique()
    return [(one, files[one.person_id]) for one in found if one.person_id]


def _sealed_proposals(files: Iterable[uuid.UUID], user: User) -> Select[Erasure]:
    query = select(Erasure).where(Erasure.org_id == user.org_id, Erasure.state == ErasureState.PROPOSED)
    return query.where(Erasure.sealed, Erasure.person_id.in_(files))


def erasures_to_decide(user: User) -> int:
    """On how many erasures the user is asked to decide: others have proposed them."""
    mine = [_proposals(user), _sealed_proposals([one.person_id for one in sealed(user)], user), received.waiting(user)]
    each = [query.where(proposed_by_others(user)).with_only_columns(Erasure.id).order_by(None) for query in mine]
    return db.session.scalar(select(func.count()).select_from(union(*each).subquery())) or 0


def proposed_by_others(user: User) -> ColumnElement[bool]:
    """That an erasure waits for a decision of somebody else than whoever proposed it."""
    return and_(Erasure.state == ErasureState.PROPOSED, Erasure.proposed_by != user.id)


def proposal(id: uuid.UUID, user: User) -> tuple[Erasure, Person | Sealed | received.Received]:
    """One of them with what would be erased, or 404."""
    row = db.session.execute(_proposals(user).where(Erasure.id == id)).unique().one_or_none()
    if row is not None:
        return row[0], row[1]
    waiting: list[tuple[Erasure, Sealed | received.Received]] = [*sealed_proposals(user), *received.proposals(user)]
    return next((one for one in waiting if one[0].id == id), None) or abort(404)


def _proposals(user: User) -> Select[Erasure, Person]:
    seen: Any = _openable(user).with_only_columns(Case.person_id)
    return (
        select(Erasure, Person)
        .join(Person, and_(Person.org_id == Erasure.org_id, Person.id == Erasure.person_id))
        .where(Erasure.org_id == user.org_id, Erasure.state == ErasureState.PROPOSED, Person.id.in_(seen))
        .options(joinedload(Erasure.proposer))
        .order_by(Erasure.created_at)
    )


def log(user: User, *, page: int) -> Page[Erasure]:
    """All erasures that were decided, the newest first; they name nobody whose records they were."""
    query = select(Erasure).where(Erasure.org_id == user.org_id, Erasure.state != ErasureState.PROPOSED)
    query = query.options(joinedload(Erasure.proposer), joinedload(Erasure.decider))
    return paged(query.order_by(Erasure.created_at.desc(), Erasure.id), number=page)
