"""docs/ASVS.md names only what exists, and says of each requirement once how it stands."""

import ast
import re
from pathlib import Path

from caseflow import ROOMS

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "ASVS.md").read_text()
ROWS = [
    [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in TEXT.splitlines() if line[:4] == "| v5"
]


def test_each_requirement_stands_once_with_a_known_state() -> None:
    ids = [row[0] for row in ROWS]
    assert len(ids) == len(set(ids)) > 100
    assert all(re.fullmatch(r"v5\.0\.0-\d{1,2}\.\d\.\d{1,2}", one) for one in ids)
    assert {row[2] for row in ROWS} == {"met", "partly", "open"}


def test_what_is_met_names_a_test_or_a_place_that_exists() -> None:
    for row in ROWS:
        assert row[2] == "open" or "`" in row[4], row[0]
    for place in re.findall(r"`([\w./-]+\.(?:py|html|js|yml|yaml|md|toml|json|lock)(?:::\w+)?|Dockerfile)`", TEXT):
        path, _, name = place.partition("::")
        assert (ROOT / path).is_file(), place
        if name:
            tree = ast.parse((ROOT / path).read_text())
            assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, place


def test_every_room_is_classified() -> None:
    text = (ROOT / "docs" / "DATA.md").read_text()
    rooms = {room for line in text.splitlines() if line.startswith("| ") for room in line.split("|")[1].split(",")}
    assert set(ROOMS) <= {room.strip() for room in rooms}
