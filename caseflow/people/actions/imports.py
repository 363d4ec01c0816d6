"""Importing a register by page: the upload, the start, and how far the job has come."""

from datetime import timedelta

from flask_babel import gettext as _
from sqlalchemy import select

from caseflow.accounts.models import User
from caseflow.audit.actions import record
from caseflow.core.db import db, now
from caseflow.core.errors import Conflict, Refused
from caseflow.notifications.actions import post
from caseflow.people.actions.once import one_at_a_time
from caseflow.people.actions.register import Counts
from caseflow.people.models import ImportState, RegisterImport
from caseflow.people.queries.imports import unpacked
from caseflow.people.register.mapping import Mapping, MappingError
from caseflow.people.register.reading import ReadingError, open_table

TOPIC = "register.import"
GIVEN_UP = timedelta(hours=7)  # longer than a job may run
GOING_ON = (ImportState.WAITING, ImportState.RUNNING)


def upload(filename: str, content: bytes, mapping: str, *, own: bool = False, by: User) -> RegisterImport:
    """Keep a register's file with its mapping; refuses a file or a mapping that cannot be read.

    `own` says that the mapping was typed, so that its errors land there.
    """
    try:
        rules = Mapping.parse(mapping)
    except MappingError as error:
        raise Refused(str(error), field="own" if own else "mapping") from error
    try:
        with unpacked(content) as path:
            table = open_table(path)
            rows = table.count_rows()
    except ReadingError as error:
        raise Refused(str(error), field="file") from error
    try:
        rules.check(table.columns)
    except MappingError as error:
        raise Refused(str(error), field="own" if own else "mapping") from error
    kept = RegisterImport(
        org_id=by.org_id, uploaded_by=by.id, filename=filename[:200], content=content, mapping=mapping, rows=rows
    )
    db.session.add(kept)
    db.session.flush()
    record("register.upload", by=by, on=kept, rows=rows)
    return kept


def start_import(register_import: RegisterImport, *, dry_run: bool, by: User) -> None:
    """Let a job take the register; one at a time in an organisation."""
    one_at_a_time(TOPIC, by.org_id)
    db.session.refresh(register_import)
    busy = select(RegisterImport.id).where(
        RegisterImport.org_id == by.org_id,
        RegisterImport.state.in_(GOING_ON),
        RegisterImport.started_at > now() - GIVEN_UP,
    )
    if db.session.scalar(busy.limit(1)) is not None:
        raise Conflict(_("An import is going on. Wait until it is done."))
    if register_import.file_removed_at is not None:
        raise Conflict(_("This file was removed. Upload it again to import it."))
    if register_import.state is ImportState.DONE and not register_import.dry_run:
        raise Conflict(_("This file was imported before. Upload it again to import it again."))
    register_import.state = ImportState.WAITING
    register_import.dry_run = dry_run
    register_import.started_at, register_import.finished_at = now(), None
    register_import.errors_file, register_import.problem = None, None
    note_counts(register_import, Counts())
    db.session.flush()
    record("register.start", by=by, on=register_import, dry_run=dry_run)
    post(TOPIC, by=by, register_import=register_import.id)


def remove_file(register_import: RegisterImport, *, by: User) -> None:
    """Remove the file and its refused rows now; the counts stay. Refuses while an import reads it."""
    one_at_a_time(TOPIC, by.org_id)
    db.session.refresh(register_import)
    if register_import.going_on() and (register_import.started_at or now()) > now() - GIVEN_UP:
        raise Conflict(_("An import is going on. Wait until it is done."))
    if register_import.file_removed_at is None:
        register_import.content = register_import.errors_file = None
        register_import.file_removed_at = now()
        db.session.flush()
        record("register.remove", by=by, on=register_import)


def note_counts(register_import: RegisterImport, counts: Counts) -> None:
    """Write down how far the import has come."""
    for name in Counts.__dataclass_fields__:
        setattr(register_import, name, getattr(counts, name))


def finish_import(register_import: RegisterImport, counts: Counts, errors_file: bytes | None) -> None:
    """The file was read to its end."""
    note_counts(register_import, counts)
    register_import.errors_file = errors_file if counts.refused else None
    register_import.state, register_import.finished_at = ImportState.DONE, now()


def fail_import(register_import: RegisterImport, problem: str) -> None:
    """The file could not be read."""
    register_import.problem = problem
    register_import.state, register_import.finished_at = ImportState.FAILED, now()


def begin_import(register_import: RegisterImport) -> None:
    """The job has begun."""
    register_import.state = ImportState.RUNNING
