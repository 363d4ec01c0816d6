"""Measure all, or some parts, and print a table and, as the last line, the same as JSON.

python -m tests.bench [--only a,b,c,d,e,f,g,h] [--people 114391] [--entries 1000000]
"""

import argparse
import json
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

from tests.bench import audit, growth, memory, register, sealing, wall, weight
from tests.bench.figures import Figure, table
from tests.bench.place import EVERYBODY, Place, place, servers
from tests.browser import house

PARTS = "abcdefgh"
FEW = 1_000


def main() -> None:
    """Run the parts that are asked for; missed targets are shown, and change no exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", default=",".join(PARTS), help="parts, as in a,b,e")
    parser.add_argument("--people", type=int, default=EVERYBODY, help="how many people (default: %(default)s)")
    parser.add_argument("--entries", type=int, default=1_000_000, help="how long an audit (default: %(default)s)")
    asked = parser.parse_args()
    parts = set(asked.only.split(","))
    if not parts <= set(PARTS):
        parser.error(f"--only takes {', '.join(PARTS)}")
    with tempfile.TemporaryDirectory(prefix="caseflow-bench-") as folder:
        figures = _measure(parts, asked.people, asked.entries, Path(folder))
    print(table(figures))
    print(json.dumps({"people": asked.people, "figures": [{**asdict(one), "met": one.met} for one in figures]}))


def _measure(parts: set[str], people: int, entries: int, folder: Path) -> list[Figure]:
    figures: list[Figure] = []
    with ExitStack() as stack:
        started = stack.enter_context(servers(folder / "data"))
        large = _made(place(started, people)) if parts & set("abdef") else None
        small = _made(place(started, FEW)) if parts & set("bcgh") else None
        if "a" in parts and large:
            figures += wall.measure(large)
        if "b" in parts and large and small:
            figures += growth.measure(large, small)
        if "c" in parts and small:
            if register.IOWA.is_file():
                figures += register.measure(small)
            else:
                _say(f"LEFT OUT: (c) needs the register {register.IOWA.name} in ../shared/data")
        if "f" in parts and large:
            figures += audit.measure(large)
        if "g" in parts and small:
            figures += audit.rate(small, entries)
        if "h" in parts and small:
            figures += sealing.measure(small)
        if parts & set("de") and large:
            opened = stack.enter_context(house.opened(large.environment, folder, ["serve"]))
            if "d" in parts:
                figures += weight.measure(opened.address)
            if "e" in parts:
                figures += memory.measure(opened, large)
    return figures


def _made(made: Place) -> Place:
    _say(f"an installation with {made.people:,} people is ready")
    return made


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


main()
