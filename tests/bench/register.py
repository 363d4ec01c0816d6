"""(c) The import of a real register beside a plain COPY of the same rows."""

import csv
import time
from pathlib import Path
from statistics import median

from psycopg import sql

from caseflow.people.actions.register import import_rows
from caseflow.people.register.mapping import Mapping, shipped
from caseflow.people.register.reading import open_table
from tests.bench.figures import Figure
from tests.bench.place import Place
from tests.browser.house import ROOT

TARGET = 30
IOWA = ROOT.parent / "shared" / "data" / "iowa-releases-2010-2015.csv"
INTO = ("kz-prison", "kg-prison", "tj-prison")  # each a first import


def measure(place: Place, file: Path = IOWA) -> list[Figure]:
    """One ratio; raises FileNotFoundError without the register."""
    mapping = Mapping.load(shipped()["iowa"])
    imports, copies = [], []
    for slug in INTO:
        with place.owner() as owner:
            [(org_id,)] = owner.execute("SELECT id FROM organisations WHERE slug = %s", (slug,)).fetchall()
        began = time.perf_counter()
        with place.app.app_context():
            counts = import_rows(open_table(file), mapping, org_id=org_id)
        imports.append(time.perf_counter() - began)
        if counts.taken != counts.read:
            raise RuntimeError(f"not every row was taken: {counts}")
        copies += [_copy(place, file), _copy(place, file)]
    ratio = median(imports) / median(copies)
    how = f"{median(imports):.1f} / {median(copies):.3f} s (the file as text into one logged table, with the commit)"
    how += f", {counts.read:,} rows, {len(imports)} imports"
    return [Figure("c", "import of a register ÷ COPY of its rows", ratio, "", TARGET, how)]


def _copy(place: Place, file: Path) -> float:
    """Seconds of COPY alone: the file as it is, every column as text, into one logged table, with the commit."""
    with file.open(encoding="utf-8-sig", newline="") as lines:
        columns = next(csv.reader(lines))
    fields = sql.SQL(", ").join(sql.SQL("{} text").format(sql.Identifier(name)) for name in columns)
    with place.owner() as owner:
        owner.execute("DROP TABLE IF EXISTS plain_rows")
        owner.execute(sql.SQL("CREATE TABLE plain_rows ({})").format(fields))
        owner.commit()
        began = time.perf_counter()
        with owner.cursor().copy("COPY plain_rows FROM STDIN (FORMAT csv, HEADER)") as copy:
            copy.write(file.read_bytes())
        owner.commit()
        spent = time.perf_counter() - began
        owner.execute("DROP TABLE plain_rows")
    return spent
