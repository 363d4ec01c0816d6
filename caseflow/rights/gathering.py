"""Everything that this organisation holds of one person, found by the models' own ways to a person."""

import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select

from caseflow.accounts.models import User
from caseflow.accounts.permissions import Role
from caseflow.audit import queries as audit
from caseflow.audit.models import Entry
from caseflow.core.db import Model, db
from caseflow.people.models import OF_CASE, OF_PERSON, Case, Person
from caseflow.referrals.models import Origin
from caseflow.rights.giving import DECIDED, GUARDING, NEVER, Giving, decided, without_others

Roles = Mapping[uuid.UUID, Role]


def gather(person: Person, only: str | None = None) -> dict[str, list[Any]]:
    """The rows about the person by table, drafts and audit too, the oldest first; tables without a row are left out.

    Of those tables alone that may be in a copy (`giving.DECIDED`): whoever sees what this finds sees no more.

    With `only`, the rows of that table.
    """
    wanted = {name: query for name, query in _queries(person) if only in (None, name)}
    found = {name: list(db.session.scalars(query).unique()) for name, query in wanted.items()}
    return {name: sorted(rows, key=_age) for name, rows in sorted(found.items()) if rows}


def _age(row: Any) -> tuple[datetime, uuid.UUID]:
    return (getattr(row, "created_at", None) or datetime.min.replace(tzinfo=UTC), row.id)


def as_json(row: Any, roles: Roles, chosen: Collection[str] = ()) -> dict[str, Any]:
    """What of a row is given out, as JSON can hold it: of colleagues their roles, of others what was `chosen`."""
    return {column: _json(value) for column, value in (*given(row, roles), *others(row, chosen))}


def given(row: Any, roles: Roles) -> Iterator[tuple[str, Any]]:
    """What a row says of the person, column by column, with sealed texts opened; of colleagues their roles."""
    for column, value, giving in _columns(row):
        match giving:
            case Giving.GIVEN:
                yield column, value
            case Giving.ROLE:
                yield column, roles.get(value)
            case Giving.MIXED:
                yield column, without_others(value)


def others(row: Any, chosen: Collection[str] | None = None) -> Iterator[tuple[str, Any]]:
    """What it says of somebody else, where it does; with `chosen`, those columns alone."""
    for column, value, giving in _columns(row):
        if chosen is not None and column not in chosen:
            continue
        more = giving is Giving.MIXED and value != without_others(value)
        if more or (giving is Giving.OTHERS and value not in (None, "")):
            yield column, value


def _columns(row: Any) -> Iterator[tuple[str, Any, Giving]]:
    for one in row.__mapper__.column_attrs:
        column = one.columns[0].name
        yield column, getattr(row, one.key), decided(row.__tablename__, column)


def roles_in(rows: Iterable[Any]) -> Roles:
    """The roles of the colleagues whom rows name by their ids."""
    found = {value for row in rows for _column, value, giving in _columns(row) if giving is Giving.ROLE and value}
    return roles_of(found)


def roles_of(ids: Collection[uuid.UUID]) -> Roles:
    """The roles of colleagues by their ids."""
    return {row.id: row.role for row in db.session.execute(select(User.id, User.role).where(User.id.in_(ids)))}


def _queries(person: Person) -> Iterator[tuple[str, Select[Any]]]:
    cases = select(Case.id).where(Case.org_id == person.org_id, Case.person_id == person.id)
    for mapper in Model.registry.mappers:
        model: Any = mapper.class_
        if model.__tablename__ in DECIDED and (hops := _way(model)) is not None:
            yield (
                model.__tablename__,
                select(model).where(model.org_id == person.org_id, _leads(model, hops, person.id)),
            )
    sent = select(Origin.id).where(Origin.org_id == person.org_id, Origin.case_id.in_(cases))
    for mapper in Model.registry.mappers:
        model = mapper.class_
        if model.__tablename__ in DECIDED and _of_referral(model):
            key = model.id if model.__tablename__ == "referrals" else model.referral_id
            yield model.__tablename__, select(model).where(model.org_id == person.org_id, key.in_(sent))
    entry = audit.about({person.id, *db.session.scalars(cases)})
    of_them = or_(entry.case_id.in_(cases), and_(entry.subject == "persons", entry.subject_id == person.id))
    yield "audit_entries", select(entry).where(of_them, ~_guards(entry))


def _guards(entry: Any) -> ColumnElement[bool]:
    """Whether an entry is of who may open the file: they are in no copy, as little as the decisions themselves."""
    by_act = func.split_part(entry.act, ".", 1).in_(GUARDING) & entry.subject.is_distinct_from("access_requests")
    return or_(by_act, func.coalesce(entry.subject.in_(set(NEVER) - {"access_requests"}), false()))


def way(model: Any) -> bool:
    """Whether rows of this kind are in a person's records."""
    return _way(model) is not None or _of_referral(model) or model is Entry


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
