"""Taking a register: every row is taken, updated, unchanged or refused, once; by command, by page and by job."""

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from redis import Redis
from sqlalchemy import func, select

from caseflow.audit.models import Entry
from caseflow.core.db import db, unit_of_work
from caseflow.core.errors import Refused
from caseflow.core.jobs import PERIODIC
from caseflow.core.search import name_keys, query_keys
from caseflow.people import actions, queries
from caseflow.people.actions.register import Counts, import_rows, organisation_of
from caseflow.people.actions.register_batch import Refusal
from caseflow.people.models import (
    Case,
    CaseReturn,
    Identifier,
    Name,
    NameKey,
    NameKind,
    Person,
    Phase,
    RegisterImport,
    Stay,
)
from caseflow.people.register.mapping import Mapping, shipped
from caseflow.people.register.reading import ReadingError, open_table
from caseflow.tenancy.models import Site
from tests.cast import Cast
from tests.people.test_persons import person
from tests.stories.access import colleague, excluded, restricted

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "tests" / "data" / "iowa-sample.csv"
IOWA = ROOT.parent / "shared" / "data" / "iowa-releases-2010-2015.csv"
MAPPING = """
name = "Test"
timezone = "Asia/Almaty"
[fields.person]
number = "No"
name = "Name"
name_latin = "Latin"
sex = { column = "Sex", values = { "м" = "male", "ж" = "female" }, default = "unknown" }
birth_date = "Born"
languages = "Speaks"
[fields.identifier]
national = "IIN"
[fields.case]
number = "Case"
phase = { column = "Phase", default = "delivery" }
admitted_at = "Admitted"
release_on = "Release"
[fields.site]
name = "Site"
[fields.return]
days = "Days"
"""
HEADER = ["No", "Name", "Latin", "Sex", "Born", "Speaks", "IIN", "Case", "Phase", "Admitted", "Release", "Site", "Days"]
FIRST = [
    "1",
    "Асан Усенов",
    "Asan Usenov",
    "м",
    "05.03.1990",
    "kk,ru",
    "900",
    "C-1",
    "",
    "01.02.2024 10:00",
    "01.01.2030",
    "Колония",
    "",
]
SECOND = ["2", "Айша Омар", "", "ж", "1991-01-02", "", "", "C-2", "released", "", "", "Колония", "433"]

Take = Callable[..., Counts]


@pytest.fixture
def take(cast: Cast, tmp_path: Path) -> Take:
    """Import rows into the prison service of Almaty; `refused` collects what was not taken."""

    def run(*rows: list[str], refused: list[Refusal] | None = None, mapping: str = MAPPING, **options: Any) -> Counts:
        path = tmp_path / "register.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([HEADER, *rows])
        org_id = cast.organisation("almaty")
        with cast.app.app_context():
            kept = [] if refused is None else refused
            return import_rows(open_table(path), Mapping.parse(mapping), org_id=org_id, refuse=kept.append, **options)

    return run


def row(base: list[str], **changes: str) -> list[str]:
    """A row like another, but for these columns."""
    return [changes.get(name, cell) for name, cell in zip(HEADER, base, strict=True)]


def counts(cast: Cast, who: str = "leader") -> dict[str, int]:
    """How many rows the tables hold for this user's organisation."""
    tables = (Person, Name, NameKey, Identifier, Case, Stay, CaseReturn)
    with cast.acting(who):
        return {t.__tablename__: db.session.scalar(select(func.count()).select_from(t)) or 0 for t in tables}


def test_rows_become_persons_with_cases_sites_stays_and_returns(cast: Cast, take: Take) -> None:
    assert take(FIRST, SECOND) == Counts(read=2, taken=2)
    with cast.acting("leader") as leader:
        first, second = db.session.scalars(queries.visible(leader).order_by(Case.number)).all()
        assert (first.person.name, first.person.latin_name) == ("Асан Усенов", "Asan Usenov")
        assert first.person.languages == ["kk", "ru"]
        assert first.phase is Phase.DELIVERY
        assert str(first.opened_on) == "2024-02-01"
        assert first.site is not None
        assert first.site.name == "Колония"
        [(stay, _)] = queries.stays(first)
        assert stay.since == first.admitted_at
        assert not queries.stays(second)
        returned = queries.case_return(second)
        assert returned is not None
        assert returned.days == 433
        ids = first.id, second.id
        assert first.primary_worker is None
        held = set(db.session.scalars(select(NameKey.key).where(NameKey.person_id == second.person_id)))
        assert all(keys & held for keys in query_keys("Aisha Omar"))
    assert "Returned to prison" not in cast.be("leader").get(f"/cases/{ids[0]}")
    assert "Returned to prison</dt><dd>after 433 days" in cast.be("leader").get(f"/cases/{ids[1]}")
    cast.be("stranger").get(f"/cases/{ids[1]}", expect=404)
    assert counts(cast, "stranger") == dict.fromkeys(counts(cast), 0)
    assert counts(cast, "officer") == dict.fromkeys(counts(cast), 0)


def test_same_file_again_changes_nothing(cast: Cast, take: Take) -> None:
    take(FIRST, SECOND)
    before = counts(cast)
    assert take(FIRST, SECOND) == Counts(read=2, unchanged=2)
    assert take(SECOND, FIRST) == Counts(read=2, unchanged=2)
    assert counts(cast) == before


def test_changed_row_updates_what_the_register_says_and_nothing_that_workers_wrote(cast: Cast, take: Take) -> None:
    take(FIRST, SECOND)
    with cast.acting("leader") as leader:
        case = db.session.scalars(queries.visible(leader).where(Case.number == "C-1")).one()
        actions.change_phase(case, Phase.PRE_RELEASE, by=leader)
        case.authority = "Суд"
        version = case.version
    changed = row(FIRST, Name="Асан Үсенов", Latin="Asan Usenuly", Release="01.06.2029", IIN="901", Site="Колония 2")
    assert take(changed, row(SECOND, Days="")) == Counts(read=2, updated=2)
    with cast.acting("leader") as leader:
        first, second = db.session.scalars(queries.visible(leader).order_by(Case.number)).all()
        assert str(first.release_on) == "2029-06-01"
        assert first.phase is Phase.PRE_RELEASE
        assert first.authority == "Суд"
        assert first.version > version  # a worker who has the old page open notices
        assert (first.person.name, first.person.latin_name) == ("Асан Үсенов", "Asan Usenuly")
        assert {name.full for name in queries.names(first.person)} == {"Асан Үсенов", "Asan Usenuly"}
        assert list(queries.identifiers(first.person).values()) == ["901"]
        assert first.site is not None
        assert first.site.name == "Колония 2"
        assert [bool(stay.until) for stay, _ in queries.stays(first)] == [False, True]
        assert queries.case_return(second) is None
        assert str(second.person.birth_date) == "1991-01-02"


def test_row_of_a_closed_file_is_taken_as_any_other_and_the_file_shown_to_who_brought_it(
    cast: Cast, take: Take
) -> None:
    take(FIRST)
    address = upload(cast, SAMPLE.read_bytes())
    cast.be("deputy").get(address)
    with cast.acting("leader") as leader:
        case_id = db.session.scalars(queries.visible(leader).where(Case.number == "C-1")).one().id
    excluded(cast, case_id, "deputy")
    deputy = colleague(cast, "deputy")
    assert take(row(FIRST, Release="01.06.2029"), user_id=deputy) == Counts(read=1, updated=1)
    cast.be("deputy").get(address, expect=404)
    assert "Реестр.csv" not in cast.be("deputy").get("/register-imports")
    assert "Реестр.csv" in cast.be("leader").get("/register-imports")


def test_empty_cell_takes_nothing_away(cast: Cast, take: Take) -> None:
    take(FIRST)
    take(row(FIRST, Sex="", Born="", Speaks="", Latin="", IIN="", Release=""))
    with cast.acting("leader") as leader:
        case = db.session.scalars(queries.visible(leader)).one()
        assert case.person.sex == "male"
        assert case.person.birth_date is not None
        assert case.person.languages == ["kk", "ru"]
        assert case.release_on is not None
        assert list(queries.identifiers(case.person).values()) == ["900"]


def test_name_that_a_worker_wrote_stays(cast: Cast, take: Take) -> None:
    take(FIRST)
    with cast.acting("leader") as leader:
        case_id = db.session.scalars(queries.visible(leader)).one().id
    form = person(name="Хасан Усенов", latin_name="Hasan Usenov", person_number="1", aliases="Хаса", version="1")
    cast.be("leader").post(f"/cases/{case_id}/person", form)
    take(row(FIRST, Name="Асан Усэнов", Latin="Asan Usenow"))
    with cast.acting("leader") as leader:
        held = queries.opened(case_id, leader).person
        assert (held.name, held.latin_name) == ("Хасан Усенов", "Hasan Usenov")
        assert {(name.kind, name.full) for name in queries.names(held)} == {
            (NameKind.OFFICIAL, "Хасан Усенов"),
            (NameKind.SCRIPT, "Hasan Usenov"),
            (NameKind.SCRIPT, "Asan Usenow"),
            (NameKind.ALIAS, "Хаса"),
        }
        keys = set(db.session.scalars(select(NameKey.key).where(NameKey.person_id == held.id)))
        assert all(wanted & keys for wanted in query_keys("Хасан"))


def test_name_that_the_mapping_makes_up_is_no_name_to_search_by(cast: Cast, take: Take) -> None:
    made_up = MAPPING.replace('name = "Name"', 'name = { template = "Record {row}" }')
    take(SECOND, mapping=made_up)
    assert counts(cast)["name_keys"] == 0
    take(row(SECOND, Latin="Aisha Omar", Days="434"), mapping=made_up)
    with cast.acting("leader"):
        assert set(db.session.scalars(select(NameKey.key))) == name_keys("Aisha Omar")
    assert "C-2" in cast.be("leader").get("/search?q=Aisha+Omar")
    assert "C-2" in cast.be("leader").get("/search?q=C-2")
    assert "C-2" not in cast.be("leader").get("/search?q=Record")


def test_one_person_with_two_cases_is_one_person(cast: Cast, take: Take) -> None:
    again = row(FIRST, Case="C-9", Name="Асан Усенулы", Phase="closed")
    assert take(FIRST, again).taken == 2
    assert take(FIRST, again) == Counts(read=2, unchanged=2)
    assert take(row(FIRST, Case="C-10")).taken == 1
    held = counts(cast)
    assert (held["persons"], held["cases"], held["identifiers"]) == (1, 3, 1)
    with cast.acting("leader") as leader:
        closed = db.session.scalars(queries.visible(leader).where(Case.number == "C-9")).one()
        assert closed.closed_on is not None
        assert closed.outcome == "recorded"


def test_rows_that_cannot_be_taken_are_refused_with_the_reason(cast: Cast, take: Take) -> None:
    take(row(FIRST, No="77", Case="C-77", IIN="977"))
    refused: list[Refusal] = []
    came = take(
        FIRST,
        row(SECOND, Case="C-1"),  # the same case number again
        row(SECOND, IIN="900"),  # the national number of another row
        row(SECOND, IIN="977"),  # the national number of somebody who is here
        row(SECOND, Case="C-77"),  # the case of another person
        row(SECOND, Born="31.02.1990", Sex="x"),  # two reasons
        SECOND,
        refused=refused,
    )
    assert came == Counts(read=7, taken=2, refused=5)
    assert [(one.row.number, [(e.column, e.reason) for e in one.errors]) for one in refused] == [
        (3, [("Case", "twice")]),
        (4, [("IIN", "number_taken")]),
        (5, [("IIN", "number_taken")]),
        (6, [("Case", "other_person")]),
        (7, [("Sex", "not_a_choice"), ("Born", "not_a_date")]),
    ]
    assert refused[0].errors[0].params == {"row": "2"}


def test_nobody_reads_the_number_of_a_person_whose_file_is_closed(cast: Cast, take: Take) -> None:
    take(row(FIRST, No="77", Case="C-77", IIN="977"))
    with cast.acting("leader") as leader:
        case_id = db.session.scalars(queries.visible(leader).where(Case.number == "C-77")).one().id
    restricted(cast, case_id)
    refused: list[Refusal] = []
    take(row(SECOND, Case="C-77"), refused=refused)
    [error] = refused[0].errors
    assert (error.reason, error.params) == ("in_use", {})


def test_number_of_a_refused_row_is_free(take: Take) -> None:
    assert take(row(SECOND, Case="C-1", Born="x"), FIRST) == Counts(read=2, taken=1, refused=1)


def test_row_that_the_database_refuses_does_not_stop_the_others(
    cast: Cast, take: Take, environment: dict[str, str]
) -> None:
    with psycopg.connect(environment["OWNER_DATABASE_URL"]) as owner:
        owner.execute("ALTER TABLE persons ADD CONSTRAINT ck_persons_test CHECK (name <> 'Айша Омар')")
    refused: list[Refusal] = []
    third = row(FIRST, No="3", Case="C-3", IIN="903")
    assert take(FIRST, SECOND, third, refused=refused) == Counts(read=3, taken=2, refused=1)
    assert [(one.row.number, one.errors[0].reason) for one in refused] == [(3, "refused")]
    assert counts(cast)["cases"] == 2


def test_dry_run_says_the_same_and_keeps_nothing(cast: Cast, take: Take) -> None:
    rows = [FIRST, row(SECOND, Case="C-1"), row(SECOND, IIN="900"), SECOND]
    before = counts(cast)
    with cast.acting("leader"):
        sites = db.session.scalar(select(func.count(Site.id)))
    assert take(*rows, dry_run=True) == Counts(read=4, taken=2, refused=2)
    assert counts(cast) == before
    with cast.acting("leader"):
        assert db.session.scalar(select(func.count(Site.id))) == sites
    assert take(*rows) == Counts(read=4, taken=2, refused=2)


def many(number: int) -> list[list[str]]:
    """So many rows of different persons."""
    return [row(FIRST, No=str(n), Case=f"C-{n}", IIN=f"{9000 + n}") for n in range(number)]


def test_dry_run_over_several_batches_knows_what_earlier_ones_took(take: Take) -> None:
    rows = [*many(600), row(SECOND, Case="C-5"), row(SECOND, IIN="9007")]
    assert take(*rows, dry_run=True) == Counts(read=602, taken=600, refused=2)


def test_killed_half_way_a_batch_is_in_as_a_whole_or_not_at_all(cast: Cast, take: Take) -> None:
    class KilledError(Exception):
        """As if somebody pulled the plug."""

    def plug(counts: Counts) -> None:
        if counts.read >= 1000:
            raise KilledError

    rows = many(1200)
    with pytest.raises(KilledError):
        take(*rows, progress=plug)
    assert counts(cast)["cases"] == 1000
    assert take(*rows) == Counts(read=1200, taken=200, unchanged=1000)
    assert counts(cast)["persons"] == 1200


def test_file_that_breaks_off_is_not_begun(cast: Cast, tmp_path: Path) -> None:
    path = tmp_path / "broken.csv"
    text = io.StringIO()
    csv.writer(text).writerows([HEADER, *many(600)])
    path.write_text(text.getvalue() + '"never closed', encoding="utf-8")
    org_id = cast.organisation("almaty")
    with cast.app.app_context(), pytest.raises(ReadingError):
        import_rows(open_table(path), Mapping.parse(MAPPING), org_id=org_id)
    assert counts(cast)["cases"] == 0


def test_opened_on_is_as_near_as_the_register_tells(cast: Cast, take: Take) -> None:
    mapping = MAPPING.replace('release_on = "Release"', 'released_on = "Release"\nrelease_year = "Speaks"').replace(
        'languages = "Speaks"\n', ""
    )
    bare = {"IIN": "", "Admitted": "", "Release": "", "Speaks": ""}
    take(
        row(FIRST, **bare),
        row(FIRST, **bare | {"Case": "C-2", "Release": "05.06.2020"}),
        row(FIRST, **bare | {"Case": "C-3", "Speaks": "2012"}),
        row(FIRST, **bare | {"Case": "C-4", "Admitted": "31.12.2023 23:30"}),
        mapping=mapping,
    )
    with cast.acting("leader") as leader:
        opened = [str(case.opened_on) for case in db.session.scalars(queries.visible(leader).order_by(Case.number))]
        assert opened == [str(leader.organisation.today()), "2020-06-05", "2011-07-01", "2023-12-31"]


# By command


def command(environment: dict[str, str], *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "caseflow.cli", "import-register", *map(str, arguments)],
        env={**os.environ, **environment}, cwd=ROOT, capture_output=True, text=True, timeout=300,
    )  # fmt: skip


def test_command_takes_the_sample_and_ends_with_json(cast: Cast, environment: dict[str, str], tmp_path: Path) -> None:
    rows = len(SAMPLE.read_text(encoding="utf-8-sig").splitlines()) - 1
    options = ("--org", "almaty", "--mapping", "iowa", SAMPLE, "--json")
    for dry in (["--dry-run"], []):
        done = command(environment, *options, *dry)
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout.splitlines()[-1])
        assert found.pop("seconds") >= 0
        assert found == asdict(Counts(read=rows, taken=rows))
        assert "utf-8" in done.stderr
        assert "Release Type" in done.stderr
    done = command(environment, *options)
    assert json.loads(done.stdout) | {"seconds": 0} == asdict(Counts(read=rows, unchanged=rows)) | {"seconds": 0}
    assert counts(cast)["cases"] == rows


def test_command_writes_refused_rows_so_that_no_spreadsheet_runs_them(
    environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "map.toml").write_text(MAPPING, encoding="utf-8")
    path, errors = tmp_path / "r.csv", tmp_path / "errors.csv"
    with path.open("w", encoding="cp1251", newline="") as file:
        csv.writer(file, delimiter=";").writerows([HEADER, row(FIRST, Born="x", Name="=cmd|' /C calc'!A0"), SECOND])
    done = command(environment, "--org", "almaty", "--mapping", tmp_path / "map.toml", path, "--errors", errors)
    assert done.returncode == 0, done.stderr
    assert "cp1251" in done.stderr
    with errors.open(encoding="utf-8-sig", newline="") as file:
        [_, line] = csv.reader(file)
    assert line[0] == "2"
    assert line[1] == "Born"
    assert line[4] == "'=cmd|' /C calc'!A0"
    told = command(environment, "--org", "almaty", "--mapping", tmp_path / "map.toml", path)
    assert "Born" in told.stderr  # without a file the first reasons are said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--org", "nobody", "--mapping", "iowa", SAMPLE), "nobody"),
        (("--org", "almaty", "--mapping", "no-such.toml", SAMPLE), "no-such.toml"),
        (("--org", "almaty", "--mapping", "example", SAMPLE), "Личное дело"),
        (("--org", "almaty", "--mapping", "iowa", ROOT / "Makefile"), "Fiscal Year Released"),
        (("--org", "almaty", "--mapping", "iowa", SAMPLE, "--encoding", "utf-16"), "utf-16"),
        (("--org", "almaty", "--mapping", "iowa", SAMPLE, "--delimiter", "||"), "||"),
    ],
)
def test_command_says_in_one_line_why_it_cannot(
    environment: dict[str, str], arguments: tuple[str | Path, ...], words: str
) -> None:
    done = command(environment, *arguments)
    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(not IOWA.exists(), reason="the shared register of Iowa is not beside this repository")
def test_register_of_iowa(cast: Cast, environment: dict[str, str]) -> None:
    done = command(environment, "--org", "almaty", "--mapping", "iowa", IOWA, "--json")
    assert json.loads(done.stdout) | {"seconds": 0} == asdict(Counts(26020, 26020)) | {"seconds": 0}
    done = command(environment, "--org", "almaty", "--mapping", "iowa", IOWA, "--json")
    assert json.loads(done.stdout)["unchanged"] == 26020
    assert counts(cast)["case_returns"] == 8681


# By page and job


def upload(cast: Cast, content: bytes, who: str = "leader", expect: int = 302, **fields: str) -> str:
    """Send a file as the page does; gives where it led, or the page."""
    browser = cast.be(who)
    data = {"file": (io.BytesIO(content), "Реестр.csv"), "mapping": "iowa", **fields}
    text = browser.post("/register-imports", data, expect=expect)
    return browser.location if expect == 302 else text


def test_page_previews_tries_and_imports(cast: Cast, redis: "Redis") -> None:
    address = upload(cast, SAMPLE.read_bytes())
    leader = cast.be("leader")
    page = leader.get(address)
    for text in ("Реестр.csv", "utf-8", "Fiscal Year Released", "Record IA-2"):
        assert text in page
    leader.post(f"{address}/dry-run")
    assert "hx-get" in leader.get(address)
    cast.deliver(redis)
    assert counts(cast)["cases"] == 0
    leader.post(f"{address}/start")
    leader.post(f"{address}/start")  # the double click
    cast.deliver(redis)
    rows = len(SAMPLE.read_text(encoding="utf-8-sig").splitlines()) - 1
    assert counts(cast)["cases"] == rows
    with cast.acting("leader"):
        [held] = db.session.scalars(select(RegisterImport))
        assert (held.state, held.taken, held.refused, held.rows) == ("done", rows, 0, rows)
    leader.post(f"{address}/start")  # imported is imported
    cast.deliver(redis)
    leader.get(f"{address}/progress")
    assert leader.last is not None
    assert leader.last.headers["HX-Refresh"] == "true"
    assert "Реестр.csv" in leader.get("/register-imports")


def test_page_gives_the_refused_rows(cast: Cast, redis: "Redis") -> None:
    text = io.StringIO()
    csv.writer(text).writerows([HEADER, FIRST, row(SECOND, Born="когда-то")])
    address = upload(cast, text.getvalue().encode(), mapping="", own=MAPPING)
    leader = cast.be("leader")
    assert "когда-то" in leader.get(address)  # told in the preview already
    leader.post(f"{address}/start")
    cast.deliver(redis)
    page = leader.get(address)
    assert f"{address}/errors.csv" in page
    errors = leader.get(f"{address}/errors.csv")
    assert "когда-то" in errors
    assert leader.last is not None
    assert "attachment" in leader.last.headers["Content-Disposition"]


def held_files(environment: dict[str, str]) -> list[tuple[bool, bool, bool]]:
    """Of each upload whether the file, its refused rows, and a note of their removal are there."""
    with psycopg.connect(environment["OWNER_DATABASE_URL"]) as owner:
        return owner.execute(
            "SELECT content IS NOT NULL, errors_file IS NOT NULL, file_removed_at IS NOT NULL"
            " FROM register_imports ORDER BY created_at"
        ).fetchall()


def test_the_file_and_its_refused_rows_are_removed_some_days_later(
    cast: Cast, app: Flask, redis: "Redis", environment: dict[str, str]
) -> None:
    text = io.StringIO()
    csv.writer(text).writerows([HEADER, FIRST, row(SECOND, Born="когда-то")])
    address = upload(cast, text.getvalue().encode(), mapping="", own=MAPPING)
    upload(cast, SAMPLE.read_bytes())  # another, which nobody imports
    leader = cast.be("leader")
    leader.post(f"{address}/start")
    cast.deliver(redis)

    def as_if(days: int) -> list[tuple[bool, bool, bool]]:
        with psycopg.connect(environment["OWNER_DATABASE_URL"]) as owner:
            for column in ("created_at", "started_at", "finished_at"):
                owner.execute(f"UPDATE register_imports SET {column} = {column} - interval '{days} days'")
        with app.app_context():
            PERIODIC["old-files.remove"].run()
        return held_files(environment)

    kept, gone = (True, True, False), (False, False, True)
    assert as_if(2) == [kept, (True, False, False)]
    assert as_if(2) == [gone, (True, False, False)]
    assert as_if(11) == [gone, gone]
    page = leader.get(address)
    assert "were removed" in page
    assert "errors.csv" not in page
    assert "когда-то" not in page
    leader.post(f"{address}/dry-run")
    assert "was removed" in leader.get(address)
    cast.deliver(redis)
    assert held_files(environment) == [gone, gone]


def test_the_file_is_removed_at_once_where_it_is_wished(
    cast: Cast, redis: "Redis", environment: dict[str, str]
) -> None:
    address = upload(cast, SAMPLE.read_bytes())
    leader = cast.be("leader")
    cast.be("stranger").post(f"{address}/remove", expect=404)
    cast.be("aigerim").post(f"{address}/remove", expect=403)
    leader.post(f"{address}/start")
    leader.post(f"{address}/remove")  # an import waits
    assert "Wait until it is done" in leader.get(address)
    assert held_files(environment) == [(True, False, False)]
    cast.deliver(redis)
    leader.post(f"{address}/remove")
    assert held_files(environment) == [(False, False, True)]
    assert "were removed" in leader.get(address)
    with cast.acting("auditor"):
        assert "register.remove" in set(db.session.scalars(select(Entry.act)))


@pytest.mark.parametrize(
    ("content", "fields", "field"),
    [
        (b"", {}, "file"),
        (b"\x00\x01\x02", {}, "file"),
        (b"a,b\n1,2\n", {}, "mapping"),
        (b"a,b\n1,2\n", {"mapping": "", "own": "x = ["}, "own"),
        (b"a,b\n1,2\n", {"mapping": "", "own": MAPPING}, "own"),
        (b"a,b\n1,2\n", {"mapping": ""}, "mapping"),
        (b"a,b\n1,2\n", {"mapping": "../../etc/passwd"}, "mapping"),
    ],
)
def test_upload_says_what_is_wrong_with_the_file_or_the_mapping(
    cast: Cast, content: bytes, fields: dict[str, str], field: str
) -> None:
    assert f'id="{field}-error"' in upload(cast, content, expect=422, **fields)


def test_no_file_is_asked_for(cast: Cast) -> None:
    for sent in ({}, {"file": ""}, {"file": "words instead of a file"}):
        page = cast.be("leader").post("/register-imports", {"mapping": "iowa", **sent}, expect=422)
        assert 'id="file-error"' in page


def test_stranger_sees_nothing_of_an_import(cast: Cast, redis: "Redis") -> None:
    address = upload(cast, SAMPLE.read_bytes())
    stranger = cast.be("stranger")
    assert "Реестр.csv" not in stranger.get("/register-imports")
    for path in ("", "/progress", "/errors.csv"):
        stranger.get(address + path, expect=404)
    for path in ("/start", "/dry-run"):
        stranger.post(address + path, expect=404)
    cast.be("aigerim").get("/register-imports", expect=403)
    with cast.acting("stranger"):
        assert db.session.scalar(select(func.count(RegisterImport.id))) == 0


def test_job_told_twice_and_after_a_stop_takes_each_row_once(cast: Cast, redis: "Redis", app: Flask) -> None:
    from caseflow.core.jobs import News
    from caseflow.people.jobs import run_import

    address = upload(cast, SAMPLE.read_bytes())
    cast.be("leader").post(f"{address}/start")
    with cast.acting("leader") as leader:
        [held] = db.session.scalars(select(RegisterImport))
        news = News(held.id, leader.org_id, leader.org_id, leader.id, {"register_import": str(held.id)})
    with app.app_context():
        run_import(news)
        with unit_of_work(news.org_id):  # as if it had been stopped before it could say so
            again = db.session.get_one(RegisterImport, (news.org_id, news.id))
            again.state = "running"  # type: ignore[assignment]  # its code
        run_import(news)
        run_import(news)
    with cast.acting("leader"):
        [held] = db.session.scalars(select(RegisterImport))
        assert held.unchanged == held.rows
        rows = held.rows
    assert counts(cast)["cases"] == rows


def test_two_imports_of_one_organisation_do_not_run_at_once(cast: Cast, app: Flask) -> None:
    from caseflow.people.jobs import BusyError, _alone

    org_id = cast.organisation("almaty")
    with app.app_context(), _alone(org_id):
        with pytest.raises(BusyError), _alone(org_id):
            pass
        with _alone(cast.organisation("probation")):
            pass


def test_job_that_cannot_read_the_file_says_so(cast: Cast, redis: "Redis") -> None:
    address = upload(cast, SAMPLE.read_bytes())
    leader = cast.be("leader")
    leader.post(f"{address}/start")
    with cast.acting("leader"):
        [held] = db.session.scalars(select(RegisterImport))
        held.mapping = MAPPING  # reads columns that this file does not have
    cast.deliver(redis)
    with cast.acting("leader"):
        [held] = db.session.scalars(select(RegisterImport))
        assert held.state == "failed"
        assert held.problem
    assert "Latin" in leader.get(address)
    assert counts(cast)["cases"] == 0


def test_site_of_a_probation_service_is_an_office(cast: Cast) -> None:
    org_id = cast.organisation("probation")
    with cast.app.app_context():
        assert import_rows(open_table(SAMPLE), Mapping.load(shipped()["iowa"]), org_id=org_id).taken
        assert organisation_of("probation") == org_id
        with pytest.raises(Refused):
            organisation_of("nobody")
    with cast.acting("probation_leader"):
        assert set(db.session.scalars(select(Site.kind).where(Site.code != "1"))) == {"office"}


def test_case_of_the_register_says_so_in_its_timeline_and_has_no_worker(cast: Cast, take: Take) -> None:
    take(FIRST)
    with cast.app.test_request_context(), cast.acting("leader") as leader:
        case = db.session.scalars(queries.visible(leader)).one()
        case_id = case.id
        assert sorted(one.kind for one in queries.happenings(case)) == ["phase", "stay"]
    page = cast.be("leader").get(f"/cases/{case_id}/notes")
    assert "cf-tag--bad" in page  # nobody is responsible yet
    cast.be("aigerim").get(f"/cases/{case_id}/notes", expect=404)
