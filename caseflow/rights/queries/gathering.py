"""Everything that this organisation holds of one person, found by the models' own ways to a person."""

import uuid
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select

from caseflow.accounts.models import User
from caseflow.audit import queries as audit
from caseflow.audit.models import Entry
from caseflow.core.db import Model, db
from caseflow.directory.models import Service
from caseflow.people.models import OF_CASE, OF_PERSON, Case, Person
from caseflow.referrals.models import Origin
from caseflow.rights.copying import Known
from caseflow.rights.giving import DECIDED, GUARDING, NEVER, Giving, columns, given, others
from caseflow.rights.words import FACTS
from caseflow.tenancy.models import Organisation, Site


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


def known(rows: Collection[Any]) -> Known:
    """Whom and what these rows name by their ids."""
    users = {entry.user_id for entry in rows if isinstance(entry, Entry)}
    users |= {value for row in rows for _column, value, giving in columns(row) if giving is Giving.ROLE}
    found = db.session.execute(select(User.id, User.role).where(User.id.in_(users - {None})))
    roles = {row.id: row.role for row in found}
    said = (one for row in rows for one in (*given(row, roles), *others(row)))
    ids = {value for column, value in said if column in FACTS and isinstance(value, uuid.UUID)}
    names: dict[uuid.UUID, str] = {}
    for model in (Organisation, Service, Site):
        named = db.session.execute(select(model.id, model.name).where(model.id.in_(ids)))
        names.update((key, name) for key, name in named)
    return Known(roles, names)


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
