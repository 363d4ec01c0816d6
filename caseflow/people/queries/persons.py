"""What is known of a person: names, numbers, relatives, consents and notes."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, or_, select, type_coerce
from sqlalchemy.orm import joinedload

from caseflow.core.db import db, one_or_404
from caseflow.core.paging import Page, paged
from caseflow.core.sealing import lookup_hash
from caseflow.people.models import (
    Case,
    CaseReturn,
    Consent,
    Identifier,
    IdentifierKind,
    Name,
    NameKind,
    Note,
    NoteKind,
    Person,
    Relative,
)


def names(person: Person, kind: NameKind | None = None) -> list[Name]:
    """The ways in which the person's name is written; only one kind of them where it is given."""
    query = select(Name).where(Name.org_id == person.org_id, Name.person_id == person.id).order_by(Name.id)
    if kind is not None:
        query = query.where(Name.kind == kind)
    return list(db.session.scalars(query))


def identifiers(person: Person) -> dict[IdentifierKind, str]:
    """The numbers by which the person is known elsewhere."""
    query = select(Identifier).where(Identifier.org_id == person.org_id, Identifier.person_id == person.id)
    return {one.kind: one.value for one in db.session.scalars(query.order_by(Identifier.id))}


def identified(org_id: uuid.UUID, values: Iterable[str]) -> ColumnElement[bool]:
    """That an identifier has one of these values: by its hash, or as it stands where it is not sealed yet."""
    held = list(values)
    unsealed = and_(Identifier.value_hash.is_(None), type_coerce(Identifier.value, Text).in_(held))
    return or_(Identifier.value_hash.in_([lookup_hash(org_id, value) for value in held]), unsealed)


def person_values(person: Person) -> dict[str, Any]:
    """All that is written down of a person, by the names of the form's fields."""
    script = [one.full for one in names(person, NameKind.SCRIPT) if one.full != person.latin_name]
    held: dict[str, Any] = {name: getattr(person, name) for name in _SHOWN}
    held["person_number"] = person.number
    held["scripts"] = "\n".join(script)
    held["aliases"] = "\n".join(one.full for one in names(person, NameKind.ALIAS))
    held.update({kind.value: value for kind, value in identifiers(person).items()})
    return held


_SHOWN = (
    "name",
    "latin_name",
    "sex",
    "gender",
    "birth_date",
    "birth_estimated",
    "age_group",
    "nationality",
    "languages",
    "literacy",
    "interpreter_language",
    "accessibility",
    "phone",
    "address",
    "safe_to_phone",
    "safe_to_text",
    "safe_to_write",
)


def relatives(person: Person) -> list[Relative]:
    """The person's family, children last, by name."""
    query = select(Relative).where(Relative.org_id == person.org_id, Relative.person_id == person.id)
    return list(db.session.scalars(query.order_by(Relative.child, Relative.name)))


def relative(person: Person, relative_id: uuid.UUID) -> Relative:
    """One of the person's family, or 404."""
    mine = (Relative.org_id == person.org_id, Relative.person_id == person.id)
    return one_or_404(select(Relative).where(*mine, Relative.id == relative_id))


def consents(case: Case) -> list[Consent]:
    """All consents of a case, newest first, the withdrawn and ended ones too."""
    query = select(Consent).where(Consent.org_id == case.org_id, Consent.case_id == case.id)
    return list(db.session.scalars(query.order_by(Consent.created_at.desc(), Consent.id.desc())))


def consent(case: Case, consent_id: uuid.UUID) -> Consent:
    """A consent of a case, or 404."""
    query = select(Consent).where(Consent.org_id == case.org_id, Consent.case_id == case.id)
    return one_or_404(query.where(Consent.id == consent_id))


def live_consents(case: Case, grantee_org_id: uuid.UUID, on: date) -> list[Consent]:
    """The consents that hold on that day for telling this organisation something."""
    return [one for one in consents(case) if one.grantee_org_id == grantee_org_id and one.live(on)]


def notes(case: Case, kind: NoteKind | None = None) -> list[Note]:
    """The notes of a case, what happened last first; amendments are among them."""
    query = select(Note).where(Note.org_id == case.org_id, Note.case_id == case.id).options(joinedload(Note.author))
    if kind is not None:
        query = query.where(Note.kind == kind)
    return list(db.session.scalars(query.order_by(Note.occurred_at.desc(), Note.id.desc())).unique())


@dataclass(frozen=True)
class Thread:
    """A note as it was first written, and what was added to it later, oldest first."""

    note: Note
    amendments: list[Note]


def threads(case: Case, kind: NoteKind | None = None, *, number: int = 1) -> Page[Thread]:
    """One page of a case's notes with their amendments, what happened last first."""
    query = select(Note).where(Note.org_id == case.org_id, Note.case_id == case.id, Note.amends_id.is_(None))
    if kind is not None:
        query = query.where(Note.kind == kind)
    query = query.options(joinedload(Note.author)).order_by(Note.occurred_at.desc(), Note.id.desc())
    found = paged(query, number=number)
    added: dict[uuid.UUID | None, list[Note]] = {}
    if found.items:
        later = select(Note).where(Note.org_id == case.org_id, Note.amends_id.in_([one.id for one in found.items]))
        for one in db.session.scalars(
            later.options(joinedload(Note.author)).order_by(Note.created_at, Note.id)
        ).unique():
            added.setdefault(one.amends_id, []).append(one)
    return Page([Thread(one, added.get(one.id, [])) for one in found.items], found.number, found.size, found.total)


def note(case: Case, note_id: uuid.UUID) -> Note:
    """A note of a case, or 404."""
    return one_or_404(select(Note).where(Note.org_id == case.org_id, Note.case_id == case.id, Note.id == note_id))


def case_return(case: Case) -> CaseReturn | None:
    """That the person came back to prison, where the register says so."""
    query = select(CaseReturn).where(CaseReturn.org_id == case.org_id, CaseReturn.case_id == case.id)
    return db.session.scalars(query).one_or_none()
