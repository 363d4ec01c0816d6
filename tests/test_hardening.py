"""Attacks that every web application meets: redirects, mass assignment, telling answers, and poisoned workbooks."""

import io
import re
import uuid
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask
from openpyxl import Workbook
from sqlalchemy import event
from wtforms import Field, HiddenField, StringField
from wtforms.fields.core import UnboundField
from wtforms.validators import Length, NumberRange

from caseflow.accounts.models import User
from caseflow.core.db import db
from caseflow.core.fields import NumberField
from caseflow.core.forms import Form
from caseflow.core.web import inside
from caseflow.people.register import reading
from caseflow.people.register.reading import ReadingError, open_table
from tests.cast import Browser, Cast

OUTSIDE = (
    "//evil.example",
    "https://evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "evil.example",
    "",
)


@pytest.mark.parametrize("target", OUTSIDE)
def test_no_address_leads_out_of_caseflow(app: Flask, target: str) -> None:
    assert inside(target) is None
    browser = Browser(app.test_client())
    browser.post("/language", {"locale": "en", "next": target})
    assert browser.location == "/"


def test_paths_of_ours_are_gone_on_to() -> None:
    assert inside("/cases?site=1&name=%2F%2Fx") == "/cases?site=1&name=%2F%2Fx"


def test_host_header_leads_nowhere(app: Flask) -> None:
    answer = app.test_client().get("/account", headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"})
    assert answer.headers["Location"].startswith("/sign-in")


def test_fields_that_a_form_does_not_have_change_nothing(cast: Cast) -> None:
    """Organisation, id, role and state are sent along with a form that asks for something else."""
    smuggled = {
        "org_id": str(cast.organisation("stranger")),
        "id": str(uuid.uuid4()),
        "active": "",
        "role": "steward",
        "email": "other@example.org",
        "name": "Other",
        "locale": "ru",
        "user_id": str(uuid.uuid4()),
    }
    with cast.acting("aigerim") as aigerim:
        before = {column.key: getattr(aigerim, column.key) for column in User.__table__.columns}
    cast.be("aigerim").post("/account/mail", {"wanted": "no", **smuggled})
    with cast.acting("aigerim") as aigerim:
        after = {column.key: getattr(aigerim, column.key) for column in User.__table__.columns}
    changed = {name for name in before if before[name] != after[name]}
    assert changed <= {"mail_news", "last_signed_in_at"}


@pytest.mark.parametrize("email", ["aigerim@example.org", "nobody@example.org"])
def test_unknown_address_costs_as_much_as_a_wrong_password(
    app: Flask, monkeypatch: pytest.MonkeyPatch, email: str
) -> None:
    Browser(app.test_client()).post("/sign-in", {"email": "first@example.org", "password": "x" * 12}, expect=422)
    checked = []
    real = PasswordHasher.verify
    monkeypatch.setattr(PasswordHasher, "verify", lambda *given: (checked.append(1), real(*given))[1])
    Browser(app.test_client()).post("/sign-in", {"email": email, "password": "wrong password"}, expect=422)
    assert checked == [1]


def test_what_is_anothers_answers_like_what_does_not_exist(own_app: Flask) -> None:
    """The same statements and the same page: neither the time nor the words tell a stranger that something is there."""
    cast = Cast(own_app)
    with cast.acting("aigerim") as aigerim:
        theirs = aigerim.id
    asked: list[list[str]] = [[]]
    with own_app.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda *given: asked[-1].append(str(given[2])))
    browser, pages = cast.be("stranger_admin"), []
    browser.get("/users")
    browser.token()
    for id in (theirs, uuid.uuid4()):
        asked.append([])
        page = browser.post(f"/users/{id}/deactivate", {}, expect=404)
        # The number of the request and the form's token differ from page to page.
        pages.append(re.sub(r'<code>\w+</code>|name="csrf_token"[^>]*value="[^"]+"', "", page.replace(str(id), "")))
    assert asked[1] == asked[2] != []
    assert pages[0] == pages[1]


def workbook(tmp_path: Path, **replaced: bytes) -> Path:
    """A workbook with one row, some of its parts replaced."""
    book = Workbook()
    assert book.active is not None
    book.active.append(["Number"])
    book.active.append(["KZ-1"])
    made = io.BytesIO()
    book.save(made)
    path = tmp_path / "register.xlsx"
    with zipfile.ZipFile(made) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, replaced.get(name.rsplit("/", 1)[-1].split(".")[0], old.read(name)))
    return path


ENTITIES = b'<!DOCTYPE x [<!ENTITY a "%s">%s]>' % (
    b"a" * 100,
    b"".join(b'<!ENTITY %c "%s">' % (98 + level, b"&%c;" % (97 + level) * 10) for level in range(9)),
)
OUTER = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>'
SHEET = (
    b'%s<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    b'<row r="1"><c r="A1" t="inlineStr"><is><t>Number</t></is></c></row>'
    b'<row r="2"><c r="A2" t="inlineStr"><is><t>%s</t></is></c></row></sheetData></worksheet>'
)


@pytest.mark.parametrize(("head", "name"), [(ENTITIES, b"&j;"), (OUTER, b"&a;")])
def test_entities_of_a_workbook_open_nothing_and_fill_no_memory(tmp_path: Path, head: bytes, name: bytes) -> None:
    path = workbook(tmp_path, sheet1=SHEET % (head, name))
    with pytest.raises(ReadingError, match="damaged"):
        open_table(path).count_rows()


def test_a_workbook_of_thousands_of_parts_is_refused(tmp_path: Path) -> None:
    path = workbook(tmp_path)
    with zipfile.ZipFile(path, "a") as archive:
        for number in range(reading.MAX_PARTS):
            archive.writestr(f"xl/media/{number}", b"")
    with pytest.raises(ReadingError, match="parts"):
        open_table(path)


def test_parts_that_climb_out_of_the_archive_write_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever unpacked it, here or beside the workbook, would leave a file: it is read where it lies."""
    path, here = workbook(tmp_path), tmp_path / "here"
    with zipfile.ZipFile(path, "a") as archive:
        for name in ("../climbed.txt", f"{tmp_path}/absolute.txt", "plain.txt"):
            archive.writestr(name, b"out")
    here.mkdir()
    monkeypatch.chdir(here)
    assert open_table(path).count_rows() == 1
    assert set(tmp_path.rglob("*")) == {path, here}


def test_trace_and_unused_methods_are_refused(app: Flask) -> None:
    client: Any = app.test_client()
    for method in ("TRACE", "PUT", "DELETE", "PATCH", "CONNECT"):
        assert client.open("/sign-in", method=method).status_code == 405


# The action refuses what is out of range, in words of its own.
RANGED_BY_THEIR_ACTION = {
    "caseflow.accounts.forms._SaidOfSite.capacity",
    "caseflow.referrals.forms.answers.SlotForm.minutes",
}


def _declared() -> Iterator[tuple[str, type[Field], list[Any]]]:
    """Every field of every form of the product, with its validators."""
    waiting: list[type[Form]] = [Form]
    while waiting:
        one = waiting.pop()
        waiting += one.__subclasses__()
        for name, field in vars(one).items():
            if one.__module__.startswith("caseflow.") and isinstance(field, UnboundField):
                given = field.kwargs.get("validators") or (field.args[1] if len(field.args) > 1 else [])
                yield f"{one.__module__}.{one.__name__}.{name}", field.field_class, list(given)


def test_every_text_has_a_longest_length_and_every_number_a_range(app: Flask) -> None:
    declared = list(_declared())
    texts = [one for one in declared if issubclass(one[1], StringField) and not issubclass(one[1], HiddenField)]
    numbers = [one for one in declared if issubclass(one[1], NumberField)]
    assert len(texts) > 60
    assert numbers
    assert [name for name, _, given in texts if not any(isinstance(one, Length) and one.max > 0 for one in given)] == []
    without = {name for name, _, given in numbers if not any(isinstance(one, NumberRange) for one in given)}
    assert without == RANGED_BY_THEIR_ACTION
