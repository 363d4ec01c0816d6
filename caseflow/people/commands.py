"""`caseflow import-register`: take a register from the command line."""

import json
import sys
import time
import uuid
from contextlib import ExitStack
from pathlib import Path

import click
from flask_babel import gettext as _
from flask_babel import ngettext
from tqdm import tqdm

from caseflow.people.actions.register import Counts, import_rows, organisation_of
from caseflow.people.actions.register_batch import Refusal
from caseflow.people.register.errors import ENCODING, ErrorsFile
from caseflow.people.register.mapping import Mapping, MappingError, shipped
from caseflow.people.register.reading import ReadingError, Table, open_table
from caseflow.people.register.rows import reason_text

SHOWN = 5  # refused rows that are told on the screen where no file takes them


@click.command("import-register")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--org", "slug", required=True, metavar="SLUG", help="The organisation's short name.")
@click.option(
    "--mapping", "mapping_name", required=True, metavar="MAP.toml", help="A mapping's file, or iowa, example."
)
@click.option("--dry-run", is_flag=True, help="Do everything, keep nothing, report the same.")
@click.option(
    "--errors", type=click.Path(path_type=Path, dir_okay=False), help="Write the refused rows to this CSV file."
)
@click.option("--json", "as_json", is_flag=True, help="End with one JSON line of the counts on standard output.")
@click.option("--encoding", default="", help="The file's encoding, where it is not found out rightly.")
@click.option("--delimiter", default="", help="The separator of columns, where it is not found out rightly.")
def import_register(
    file: Path,
    slug: str,
    mapping_name: str,
    dry_run: bool,
    errors: Path | None,
    as_json: bool,
    encoding: str,
    delimiter: str,
) -> None:
    """Take the persons, cases and sites of a register's FILE (CSV or XLSX).

    The rows go in by batches of 500, each in one transaction: stopped half-way, every batch is in as a whole or not at
    all, and the same command goes on where it stopped. The same file again changes nothing. A row that cannot be taken
    is refused with the reason and does not stop the others: taken + updated + unchanged + refused = rows read.

    The exit code is 0 when the file was read to its end, also with refused rows, and 1 when it could not be.
    """
    try:
        mapping = Mapping.load(shipped().get(mapping_name, Path(mapping_name)))
        table = open_table(file, encoding=encoding, delimiter=delimiter)
        mapping.check(table.columns)
        total = table.count_rows()
        org_id = organisation_of(slug)
        _say(_describe(table, total))
        begin = time.monotonic()
        counts = _run(table, mapping, org_id, dry_run=dry_run, errors=errors, total=total)
    except (MappingError, ReadingError) as error:
        raise click.ClickException(str(error)) from error
    seconds = time.monotonic() - begin
    _say(_summary(counts, dry_run))
    if as_json:
        numbers = {name: getattr(counts, name) for name in Counts.__dataclass_fields__}
        click.echo(json.dumps({**numbers, "seconds": round(seconds, 3)}))


def _run(
    table: Table, mapping: Mapping, org_id: uuid.UUID, *, dry_run: bool, errors: Path | None, total: int
) -> Counts:
    refused = 0
    with ExitStack() as stack:
        bar = stack.enter_context(tqdm(total=total, unit=" " + _("rows"), file=sys.stderr, mininterval=0.5))
        sheet = None
        if errors is not None:
            sheet = ErrorsFile(stack.enter_context(errors.open("w", encoding=ENCODING, newline="")), table.columns)

        def refuse(refusal: Refusal) -> None:
            nonlocal refused
            refused += 1
            if sheet is not None:
                sheet.add(refusal.row, refusal.errors)
            elif refused <= SHOWN:
                for error in refusal.errors:
                    bar.write(_told(error.row_number, error.column, reason_text(error)), file=sys.stderr)

        def progress(counts: Counts) -> None:
            bar.update(counts.read - bar.n)

        return import_rows(table, mapping, org_id=org_id, dry_run=dry_run, whole=True, refuse=refuse, progress=progress)


def _told(row: int, column: str, reason: str) -> str:
    return _("Row %(row)s, %(column)s: %(reason)s", row=row, column=column or "–", reason=reason)


def _describe(table: Table, total: int) -> str:
    names = ", ".join(table.columns)
    if table.format == "xlsx":
        kind = _("Excel workbook, sheet “%(sheet)s”", sheet=table.sheet)
    else:
        separator = {",": _("comma"), ";": _("semicolon"), "\t": _("tab")}.get(table.delimiter, table.delimiter)
        kind = _("CSV in %(encoding)s, separated by %(separator)s", encoding=table.encoding, separator=separator)
    rows = ngettext("%(num)d row", "%(num)d rows", total)
    return _("%(kind)s; %(rows)s; columns: %(names)s", kind=kind, rows=rows, names=names)


def _summary(counts: Counts, dry_run: bool) -> str:
    text = _(
        "%(read)s rows read: %(taken)s taken, %(updated)s updated, %(unchanged)s unchanged, %(refused)s refused.",
        read=counts.read,
        taken=counts.taken,
        updated=counts.updated,
        unchanged=counts.unchanged,
        refused=counts.refused,
    )
    return text + " " + _("Nothing was kept: this was a dry run.") if dry_run else text


def _say(text: str) -> None:
    click.echo(text, err=True)
