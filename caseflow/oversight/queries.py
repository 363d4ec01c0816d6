"""Reading the audit: its entries narrowed, who saw a person, and how far the chain is sealed and checked."""

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, Uuid, any_, func, literal, or_, select
from sqlalchemy.dialects.postgresql import ARRAY

from caseflow.accounts.models import User
from caseflow.audit.models import Check, Entry, Head, Seal
from caseflow.audit.queries import Told
from caseflow.core.db import db
from caseflow.core.formats import normalise_digits
from caseflow.core.paging import Page, paged
from caseflow.oversight.words import deed, details
from caseflow.people.models import Case, Person
from caseflow.tenancy.models import Organisation

__all__ = ["deed", "details", "newest"]

MOST = 50_000  # lines of a file


@dataclass(frozen=True, slots=True)
class Asked:
    """What of the audit is asked for: a noun (`case`) or an act (`case.read`), a user, days, the files of a person."""

    act: str | None = None
    by: uuid.UUID | None = None
    since: date | None = None
    until: date | None = None  # that day too
    files: frozenset[uuid.UUID] | None = None


def newest(user: User, asked: Asked | None = None, *, page: int = 1, size: int = 50) -> Page[tuple[Entry, str | None]]:
    """The organisation's entries with the name of who acted, newest first."""
    chosen = _chosen(user, asked or Asked())
    total = db.session.scalar(select(func.count()).select_from(Entry).where(*chosen)) or 0
    number = max(1, min(page, -(-total // size)))
    return Page(list(_rows(chosen, size, (number - 1) * size)), number, size, total)


def everything(user: User, asked: Asked) -> Iterator[tuple[Entry, str | None]]:
    """As `newest`, all of it, for a file; at most 50,000."""
    return _rows(_chosen(user, asked), MOST, 0)


def _rows(chosen: list[ColumnElement[bool]], most: int, after: int) -> Iterator[tuple[Entry, str | None]]:
    query = select(Entry, User.name).outerjoin(User, (User.org_id == Entry.org_id) & (User.id == Entry.user_id))
    query = query.where(*chosen).order_by(Entry.created_at.desc(), Entry.id.desc()).limit(most).offset(after)
    return ((entry, name) for entry, name in db.session.execute(query))


def _chosen(user: User, asked: Asked) -> list[ColumnElement[bool]]:
    chosen: list[ColumnElement[bool]] = [Entry.org_id == user.org_id]
    if asked.act:
        chosen.append((Entry.act == asked.act) | Entry.act.startswith(f"{asked.act}.", autoescape=True))
    if asked.by:
        chosen.append(Entry.user_id == asked.by)
    if asked.since:
        chosen.append(Entry.created_at >= midnight(user.organisation, asked.since))
    if asked.until:
        chosen.append(Entry.created_at < midnight(user.organisation, asked.until + timedelta(days=1)))
    if asked.files is not None:
        ids = literal(sorted(asked.files), ARRAY(Uuid))
        chosen.append(Entry.id.in_(select(func.audit_about(ids).table_valued("id").c.id)))
    return chosen


def midnight(organisation: Organisation, day: date) -> datetime:
    """When that day begins at the organisation."""
    return datetime.combine(day, time(), ZoneInfo(organisation.timezone))


@dataclass(frozen=True, slots=True)
class Named:
    """A person as the auditor meets them: by numbers, never by name."""

    person_id: uuid.UUID
    number: str
    cases: dict[uuid.UUID, str]  # id → number

    @property
    def files(self) -> frozenset[uuid.UUID]:
        """The ids under which the person's files stand in the audit."""
        return frozenset({self.person_id, *self.cases})


def named(text: str, user: User) -> Named | None:
    """The person with this number, this case number, or this id (of the person or of a case)."""
    text = normalise_digits(text.strip())
    spellings = sorted({text, text.upper()})
    try:
        given = uuid.UUID(text)
    except ValueError:
        given = uuid.UUID(int=0)
    of_case = select(Case.person_id).where(
        Case.org_id == user.org_id, or_(Case.number.in_(spellings), Case.id == given)
    )
    query = select(Person.id, Person.number).where(
        Person.org_id == user.org_id,
        or_(Person.number.in_(spellings), Person.id == given, Person.id.in_(of_case)),
    )
    row = db.session.execute(query.order_by(Person.number.in_(spellings).desc()).limit(1)).one_or_none()
    return None if row is None else _with_cases(user.org_id, row[0], row[1])


def files_of(person: Person) -> Named:
    """A person whose file is open."""
    return _with_cases(person.org_id, person.id, person.number)


def cases_of(person: Person) -> list[Case]:
    """All cases of a person, the newest first."""
    query = select(Case).where(Case.org_id == person.org_id, Case.person_id == person.id)
    return list(db.session.scalars(query.order_by(Case.opened_on.desc(), Case.id)))


def _with_cases(org_id: uuid.UUID, person_id: uuid.UUID, number: str) -> Named:
    cases = db.session.execute(select(Case.id, Case.number).where(Case.org_id == org_id, Case.person_id == person_id))
    return Named(person_id, number, {row[0]: row[1] for row in cases})


def numbers(user: User, files: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    """The numbers of cases, and of persons, among these ids."""
    ids = literal(sorted(set(files)), ARRAY(Uuid))
    found: dict[uuid.UUID, str] = {}
    for table in (Person, Case):
        query = select(table.id, table.number).where(table.org_id == user.org_id, table.id == any_(ids))
        found.update({row[0]: row[1] for row in db.session.execute(query)})
    return found


@dataclass(frozen=True, slots=True)
class Chain:
    """How far the organisation's audit is sealed, how much waits, and what the last reading of it found."""

    sealed_at: datetime | None
    seals: int
    entries: int
    waiting_since: datetime | None
    check: Check | None


def chain(user: User) -> Chain:
    """The state of the organisation's chain."""
    mine = Seal.org_id == user.org_id
    at, seals, entries = db.session.execute(
        select(func.max(Seal.created_at), func.count(), func.coalesce(func.sum(Seal.entries), 0)).where(mine)
    ).one()
    last = db.session.execute(
        select(Seal.last_xact, Seal.last_id).where(mine).order_by(Seal.number.desc()).limit(1)
    ).one_or_none()
    waiting = select(func.min(Entry.created_at)).where(Entry.org_id == user.org_id)
    if last is not None:
        waiting = waiting.where(
            or_(Entry.xact > last[0], (Entry.xact == last[0]) & (Entry.id > last[1])), Entry.xact >= last[0]
        )
    check = select(Check).where(Check.org_id == user.org_id).order_by(Check.created_at.desc()).limit(1)
    return Chain(at, seals, entries, db.session.scalar(waiting), db.session.scalars(check).one_or_none())


def heads(user: User, *, page: int = 1) -> Page[tuple[Head, str, str]]:
    """The heads told to this organisation as an oversight body, newest first, with whose they are (name, slug)."""
    query = select(Head, Organisation.name, Organisation.slug).join(Organisation, Organisation.id == Head.org_id)
    rows: Select[Any] = query.where(Head.to_org_id == user.org_id).order_by(  # type: ignore[assignment]  # paged() takes any columns
        Head.created_at.desc(), Head.id.desc()
    )
    return paged(rows, number=page, size=50)


def head_lines(user: User) -> Iterator[str]:
    """All heads told to this organisation as lines of a file of heads, the oldest first."""
    query = select(Head, Organisation.slug).join(Organisation, Organisation.id == Head.org_id)
    for head, slug in db.session.execute(query.where(Head.to_org_id == user.org_id).order_by(Head.created_at, Head.id)):
        yield Told(slug, str(head.org_id), head.number, head.total, head.hash.hex(), head.created_at.isoformat()).line()
