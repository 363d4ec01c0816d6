"""Logs: every logger through one way, the request's number in every line, and nothing personal or secret in any."""

import io
import json
import logging
import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from rq import Queue, SimpleWorker
from sqlalchemy import select, text
from sqlalchemy.exc import DataError
from werkzeug.routing import Rule

from caseflow.accounts.permissions import Permission, may
from caseflow.audit.models import Entry
from caseflow.core import jobs, logs
from caseflow.core.db import db
from caseflow.core.web import requires
from caseflow.notifications import actions as notifications
from caseflow.notifications.models import Outgoing
from tests.cast import PASSWORD, ROLES, Cast

NAME = "Zhanibek Qanaryev"
SECRETS = {
    "name": NAME,
    "cyrillic": "Жәнібек Қанариев",
    "arabic": "كناري الزهراني",
    "mail": "canary.person@example.net",
    "phone": "+7 701 555 01 99",
    "password": "canary-Passphrase-77",
    "token": "cnr_9f8e7d6c5b4a39281706f5e4d3c2b1a0",
    "number": "KZ-CANARY-4711",
    "story": "He told me of his canary brother",
}


class Heard:
    """What the handlers of a real installation would have written, as JSON lines."""

    def __init__(self) -> None:
        self.stream = io.StringIO()
        self.handler = logging.StreamHandler(self.stream)
        self.handler.setFormatter(logs.formatter())

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]


@pytest.fixture
def heard() -> Iterator[Heard]:
    one = Heard()
    root = logging.getLogger()
    level = root.level
    root.addHandler(one.handler)
    root.setLevel(logging.DEBUG)
    yield one
    root.removeHandler(one.handler)
    root.setLevel(level)


def nothing_of(secrets: dict[str, str], told: str) -> None:
    found = {kind for kind, secret in secrets.items() for part in (secret, *secret.split()) if _telling(part) in told}
    assert found == set(), [line for line in told.splitlines() if any(_telling(s) in line for s in secrets.values())][
        :5
    ]


def _telling(part: str) -> str:
    return part if len(part) > 4 else "\0"


def test_every_line_of_a_request_carries_its_number(cast: Cast, heard: Heard) -> None:
    browser = cast.be("aigerim")
    browser.get("/account")
    assert browser.last is not None
    [line] = [one for one in heard.lines if one["event"] == "request" and one["endpoint"] == "accounts.account"]
    assert line["request_id"] == browser.last.headers["X-Request-Id"]
    assert (line["method"], line["status"], line["level"], line["logger"]) == ("GET", 200, "info", "caseflow.web")
    assert line["milliseconds"] > 0
    logging.getLogger("caseflow.web").info("between requests")
    assert "request_id" not in heard.lines[-1]


def test_refusals_say_who(cast: Cast, heard: Heard) -> None:
    with cast.acting("aigerim") as aigerim:
        user = str(aigerim.id)
    cast.be("aigerim").get("/users", expect=403)
    [line] = [one for one in heard.lines if one["event"] == "request" and one["endpoint"] == "accounts.users"]
    assert (line["status"], line["user"]) == (403, user)


def test_number_of_the_request_reaches_the_audit_and_the_job(cast: Cast, redis: Any, heard: Heard) -> None:
    seen = []

    def broken(_news: jobs.News) -> None:
        seen.append(logs.bound("request_id"))
        raise ValueError(f"invalid name {NAME}")

    jobs.HANDLERS["test.broken"] = jobs.Handler(broken)
    try:
        with cast.acting("aigerim") as aigerim:
            logs.begin(request_id="abcdef123456")
            notifications.post("test.broken", by=aigerim)
            db.session.flush()
            assert db.session.scalars(select(Outgoing.request_id)).all() == ["abcdef123456"]
        logs.finish()
        with cast.app.app_context():
            assert jobs.relay(redis) == 1
            queue = Queue(jobs.QUEUE, connection=redis)
            SimpleWorker([queue], connection=redis).work(burst=True, logging_level="DEBUG")
    finally:
        logs.finish()
        del jobs.HANDLERS["test.broken"]
    assert "abcdef123456" in seen
    [line, *_] = [one for one in heard.lines if one["event"] == "job failed: ValueError"]
    assert line["request_id"] == "abcdef123456"
    assert line["job"]
    assert any("test_logs.py" in frame for frame in line["exception"])
    # RQ keeps what a job raised: neither its log lines nor Redis hold the text of the error.
    nothing_of(SECRETS, heard.text)
    for key in redis.scan_iter():
        held = redis.dump(key)
        assert held is not None
        assert NAME.encode() not in held


def test_audit_names_the_request(cast: Cast) -> None:
    browser = cast.be("aigerim")
    browser.post("/sign-out")
    browser.post("/sign-in", {"email": "aigerim@example.org", "password": PASSWORD})
    assert browser.last is not None
    number = browser.last.headers["X-Request-Id"]
    with cast.acting("auditor") as auditor:
        signed_in = select(Entry.request_id).where(Entry.org_id == auditor.org_id, Entry.act == "session.begin")
        assert number in db.session.scalars(signed_in).all()


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("mail to canary.person@example.net now", "mail to [redacted] now"),
        ("call +7 701 555 01 99 today", "call [redacted] today"),
        ("GET /search?q=Qanaryev HTTP/1.1", "GET /search?[redacted] HTTP/1.1".replace("?[redacted]", "?[redacted]")),
        ("postgresql://caseflow_app:hunter22@db/caseflow", "postgresql://[redacted]@db/caseflow"),
        ("password=hunter22 and more", "[redacted] and more"),
        ("token cnr_9f8e7d6c5b4a39281706f5e4d3c2b1a0", "[redacted]"),
        ("Invalid request from ip=10.0.0.1: Bad header Qanaryev", "Invalid request from ip=10.0.0.1: [redacted]"),
        ("job 0190f2b4-8c7e-7a10-9d3e-0123456789ab done", "job 0190f2b4-8c7e-7a10-9d3e-0123456789ab done"),
        ("worker 4711 has 3 of 12 jobs, 0.25 s", "worker 4711 has 3 of 12 jobs, 0.25 s"),
        ("two\nlines\r\x1b[31m and \u202eturned\u2028", "two\\u000alines\\u000d\\u001b[31m and \\u202eturned\\u2028"),
    ],
)
def test_what_looks_personal_is_blacked_out_and_nothing_breaks_the_line(heard: Heard, said: str, kept: str) -> None:
    logging.getLogger("gunicorn.error").warning(said)
    [line] = heard.lines
    assert line["event"] == kept
    assert heard.text.count("\n") == 1


def test_keys_that_hold_what_people_typed_are_blacked_out(heard: Heard) -> None:
    keys = ("password", "full_name", "e_mail", "phone", "Cookie", "csrf_token", "payload", "birth_date")
    facts = dict.fromkeys(keys, NAME)
    logs.tell(logging.getLogger("caseflow"), logging.INFO, "something", **facts, inner={"token": NAME}, count=3)
    nothing_of(SECRETS, heard.text)
    assert heard.lines[0]["count"] == 3
    assert heard.lines[0]["inner"] == {"token": "[redacted]"}


def test_exception_is_told_by_kind_and_place_alone(app: Flask, heard: Heard) -> None:
    log = logging.getLogger("caseflow")
    try:
        try:
            int(SECRETS["number"])
        except ValueError as error:
            raise KeyError(NAME) from error
    except KeyError:
        log.exception("it broke")
    with app.app_context(), pytest.raises(DataError) as told:
        db.session.execute(text("SELECT CAST(:name AS uuid)"), {"name": NAME})
    assert NAME in str(told.value)  # the driver's own words quote it
    log.error("database", exc_info=told.value)
    nothing_of(SECRETS, heard.text)
    first, second = heard.lines
    assert [one for one in first["exception"] if not one.startswith(" ")] == ["KeyError", "ValueError"]
    assert any("22P02" in one for one in second["exception"])


def test_wrong_settings_are_told_with_their_words(heard: Heard) -> None:
    try:
        raise RuntimeError("views without @requires: x.y")
    except RuntimeError:
        logging.getLogger("gunicorn.error").exception("Exception in worker process")
    assert "views without @requires: x.y" in heard.text


def test_readable_form_has_no_json() -> None:
    record = logging.LogRecord("caseflow", logging.INFO, "", 0, "hello %s", ("there",), None)
    assert re.search(r"\[info +\] hello there", logs.formatter(readable=True).format(record))


@pytest.mark.long
def test_no_secret_of_any_page_reaches_the_log(own_app: Flask, heard: Heard, redis: Any) -> None:
    """Known names and secrets go into every route: path, query, every form's fields, headers, cookies, errors."""

    def quoting(name: str) -> str:
        db.session.execute(text("SELECT CAST(:name AS integer)"), {"name": name})
        return ""

    own_app.add_url_rule("/quoting/<name>", "quoting", requires(Permission.BE_SIGNED_IN)(quoting))
    cast = Cast(own_app)
    people = ("aigerim", "leader", "coordinator", "officer", "admin", "auditor", "steward")
    fields = sorted(_field_names())
    assert len(fields) > 100
    heads = {
        "User-Agent": NAME.encode().decode(),
        "Referer": f"http://localhost/?q={SECRETS['mail']}",
        "X-Forwarded-For": SECRETS["number"],
    }
    asked = 0
    for rule in own_app.url_map.iter_rules():
        if rule.endpoint in {"accounts.sign_out", "static"}:
            continue
        path = _filled(rule)
        permission = getattr(own_app.view_functions[rule.endpoint], "permission", None)
        able = [name for name in people if permission is None or may(ROLES[name], permission)]
        # Whoever may, and one who may not.
        for browser in map(cast.be, [*able, *[name for name in people if name not in able][:1]]):
            client = browser.client
            client.set_cookie("other", SECRETS["token"])
            if "GET" in (rule.methods or ()):
                client.get(path, query_string=_answers(fields), headers=heads)
                asked += 1
            if "POST" in (rule.methods or ()):
                token = browser.token()
                client.post(path, data={**_answers(fields), "csrf_token": token}, headers=heads)
                client.post(path, data=SECRETS, headers={**heads, "Authorization": f"Bearer {SECRETS['token']}"})
                asked += 2
    for path in (f"/quoting/{NAME}", f"/{NAME}?token={SECRETS['token']}", "/search?q=" + NAME):
        cast.be("aigerim").client.get(path, headers=heads)
    cast.be("aigerim").client.post("/sign-in", data={"email": SECRETS["mail"], "password": SECRETS["password"]})
    cast.deliver(redis)
    assert asked > 800
    requests = [line for line in heard.lines if line["event"] == "request"]
    assert len(requests) >= asked
    assert any("quoting" in str(line.get("endpoint")) and line["level"] == "error" for line in heard.lines)
    nothing_of(SECRETS | {"cast password": PASSWORD}, heard.text)
    assert [line for line in heard.lines if line["logger"] == "caseflow.web" and "request_id" not in line] == []


def _field_names() -> set[str]:
    """The names of all fields of all forms."""
    names: set[str] = set()
    waiting = list(_forms())
    for form in waiting:
        names |= {name for name in dir(form) if type(getattr(form, name, None)).__name__ == "UnboundField"}
    return names


def _forms() -> Iterator[type]:
    from flask_wtf import FlaskForm

    stack = [FlaskForm]
    while stack:
        form = stack.pop()
        stack += form.__subclasses__()
        yield form


def _answers(fields: list[str]) -> dict[str, str]:
    values = list(SECRETS.values())
    return {name: values[number % len(values)] for number, name in enumerate(fields)}


def _filled(rule: Rule) -> str:
    kinds = {"uuid": str(uuid.uuid4()), "int": "4711", "path": SECRETS["number"], "string": SECRETS["number"]}
    return re.sub(r"<(?:(\w+)(?:\([^)]*\))?:)?\w+>", lambda found: kinds.get(found[1] or "string", "canary"), rule.rule)
