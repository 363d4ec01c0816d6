"""The audit as a file that a spreadsheet opens, and whose cells it never runs."""

import csv
import io
import json
from collections.abc import Iterable

from caseflow.audit.models import Entry

RISKY = ("=", "+", "-", "@", "\t", "\r")  # a cell that begins so is taken for a formula


def cell(value: object) -> str:
    """A value as a cell that is only text."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(RISKY) else text


def table(columns: Iterable[str], rows: Iterable[Iterable[object]]) -> bytes:
    """A CSV file in UTF-8 with a byte order mark, so that every spreadsheet reads the letters."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([cell(value) for value in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def entries(found: Iterable[tuple[Entry, str | None]]) -> bytes:
    """Entries of the audit."""
    columns = ("when", "who", "act", "table", "row", "case", "request", "detail", "about")
    return table(
        columns,
        (
            (
                entry.created_at.isoformat(),
                name,
                entry.act,
                entry.subject,
                entry.subject_id,
                entry.case_id,
                entry.request_id,
                json.dumps(entry.detail, ensure_ascii=False),
                " ".join(map(str, entry.about)),
            )
            for entry, name in found
        ),
    )
