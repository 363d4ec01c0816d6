"""One batch of a register: what is known of its rows, what is new, what changes, and all of it written at once."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ARRAY, Uuid, any_, delete, literal, update

from caseflow.core.db import db, now
from caseflow.core.sealing import lookup_hash, seal_values
from caseflow.core.search import name_keys
from caseflow.people.actions.bulk import RowId, insert_columns, insert_rows, row_id, update_rows
from caseflow.people.actions.persons import write_name_keys
from caseflow.people.models import (
    Case,
    CaseOutcome,
    CaseReturn,
    Identifier,
    IdentifierKind,
    Name,
    NameKey,
    NameKind,
    Person,
    Phase,
    Stay,
)
from caseflow.people.queries import register as known
from caseflow.people.queries.register import CASE, PERSON, Number
from caseflow.people.register.mapping import Mapping
from caseflow.people.register.reading import Row, RowError
from caseflow.people.register.rows import CaseRecord, PersonRecord, Record, ReturnRecord, SiteRecord
from caseflow.tenancy import actions as tenancy
from caseflow.tenancy.models import Organisation, OrganisationKind, SiteKind

CUSTODY = frozenset(Phase) - {Phase.RELEASED, Phase.POST_RELEASE_SUPPORT, Phase.CLOSED}
RETURN = tuple(ReturnRecord.__dataclass_fields__)

_OFFICIAL, _SCRIPT, _ALIAS = NameKind.OFFICIAL.value, NameKind.SCRIPT.value, NameKind.ALIAS.value
_NATIONAL, _PASSPORT = IdentifierKind.NATIONAL.value, IdentifierKind.PASSPORT.value

Names = list[tuple[str, str]]  # kind and full name, the official one first


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that is not taken, and every reason."""

    row: Row
    errors: list[RowError]


@dataclass(slots=True)
class Memory:
    """What earlier batches of the same file took: case numbers with their rows, and who has which number."""

    rows: dict[str, int] = field(default_factory=dict)
    holders: dict[Number, str] = field(default_factory=dict)


@dataclass(slots=True)
class Outcome:
    """What a batch came to; `keep` lets later batches know of it."""

    taken: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: list[Refusal] = field(default_factory=list)
    seen: Memory = field(default_factory=Memory)
    memory: Memory | None = None

    def add(self, other: "Outcome") -> None:
        """Count another part of the same batch in."""
        self.taken += other.taken
        self.updated += other.updated
        self.unchanged += other.unchanged
        self.refused += other.refused

    def keep(self) -> None:
        """The rows are taken: the same case number or identifier later in the file is another one's."""
        if self.memory is not None:
            self.memory.rows.update(self.seen.rows)
            self.memory.holders.update(self.seen.holders)


def take(
    organisation: Organisation, mapping: Mapping, records: Sequence[tuple[Row, Record]], memory: Memory
) -> Outcome:
    """Write what these rows say; those that cannot be taken come back with the reason."""
    batch = _Batch(organisation, mapping, [record for _row, record in records], memory)
    for row, record in records:
        batch.add(row, record)
    batch.write()
    return batch.outcome


@dataclass
class _Importer:
    org_id: uuid.UUID


class _Batch:
    """The rows of one batch beside what the database holds of them."""

    def __init__(self, organisation: Organisation, mapping: Mapping, records: list[Record], memory: Memory) -> None:
        self.organisation, self.org_id, self.mapping, self.memory = organisation, organisation.id, mapping, memory
        self.moment = now()
        self.outcome = Outcome(memory=memory)
        self.keeps_returns = any(rule.target.name.startswith("return.") for rule in mapping.rules)
        self.made_up = mapping.makes_names_up
        self.persons = known.persons(self.org_id, [record.person.number for record in records])
        self.cases = known.cases(self.org_id, [record.case.number for record in records])
        wanted = [number for record in records for number in _numbers(record.person)]
        self.holders = known.holders(self.org_id, wanted)
        self.sites = known.sites(self.org_id)
        self.new: dict[str, _NewPerson] = {}
        self.changed: dict[str, PersonRecord] = {}
        self.new_cases: list[dict[str, Any]] = []
        self.changed_cases: list[dict[str, Any]] = []
        self.stays: list[dict[str, Any]] = []
        self.returns: dict[RowId, ReturnRecord] = {}
        self.no_returns: list[RowId] = []

    def add(self, row: Row, record: Record) -> None:
        """Decide what one row is: refused, unchanged, a change or new."""
        seen, number, held = self.outcome.seen, record.case.number, self.cases.get(record.case.number)
        refusal = self._refusal(record, held)
        if refusal is not None:
            self.outcome.refused.append(Refusal(row, [refusal]))
            return
        seen.rows[number] = row.number
        if held is not None and held["register_print"] == record.fingerprint:
            self.outcome.unchanged += 1
            return
        seen.holders.update(dict.fromkeys(_numbers(record.person), record.person.number))
        person_id = self._person(record.person)
        site_id = self._site(record.site)
        if held is None:
            self._new_case(record, person_id, site_id)
            self.outcome.taken += 1
        else:
            self._change_case(held, record, site_id)
            self.outcome.updated += 1

    def _refusal(self, record: Record, held: dict[str, Any] | None) -> RowError | None:
        number, person = record.case.number, record.person
        first = self.memory.rows.get(number) or self.outcome.seen.rows.get(number)
        if first is not None:
            return self._error(record, "case.number", "twice", row=str(first))
        if held is not None and held["person_number"] != person.number:
            # Whoever brings the file may be one of those to whom it is closed.
            if held["guarded"]:
                return self._error(record, "case.number", "in_use")
            return self._error(record, "case.number", "other_person", number=held["person_number"])
        for key in _numbers(person):
            holder = self.outcome.seen.holders.get(key) or self.memory.holders.get(key) or self.holders.get(key)
            if holder not in (None, person.number):
                return self._error(record, f"identifier.{key[0]}", "number_taken", number=key[1])
        return None

    def _error(self, record: Record, target: str, reason: str, **params: str) -> RowError:
        source = next((rule.source for rule in self.mapping.rules if rule.target.name == target), target)
        return RowError(record.row_number, source, reason, params)

    def _person(self, person: PersonRecord) -> RowId:
        held = self.persons.get(person.number)
        if held is not None:
            self.changed[person.number] = person
            held_id: RowId = held["id"]
            return held_id
        pending = self.new.setdefault(person.number, _NewPerson(row_id(), []))
        pending.records.append(person)
        return pending.id

    def _site(self, site: SiteRecord | None) -> uuid.UUID | None:
        if site is None:
            return None
        if site.code not in self.sites:
            prison = self.organisation.kind is OrganisationKind.PRISON_SERVICE
            kind = SiteKind.PRISON if prison else SiteKind.OFFICE
            made = tenancy.add_site(name=site.name, code=site.code, kind=kind, by=_Importer(self.org_id))
            self.sites[site.code] = made.id
        return self.sites[site.code]

    def _new_case(self, record: Record, person_id: RowId, site_id: uuid.UUID | None) -> None:
        case, case_id = record.case, row_id()
        closed = case.phase == Phase.CLOSED
        values = {name: getattr(case, name) for name in CASE}
        values["opened_on"] = opened = _opened_on(case, self.organisation)
        self.new_cases.append(
            {
                "org_id": self.org_id,
                "id": case_id,
                "created_at": self.moment,
                "person_id": person_id,
                "number": case.number,
                "phase": str(case.phase),
                "site_id": site_id,
                **values,
                "outcome": CaseOutcome.RECORDED.value if closed else None,
                "closed_on": (case.released_on or opened) if closed else None,
                "register_print": record.fingerprint,
                "version": 1,
            }
        )
        if record.returned is not None:
            self.returns[case_id] = record.returned
        if site_id is not None and case.phase in CUSTODY:
            self._stay(case_id, site_id, case.admitted_at or _midnight(opened, self.organisation))

    def _change_case(self, held: dict[str, Any], record: Record, site_id: uuid.UUID | None) -> None:
        values = {name: held[name] for name in CASE} | _said(record.case, CASE)
        if site_id is not None and site_id != held["site_id"] and held["phase"] in CUSTODY:
            mine = (Stay.org_id == self.org_id, Stay.case_id == held["id"], Stay.until.is_(None))
            db.session.execute(update(Stay).where(*mine).values(until=self.moment))
            self._stay(held["id"], site_id, self.moment)
        values |= {"site_id": site_id or held["site_id"], "register_print": record.fingerprint}
        self.changed_cases.append({"id": held["id"], **values})
        if record.returned is not None:
            self.returns[held["id"]] = record.returned
        if self.keeps_returns:
            self.no_returns.append(held["id"])

    def _stay(self, case_id: RowId, site_id: uuid.UUID, since: datetime) -> None:
        row = {"org_id": self.org_id, "id": row_id(), "created_at": self.moment, "case_id": case_id}
        self.stays.append(row | {"site_id": site_id, "since": since})

    def write(self) -> None:
        """Write what the rows came to, table by table."""
        self._write_new_persons()
        self._write_changed_persons()
        insert_rows(Case, self.new_cases)
        update_rows(Case, self.org_id, self.changed_cases)
        insert_rows(Stay, self.stays)
        if self.no_returns:
            mine = (CaseReturn.org_id == self.org_id, CaseReturn.case_id == any_(literal(self.no_returns, ARRAY(Uuid))))
            db.session.execute(delete(CaseReturn).where(*mine))
        insert_rows(
            CaseReturn,
            [
                {"org_id": self.org_id, "id": row_id(), "created_at": self.moment, "case_id": case_id}
                | {name: getattr(returned, name) for name in RETURN}
                for case_id, returned in self.returns.items()
            ],
        )

    def _write_new_persons(self) -> None:
        persons, names, numbers = [], [], []
        keys: list[int] = []
        owners: list[RowId] = []
        whose = {"org_id": self.org_id, "created_at": self.moment}
        for number, pending in self.new.items():
            values: dict[str, Any] = dict.fromkeys(PERSON)
            values |= {"sex": "unknown", "birth_estimated": False, "languages": []}
            held: dict[str, str] = {}
            for record in pending.records:  # of several rows for one person, the later ones say it better
                values |= _said(record, PERSON)
                held |= dict(_numbers(record))
            written = _names(pending.records[-1])
            safe = dict.fromkeys(("safe_to_phone", "safe_to_text", "safe_to_write"), False)
            first = {**whose, "id": pending.id, "number": number, "name": written[0][1]}
            latin = pending.records[-1].name_latin
            persons.append(first | values | safe | {"latin_name": latin, "literacy": "unknown", "version": 1})
            names += [_name_row(whose, pending.id, kind, full) for kind, full in written]
            found = self._keys(written)
            keys += found
            owners += [pending.id] * len(found)
            numbers += [_number_row(whose, pending.id, kind, value) for kind, value in held.items()]
        insert_rows(Person, persons)
        insert_rows(Name, names)
        if keys:
            insert_columns(NameKey, {"org_id": [self.org_id] * len(keys), "key": keys, "person_id": owners})
        insert_rows(Identifier, _sealed(numbers))

    def _keys(self, written: Iterable[tuple[str, str]]) -> frozenset[int]:
        """By which words these names are found; a name that the mapping makes up would be found by all and for all."""
        return name_keys(*(full for kind, full in written if not (self.made_up and kind == _OFFICIAL)))

    def _write_changed_persons(self) -> None:
        if not self.changed:
            return
        whose = {"org_id": self.org_id, "created_at": self.moment}
        ids = [self.persons[number]["id"] for number in self.changed]
        names, numbers = known.held_names(self.org_id, ids), known.held_numbers(self.org_id, ids)
        updates = []
        for number, record in self.changed.items():
            held = self.persons[number]
            values = {name: held[name] for name in ("name", "latin_name", *PERSON)}
            values |= _said(record, PERSON)
            values |= self._rename(held, record, names.get(held["id"], []))
            if any(values[name] != held[name] for name in values):
                updates.append({"id": held["id"], **values})
            for kind, value in _numbers(record):
                before = numbers.get((held["id"], kind))
                if before == value:
                    continue
                if before is not None:
                    mine = (Identifier.org_id == self.org_id, Identifier.person_id == held["id"])
                    db.session.execute(delete(Identifier).where(*mine, Identifier.kind == kind))
                insert_rows(Identifier, _sealed([_number_row(whose, held["id"], kind, value)]))
        update_rows(Person, self.org_id, updates)

    def _rename(self, held: dict[str, Any], record: PersonRecord, rows: list[Name]) -> dict[str, str]:
        """Replace the names that the register wrote; a name that a worker wrote stays, the official one above all."""
        written = {(row.kind.value, row.full) for row in rows if not row.of_register}
        before = {(row.kind.value, row.full) for row in rows if row.of_register}
        official_is_ours = not any(kind == NameKind.OFFICIAL for kind, _full in written)
        wanted = [one for one in _names(record) if one[0] != NameKind.OFFICIAL or official_is_ours]
        changes: dict[str, str] = {}
        if official_is_ours:
            changes["name"] = record.name
        if record.name_latin and held["latin_name"] in (None, *(full for _kind, full in before)):
            changes["latin_name"] = record.name_latin
        if set(wanted) != before:
            for row in rows:
                if row.of_register and (row.kind.value, row.full) not in wanted:
                    db.session.delete(row)
            db.session.flush()
            whose = {"org_id": self.org_id, "created_at": self.moment}
            added = [one for one in wanted if one not in before and one not in written]
            insert_rows(Name, [_name_row(whose, held["id"], kind, full) for kind, full in added])
            ours = [full for kind, full in wanted if not (self.made_up and kind == _OFFICIAL)]
            write_name_keys(self.org_id, held["id"], {*ours, *(full for _kind, full in written)})
        return changes


@dataclass(frozen=True, slots=True)
class _NewPerson:
    id: RowId
    records: list[PersonRecord]


def _said(record: PersonRecord | CaseRecord, names: Iterable[str]) -> dict[str, Any]:
    """What the row says: nothing that it leaves open overwrites what is known."""
    values = {name: getattr(record, name) for name in names}
    said = {name: value for name, value in values.items() if value not in (None, "unknown", ())}
    if "languages" in said:
        said["languages"] = list(said["languages"])
    if isinstance(record, PersonRecord) and record.birth_date is None:
        said.pop("birth_estimated", None)
    return said


def _names(person: PersonRecord) -> Names:
    """The names that the register writes, each once."""
    scripts = (person.name_latin, person.name_arabic, person.name_cyrillic)
    found: Names = [(_OFFICIAL, person.name)]
    found += [(_SCRIPT, full) for full in scripts if full and full != person.name]
    found += [(_ALIAS, person.alias)] if person.alias else []
    return list(dict.fromkeys(found))


def _numbers(person: PersonRecord) -> list[Number]:
    given = ((_NATIONAL, person.national_number), (_PASSPORT, person.passport))
    return [(kind, value) for kind, value in given if value]


def _name_row(whose: dict[str, Any], person_id: RowId, kind: str, full: str) -> dict[str, Any]:
    return {**whose, "id": row_id(), "person_id": person_id, "kind": kind, "full": full, "of_register": True}


def _number_row(whose: dict[str, Any], person_id: RowId, kind: str, value: str) -> dict[str, Any]:
    return {**whose, "id": row_id(), "person_id": person_id, "kind": kind, "value": value}


def _sealed(numbers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of identifiers with their values sealed under the persons' keys, and the hashes by which they are found."""
    owners = (uuid.UUID(bytes=row["person_id"].bytes) for row in numbers)  # a RowId is no uuid.UUID
    texts = seal_values(zip(owners, (row["value"] for row in numbers), strict=True), "identifiers.value")
    return [
        row | {"value": text, "value_hash": lookup_hash(row["org_id"], row["value"])}
        for row, text in zip(numbers, texts, strict=True)
    ]


def _opened_on(case: CaseRecord, organisation: Organisation) -> date:
    """When work on the case began, as near as the register tells."""
    if case.opened_on is not None:
        return case.opened_on
    if case.admitted_at is not None:
        return case.admitted_at.astimezone(ZoneInfo(organisation.timezone)).date()
    if case.released_on is not None:
        return case.released_on
    if case.release_year is not None:
        return date(case.release_year - 1, 7, 1)  # the first day of that fiscal year
    return organisation.today()


def _midnight(day: date, organisation: Organisation) -> datetime:
    return datetime.combine(day, time(), tzinfo=ZoneInfo(organisation.timezone))
