"""Injection: strings into every field of every form, every query parameter, path and header; no 500, all escaped."""

import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from werkzeug.test import TestResponse

from tests.trust import payloads
from tests.trust.asking import Asker, encoded, kept_nothing, raw
from tests.trust.pages import Sheet, planted, sheets
from tests.trust.routes import Route, kind, reaches, routes, value
from tests.trust.scene import ACCOUNTS, Account, Scene

LONG = os.environ.get("ATTACKS") == "long"
STRINGS = payloads.ALL if LONG else {"mixed": payloads.MIXED}
ALL = ["aigerim", "coordinator", "officer", "admin", "steward", "nobody", "leader", "worker", "other_officer"]
ALL += ["probation_leader", "auditor"]
# Together all reach every form; `make test` asks as few.
ATTACKERS = ALL if LONG else ["coordinator"]

Count = Callable[[str, object], None]


def addresses(scene: Scene, account: Account, *, most: int | None = None) -> Iterator[tuple[Route, str]]:
    """Every page that the account may open, once for each world, or for so many at most."""
    seen = set()
    for place, route in enumerate(routes(scene.app)):
        if route.permission is not None and not account.may(route.permission):
            continue
        things = {name: kind(route, prefix, name) for _, name, prefix in route.parameters}
        left = most
        for world in scene.turned(place) if things else [next(iter(scene.worlds.values()))]:
            found = {name: value(world, thing) for name, thing in things.items()}
            open_to = all(reaches(account, world, thing, route.permission) for thing in things.values())
            path = route.path({name: str(one) for name, one in found.items()})
            if left != 0 and open_to and None not in found.values() and (route.method, path) not in seen:
                seen.add((route.method, path))
                left = None if left is None else left - 1
                yield route, path


Shape = tuple[str, str, tuple[str, ...]]


def forms(scene: Scene, asker: Asker, account: Account, seen: set[Shape]) -> Iterator[Sheet]:
    """Every form that the account finds on its pages, once for each kind of place it leads to, but those seen."""
    for route, path in addresses(scene, account):
        if route.method != "GET" or route.endpoint == "static":
            continue
        answer = asker.ask("GET", path)
        if answer.status_code != 200 or not answer.content_type.startswith("text/html"):
            continue
        for sheet in sheets(answer.get_data(as_text=True), path):
            shape = (re.sub(r"[0-9a-f-]{36}", "*", sheet.action), sheet.method, tuple(sorted(sheet.fields)))
            if shape not in seen:
                seen.add(shape)
                yield sheet


def _shape(path: str) -> str:
    return re.sub(r"[0-9a-f-]{36}", "*", path)


@pytest.mark.parametrize("name", ATTACKERS)
def test_strings_into_every_field_of_every_form(scene: Scene, name: str, record_property: Count) -> None:
    wrong, asked = [], Counter[str]()
    until = ATTACKERS[: ATTACKERS.index(name) + 1]
    askers = {one: Asker(scene.app, None if ACCOUNTS[one].role is None else one) for one in until}
    asker, seen = askers[name], set[Shape]()
    with kept_nothing():
        # A form's fields are read alike whoever fills it in: it is asked as the first who finds it.
        for one, earlier in askers.items():
            found = list(forms(scene, earlier, ACCOUNTS[one], seen))
        for sheet in found:
            honest = sheet.filled()
            for field, what, data in _poisoned(sheet, honest):
                answer = _send(asker, sheet, data)
                asked[what] += 1
                body = answer.get_data(as_text=True)
                where = f"{sheet.method} {_shape(sheet.action)} {field}={what}: {answer.status_code}"
                if answer.status_code >= 500:
                    wrong.append(where)
                if "zqx2401" in body:
                    wrong.append(f"{where} evaluated")
                if payloads.WORD in body:
                    wrong += [f"{where} {one}" for one in planted(body, payloads.WORD)]
                if "evil.example" in answer.headers.get("Location", ""):
                    wrong.append(f"{where} leads away")
    for what, count in asked.items():
        record_property(f"probes:injection into fields:{what}", count)
    assert found or len(seen) > len(found), "no form was found"
    assert not wrong, f"{len(wrong)} for {name}:\n" + "\n".join(islice(dict.fromkeys(wrong), 60))


def _poisoned(sheet: Sheet, honest: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """A form with a string in one field, or (the short form, for the rarer strings) in all that can be typed into."""
    fields = [name for name in sheet.fields if name != "csrf_token"]
    for field in fields:
        for what, text in STRINGS.items():
            yield field, what, {**honest, field: text}
        if LONG:
            yield field, "missing", {name: sent for name, sent in honest.items() if name != field}
            yield field, "twice", {**honest, field: [payloads.MIXED, payloads.MIXED]}
    typed = sheet.typed()
    for what, text in (payloads.ALL if LONG else payloads.SHORT | payloads.NUMBERS).items() if typed else ():
        yield "all", what, {**honest, **dict.fromkeys(typed, text)}


def _send(asker: Asker, sheet: Sheet, data: dict[str, Any]) -> TestResponse:
    if sheet.method == "GET":
        return asker.ask("GET", sheet.action, query_string=encoded({k: v for k, v in data.items() if v != ""}))
    files = {name for name, one in sheet.fields.items() if one.kind == "file"}
    data = {k: v for k, v in data.items() if k not in files or v != ""}
    return asker.ask("POST", sheet.action, data)


def parameters() -> list[str]:
    """Every name that a view reads from the address, found in the code, and those that Flask itself understands."""
    package = Path(__file__).parents[2] / "caseflow"
    code = "\n".join(path.read_text("utf-8") for path in package.rglob("*.py"))
    read = re.findall(r'(?:args|asked)(?:\.get|\.getlist)?[(\[]"([a-z_]+)"', code)
    filters = re.findall(r'for name in \(("[^)]*")\)', code)
    named = {name for line in filters for name in re.findall(r'"([a-z_]+)"', line)}
    return sorted(
        {*read, *named, "sort", "worker", "due", "next", "user", "act", "_external", "_scheme", "_anchor"} | BUILDING
    )


BUILDING = {"_method", "endpoint", "self", "values", "id"}  # what url_for would take for its own


# One of each side reads every page: the parameters are the page's and know no role.
@pytest.mark.parametrize("name", ALL[:6] if LONG else ["coordinator", "nobody"])
def test_strings_into_every_query_parameter_of_every_page(scene: Scene, name: str, record_property: Count) -> None:
    account = ACCOUNTS[name]
    asker = Asker(scene.app, None if account.role is None else name)
    wrong, asked = [], Counter[str]()
    strings = STRINGS | {"javascript": "javascript", "date": "9999-12-31", "first date": "0001-01-01", "number": "-1"}
    seen = set()
    with kept_nothing():
        for route, path in addresses(scene, account):
            if route.method != "GET" or route.endpoint in seen:
                continue
            seen.add(route.endpoint)
            for where, query, what in _questions(scene, route, strings):
                answer = asker.ask("GET", f"{path}?{query[:8000]}&_external=1")
                asked[what] += 1
                body = answer.get_data(as_text=True)
                told = f"GET {_shape(path)}?{where}={what}: {answer.status_code}"
                if answer.status_code >= 500:
                    wrong.append(told)
                if payloads.WORD in body:
                    wrong += [f"{told} {one}" for one in planted(body, payloads.WORD)]
                if re.search(r'(href|action)="javascript:', body):
                    wrong.append(f"{told} a link that acts")
    for what, count in asked.items():
        record_property(f"probes:injection into addresses:{what}", count)
    assert not wrong, f"{len(wrong)} for {name}:\n" + "\n".join(islice(dict.fromkeys(wrong), 60))


def _questions(scene: Scene, route: Route, strings: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    """The parameters, the query and what is in it: all parameters at once, and in the long form each by itself too.

    A parameter that only other pages read gets one string: each with every string are millions of questions.
    """
    read = _read_by(scene, route)
    names = [*read, "page", "_scheme"]
    for what, text in strings.items():
        sent = quote(raw(text))
        yield "all", "&".join(f"{name}={sent[:900]}" for name in names), what
        for name in read if LONG else ():
            yield name, f"{quote(name)}={sent}", what
    for name in parameters() if LONG else ():
        yield name, f"{quote(name)}={quote(raw(payloads.MIXED))}", "mixed"
    yield "url_for", "&".join(f"{name}=x" for name in sorted(BUILDING)), "words of url_for"


def _read_by(scene: Scene, route: Route) -> list[str]:
    """The parameters that the view's own module reads."""
    module = __import__("sys").modules[scene.app.view_functions[route.endpoint].__module__]
    code = Path(module.__file__ or "").read_text("utf-8")
    return sorted(set(re.findall(r'"([a-z_]+)"', "\n".join(line for line in code.splitlines() if "args" in line))))


@pytest.mark.parametrize("name", ["leader", "nobody"] if LONG else ["nobody"])
def test_strings_into_every_path(scene: Scene, name: str, record_property: Count) -> None:
    asker = Asker(scene.app, None if name == "nobody" else name)
    wrong, asked = [], 0
    strings = [*payloads.ALL.values(), "%00", "%ff", "%2e%2e%2f", "..;/", "%252e%252e", "\u0661"]
    with kept_nothing():
        for place, route in enumerate(routes(scene.app)):
            for _, parameter, _ in route.parameters:
                for text in strings if LONG else strings[place % 6 :: 6]:
                    values = dict.fromkeys(
                        (name for _, name, _ in route.parameters), "01900000-0000-7000-8000-000000000000"
                    )
                    values[parameter] = quote(raw(text)[:2000], safe="%/.;")
                    answer = asker.ask(route.method, route.path(values))
                    asked += 1
                    if (
                        answer.status_code >= 500
                        or payloads.WORD in answer.headers.get("Location", "").partition("?")[0]
                    ):
                        wrong.append(f"{route.method} {route.rule} {parameter}={text[:30]!r}: {answer.status_code}")
                    if answer.status_code == 200 and route.permission is not None and route.endpoint != "static":
                        wrong.append(f"{route.method} {route.rule} {parameter}={text[:30]!r}: {answer.status_code}")
    record_property("probes:injection into paths:paths", asked)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", ["aigerim", "nobody"])
def test_strings_into_headers(scene: Scene, name: str, record_property: Count) -> None:
    asker = Asker(scene.app, None if name == "nobody" else name)
    case = scene.worlds["w1"].ids["case"]
    wrong, asked = [], 0
    pages = ["/", f"/cases/{case}", "/sign-in", "/static/x", "/health/ready", "/nothing"]
    with kept_nothing():
        for header, values in payloads.HEADERS.items():
            for text in values:
                for method, path in [
                    *(("GET", page) for page in pages),
                    ("POST", "/language"),
                    ("POST", f"/cases/{case}/notes/new"),
                ]:
                    answer = asker.ask(method, path, headers={header: text})
                    asked += 1
                    where = f"{method} {_shape(path)} {header}: {text[:30]!r}: {answer.status_code}"
                    body = answer.get_data(as_text=True)
                    if answer.status_code >= 500:
                        wrong.append(where)
                    if "evil.example" in answer.headers.get("Location", "") or "//evil.example" in body:
                        wrong.append(f"{where} leads away")
                    if "<script>" in body or any(payloads.MARK in value for value in answer.headers.values()):
                        wrong.append(f"{where} comes back")
    record_property("probes:injection into headers:headers", asked)
    assert not wrong, "\n".join(wrong)
