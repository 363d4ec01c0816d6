"""Imports of a register by page: the uploads, and what one would take."""

import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from caseflow.accounts.models import User
from caseflow.core.db import db, one_or_404
from caseflow.core.paging import Page, paged
from caseflow.people.models import RegisterImport
from caseflow.people.register.fields import Unfit
from caseflow.people.register.mapping import Mapping, Rule
from caseflow.people.register.reading import Row, RowError, Table, open_table
from caseflow.people.register.rows import Record, convert

SHOWN = 10  # rows of a preview
EXAMPLES = 3  # values of a column


@dataclass(frozen=True)
class Preview:
    """A file beside its mapping: what was found out, what fills each field, and the first rows as taken."""

    table: Table
    mapping: Mapping
    examples: dict[str, list[str]]  # by the field's name
    records: list[Record]
    problems: list[RowError]
    unused: list[str]


def register_imports(user: User, *, number: int = 1) -> Page[RegisterImport]:
    """One page of the organisation's imports, newest first."""
    query = select(RegisterImport).where(RegisterImport.org_id == user.org_id)
    return paged(query.options(joinedload(RegisterImport.uploader)).order_by(RegisterImport.id.desc()), number=number)


def register_import(id: uuid.UUID, user: User) -> RegisterImport:
    """One import of the organisation, or 404."""
    return one_or_404(select(RegisterImport).where(RegisterImport.org_id == user.org_id, RegisterImport.id == id))


def import_of(org_id: uuid.UUID, id: uuid.UUID) -> RegisterImport | None:
    """One import, for a job that runs as its organisation."""
    return db.session.get(RegisterImport, (org_id, id))


@contextmanager
def unpacked(content: bytes) -> Iterator[Path]:
    """The content as a file while it is read."""
    with tempfile.NamedTemporaryFile(prefix="caseflow-register-") as file:
        file.write(content)
        file.flush()
        yield Path(file.name)


def preview(register_import: RegisterImport) -> Preview:
    """What an import would take; raises MappingError or ReadingError where it cannot be read."""
    mapping = Mapping.parse(register_import.mapping)
    with unpacked(register_import.content or b"") as path:
        table = open_table(path)
        mapping.check(table.columns)
        rows = list(islice(table.rows(), SHOWN))
    converted = [convert(mapping, row) for row in rows]
    return Preview(
        table=table,
        mapping=mapping,
        examples={rule.target.name: _examples(rule, rows) for rule in mapping.rules},
        records=[one for one in converted if isinstance(one, Record)],
        problems=[error for one in converted if not isinstance(one, Record) for error in one],
        unused=mapping.unused(table.columns),
    )


def _examples(rule: Rule, rows: list[Row]) -> list[str]:
    """The first values that fill a field: what the column holds, or what the template makes of it."""
    good = [row for row in rows if row.error is None]
    if rule.template:
        made = [rule.value(row.number, row.cells) for row in good]
        values = [str(value) for value in made if value is not None and not isinstance(value, Unfit)]
    else:
        values = [row.cells[rule.column] for row in good if rule.column and row.cells[rule.column]]
    return list(dict.fromkeys(values))[:EXAMPLES]
