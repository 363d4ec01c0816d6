"""Everything that this organisation holds of one person, found by the models' own ways to a person."""

import uuid
from collections.abc import Iterator
from datetime import date, datetime
from enum import Enum
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, and_, or_, select

from caseflow.audit.models import Entry
from caseflow.core.db import Model, db
from caseflow.people.models import OF_CASE, OF_PERSON, Case, Person
from caseflow.referrals.models import Origin

Part = list[dict[str, Any]]

# Of no meaning to the person, or not theirs to have: keys, search keys, fingerprints.
LEFT_OUT = {"person_keys", "name_keys", "erasures", "access_requests", "access_parts"}
HIDDEN = {"org_id", "to_org_id", "register_print", "value_hash", "number_hash", "version"}


# What a part is called; one that is not here goes by its table's name.
WORDS = {
    "assignments": _l("Workers of the case"),
    "audit_entries": _l("Who did and saw what"),
    "case_parties": _l("Organisations of the case"),
    "cases": _l("Cases"),
    "conditions": _l("Conditions of the order"),
    "consents": _l("Consents"),
    "contacts": _l("Contacts in supervision"),
    "disclosures": _l("What others were told"),
    "goals": _l("Goals"),
    "handovers": _l("Handovers"),
    "identifiers": _l("Numbers"),
    "intakes": _l("Intake"),
    "names": _l("Names"),
    "needs": _l("Needs"),
    "notes": _l("Notes"),
    "objections": _l("What the person says is wrong"),
    "persons": _l("The person"),
    "phase_changes": _l("Phases"),
    "plans": _l("Plan"),
    "referral_drafts": _l("Drafts of referrals"),
    "referral_messages": _l("Messages on referrals"),
    "referral_reports": _l("End reports"),
    "referral_sessions": _l("Sessions"),
    "referrals": _l("Referrals"),
    "relatives": _l("Family"),
    "retention_holds": _l("Holds"),
    "stays": _l("Stays"),
    "steps": _l("Steps"),
    "supervisions": _l("Supervision order"),
    "tasks": _l("Tasks"),
}


def gather(person: Person) -> dict[str, Part]:
    """The rows about the person by table, texts opened, drafts and audit too; tables without a row are left out."""
    found = {name: [_plain(row) for row in db.session.scalars(query).unique()] for name, query in _queries(person)}
    return {name: rows for name, rows in sorted(found.items()) if rows}


def _queries(person: Person) -> Iterator[tuple[str, Select[Any]]]:
    cases = select(Case.id).where(Case.org_id == person.org_id, Case.person_id == person.id)
    for mapper in Model.registry.mappers:
        model: Any = mapper.class_
        if model.__tablename__ not in LEFT_OUT and (way := _way(model)) is not None:
            yield model.__tablename__, select(model).where(model.org_id == person.org_id, _leads(model, way, person.id))
    sent = select(Origin.id).where(Origin.org_id == person.org_id, Origin.case_id.in_(cases))
    for mapper in Model.registry.mappers:
        model = mapper.class_
        if model.__tablename__ == "referrals" or hasattr(model, "referral_id"):
            key = model.id if model.__tablename__ == "referrals" else model.referral_id
            yield model.__tablename__, select(model).where(model.org_id == person.org_id, key.in_(sent))
    about = or_(Entry.case_id.in_(cases), and_(Entry.subject == "persons", Entry.subject_id == person.id))
    yield "audit_entries", select(Entry).where(Entry.org_id == person.org_id, about)


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


def _plain(row: Any) -> dict[str, Any]:
    """A row as JSON can hold it, by the columns' names, with sealed texts opened."""
    names = {one.columns[0].name: one.key for one in row.__mapper__.column_attrs}
    return {column: _json(getattr(row, name)) for column, name in names.items() if column not in HIDDEN}


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
