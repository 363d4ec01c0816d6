"""The import of a register as a job, in its own transactions, one at a time; and the alert of an emergency access."""

import io
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from flask_babel import force_locale
from flask_babel import lazy_gettext as _l
from sqlalchemy import text

from caseflow.accounts import queries as accounts
from caseflow.accounts.actions import LEFT
from caseflow.accounts.permissions import Role
from caseflow.core.db import db, unit_of_work
from caseflow.core.jobs import News, handles, periodic
from caseflow.notifications.actions import tell
from caseflow.people.actions import imports
from caseflow.people.actions.access import BACK, GLASS, settle_all_seals
from caseflow.people.actions.register import Counts, import_rows
from caseflow.people.models import AccessKind, ImportState
from caseflow.people.queries import access_of, case_of, keeps, live_access, reviewers
from caseflow.people.queries.imports import import_of, unpacked
from caseflow.people.queries.leaving import how_many_left_behind
from caseflow.people.register.errors import ENCODING, ErrorsFile
from caseflow.people.register.mapping import Mapping, MappingError
from caseflow.people.register.reading import ReadingError, open_table


class BusyError(RuntimeError):
    """Another job imports for the same organisation; the outbox sends this one again later."""


@contextmanager
def _alone(org_id: uuid.UUID) -> Iterator[None]:
    """Nobody else imports for this organisation; held by an open transaction, so that a killed job lets go."""
    with db.engine.connect() as connection:
        lock = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:key, 1))")
        if not connection.scalar(lock, {"key": f"{imports.TOPIC} {org_id}"}):
            raise BusyError
        yield


@handles(imports.TOPIC, own_transactions=True)
def run_import(news: News) -> None:
    """Take the register that was uploaded; run again after a stop, it goes on where it stopped."""
    org_id, import_id = news.org_id, uuid.UUID(news.payload["register_import"])
    with _alone(org_id):
        with unit_of_work(org_id, news.author_id):
            held = import_of(org_id, import_id)
            if held is None or held.state in (ImportState.DONE, ImportState.FAILED):
                return
            imports.begin_import(held)
            if held.content is None:
                raise LookupError("a file is not removed before it is imported")
            content, mapping, dry_run = held.content, held.mapping, held.dry_run
            user = accounts.user_of(org_id, news.author_id) if news.author_id else None
            locale = (user.locale or user.organisation.locale) if user else "en"
        with force_locale(locale):
            _take(news, import_id, content, mapping, dry_run)


def _take(news: News, id: uuid.UUID, content: bytes, mapping_text: str, dry_run: bool) -> None:
    errors = io.StringIO(newline="")

    def progress(counts: Counts) -> None:
        with unit_of_work(news.org_id, news.author_id):
            held = import_of(news.org_id, id)
            assert held is not None
            imports.note_counts(held, counts)

    try:
        mapping = Mapping.parse(mapping_text)
        with unpacked(content) as path:
            table = open_table(path)
            sheet = ErrorsFile(errors, table.columns)
            counts = import_rows(
                table,
                mapping,
                org_id=news.org_id,
                user_id=news.author_id,
                dry_run=dry_run,
                refuse=lambda refusal: sheet.add(refusal.row, refusal.errors),
                progress=progress,
            )
    except (MappingError, ReadingError) as error:
        with unit_of_work(news.org_id, news.author_id):
            held = import_of(news.org_id, id)
            assert held is not None
            imports.fail_import(held, str(error))
        return
    with unit_of_work(news.org_id, news.author_id):
        held = import_of(news.org_id, id)
        assert held is not None
        imports.finish_import(held, counts, errors.getvalue().encode(ENCODING))


@periodic("old-files.remove", seconds=3600)
def remove_old_files() -> None:
    """Remove registers and copies for persons whose time is over, of every organisation: the database knows it."""
    with unit_of_work() as session:
        session.execute(text("SELECT remove_old_files()"))


@periodic("seals.settle", seconds=24 * 3600)
def settle_seals() -> None:
    """Seal the files of juveniles who were released, whichever way it was written down; one organisation at a time."""
    with unit_of_work() as session:
        organisations = list(session.scalars(text("SELECT id FROM audit_organisations()")))
    for org_id in organisations:
        with unit_of_work(org_id):
            settle_all_seals(org_id)


@handles(GLASS)
def on_glass(news: News) -> None:
    """Somebody opened a restricted case in an emergency: its team leaders review it, the auditors know at once."""
    access = access_of(news.to_org_id, uuid.UUID(news.payload["access"]))
    assert access is not None
    assert access.user is not None
    assert access.case is not None
    name, path = access.user.name, f"/restricted-cases/{access.id}/review"
    if access.sealed_at is None:
        title = _l("%(name)s opened a restricted case in an emergency: please review it.")
    else:
        title = _l("%(name)s opened the sealed file of a juvenile: please review it.")
    for one in reviewers(access):  # where they do not keep the file, the review names nobody
        about = access.case_id if keeps(one, access.case) else None
        tell([one], news, title, path, about=about, urgent=True, name=name)
    # Auditors open no case: they are told the fact, and of no case.
    title, path = _l("%(name)s opened a restricted case in an emergency."), "/audit?act=glass"
    auditors = [
        one for one in accounts.holding(news.to_org_id, Role.AUDITOR) if not accounts.is_closed(access.case_id, one)
    ]
    tell(auditors, news, title, path, about=None, urgent=True, name=name)


@handles(BACK)
def on_back(news: News) -> None:
    """A register says that somebody whose file is sealed is back in custody: a leader has to let a worker in."""
    case = case_of(news.to_org_id, uuid.UUID(news.payload["case"]))
    excluded = {access.user_id for access in live_access(case, AccessKind.EXCLUDED)}
    leaders = [one for one in accounts.holding(news.to_org_id, Role.TEAM_LEADER) if one.id not in excluded]
    title = _l("Their file is sealed, and by the register they are back: let a worker in. Case: %(number)s")
    tell(leaders, news, title, "/emergency-access", about=None, urgent=True, number=case.number)


@handles(LEFT)
def tell_cases_left_behind(news: News) -> None:
    """Somebody left: whoever allocates cases is told where theirs are given on, if there are any for them to see."""
    leaver = uuid.UUID(news.payload["user"])
    title = _l("An account was closed that still has cases (%(number)s). Give them to somebody else.")
    for leader in accounts.holding(news.to_org_id, Role.TEAM_LEADER):
        if number := how_many_left_behind(leaver, leader):
            tell([leader], news, title, f"/leavers/{leaver}", about=None, urgent=True, number=number)
