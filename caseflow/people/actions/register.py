"""Taking a register: row after row becomes a person with a case, in batches that are each taken whole or not at all.

A person is known by the register's number, a case by the case number. A row that was taken before and says the same
changes nothing; one that says something else changes what it says, and nothing that only workers write: not the phase,
not the responsible worker, and no name that a worker wrote.
"""

import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

from flask_babel import gettext as _
from sqlalchemy import text
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from caseflow.audit.actions import sum_up
from caseflow.audit.models import Entry
from caseflow.core.db import db, unit_of_work
from caseflow.core.errors import Refused
from caseflow.people.actions.once import one_at_a_time
from caseflow.people.actions.register_batch import Memory, Outcome, Refusal, take
from caseflow.people.register.mapping import Mapping
from caseflow.people.register.reading import Row, RowError, Table
from caseflow.people.register.rows import Record, convert
from caseflow.tenancy import queries as tenancy

_BY_SLUG = text("SELECT organisation_by_slug(:slug)")
BATCH = 500  # rows of the file in one transaction

Batch = list[tuple[Row, Record | list[RowError]]]


@dataclass(frozen=True, slots=True)
class Counts:
    """How far an import has come: taken + updated + unchanged + refused = read."""

    read: int = 0
    taken: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0

    def plus(self, outcome: Outcome) -> "Counts":
        """With what one more batch came to."""
        done = (outcome.taken, outcome.updated, outcome.unchanged, len(outcome.refused))
        return Counts(
            self.read + sum(done),
            self.taken + outcome.taken,
            self.updated + outcome.updated,
            self.unchanged + outcome.unchanged,
            self.refused + len(outcome.refused),
        )


def import_rows(
    table: Table,
    mapping: Mapping,
    *,
    org_id: uuid.UUID,
    user_id: uuid.UUID | None = None,
    dry_run: bool = False,
    whole: bool = False,
    refuse: Callable[[Refusal], None] = lambda _refusal: None,
    progress: Callable[[Counts], None] = lambda _counts: None,
) -> Counts:
    """Take the rows of a table in an organisation's name; gives the counts.

    `refuse` gets each row that cannot be taken, in the order of the file, `progress` the counts after each batch of
    500 rows. With `dry_run` all is done and nothing is kept; `whole` says that the file was read to its end before.
    Raises MappingError or ReadingError before the first row.
    """
    mapping.check(table.columns)
    if not whole:
        table.count_rows()  # a file that breaks off is refused before anything of it is taken
    counts, memory = Counts(), Memory()
    for batch in _ahead(_batches(table, mapping)):
        # As the organisation: the register is its own, and a row refused because its file is closed to whoever
        # brought it would tell them so.
        with unit_of_work(org_id, keep=not dry_run) as session:
            # Plans of foreign keys' look-ups, made while the tables were empty, would get slower with every row.
            session.execute(text("DISCARD PLANS"))
            outcome = _take_batch(session, batch, org_id, mapping, memory)
        counts = counts.plus(outcome)
        for refusal in outcome.refused:
            refuse(refusal)
        progress(counts)
    if not dry_run:
        _remember(org_id, user_id, counts)
    return counts


def _batches(table: Table, mapping: Mapping) -> Iterator[Batch]:
    rows = table.rows()
    while some := list(islice(rows, BATCH)):
        yield [(row, convert(mapping, row)) for row in some]


def _ahead(batches: Iterator[Batch]) -> Iterator[Batch]:
    """The same batches, the next one being made ready while the database writes the last."""
    with ThreadPoolExecutor(1) as pool:
        following = pool.submit(next, batches, None)
        while (batch := following.result()) is not None:
            following = pool.submit(next, batches, None)
            yield batch


def _take_batch(session: Session, batch: Batch, org_id: uuid.UUID, mapping: Mapping, memory: Memory) -> Outcome:
    """Take the rows of one transaction; nobody opens a case of the organisation by hand meanwhile."""
    sum_up()
    one_at_a_time("persons", org_id)
    organisation = tenancy.organisation(org_id)
    outcome = Outcome(refused=[Refusal(row, said) for row, said in batch if not isinstance(said, Record)])
    records = [(row, said) for row, said in batch if isinstance(said, Record)]
    for part in _takeable(session, records, lambda some: take(organisation, mapping, some, memory)):
        outcome.add(part)
    outcome.refused.sort(key=lambda refusal: refusal.row.number)
    return outcome


def _takeable(
    session: Session, records: list[tuple[Row, Record]], act: Callable[[list[tuple[Row, Record]]], Outcome]
) -> Iterator[Outcome]:
    """All at once; where the database refuses, row by row, so that one row does not stop the others."""
    try:
        with session.begin_nested():
            done = act(records)
    except (DataError, IntegrityError, UnicodeError):
        if len(records) > 1:
            for one in records:
                yield from _takeable(session, [one], act)
        else:
            [(row, _record)] = records
            yield Outcome(refused=[Refusal(row, [RowError(row.number, "", "refused")])])
    else:
        done.keep()
        yield done


def _remember(org_id: uuid.UUID, user_id: uuid.UUID | None, counts: Counts) -> None:
    with unit_of_work(org_id, user_id):
        detail = {name: getattr(counts, name) for name in Counts.__dataclass_fields__}
        db.session.add(Entry(org_id=org_id, user_id=user_id, act="register.import", detail=detail))


def organisation_of(slug: str) -> uuid.UUID:
    """The organisation that a command acts for; raises Refused when there is none with this short name."""
    with unit_of_work() as session:
        found: uuid.UUID | None = session.scalar(_BY_SLUG, {"slug": slug})
    if found is None:
        raise Refused(_("There is no organisation with the short name “%(slug)s”.", slug=slug))
    return found
