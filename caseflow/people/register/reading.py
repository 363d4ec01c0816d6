"""Reading a register's file: CSV in the encodings and separators agencies use, or the first sheet of an XLSX workbook.

Nothing is guessed in silence: the table says which format, encoding and separator it found. Rows are streamed.
"""

import codecs
import csv
import re
import warnings
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

from flask_babel import lazy_gettext as _l
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

DELIMITERS = (",", ";", "\t")
MAX_ROWS = 1_000_000
MAX_COLUMNS = 500
MAX_UNPACKED_BYTES = 256 * 1024 * 1024
MAX_PARTS = 2000  # files in a workbook's archive
# A table packs to a tenth or a thirtieth. What packs much tighter was made to keep the reader busy: it says one thing a
# million times, and so do styles of this size.
TIGHTEST = 100
MAX_STYLES_BYTES = 4 * 1024 * 1024
SMALL_BYTES = 1 << 20  # where it does not matter
_CHUNK = 1 << 20
_XLSX_PARTS = frozenset({"[Content_Types].xml", "xl/workbook.xml"})
_EXCEL_ERRORS = frozenset({"#REF!", "#N/A", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!"})
_OLD_EXCEL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")


class ReadingError(Exception):
    """The file as a whole cannot be read; `message` (lazy, translatable) says why and what to do."""

    def __init__(self, message: Any) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return str(self.message)


@dataclass(frozen=True, slots=True)
class RowError:
    """Why a row cannot be taken: its number in the file, the column (of the file, or ours), a reason and its values."""

    row_number: int
    column: str
    reason: str
    params: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the file: its number there (the header's line is counted), cells by column, and the cells as they were.

    `error` is set where the row does not fit the header; such a row is counted and refused, never dropped.
    """

    number: int
    cells: dict[str, str]
    raw: tuple[str, ...]
    error: RowError | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """An opened register: what it is and its columns. `rows()` may be called again and starts at the first row.

    format: "csv" or "xlsx"; encoding and delimiter are "" for a workbook, sheet is "" for CSV; rows count from 1.
    """

    path: Path
    format: str
    encoding: str
    delimiter: str
    sheet: str
    columns: tuple[str, ...]
    header_row: int
    max_rows: int = MAX_ROWS

    def rows(self) -> Iterator[Row]:
        """The rows below the header, stripped of outer spaces; lines without any content are no rows.

        Raises ReadingError where the file breaks off: run `count_rows` first, then nothing was taken from such a file.
        """
        for count, row in enumerate(_fit(self), start=1):
            self._hold(count)
            yield row

    def count_rows(self) -> int:
        """The number of rows, by reading the whole file once."""
        count = 0
        for _number, record in _records(self):
            if isinstance(record, str) or any(map(str.strip, record)):
                count += 1
                self._hold(count)
        return count

    def _hold(self, count: int) -> None:
        if count > self.max_rows:
            limit = f"{self.max_rows:,}"
            raise ReadingError(_l("The file has more than %(limit)s rows. Split it into smaller files.", limit=limit))


def open_table(path: Path | str, *, encoding: str = "", delimiter: str = "", max_rows: int = MAX_ROWS) -> Table:
    """Find out what the file is and read its header; encoding and delimiter may be set where detection is wrong.

    Raises ReadingError with a text for the user when it is no table that we can read.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            start = file.read(len(_OLD_EXCEL))
            if start[:4] == b"PK\x03\x04":
                return _open_workbook(path, max_rows)
            if start == _OLD_EXCEL:
                raise ReadingError(_l("This is a workbook of an old Excel. Save it as .xlsx or CSV and try again."))
        if len(delimiter) > 1:
            raise ReadingError(_l("The separator must be one sign, not “%(delimiter)s”.", delimiter=delimiter))
        encoding = _checked_encoding(path, encoding) if encoding else _find_encoding(path)
        return _open_csv(path, encoding, delimiter, max_rows)
    except OSError as error:
        raise ReadingError(_l("The file cannot be read: %(why)s.", why=error.strerror or str(error))) from error


def _find_encoding(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(4)
    if not start:
        raise ReadingError(_l("The file is empty."))
    if start.startswith(codecs.BOM_UTF8):
        candidates = ["utf-8-sig"]
    elif start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        candidates = ["utf-16"]
    else:
        candidates = ["utf-8", "cp1251"]
    for encoding in candidates:
        if _decodes(path, encoding):
            if encoding == "utf-16":
                return "utf-16-le" if start.startswith(codecs.BOM_UTF16_LE) else "utf-16-be"
            return encoding
    raise ReadingError(
        _l("The text of the file is in no encoding that we know. Save it as CSV in UTF-8 and try again.")
    )


def _checked_encoding(path: Path, encoding: str) -> str:
    try:
        known = codecs.lookup(encoding).name
        readable = _decodes(path, known)
    except LookupError:
        readable = False
    if not readable:
        raise ReadingError(_l("The file cannot be read as %(encoding)s.", encoding=encoding))
    return known


def _decodes(path: Path, encoding: str) -> bool:
    """Whether the whole file is text in this encoding; ReadingError when it decodes to what no text holds."""
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as file:
        try:
            while chunk := file.read(_CHUNK):
                if _CONTROLS.search(decoder.decode(chunk)):
                    raise ReadingError(_l("This is not a text file: it holds signs that no CSV has."))
            decoder.decode(b"", final=True)
        except UnicodeError:  # also a missing mark of the byte order
            return False
    return True


def _csv_records(path: Path, encoding: str, delimiter: str) -> Iterator[tuple[int, list[str] | str]]:
    """Records with their numbers (a line break in quotes begins no record); a broken one comes as its line."""
    line = ""

    def lines(file: TextIO) -> Iterator[str]:
        nonlocal line
        for text in file:
            line = text  # remembered for a record that cannot be parsed
            yield text

    number = 0
    with path.open(encoding=encoding, newline="") as file:
        if encoding.startswith("utf-16") and file.read(1) != "\ufeff":
            file.seek(0)
        reader = csv.reader(lines(file), delimiter=delimiter, strict=True)
        while True:
            number += 1
            try:
                yield number, next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                # Strict, because a quote that is never closed would otherwise swallow all rows to the end of the file.
                if "unexpected end" in str(error) or "field larger" in str(error):
                    raise ReadingError(
                        _l(
                            "A quotation mark in row %(row)s is never closed. Correct the row and try again.",
                            row=number,
                        )
                    ) from error
                yield number, line.rstrip("\r\n")


def _find_delimiter(path: Path, encoding: str) -> str:
    """The separator that gives the most columns, in the header and in as many of the next 20 rows."""
    best, found = (0, 0), DELIMITERS[0]
    for delimiter in DELIMITERS:
        try:
            records = [r for _, r in islice(_csv_records(path, encoding, delimiter), 21) if any(r)]
        except ReadingError:
            continue
        if records and isinstance(records[0], list) and len(records[0]) > 1:
            fitting = sum(isinstance(record, list) and len(record) == len(records[0]) for record in records)
            best, found = max((best, found), ((fitting, len(records[0])), delimiter))
    return found


def _open_csv(path: Path, encoding: str, delimiter: str, max_rows: int) -> Table:
    delimiter = delimiter or _find_delimiter(path, encoding)
    number, columns = _header(_csv_records(path, encoding, delimiter))
    return Table(path, "csv", encoding, delimiter, "", columns, number, max_rows)


def _header(records: Iterable[tuple[int, list[str] | str]]) -> tuple[int, tuple[str, ...]]:
    """The first record with any content, as column names; each must have one of its own."""
    for number, record in records:
        if isinstance(record, str):
            raise ReadingError(
                _l("The quotation marks in row %(row)s do not match, so it gives no header.", row=number)
            )
        names = [" ".join(cell.split()) for cell in record]
        while names and not names[-1]:
            names.pop()
        if names:
            break
    else:
        raise ReadingError(_l("The file has no header: no row holds anything."))
    if len(names) > MAX_COLUMNS:
        raise ReadingError(_l("The header has more than %(limit)s columns.", limit=MAX_COLUMNS))
    for position, name in enumerate(names, start=1):
        if not name:
            raise ReadingError(_l("Column %(number)s has no name in the header. Give it one.", number=position))
        if name in names[: position - 1]:
            raise ReadingError(_l("Two columns are called “%(name)s”. Give each a name of its own.", name=name))
    return number, tuple(names)


def _open_workbook(path: Path, max_rows: int) -> Table:
    _check_archive(path)
    with _sheet(path) as sheet:
        number, columns = _header(_sheet_records(sheet))
        return Table(path, "xlsx", "", "", sheet.title, columns, number, max_rows)


def _check_archive(path: Path) -> None:
    """Refuse what only looks like a workbook, and one that would fill the memory when it is unpacked."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise ReadingError(_l("The workbook is damaged. Save it again and try once more.")) from error
    if _XLSX_PARTS - {part.filename for part in parts}:
        raise ReadingError(_l("This is a ZIP archive and no .xlsx workbook. Unpack it and choose the table in it."))
    if len(parts) > MAX_PARTS:
        raise ReadingError(
            _l("The workbook holds more than %(limit)s parts. Save only the table anew.", limit=MAX_PARTS)
        )
    # An archive that states less than it holds is no way round: zipfile reads no further than what is stated.
    if sum(part.file_size for part in parts) > MAX_UNPACKED_BYTES:
        raise ReadingError(
            _l("The workbook is too large: unpacked it has more than %(limit)s MB.", limit=MAX_UNPACKED_BYTES >> 20)
        )
    if any(_stuffed(part) for part in parts):
        raise ReadingError(
            _l("The workbook holds far more than a table. Copy the table into a new workbook and save that.")
        )


def _stuffed(part: zipfile.ZipInfo) -> bool:
    if part.filename == "xl/styles.xml" and part.file_size > MAX_STYLES_BYTES:
        return True
    return part.file_size > max(SMALL_BYTES, TIGHTEST * part.compress_size)


@contextmanager
def _sheet(path: Path) -> Iterator[Any]:
    """The first visible sheet of a workbook, formulas by the value they last had."""
    workbook = None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of styles and validations that we do not read
            workbook = load_workbook(path, read_only=True, data_only=True)
        sheet = next((sheet for sheet in workbook.worksheets if sheet.sheet_state == "visible"), None)
        if sheet is None:
            raise ReadingError(_l("The workbook has no sheet that can be seen."))
        sheet.reset_dimensions()  # some programs write wrong ones, and rows would be lost
        yield sheet
    except (
        InvalidFileException,
        zipfile.BadZipFile,
        OSError,
        KeyError,
        ValueError,
        TypeError,
        SyntaxError,
        EOFError,
    ) as error:
        raise ReadingError(_l("The workbook is damaged. Save it again and try once more.")) from error
    finally:
        if workbook is not None:
            workbook.close()


def _sheet_records(sheet: Any) -> Iterator[tuple[int, list[str] | str]]:
    for number, cells in enumerate(sheet.iter_rows(values_only=True), start=1):
        yield number, [_as_text(cell) for cell in cells]


def _as_text(cell: Any) -> str:
    """A cell as CSV would hold it: dates in ISO 8601, whole numbers without a point."""
    match cell:
        case None:
            return ""
        case bool():
            return "true" if cell else "false"
        case float() if cell.is_integer():
            return str(int(cell))
        case datetime() if cell.time() == time():
            return cell.date().isoformat()
        case datetime() | date() | time():
            return cell.isoformat()
        case _:
            return str(cell)


def _records(table: Table) -> Iterator[tuple[int, list[str] | str]]:
    """The records below the header."""
    if table.format == "csv":
        yield from islice(_csv_records(table.path, table.encoding, table.delimiter), table.header_row, None)
        return
    with _sheet(table.path) as sheet:
        yield from islice(_sheet_records(sheet), table.header_row, None)


def _fit(table: Table) -> Iterator[Row]:
    """The records below the header, fitted to its columns."""
    width = len(table.columns)
    for number, record in _records(table):
        if isinstance(record, str):
            yield Row(number, {}, (record,), RowError(number, "", "broken_quotes"))
            continue
        values = list(map(str.strip, record))
        if any(values):
            error = _misfit(table, number, values)
            if len(values) < width:  # a workbook does not store the empty cells at the end of a row
                values += [""] * (width - len(values))
            yield Row(number, dict(zip(table.columns, values, strict=False)), tuple(record), error)


def _misfit(table: Table, number: int, values: list[str]) -> RowError | None:
    width = len(table.columns)
    counts = {"cells": str(len(values)), "columns": str(width)}
    if len(values) > width and any(values[width:]):
        return RowError(number, "", "too_many_cells", counts)
    if table.format == "csv":
        return RowError(number, "", "too_few_cells", counts) if len(values) < width else None
    for column, value in zip(table.columns, values, strict=False):
        if value in _EXCEL_ERRORS:
            return RowError(number, column, "excel_error", {"value": value})
    return None
