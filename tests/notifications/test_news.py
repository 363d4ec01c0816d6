"""The outbox and the bell: news arrives once, survives a stopped Redis, and is nobody else's."""

import re
import socket
import threading
import uuid
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage

import psycopg
import pytest
from flask import Flask
from flask_babel import lazy_gettext as _l
from redis import Redis
from redis.exceptions import ConnectionError as RedisDown
from rq import Queue
from rq.cron import CronScheduler
from sqlalchemy import text

from caseflow import create_app
from caseflow.accounts.queries import colleagues, user_of
from caseflow.config import Config
from caseflow.core.db import db, now, unit_of_work
from caseflow.core.jobs import HANDLERS, QUEUE, Handler, News, handle, relay, run_periodic, wake
from caseflow.notifications.actions import post, tell
from tests.cast import Cast
from tests.conftest import Stage

TOPIC = "tests.fact"


@pytest.fixture(autouse=True)
def handler() -> Iterator[list[News]]:
    """A topic of our own, whose handler tells the coordinators of the receiver; gives what it handled."""
    handled: list[News] = []

    def run(news: News) -> None:
        handled.append(news)
        author = user_of(news.to_org_id, uuid.UUID(news.payload["reader"]))
        assert author is not None
        tell(colleagues(author), news, _l("You are signed in as %(name)s."), "/account", about=None, name="x & <y>")

    HANDLERS[TOPIC] = Handler(run)
    yield handled
    del HANDLERS[TOPIC]


def _post_to_kamqor(cast: Cast) -> None:
    with cast.acting("coordinator") as reader:
        org, reader_id = reader.org_id, reader.id
    with cast.acting("aigerim") as aigerim:
        post(TOPIC, by=aigerim, to=org, reader=reader_id)


def test_news_arrives_in_the_bell_of_each_receiver_and_of_nobody_else(cast: Cast, redis: "Redis") -> None:
    _post_to_kamqor(cast)
    cast.deliver(redis)
    assert "x &amp; &lt;y&gt;" in cast.be("coordinator").get("/notifications")
    assert "x &amp;" in cast.be("worker").get("/notifications")
    for other in ("aigerim", "stranger_cso"):
        assert "x &amp;" not in cast.be(other).get("/notifications")


def test_news_opened_is_read_and_leads_to_the_fact(cast: Cast, redis: "Redis") -> None:
    _post_to_kamqor(cast)
    cast.deliver(redis)
    browser = cast.be("coordinator")
    page = browser.get("/notifications")
    action = re.findall(r"/notifications/[0-9a-f-]{36}/open", page)[0]
    browser.post(action)
    assert browser.location == "/account"
    cast.be("worker").post(action, expect=404)


def test_a_job_that_runs_twice_tells_once(app: Flask, cast: Cast, redis: "Redis", handler: list[News]) -> None:
    _post_to_kamqor(cast)
    cast.deliver(redis)
    with app.app_context():
        assert handle(handler[0].id, handler[0].to_org_id) is False
    assert len(handler) == 1


def test_news_waits_while_redis_is_stopped_and_arrives_once(
    app: Flask, cast: Cast, redis: "Redis", stage: Stage, handler: list[News]
) -> None:
    stage.servers.stop_redis()
    try:
        _post_to_kamqor(cast)  # the act is not held up
        with app.app_context(), pytest.raises(RedisDown):
            relay(redis)
    finally:
        stage.servers.start_redis()
    assert cast.deliver(redis) > 0
    assert cast.deliver(redis) == 0
    assert len(handler) == 1


def test_what_was_enqueued_and_lost_is_sent_again(
    app: Flask, cast: Cast, redis: "Redis", environment: dict[str, str], handler: list[News]
) -> None:
    _post_to_kamqor(cast)
    with app.app_context():
        assert relay(redis) == 1
        redis.flushall()  # as a Redis that lost its memory
        assert relay(redis) == 0  # not sent twice within 10 seconds
        _let_time_pass(environment)
        assert relay(redis) == 1
    assert handler == []


def _let_time_pass(environment: dict[str, str]) -> None:
    with psycopg.connect(environment["OWNER_DATABASE_URL"]) as owner:
        owner.execute("UPDATE outbox SET claimed_at = claimed_at - interval '11 seconds'")


def test_a_fact_that_was_rolled_back_is_no_news(app: Flask, cast: Cast, redis: "Redis") -> None:
    with cast.acting("coordinator") as reader:
        org = reader.org_id

    def act_and_fail() -> None:
        with cast.acting("aigerim") as aigerim:
            post(TOPIC, by=aigerim, to=org, reader=aigerim.id)
            db.session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        act_and_fail()
    assert cast.deliver(redis) == 0


def test_sender_cannot_read_the_receivers_outbox_or_bell(app: Flask, cast: Cast, redis: "Redis") -> None:
    _post_to_kamqor(cast)
    cast.deliver(redis)
    with cast.acting("aigerim") as aigerim, unit_of_work(aigerim.org_id) as session:
        assert session.execute(text("SELECT count(*) FROM outbox")).scalar_one() == 0
        assert session.execute(text("SELECT count(*) FROM notifications")).scalar_one() == 0


class Post:
    """A mail server that takes everything: a few lines of SMTP on a socket of ours."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection, connection.makefile("rwb") as stream:
                self._talk(stream)

    def _talk(self, stream: object) -> None:
        def say(line: bytes) -> None:
            stream.write(line + b"\r\n")  # type: ignore[attr-defined]
            stream.flush()  # type: ignore[attr-defined]

        say(b"220 post")
        while line := stream.readline():  # type: ignore[attr-defined]
            match line[:4].upper():
                case b"DATA":
                    say(b"354 go on")
                    lines = []
                    while (part := stream.readline()) != b".\r\n":  # type: ignore[attr-defined]
                        lines.append(part)
                    letter = message_from_bytes(b"".join(lines), policy=policy.default)
                    assert isinstance(letter, EmailMessage)
                    self.letters.append(letter)
                    say(b"250 taken")
                case b"QUIT":
                    say(b"221 bye")
                    return
                case _:
                    say(b"250 ok")


def test_mail_says_that_there_is_news_in_the_readers_language_and_nothing_more(
    environment: dict[str, str], redis: "Redis"
) -> None:
    mailbox = Post()
    app = create_app(
        Config.from_env(
            {
                **environment,
                "CASEFLOW_SMTP_URL": f"smtp://127.0.0.1:{mailbox.port}",
                "CASEFLOW_MAIL_FROM": "caseflow@example.org",
            }
        )
    )
    cast = Cast(app)
    with cast.acting("worker") as worker:
        worker.locale = "ru"
    _post_to_kamqor(cast)
    cast.deliver(redis)
    mailbox.socket.close()
    addresses = sorted(letter["To"] for letter in mailbox.letters)
    assert addresses == [
        "coordinator@example.org",
        "kamqor_admin@example.org",
        "second@example.org",
        "worker@example.org",
    ]
    for letter in mailbox.letters:
        words = letter.get_content()
        assert "http://localhost" in words
        assert ("Sign in" in words) == (letter["To"] != "worker@example.org")
        assert "x & <y>" not in words
        assert "Айгерім" not in letter.as_string()
    with app.app_context():
        db.engine.dispose()


def test_news_claimed_before_the_clock_was_set_back_is_claimed_again(cast: Cast, redis: "Redis", stage: Stage) -> None:
    _post_to_kamqor(cast)
    with cast.app.app_context():
        assert (relay(redis), relay(redis)) == (1, 0)
    redis.flushall()
    with psycopg.connect(stage.environment["OWNER_DATABASE_URL"]) as owner:
        owner.execute("UPDATE outbox SET claimed_at = now() + interval '3 hours'")
    cast.deliver(redis)
    assert "x &amp; &lt;y&gt;" in cast.be("coordinator").get("/notifications")


def test_periodic_work_goes_on_when_the_clock_is_set_back(redis: "Redis") -> None:
    scheduler = CronScheduler(redis)
    scheduler.register(run_periodic, QUEUE, args=("seal-audit",), interval=300)
    queue = Queue(QUEUE, connection=redis)
    wake(scheduler)
    wake(scheduler)
    assert len(queue) == 1
    [job] = scheduler.get_jobs()
    job.set_enqueue_time(now() + timedelta(hours=3))
    wake(scheduler)
    wake(scheduler)
    assert len(queue) == 2
