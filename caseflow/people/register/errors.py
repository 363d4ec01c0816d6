"""The file of refused rows: where, why, and the row as it was, safe to open in a spreadsheet."""

import csv
from collections.abc import Iterable, Sequence
from typing import TextIO

from flask_babel import gettext as _

from caseflow.people.register.reading import Row, RowError
from caseflow.people.register.rows import reason_text

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
ENCODING = "utf-8-sig"  # so that a spreadsheet takes it for what it is


def defused(cell: str) -> str:
    """The cell, so that no spreadsheet runs it as a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


class ErrorsFile:
    """Writes one line a reason: row number, column, reason, then the original row's cells."""

    def __init__(self, file: TextIO, columns: Sequence[str]) -> None:
        self._writer = csv.writer(file)
        self._writer.writerow([_("Row"), _("Column"), _("Reason"), *map(defused, columns)])

    def add(self, row: Row, errors: Iterable[RowError]) -> None:
        """Write down a row that was not taken."""
        for error in errors:
            start = [str(row.number), defused(error.column), defused(reason_text(error))]
            self._writer.writerow([*start, *map(defused, row.raw)])
