"""Reading a register's file: what is detected, what is said, and that no row is lost."""

import codecs
import io
import random
import re
import zipfile
from datetime import date, datetime
from pathlib import Path

import pytest
from openpyxl import Workbook

from caseflow.people.register import reading
from caseflow.people.register.reading import ReadingError, open_table

TEXT = "Номер,Фамилия,Имя\n1,Ахметов,Нурлан\n2,Жапарова,Айгуль\n"
EXPECTED = [
    {"Номер": "1", "Фамилия": "Ахметов", "Имя": "Нурлан"},
    {"Номер": "2", "Фамилия": "Жапарова", "Имя": "Айгуль"},
]


def write(folder: Path, content: bytes | str, name: str = "register.csv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def write_workbook(folder: Path, *rows: list[object], title: str = "Register") -> Path:
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.title = title
    for row in rows:
        sheet.append(row)
    path = folder / "register.xlsx"
    workbook.save(path)
    return path


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (TEXT.encode(), "utf-8"),
        (codecs.BOM_UTF8 + TEXT.encode(), "utf-8-sig"),
        (codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"), "utf-16-le"),
        (codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), "utf-16-be"),
        (TEXT.encode("cp1251"), "cp1251"),
    ],
)
def test_encoding_is_detected_and_said(tmp_path: Path, content: bytes, encoding: str) -> None:
    table = open_table(write(tmp_path, content))
    assert (table.format, table.encoding, table.delimiter) == ("csv", encoding, ",")
    assert table.columns == ("Номер", "Фамилия", "Имя")
    assert [row.cells for row in table.rows()] == EXPECTED


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_delimiter_is_detected_and_said(tmp_path: Path, delimiter: str, end: str) -> None:
    table = open_table(write(tmp_path, TEXT.replace(",", delimiter).replace("\n", end)))
    assert table.delimiter == delimiter
    assert [row.cells for row in table.rows()] == EXPECTED


def test_delimiter_is_not_taken_from_within_the_cells(tmp_path: Path) -> None:
    table = open_table(write(tmp_path, 'No;Address, street, house\n1;"Abai, 5; flat 2"\n2;Manas, 7, 8\n'))
    assert table.delimiter == ";"
    assert [row.cells["Address, street, house"] for row in table.rows()] == ["Abai, 5; flat 2", "Manas, 7, 8"]


def test_one_column_is_a_table_too(tmp_path: Path) -> None:
    table = open_table(write(tmp_path, "Number\n7\n"))
    assert [row.cells for row in table.rows()] == [{"Number": "7"}]


def test_encoding_and_delimiter_may_be_set(tmp_path: Path) -> None:
    path = write(tmp_path, "a|b\nж|2\n".encode("cp866"))
    table = open_table(path, encoding="cp866", delimiter="|")
    assert [row.cells for row in table.rows()] == [{"a": "ж", "b": "2"}]
    with pytest.raises(ReadingError, match="as utf-8"):
        open_table(path, encoding="utf-8")
    with pytest.raises(ReadingError, match="as klingon"):
        open_table(path, encoding="klingon")


def test_a_late_wrong_byte_changes_the_encoding_of_the_whole_file(tmp_path: Path) -> None:
    lines = b"a,b\n" + b"1,2\n" * 400_000 + "ж,2\n".encode("cp1251")
    table = open_table(write(tmp_path, lines))
    assert table.encoding == "cp1251"
    assert table.count_rows() == 400_001


def test_columns_and_cells_are_stripped_and_rows_keep_their_number(tmp_path: Path) -> None:
    table = open_table(write(tmp_path, '\n Age  At Release ,Sex\n 25-34 , Male\n\n,\n"a\nb",Female\n'))
    assert table.columns == ("Age At Release", "Sex")
    assert table.header_row == 2
    assert [(row.number, row.cells["Age At Release"], row.raw[0]) for row in table.rows()] == [
        (3, "25-34", " 25-34 "),
        (6, "a\nb", "a\nb"),
    ]


def test_rows_that_do_not_fit_are_marked_not_dropped(tmp_path: Path) -> None:
    table = open_table(write(tmp_path, 'a,b\n1,2\n3\n4,5,6\n7,8,\n"x"y,9\n10,11\n'))
    rows = list(table.rows())
    assert [(row.number, row.error.reason if row.error else "") for row in rows] == [
        (2, ""),
        (3, "too_few_cells"),
        (4, "too_many_cells"),
        (5, ""),
        (6, "broken_quotes"),
        (7, ""),
    ]
    assert rows[2].raw == ("4", "5", "6")
    assert rows[2].error is not None
    assert rows[2].error.params == {"cells": "3", "columns": "2"}
    assert rows[4].raw == ('"x"y,9',)
    assert rows[5].cells == {"a": "10", "b": "11"}
    assert table.count_rows() == len(rows)


def test_rows_may_be_read_again_from_the_start(tmp_path: Path) -> None:
    table = open_table(write(tmp_path, TEXT))
    assert next(table.rows()).number == 2
    assert table.count_rows() == 2
    assert next(table.rows()).number == 2


def test_empty_columns_at_the_end_are_ignored(tmp_path: Path) -> None:
    table = open_table(write(tmp_path, "a,b,,\n1,2,,\n"))
    assert [row.error for row in table.rows()] == [None]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\n\n,,\n", "no header"),
        (codecs.BOM_UTF8, "no header"),
        (b"a,b,a\n1,2,3\n", "Two columns are called “a”"),
        (b"a,,b\n1,2,3\n", "Column 2 has no name"),
        (b'"a"b,c\n1,2\n', "quotation marks in row 1"),
        (b"a,b\n1,\x002\n", "not a text file"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "not a text file"),
        (codecs.BOM_UTF16_LE + b"a\x00,", "no encoding that we know"),
        (b"a,b\n\x98\xff,2\n", "no encoding that we know"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 500, "old Excel"),
        (b"PK\x03\x04 and then nothing", "damaged"),
        ((",".join(f"c{n}" for n in range(501)) + "\n").encode(), "more than 500 columns"),
    ],
)
def test_what_is_no_table_is_refused_in_words(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(ReadingError) as error:
        open_table(write(tmp_path, content))
    assert message in str(error.value)


def test_a_file_that_is_not_there_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ReadingError, match="cannot be read: No such file"):
        open_table(tmp_path / "nothing.csv")
    with pytest.raises(ReadingError, match="cannot be read"):
        open_table(tmp_path)


def test_a_quote_that_is_never_closed_stops_the_file(tmp_path: Path) -> None:
    table = open_table(write(tmp_path, 'a,b\n1,2\n3,"4\n5,6\n'))
    with pytest.raises(ReadingError, match="row 3 is never closed"):
        table.count_rows()


def test_a_file_with_too_many_rows_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "a\n1\n2\n3\n")
    assert open_table(path, max_rows=3).count_rows() == 3
    with pytest.raises(ReadingError, match="more than 2 rows"):
        open_table(path, max_rows=2).count_rows()


def test_workbook_is_read_as_text(tmp_path: Path) -> None:
    path = write_workbook(
        tmp_path,
        ["Number", "Born", "Admitted", "Share", "Held", "Note"],
        [7, date(1990, 5, 17), datetime.fromisoformat("2024-01-02T08:30"), 0.5, True, "  Әсел "],
        [8.0, datetime.fromisoformat("1991-01-01"), None, None, False],
        [None, None],
        [9, None, None, None, None, None, "beyond"],
        ["#REF!", "x"],
        title="Люди",
    )
    table = open_table(path)
    assert (table.format, table.encoding, table.delimiter, table.sheet) == ("xlsx", "", "", "Люди")
    rows = list(table.rows())
    assert list(rows[0].cells.values()) == ["7", "1990-05-17", "2024-01-02T08:30:00", "0.5", "true", "Әсел"]
    assert list(rows[1].cells.values()) == ["8", "1991-01-01", "", "", "false", ""]
    assert [(row.number, row.error.reason if row.error else "") for row in rows] == [
        (2, ""),
        (3, ""),
        (5, "too_many_cells"),
        (6, "excel_error"),
    ]
    assert table.count_rows() == 4


def replace_in_sheet(path: Path, pattern: bytes, replacement: bytes) -> None:
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet, count = re.subn(pattern, replacement, parts["xl/worksheets/sheet1.xml"])
    assert count == 1
    parts["xl/worksheets/sheet1.xml"] = sheet
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def test_workbook_that_states_a_wrong_size_loses_no_cells(tmp_path: Path) -> None:
    path = write_workbook(tmp_path, ["Number", "Name"], [1, "Әсел"], [2, "Айгүл"])
    replace_in_sheet(path, rb'<dimension ref="A1:B3" ?/>', b'<dimension ref="A1:A2"/>')
    assert [row.cells["Name"] for row in open_table(path).rows()] == ["Әсел", "Айгүл"]


def test_workbook_gives_the_values_of_its_formulas(tmp_path: Path) -> None:
    path = write_workbook(tmp_path, ["Number", "Twice"], [2, "PLACE"])
    replace_in_sheet(path, rb'<c r="B2".*?</c>', b'<c r="B2"><f>A2*2</f><v>4</v></c>')
    assert [row.cells for row in open_table(path).rows()] == [{"Number": "2", "Twice": "4"}]


def test_hidden_sheets_are_passed_over(tmp_path: Path) -> None:
    workbook = Workbook()
    first = workbook.active
    assert first is not None
    first.append(["secret"])
    shown = workbook.create_sheet("Shown")
    shown.append(["Number"])
    shown.append([1])
    first.sheet_state = "hidden"
    workbook.active = 1
    path = tmp_path / "register.xlsx"
    workbook.save(path)
    assert open_table(path).columns == ("Number",)


def test_a_zip_that_is_no_workbook_is_refused(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("register.csv", TEXT)
    with pytest.raises(ReadingError, match=r"ZIP archive and no \.xlsx"):
        open_table(write(tmp_path, packed.getvalue()))


def test_a_broken_workbook_is_refused(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<not closed")
    with pytest.raises(ReadingError, match="damaged"):
        open_table(write(tmp_path, packed.getvalue(), "register.xlsx"))


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_workbook(tmp_path, ["Number"], [1])
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/large.bin", random.randbytes(2_000_000))
    assert open_table(path).count_rows() == 1
    monkeypatch.setattr(reading, "MAX_UNPACKED_BYTES", 1_500_000)
    with pytest.raises(ReadingError, match="too large"):
        open_table(path)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("xl/sharedStrings.xml", b"<si><t>a</t></si>" * 1_000_000),
        ("xl/media/bomb.bin", b"\0" * 5_000_000),
        ("xl/styles.xml", b"<xf/>" + random.Random(1).randbytes(5_000_000)),
    ],
)
def test_workbook_of_filling_is_refused_before_it_is_read(tmp_path: Path, name: str, content: bytes) -> None:
    path = write_workbook(tmp_path, ["Number"], [1])
    with zipfile.ZipFile(path) as archive:
        parts = {one: archive.read(one) for one in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for one, held in (parts | {name: content}).items():
            archive.writestr(one, held)
    with pytest.raises(ReadingError, match="far more than a table"):
        open_table(path)


def test_workbook_that_says_the_same_in_most_rows_is_read(tmp_path: Path) -> None:
    rows = [["2025", "male", "Region 1", "Released on parole", "no"]] * 5000
    path = write_workbook(tmp_path, ["Year", "Sex", "Region", "Release", "Return"], *rows)
    assert open_table(path).count_rows() == 5000
