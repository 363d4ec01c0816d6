"""Everything that this organisation holds of one person, found by the models' own ways to a person."""

import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select

from caseflow.audit.models import Entry
from caseflow.core.db import Model, db
from caseflow.people.models import OF_CASE, OF_PERSON, Case, Person
from caseflow.referrals.models import Origin

# Of no meaning to the person, or not theirs to have: keys, search keys, fingerprints.
LEFT_OUT = {"person_keys", "name_keys", "erasures", "access_requests", "access_parts"}
HIDDEN = {"org_id", "register_print", "value_hash", "number_hash", "version"}


def gather(person: Person, only: str | None = None) -> dict[str, list[Any]]:
    """The rows about the person by table, drafts and audit too, the oldest first; tables without a row are left out.

    With `only`, the rows of that table.
    """
    wanted = {name: query for name, query in _queries(person) if only in (None, name)}
    found = {name: list(db.session.scalars(query).unique()) for name, query in wanted.items()}
    return {name: sorted(rows, key=_age) for name, rows in sorted(found.items()) if rows}


def _age(row: Any) -> tuple[datetime, uuid.UUID]:
    return (getattr(row, "created_at", None) or datetime.min.replace(tzinfo=UTC), row.id)


def as_json(row: Any) -> dict[str, Any]:
    """A row as JSON can hold it, by the columns' names, with sealed texts opened."""
    return {column: _json(value) for column, value in facts(row)}


def facts(row: Any) -> Iterator[tuple[str, Any]]:
    """What a row says, column by column, with sealed texts opened."""
    for one in row.__mapper__.column_attrs:
        if one.columns[0].name not in HIDDEN:
            yield one.columns[0].name, getattr(row, one.key)


def _queries(person: Person) -> Iterator[tuple[str, Select[Any]]]:
    cases = select(Case.id).where(Case.org_id == person.org_id, Case.person_id == person.id)
    for mapper in Model.registry.mappers:
        model: Any = mapper.class_
        if model.__tablename__ not in LEFT_OUT and (hops := _way(model)) is not None:
            yield (
                model.__tablename__,
                select(model).where(model.org_id == person.org_id, _leads(model, hops, person.id)),
            )
    sent = select(Origin.id).where(Origin.org_id == person.org_id, Origin.case_id.in_(cases))
    for mapper in Model.registry.mappers:
        model = mapper.class_
        if model.__tablename__ not in LEFT_OUT and _of_referral(model):
            key = model.id if model.__tablename__ == "referrals" else model.referral_id
            yield model.__tablename__, select(model).where(model.org_id == person.org_id, key.in_(sent))
    about = or_(Entry.case_id.in_(cases), and_(Entry.subject == "persons", Entry.subject_id == person.id))
    yield "audit_entries", select(Entry).where(Entry.org_id == person.org_id, about)


def way(model: Any) -> bool:
    """Whether rows of this kind are in a person's records."""
    found = _way(model) is not None or _of_referral(model) or model is Entry
    return found and model.__tablename__ not in LEFT_OUT


def _of_referral(model: Any) -> bool:
    return model.__tablename__ == "referrals" or hasattr(model, "referral_id")


def _way(model: Any) -> tuple[str, ...] | None:
    """The way from a row to the person: declared, or by its column."""
    if hasattr(model, "__subject__"):
        way: tuple[str, ...] = model.__subject__
        return way
    columns = model.__table__.columns
    return OF_PERSON if "person_id" in columns else OF_CASE if "case_id" in columns and model is not Entry else None


def _leads(model: Any, way: tuple[str, ...], person_id: uuid.UUID) -> ColumnElement[bool]:
    """That the way from a row ends at this person; each hop stays within the organisation."""
    first, *hops = way
    column, org_id = getattr(model, first), model.org_id
    if not hops:
        reached: ColumnElement[bool] = column == person_id
        return reached
    table, key = hops[0].split(".")
    classes: list[Any] = [one.class_ for one in Model.registry.mappers]
    there = next(one for one in classes if one.__tablename__ == table)
    onward = select(there.id).where(there.org_id == org_id, _leads(there, (key, *hops[1:]), person_id))
    among: ColumnElement[bool] = column.in_(onward)
    return among


def _json(value: Any) -> Any:
    match value:
        case Enum():
            return value.value
        case uuid.UUID():
            return str(value)
        case datetime() | date():
            return value.isoformat()
        case bytes():
            return None
        case list():
            return [_json(one) for one in value]
    return value
