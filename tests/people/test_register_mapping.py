"""The mapping of a register: what it refuses, what it makes of a row, and the real file from Iowa."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from caseflow.people.register.fields import FIELDS
from caseflow.people.register.mapping import Mapping, MappingError, shipped
from caseflow.people.register.reading import Row, RowError, open_table
from caseflow.people.register.rows import REASONS, Record, SiteRecord, convert, reason_text

DATA = Path(__file__).parent.parent / "data"
IOWA = Path(__file__).parents[3] / "shared" / "data" / "iowa-releases-2010-2015.csv"
NUMBERS = """
[fields]
"person.number" = "No"
"person.name" = "Name"
"case.number" = "No"
"""


def mapping_with(*lines: str, top: str = "") -> Mapping:
    return Mapping.parse(top + NUMBERS + "\n".join(lines))


def row(number: int = 2, **cells: str) -> Row:
    cells = {"No": "7", "Name": "Ахметов Нурлан"} | cells
    return Row(number, cells, tuple(cells.values()))


def taken(mapping: Mapping, **cells: str) -> Record:
    record = convert(mapping, row(**cells))
    assert isinstance(record, Record), record
    return record


def refused(mapping: Mapping, **cells: str) -> list[tuple[str, str]]:
    errors = convert(mapping, row(**cells))
    assert isinstance(errors, list), errors
    assert all(reason_text(error) for error in errors)
    return [(error.column, error.reason) for error in errors]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("fields = ", "no valid TOML"),
        ("", "needs a table “fields”"),
        ("fields = 3", "needs a table “fields”"),
        ("colour = 'red'" + NUMBERS, "“colour” is not known. Allowed: name"),
        ("[fields]\n'person.number' = 'No'", "“case.number” must be filled"),
        ("[fields]\n'person.number' = 'No'\n'case.number' = 'No'", "person.name, person.family_name"),
        (NUMBERS + "'person.shoe' = 'Shoe'", "no field “person.shoe”. The fields are: person.number"),
        (NUMBERS + "'person.sex' = 3", "“person.sex” must be the name of a column or a table"),
        (NUMBERS + "'person.sex' = ''", "“person.sex.column” must not be empty"),
        (NUMBERS + "'person.sex' = {}", "“person.sex” needs exactly one of: column, constant, template"),
        (NUMBERS + "'person.sex' = {column = 'a', constant = 'male'}", "exactly one of"),
        (NUMBERS + "'person.sex' = {colum = 'Sex'}", "“person.sex.colum” is not known. Allowed: column"),
        (NUMBERS + "'person.sex' = {column = ['Sex']}", "“person.sex.column” must be a text"),
        (NUMBERS + "'person.sex' = {column = 'a', values = 'b'}", "“person.sex.values” must be a table"),
        (NUMBERS + "'person.sex' = {column = 'a', values = {M = 'man'}}", "person.sex.values.m” is “man”"),
        (NUMBERS + "'person.sex' = {column = 'a', default = 'x'}", "Allowed: female, male, unknown"),
        (NUMBERS + "'person.sex' = {constant = 'x'}", "“person.sex.constant” is “x”"),
        (NUMBERS + "'person.sex' = {column = 'a', required = 'x'}", "“person.sex.required” must be true or false"),
        (NUMBERS + "'person.sex' = {column = 'a', unlisted = 'x'}", "“person.sex.unlisted” must be one of: keep"),
        (NUMBERS + "'person.sex' = {column = 'a', blanks = 'x'}", "“person.sex.blanks” must be a list of texts"),
        (NUMBERS + "'person.birth_date' = {column = 'a', formats = ['%d']}", "“%d”, which gives no date"),
        (NUMBERS + "'person.sex' = {template = '{a'}", "“person.sex.template” must be a text with columns"),
        (NUMBERS + "'person.sex' = {template = '{}'}", "like “{Year}-{row}”"),
        (NUMBERS + "'case.release_year' = {constant = 'soon'}", "a whole number"),
        ("timezone = 'Mars/Olympus'" + NUMBERS, "“timezone” is “Mars/Olympus”"),
        ("dates = ['%H']" + NUMBERS, "“dates” holds “%H”"),
    ],
)
def test_a_wrong_mapping_names_the_key_and_what_is_allowed(text: str, message: str) -> None:
    with pytest.raises(MappingError) as error:
        Mapping.parse(text)
    assert message in str(error.value)


def test_a_mapping_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match="cannot be read"):
        Mapping.load(tmp_path / "none.toml")
    (tmp_path / "map.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(MappingError, match="cannot be read"):
        Mapping.load(tmp_path / "map.toml")


def test_fields_may_stand_in_tables_or_as_dotted_keys() -> None:
    nested = Mapping.parse('[fields.person]\nnumber = "No"\nname = "Name"\n[fields.case]\nnumber = "No"')
    assert nested == mapping_with()


def test_a_missing_column_is_named_with_those_there_are() -> None:
    mapping = mapping_with('"site.name" = "Prison"')
    mapping.check(["Prison", "No", "Name"])
    with pytest.raises(MappingError, match=r"no column “Prison”\. Its columns are: “No”, “Name”"):
        mapping.check(["No", "Name"])
    assert mapping.columns() == ["No", "Name", "Prison"]
    assert mapping.unused(["No", "Name", "Prison", "Colour"]) == ["Colour"]


def test_a_row_becomes_typed_values() -> None:
    mapping = mapping_with(
        '"person.sex" = "Sex"',
        '"person.birth_date" = "Born"',
        '"person.nationality" = "Country"',
        '"person.languages" = "Languages"',
        '"identifier.passport" = "Passport"',
        '"case.admitted_at" = "Admitted"',
        '"case.phase" = { constant = "pre_release" }',
        '"case.sentence_months" = "Months"',
        '"site.name" = "Prison"',
        '"return.returned" = "Returned"',
        '"return.days" = "Days"',
        top='timezone = "Asia/Almaty"\n',
    )
    record = taken(
        mapping,
        Sex="FEMALE",
        Born="17.05.1990",
        Country="kz",
        Languages="kk, ru;ar-IQ",
        Passport="N1",
        Admitted="02.01.2024 08:30",
        Months="٣٦",
        Prison="Prison 3",
        Returned="да",
        Days="12",
    )
    assert (record.person.number, record.person.name, record.person.sex) == ("7", "Ахметов Нурлан", "female")
    assert (record.person.birth_date, record.person.birth_estimated) == (date(1990, 5, 17), False)
    assert (record.person.nationality, record.person.languages) == ("KZ", ("kk", "ru", "ar-iq"))
    assert (record.person.passport, record.person.national_number) == ("N1", None)
    assert record.case.admitted_at is not None
    assert record.case.admitted_at.utcoffset() in {timedelta(hours=5), timedelta(hours=6)}
    assert record.case.admitted_at.replace(tzinfo=UTC) == datetime(2024, 1, 2, 8, 30, tzinfo=UTC)
    assert (record.case.phase, record.case.sentence_months) == ("pre_release", 36)
    assert record.site == SiteRecord("Prison 3", "Prison 3")
    assert record.returned is not None
    assert record.returned.days == 12


@pytest.mark.parametrize(
    ("field", "text", "reason"),
    [
        ("person.sex", "robot", "not_a_choice"),
        ("person.birth_date", "31.02.1990", "not_a_date"),
        ("person.birth_date", "1.1.0190", "out_of_range"),
        ("person.birth_year", "2190", "out_of_range"),
        ("person.birth_year", "about 1990", "not_a_number"),
        ("person.nationality", "Narnia", "not_a_country"),
        ("person.languages", "kk, Kazakh!", "not_a_language"),
        ("person.gender", "x" * 501, "too_long"),
        ("case.admitted_at", "yesterday", "not_a_date"),
        ("case.phase", "lost", "not_a_choice"),
        ("case.sentence_months", "-1", "out_of_range"),
        ("case.sentence_months", "1.5", "not_a_number"),
        ("return.returned", "perhaps", "not_yes_or_no"),
    ],
)
def test_a_value_that_does_not_fit_refuses_the_row(field: str, text: str, reason: str) -> None:
    assert refused(mapping_with(f'"{field}" = "Cell"'), Cell=text) == [("Cell", reason)]


def test_all_reasons_against_a_row_are_told_at_once() -> None:
    mapping = mapping_with('"person.sex" = "Sex"', '"person.birth_date" = "Born"')
    assert refused(mapping, No="", Name=" - ", Sex="?", Born="?") == [
        ("No", "missing"),
        ("Sex", "not_a_choice"),
        ("Born", "not_a_date"),
        ("No", "missing"),
    ]
    assert refused(mapping, Name="N/A", Sex="", Born="") == [("Name", "missing")]


def test_a_row_that_does_not_fit_the_header_is_refused_as_it_was_read() -> None:
    error = RowError(5, "", "too_few_cells", {"cells": "1", "columns": "2"})
    assert convert(mapping_with(), Row(5, {"No": "7", "Name": ""}, ("7",), error)) == [error]
    assert reason_text(error) == "The row has only 1 cells, the header has 2."


def test_values_are_mapped_whatever_their_case_dashes_and_spaces() -> None:
    mapping = mapping_with(
        '"case.release_type" = { column = "Type", values = { "Discharged - End" = "End", "none" = "" } }'
    )
    assert taken(mapping, Type="DISCHARGED –  end").case.release_type == "End"
    assert taken(mapping, Type="None").case.release_type is None
    assert taken(mapping, Type="Parole").case.release_type == "Parole"


def test_an_unlisted_value_is_refused_where_the_mapping_says_so() -> None:
    mapping = mapping_with(
        '"case.release_type" = { column = "Type", values = { a = "A" }, unlisted = "refuse", default = "None" }'
    )
    assert refused(mapping, Type="b") == [("Type", "unlisted_value")]
    assert taken(mapping, Type="").case.release_type == "None"


def test_templates_join_columns_and_the_row_number() -> None:
    mapping = mapping_with('"site.code" = { template = "{{{Region}}}/{Prison  No}-{row}" }')
    assert mapping.columns() == ["No", "Name", "Region", "Prison No"]
    assert taken(mapping, Region="Osh", **{"Prison No": "3"}).site == SiteRecord("{Osh}/3-2", "{Osh}/3-2")
    assert taken(mapping, Region="Osh", **{"Prison No": "-"}).site is None


def test_blanks_and_formats_may_be_set_for_the_file_and_for_a_field() -> None:
    mapping = mapping_with(
        '"case.offence_class" = "Class"',
        '"case.offence_type" = { column = "Type", blanks = ["none"] }',
        '"case.release_on" = { column = "Release", formats = ["%m/%d/%y"] }',
        top='blanks = ["?"]\n',
    )
    record = taken(mapping, Class="?", Type="?", Release="12/31/27")
    assert (record.case.offence_class, record.case.offence_type) == (None, "?")
    assert record.case.release_on == date(2027, 12, 31)
    assert taken(mapping, Class="", Type="", Release="2027-12-31").case.release_on == date(2027, 12, 31)
    assert taken(mapping, Class="-", Type="NONE", Release="").case.offence_type is None


def test_names_are_joined_from_their_parts_and_a_year_gives_an_estimated_birth() -> None:
    mapping = Mapping.parse(
        """[fields]
        "person.number" = "No"
        "case.number" = "No"
        "person.family_name" = "Family"
        "person.given_name" = "Given"
        "person.patronymic" = "Father"
        "person.birth_year" = "Year"
        """
    )
    person = taken(mapping, Family="Жапарова", Given="", Father="Асановна", Year="1990").person
    assert person.name == "Жапарова Асановна"
    assert (person.birth_date, person.birth_estimated) == (date(1990, 1, 1), True)
    assert refused(mapping, Family="", Given="", Father="Асановна", Year="") == [("Family", "missing")]


def test_a_person_who_did_not_return_has_no_return() -> None:
    mapping = mapping_with('"return.returned" = "R"', '"return.days" = "D"', '"return.within_years" = {constant = 3}')
    assert taken(mapping, R="No", D="").returned is None
    assert taken(mapping, R="", D="").returned is None
    assert taken(mapping, R="", D="5").returned is not None
    assert refused(mapping, R="No", D="5") == [("D", "no_return")]
    returned = taken(mapping, R="Yes", D="").returned
    assert returned is not None
    assert (returned.days, returned.within_years) == (None, 3)
    assert taken(mapping_with('"return.days" = "D"'), D="5").returned is not None


def test_a_fingerprint_changes_with_what_the_row_says_and_with_nothing_else() -> None:
    mapping = mapping_with('"person.birth_date" = "Born"', '"return.returned" = "R"')
    first = taken(mapping, Born="17.05.1990", R="No")
    assert len(first.fingerprint) == 32
    moved = convert(mapping, row(99, Born="1990-05-17", R="0", Colour="red"))
    assert isinstance(moved, Record)
    assert moved.fingerprint == first.fingerprint
    prints = {
        first.fingerprint,
        taken(mapping, Born="18.05.1990", R="No").fingerprint,
        taken(mapping, Born="", R="No").fingerprint,
        taken(mapping, Born="17.05.1990", R="Yes").fingerprint,
        taken(mapping, Born="17.05.1990", R="No", Name="Ахметов Нурлан А.").fingerprint,
    }
    assert len(prints) == 5


def test_every_shipped_mapping_is_valid_and_every_field_has_a_label() -> None:
    assert set(shipped()) == {"example", "iowa"}
    for path in shipped().values():
        assert Mapping.load(path).name
    assert all(str(field.label) and field.allowed() for field in FIELDS.values())
    assert all(str(text) for text in REASONS.values())


def test_the_example_takes_a_row_in_russian() -> None:
    mapping = Mapping.load(shipped()["example"])
    cells = dict.fromkeys(mapping.columns(), "")
    cells |= {
        "Личное дело": "17",
        "Фамилия": "Ахметов",
        "Имя": "Нурлан",
        "Пол": "М",
        "Гражданство": "казахстан",
        "Язык": "Русский",
        "Поступил": "01.02.2024 10:15",
        "Статус": "Осужден",
        "Код учреждения": "ЛА-155/8",
    }
    record = convert(mapping, Row(2, cells, tuple(cells.values())))
    assert isinstance(record, Record), record
    assert (record.person.sex, record.person.nationality, record.person.languages) == ("male", "KZ", ("ru",))
    assert record.case.number == "17/01.02.2024 10:15"
    assert (record.case.legal_status, record.case.opened_on) == ("sentenced", date(2024, 2, 1))


def test_the_sample_from_iowa_is_taken_whole() -> None:
    mapping, table = Mapping.load(shipped()["iowa"]), open_table(DATA / "iowa-sample.csv")
    mapping.check(table.columns)
    records = [convert(mapping, r) for r in table.rows()]
    good = [record for record in records if isinstance(record, Record)]
    assert len(good) == len(records) == table.count_rows() == 60
    assert sum(record.returned is not None for record in good) == 27
    assert sum(record.person.sex == "unknown" and record.person.age_group is None for record in good) == 3
    types = Counter(record.case.release_type for record in good)
    assert "Parole Granted" not in types
    assert "Discharged – End of Sentence" not in types
    assert (types["Parole"], types["Discharged - End of Sentence"], types["Special Sentence"]) == (27, 23, 3)
    assert {record.case.phase for record in good} == {"released"}
    assert good[0].person.number == good[0].case.number == "IA-2"
    assert good[0].person.name == "Record IA-2"
    assert "Not stated" in {record.site.name for record in good if record.site}


def test_the_whole_file_from_iowa_is_taken() -> None:
    if not IOWA.exists():
        pytest.skip("the whole Iowa file is not beside the repository: only its sample was tested")
    mapping, table = Mapping.load(shipped()["iowa"]), open_table(IOWA)
    mapping.check(table.columns)
    records = [convert(mapping, r) for r in table.rows()]
    good = [record for record in records if isinstance(record, Record)]
    assert len(good) == len(records) == 26_020
    assert len({record.case.number for record in good}) == 26_020
    assert sum(record.returned is not None and record.returned.days is not None for record in good) == 8_681
    assert Counter(record.person.sex for record in good) == {"male": 22_678, "female": 3_339, "unknown": 3}
    assert Counter(record.case.release_type for record in good)["Parole"] == 9_810 + 5_577
    assert len({repr(record.site) for record in good}) == 11
