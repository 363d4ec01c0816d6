"""The house itself: imports go downward, every view names its permission, addresses are kebab-case."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from caseflow import ROOMS
from caseflow.accounts.permissions import ROLES, Permission
from caseflow.core.web import check_views

PACKAGE = Path(__file__).parents[1] / "caseflow"
DOORS = {"models", "queries", "actions"}
NAMELESS = {"utils", "helpers", "common", "services", "managers"}


def _modules() -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        yield path, ast.parse(path.read_text("utf-8"))


def _imports(tree: ast.Module) -> Iterator[tuple[str, ...]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (tuple(alias.name.split(".")) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((*node.module.split("."), alias.name) for alias in node.names)


def _is_door(room: str, part: tuple[str, ...]) -> bool:
    # The one page of permissions is everybody's to read.
    return part[0] in DOORS or (room, part[0]) == ("accounts", "permissions")


@pytest.mark.parametrize("room", ROOMS)
def test_room_imports_only_from_rooms_before_it_and_through_their_doors(room: str) -> None:
    before = set(ROOMS[: ROOMS.index(room)])
    wrong = []
    for path in sorted((PACKAGE / room).rglob("*.py")):
        for name in _imports(ast.parse(path.read_text("utf-8"))):
            if name[0] != "caseflow" or name[1:2] in [(room,), ("core",), ("config",)]:
                continue
            # A room as a whole is no door either (`from caseflow import people`).
            if len(name) < 3 or name[1] not in before or not _is_door(name[1], name[2:]):
                wrong.append(f"{path.relative_to(PACKAGE)}: {'.'.join(name)}")
    assert wrong == []


def test_core_knows_no_room() -> None:
    wrong = [
        f"{path.relative_to(PACKAGE)}: {'.'.join(name)}"
        for path in sorted((PACKAGE / "core").rglob("*.py"))
        for name in _imports(ast.parse(path.read_text("utf-8")))
        if name[0] == "caseflow" and len(name) > 1 and name[1] in ROOMS
    ]
    assert wrong == []


def test_no_import_hides_in_a_function() -> None:
    hidden = [
        f"{path.relative_to(PACKAGE)}:{node.lineno}"
        for path, tree in _modules()
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert hidden == []


def test_every_module_and_public_function_says_what_it_is() -> None:
    silent = []
    for path, tree in _modules():
        name = path.relative_to(PACKAGE)
        if not ast.get_docstring(tree):
            silent.append(str(name))
        for node in tree.body:
            public = isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
            if public and not ast.get_docstring(node):
                silent.append(f"{name}:{node.name}")
    assert silent == []


def test_every_module_has_a_name_of_its_own() -> None:
    assert [path for path, _ in _modules() if path.stem in NAMELESS or path.parent.name in NAMELESS] == []


def test_nobody_commits_by_hand() -> None:
    found: dict[str, set[str]] = {}
    for path, tree in _modules():
        ends = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)} & {"commit", "rollback"}
        if ends:
            found[path.relative_to(PACKAGE).as_posix()] = ends
    assert found == {
        "core/db.py": {"commit", "rollback"},  # the unit of work
        "core/web.py": {"commit", "rollback"},  # the request
        "core/health.py": {"rollback"},  # only ask whether the database answers
        "core/metrics.py": {"rollback"},
        "core/backups/making.py": {"commit", "rollback"},  # a connection of its own, as the owner
    }


def test_views_hold_no_sql(app: Flask) -> None:
    wrong = [
        f"{path.relative_to(PACKAGE)}: {'.'.join(name)}"
        for path, tree in _modules()
        if "views" in (path.stem, path.parent.name)
        for name in _imports(tree)
        if name[0] == "sqlalchemy" or name[-1] == "db"
    ]
    assert wrong == []


def test_every_view_names_a_permission_or_is_public(own_app: Flask) -> None:
    check_views(own_app)

    def bare() -> str:
        return ""

    own_app.view_functions["bare"] = bare
    with pytest.raises(RuntimeError, match="bare"):
        check_views(own_app)


def test_every_permission_is_asked_for_somewhere_and_held_by_somebody(app: Flask) -> None:
    asked = {view.permission for view in app.view_functions.values()}  # type: ignore[attr-defined]
    assert set(Permission) - asked == set()
    assert set(Permission) - {one for _, granted in ROLES.values() for one in granted} == set()


def test_public_pages_are_few_and_known(app: Flask) -> None:
    public = {name for name, view in app.view_functions.items() if view.permission is None}  # type: ignore[attr-defined]
    assert public == {
        "accounts.sign_in",
        "accounts.language",
        "accounts.forgotten",
        "accounts.welcome",
        "accounts.choose_provider",
        "accounts.to_provider",
        "accounts.from_provider",
        "health_live",
        "health_ready",
        "metrics",
    }


def test_addresses_are_kebab_case_and_ids_are_typed(app: Flask) -> None:
    odd = []
    for rule in app.url_map.iter_rules():
        fixed = re.sub(r"<[^>]+>", "", rule.rule)
        typed = all(":" in part for part in re.findall(r"<([^>]+)>", rule.rule))
        if not re.fullmatch(r"[a-z0-9/.-]*", fixed) or not typed:
            odd.append(rule.rule)
    assert odd == []


def test_no_address_answers_to_put_delete_or_patch(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        assert not (rule.methods or set()) & {"PUT", "DELETE", "PATCH"}, rule.rule
