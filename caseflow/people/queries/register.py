"""What the database holds of the persons and cases that a batch of a register names."""

import uuid
from collections.abc import Callable
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Select, Text, Uuid, any_, func, literal, select, true

from caseflow.core.db import db
from caseflow.core.sealing import lookup_hash, opened
from caseflow.people.models import Case, Identifier, Name, Person
from caseflow.people.queries.persons import identified
from caseflow.tenancy.models import Site

# What a register's row says of a person and a case, by the columns of our tables; names are looked after apart.
PERSON = ("sex", "gender", "birth_date", "birth_estimated", "age_group", "nationality", "languages")
CASE = (
    "opened_on", "admitted_at", "legal_status", "offence_class", "offence_type", "offence_subtype", "sentence_months",
    "release_on", "released_on", "release_type", "release_year",
)  # fmt: skip

Number = tuple[str, str]  # the kind of an identifier and its value


def persons(org_id: uuid.UUID, numbers: list[str]) -> dict[str, dict[str, Any]]:
    """The persons with these register numbers, by number."""
    columns = [Person.id, Person.number, Person.name, Person.latin_name, *(getattr(Person, name) for name in PERSON)]
    return _one_by_one(numbers, lambda number: select(*columns).where(Person.org_id == org_id, Person.number == number))


def cases(org_id: uuid.UUID, numbers: list[str]) -> dict[str, dict[str, Any]]:
    """The cases with these numbers, by number, each with its person's number and whether it is closed to some."""
    columns = [getattr(Case, name) for name in ("id", "number", "phase", "site_id", "register_print", "guarded", *CASE)]
    whose = select(Person.number).where(Person.org_id == Case.org_id, Person.id == Case.person_id)
    return _one_by_one(
        numbers,
        lambda number: select(*columns, whose.scalar_subquery().label("person_number")).where(
            Case.org_id == org_id, Case.number == number
        ),
    )


def _one_by_one(numbers: list[str], query: Callable[[ColumnElement[str]], Select[Any]]) -> dict[str, dict[str, Any]]:
    """The rows with these numbers, each looked up by its index.

    While a register fills empty tables there are no statistics yet, and a list of numbers in one condition would make
    the planner read all rows of the organisation instead, for every batch again.
    """
    wanted = (
        func.unnest(literal(sorted(set(numbers)), ARRAY(Text))).table_valued("number", name="wanted").render_derived()
    )
    found = query(wanted.c.number).limit(1).lateral("found")
    rows = db.session.execute(select(found).select_from(wanted).join(found, true()))
    return {row.number: dict(row._mapping) for row in rows}


def holders(org_id: uuid.UUID, numbers: list[Number]) -> dict[Number, str]:
    """Who has these identifiers already, by the register's numbers of the persons."""
    if not numbers:
        return {}
    hashed = {lookup_hash(org_id, value): value for _kind, value in numbers}
    query = (
        select(Identifier.kind, Identifier.value_hash, Identifier.value, Person.number)
        .join(Person, (Person.org_id == Identifier.org_id) & (Person.id == Identifier.person_id))
        .where(Identifier.org_id == org_id, identified(org_id, hashed.values()))
    )
    return {
        (kind.value, hashed[print_] if print_ else value): number
        for kind, print_, value, number in db.session.execute(query)
    }


def sites(org_id: uuid.UUID) -> dict[str, uuid.UUID]:
    """All sites of the organisation by their codes."""
    found = db.session.execute(select(Site.code, Site.id).where(Site.org_id == org_id))
    return {row.code: row.id for row in found}


def held_names(org_id: uuid.UUID, ids: list[uuid.UUID]) -> dict[uuid.UUID, list[Name]]:
    """The names of these persons, by the person's id."""
    found: dict[uuid.UUID, list[Name]] = {}
    query = select(Name).where(Name.org_id == org_id, Name.person_id == any_(literal(ids, ARRAY(Uuid))))
    for name in db.session.scalars(query.order_by(Name.id)):
        found.setdefault(name.person_id, []).append(name)
    return found


def held_numbers(org_id: uuid.UUID, ids: list[uuid.UUID]) -> dict[tuple[uuid.UUID, str], str]:
    """The identifiers of these persons, by the person's id and the kind."""
    query = select(Identifier.person_id, Identifier.kind, Identifier.value)
    query = query.where(Identifier.org_id == org_id, Identifier.person_id == any_(literal(ids, ARRAY(Uuid))))
    return {(person_id, kind.value): opened(value) for person_id, kind, value in db.session.execute(query)}
