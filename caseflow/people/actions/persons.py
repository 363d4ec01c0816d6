"""A person's names, numbers and particulars, and their relatives."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date

from flask_babel import gettext as _
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm.attributes import flag_modified

from caseflow.accounts.models import User
from caseflow.audit.actions import record
from caseflow.core.db import db, new_id
from caseflow.core.errors import Refused
from caseflow.core.forms import check_version
from caseflow.core.search import name_keys
from caseflow.people import queries
from caseflow.people.actions.once import one_at_a_time, sent_before
from caseflow.people.models import (
    Case,
    Identifier,
    IdentifierKind,
    Literacy,
    Name,
    NameKey,
    NameKind,
    Person,
    Relative,
    Sex,
)


@dataclass(frozen=True, kw_only=True)
class PersonFields:
    """What is written down of a person; `scripts` are the same name in further scripts, `aliases` other names."""

    number: str
    name: str
    latin_name: str | None = None
    scripts: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    identifiers: Mapping[IdentifierKind, str] = field(default_factory=dict)
    sex: Sex = Sex.UNKNOWN
    gender: str | None = None
    birth_date: date | None = None
    birth_estimated: bool = False
    age_group: str | None = None
    nationality: str | None = None
    languages: tuple[str, ...] = ()
    literacy: Literacy = Literacy.UNKNOWN
    interpreter_language: str | None = None
    accessibility: str | None = None
    phone: str | None = None
    address: str | None = None
    safe_to_phone: bool = False
    safe_to_text: bool = False
    safe_to_write: bool = False


_ELSEWHERE = ("scripts", "aliases", "identifiers")  # in tables of their own


def add_person(person: PersonFields, *, by: User) -> Person:
    """Write down a new person; refuses a number that another has."""
    one_at_a_time("persons", by.org_id)
    row = Person(org_id=by.org_id, id=new_id(), number=person.number)
    _check_numbers(row, person)
    _fill(row, person)
    db.session.add(row)
    db.session.flush()
    _write_names(row, person)
    _write_identifiers(row, person.identifiers)
    record("person.add", by=by, on=row)
    return row


def edit_person(case: Case, person: PersonFields, *, version: int | None = None, by: User) -> None:
    """Change what is written down of the case's person; Conflict when somebody else changed it meanwhile."""
    row = case.person
    check_version(row, version, **queries.person_values(row))
    one_at_a_time("persons", by.org_id)
    _check_numbers(row, person)
    _fill(row, person)
    # Names and numbers are part of the person: a second writer must notice a change of them alone, too.
    flag_modified(row, "name")
    db.session.flush()
    _write_names(row, person)
    _write_identifiers(row, person.identifiers)
    record("person.edit", by=by, on=row, case_id=case.id)


def _fill(row: Person, person: PersonFields) -> None:
    for one in fields(PersonFields):
        if one.name not in _ELSEWHERE:
            value = getattr(person, one.name)
            setattr(row, one.name, list(value) if isinstance(value, tuple) else value)


def _check_numbers(row: Person, person: PersonFields) -> None:
    if queries.number_taken(person.number, "person", but=row.id):
        raise Refused(_("Another person has this number."), field="person_number")
    for kind, value in person.identifiers.items():
        if queries.number_taken(value, kind, but=row.id):
            raise Refused(_("Another person has this number."), field=kind.value)


def _write_names(row: Person, person: PersonFields) -> None:
    """Make the names and their search keys what the fields say."""
    scripts = [person.latin_name] if person.latin_name else []
    wanted = dict.fromkeys(
        [
            (NameKind.OFFICIAL, person.name),
            *((NameKind.SCRIPT, full) for full in [*scripts, *person.scripts]),
            *((NameKind.ALIAS, full) for full in person.aliases),
        ]
    )
    for held in db.session.scalars(select(Name).where(Name.org_id == row.org_id, Name.person_id == row.id)):
        if (held.kind, held.full) in wanted:
            del wanted[held.kind, held.full]
        else:
            db.session.delete(held)
    for kind, full in wanted:
        db.session.add(Name(org_id=row.org_id, person_id=row.id, kind=kind, full=full))
    everything = [person.name, *scripts, *person.scripts, *person.aliases]
    write_name_keys(row.org_id, row.id, everything)
    db.session.expire(row, ["names"])


def write_name_keys(org_id: uuid.UUID, person_id: uuid.UUID, names: Iterable[str]) -> None:
    """Make the person findable by these names, in every script, and by no others."""
    keys = name_keys(*names)
    mine = (NameKey.org_id == org_id, NameKey.person_id == person_id)
    held = set(db.session.scalars(select(NameKey.key).where(*mine)))
    if held - keys:
        db.session.execute(delete(NameKey).where(*mine, NameKey.key.in_(held - keys)))
    if keys - held:
        rows = [{"org_id": org_id, "key": key, "person_id": person_id} for key in sorted(keys - held)]
        db.session.execute(insert(NameKey).on_conflict_do_nothing(), rows)


def _write_identifiers(row: Person, identifiers: Mapping[IdentifierKind, str]) -> None:
    held = db.session.scalars(
        select(Identifier).where(Identifier.org_id == row.org_id, Identifier.person_id == row.id)
    ).all()
    for one in held:
        if identifiers.get(one.kind) != one.value:
            db.session.delete(one)
    db.session.flush()
    known = {(one.kind, one.value) for one in held}
    for kind, value in identifiers.items():
        if (kind, value) not in known:
            db.session.add(Identifier(org_id=row.org_id, person_id=row.id, kind=kind, value=value))


@dataclass(frozen=True, kw_only=True)
class RelativeFields:
    """What is written down of a relative, and what contact is wanted and safe."""

    name: str
    relation: str
    birth_year: int | None = None
    child: bool = False
    cared_for_by: str | None = None
    phone: str | None = None
    address: str | None = None
    contact_wanted: bool = True
    safe_to_phone: bool = False
    safe_to_write: bool = False
    notify: bool = False
    restriction: str | None = None


def add_relative(case: Case, relative: RelativeFields, *, id: uuid.UUID | None = None, by: User) -> Relative:
    """Write down a relative of the case's person."""
    if found := sent_before(Relative, id, by=by):
        return found
    row = Relative(org_id=case.org_id, id=id or new_id(), person_id=case.person_id)
    _fill_relative(row, relative)
    db.session.add(row)
    record("relative.add", by=by, on=row, case_id=case.id)
    return row


def change_relative(
    case: Case, row: Relative, relative: RelativeFields, *, version: int | None = None, by: User
) -> None:
    """Change what is written down of a relative; Conflict when somebody else changed it meanwhile."""
    check_version(row, version, **{one.name: getattr(row, one.name) for one in fields(RelativeFields)})
    _fill_relative(row, relative)
    db.session.flush()
    record("relative.edit", by=by, on=row, case_id=case.id)


def _fill_relative(row: Relative, relative: RelativeFields) -> None:
    for one in fields(RelativeFields):
        setattr(row, one.name, getattr(relative, one.name))
