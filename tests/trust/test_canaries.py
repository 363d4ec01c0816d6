"""Canaries: every field of every world has a mark; no list, search, export, log, e-mail or queue carries it away."""

import csv
import io
import logging
import zlib
from collections.abc import Callable
from dataclasses import replace
from itertools import islice

import pytest
from redis import Redis
from rq import Queue, SimpleWorker

from caseflow import create_app
from caseflow.config import Config
from caseflow.core.jobs import QUEUE, relay
from tests.cast import Cast
from tests.conftest import dispose
from tests.notifications.test_news import Post
from tests.trust.asking import Asker, kept_nothing
from tests.trust.pages import planted, sheets
from tests.trust.payloads import WORD
from tests.trust.scene import ACCOUNTS, MARK, SAMPLE, Account, Scene
from tests.trust.seeing import may_read
from tests.trust.test_injection import LONG, addresses, forms

Count = Callable[[str, object], None]

LISTS = [
    "/", "/caseload", "/caseload?due=overdue", "/caseload?worker=nobody", "/referrals?status=all", "/inbox?status=all",
    "/release-list?which=all", "/release-list?which=past", "/handovers", "/handovers?status=invited", "/week", "/audit",
    "/handovers?status=preparing", "/users", "/notifications", "/register-imports", "/directory", "/agreements",
]  # fmt: skip
SIGNED_IN = [name for name, one in ACCOUNTS.items() if one.role is not None and one.active]
LOOKING = SIGNED_IN if LONG else ["aigerim", "coordinator", "stranger"]
SEARCHED = ("name", "latin", "alias", "casenumber", "passport", "phone", "relative", "note", "reason")


@pytest.mark.parametrize("name", LOOKING)
def test_lists_and_searches_tell_nobody_what_is_not_theirs(scene: Scene, name: str, record_property: Count) -> None:
    account, asker = ACCOUNTS[name], Asker(scene.app, name)
    asked = [*LISTS]
    for world in scene.worlds.values():
        asked += [f"/search?q={world.mark(what)}" for what in SEARCHED]
        asked += [f"/inbox?status=all&service={world.ids['service']}", f"/week?officer={world.ids['user']}"]
        asked += [f"/audit?user={world.ids['user']}", f"/caseload?worker={world.ids['user']}"]
    wrong, found = [], 0
    with kept_nothing():
        for path in asked:
            answer = asker.ask("GET", path)
            marks = set(MARK.findall(_without_the_question(answer.get_data(as_text=True), path)))
            found += len(marks)
            if answer.status_code not in (200, 403):
                wrong.append(f"{path}: {answer.status_code}")
            wrong += [
                f"{path}: mark {world} {what}"
                for world, what in marks
                if not may_read(account, scene.worlds[world], what)
            ]
    record_property("probes:canaries:lists and searches", len(asked))
    assert not wrong, "\n".join(islice(wrong, 40))
    if name in ("aigerim", "leader", "officer", "coordinator"):
        assert found > 5, "they must see their own, or this test could not fail"


def _without_the_question(body: str, path: str) -> str:
    """The page without the words that were searched for: they come back in the search field."""
    return body.replace(path.partition("q=")[2] or "\0", "") if "/search?q=" in path else body


def test_nothing_leaves_by_queue_letter_or_log(
    attacked: Scene, redis: Redis, caplog: pytest.LogCaptureFixture, record_property: Count
) -> None:
    mailbox = Post()
    settings = {
        **attacked.environment,
        "CASEFLOW_SMTP_URL": f"smtp://127.0.0.1:{mailbox.port}",
        "CASEFLOW_MAIL_FROM": "caseflow@example.org",
    }
    app = create_app(Config.from_env(settings))
    scene = replace(attacked, app=app, cast=Cast(app))
    caplog.set_level(logging.DEBUG)
    queued = b""
    with app.app_context():
        assert relay(redis) > 0, "the scene's news waits in the outbox"
    for key in redis.keys("*"):
        queued += key + (redis.dump(key) or b"") + b"".join(_values(redis, key))
    with app.app_context():
        SimpleWorker([Queue(QUEUE, connection=redis)], connection=redis).work(burst=True, logging_level="ERROR")
    scene.cast.deliver(redis)
    for name in ("aigerim", "leader", "coordinator", "officer", "stranger"):
        asker = Asker(app, name)
        for _, path in islice(addresses(scene, ACCOUNTS[name], most=None if LONG else 1), 0, None, 3):
            asker.ask("GET", path)
        asker.ask("GET", f"/search?q={scene.worlds['w1'].mark('name')}")
    mailbox.socket.close()
    letters = "\n".join(letter.as_string() for letter in mailbox.letters)
    dispose(app)
    record_property("probes:canaries:letters", len(mailbox.letters))
    record_property("probes:canaries:lines of log", len(caplog.records))
    assert mailbox.letters
    assert MARK.findall(queued.decode("utf-8", "replace")) == []
    assert MARK.findall(letters) == []
    assert MARK.findall(caplog.text) == []
    assert "Ермек" not in caplog.text + letters + queued.decode("utf-8", "replace")


def _values(redis: Redis, key: bytes) -> list[bytes]:
    if redis.type(key) != b"hash":
        return []
    found: list[bytes] = []
    for value in redis.hgetall(key).values():
        found.append(value)
        try:
            found.append(zlib.decompress(value))
        except zlib.error:
            continue  # it stands there as it is
    return found


@pytest.mark.long
def test_what_was_injected_comes_back_as_text_for_everybody(attacked: Scene, record_property: Count) -> None:
    """Every form of four people is sent with markup in all that can be typed into; then everybody's pages are read."""
    text = f"\"'><img src=x onerror={WORD}()></textarea></title><script>{WORD}()</script>{{{{7*7}}}}"
    if not LONG:  # a file that all four work on, and one of the officer's own
        attacked = replace(attacked, worlds={name: attacked.worlds[name] for name in ("w1", "w4")})
    sent = kept = read = 0
    for name in ("aigerim", "coordinator", "worker", "officer"):
        asker = Asker(attacked.app, name)
        for sheet in list(forms(attacked, asker, ACCOUNTS[name], set())):
            if sheet.method == "GET" or sheet.action in ("/sign-out", "/account") or sheet.action.endswith(ENDINGS):
                continue
            typed = {one: text for one in sheet.typed() if sheet.fields[one].kind in ("text", "textarea")}
            answer = asker.ask("POST", sheet.action, {**sheet.filled(), **typed})
            sent += 1
            kept += answer.status_code == 302 and bool(typed)
    wrong = []
    for name in ("aigerim", "leader", "coordinator", "worker", "officer", "auditor"):
        asker = Asker(attacked.app, name)
        for path in dict.fromkeys([*LISTS, *_pages(attacked, ACCOUNTS[name])]):
            answer = asker.ask("GET", path)
            body = answer.get_data(as_text=True)
            read += WORD in body
            if WORD in body:
                wrong += [f"{name} {path} {one}" for one in planted(body, WORD)]
            wrong += [f"{name} {path}: {answer.status_code}"] if answer.status_code >= 500 else []
    record_property("probes:stored markup:forms sent", sent)
    record_property("probes:stored markup:of them kept", kept)
    record_property("probes:stored markup:pages that showed it", read)
    assert not wrong, "\n".join(islice(dict.fromkeys(wrong), 40))
    assert kept > 20
    assert read > 20


ENDINGS = (
    "/close",
    "/return",
    "/delete",
    "/withdraw",
    "/cancel",
    "/confirm",
    "/end",
    "/end-early",
    "/call-off",
    "/lead",
)


def _pages(scene: Scene, account: Account) -> list[str]:
    return [path for route, path in addresses(scene, account) if route.method == "GET" and route.endpoint != "static"]


FORMULAS = ("=cmd|' /C calc'!A0", "+1+1", "-1+1", "@SUM(1)", "\t=1", "\r=1")


def test_formulas_do_not_leave_in_the_errors_of_an_import(
    attacked: Scene, redis: Redis, record_property: Count
) -> None:
    asker = Asker(attacked.app, "leader")
    uploads = sheets(asker.ask("GET", "/register-imports").get_data(as_text=True), "/register-imports")
    page = next(sheet for sheet in uploads if "file" in sheet.fields)
    rows = io.StringIO()
    header = next(csv.reader(io.StringIO(SAMPLE.read_text("utf-8-sig"))))
    csv.writer(rows).writerows([header, *([formula] * len(header) for formula in FORMULAS)])
    data = {**page.filled(), "file": (io.BytesIO(rows.getvalue().encode()), "=x.csv"), "mapping": "iowa"}
    address = asker.ask("POST", "/register-imports", data).headers["Location"]
    asker.ask("POST", f"{address}/start")
    attacked.cast.deliver(redis)
    cells = [cell for row in csv.reader(io.StringIO(asker.ask("GET", f"{address}/errors.csv").text)) for cell in row]
    record_property("probes:canaries:cells of an export", len(cells))
    assert len(cells) > len(header)
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))] == []
