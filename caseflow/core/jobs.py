"""Work outside requests: who handles which fact, what runs when, and the processes that do it.

A fact reaches a job through the outbox (`notifications`), never by enqueueing in a request. A handler gets ids, runs as
the receiving organisation in one transaction, and may be run twice.
"""

import json
import logging
import signal
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, Retry, Worker
from rq.cron import CronScheduler
from rq.job import Job
from rq.worker import WorkerStatus
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import configure_mappers

from caseflow.config import Config
from caseflow.core import logs, maintenance, metrics
from caseflow.core.db import db, new_id, now, unit_of_work

log = logging.getLogger("caseflow.jobs")

QUEUE = "caseflow"
RELAY_SECONDS = 1.0
BATCH = 200
JOB_SECONDS = 6 * 3600  # a country's register takes its time


@dataclass(frozen=True, slots=True)
class News:
    """A fact on its way: who wrote it, for whom, and the ids it is about."""

    id: uuid.UUID
    org_id: uuid.UUID
    to_org_id: uuid.UUID
    author_id: uuid.UUID | None
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Handler:
    """What is done about a topic; `own_transactions` for long work that commits in stated batches."""

    run: Callable[[News], None]
    own_transactions: bool = False


@dataclass(frozen=True, slots=True)
class Periodic:
    """Work that comes round: idempotent, and across organisations only through the database's own functions."""

    run: Callable[[], None]
    seconds: int


HANDLERS: dict[str, Handler] = {}
PERIODIC: dict[str, Periodic] = {}


def handles(
    topic: str, *, own_transactions: bool = False
) -> Callable[[Callable[[News], None]], Callable[[News], None]]:
    """This function handles the topic."""

    def register(run: Callable[[News], None]) -> Callable[[News], None]:
        HANDLERS[topic] = Handler(run, own_transactions)
        return run

    return register


def periodic(name: str, *, seconds: int) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """This function runs every so many seconds, in a job."""

    def register(run: Callable[[], None]) -> Callable[[], None]:
        PERIODIC[name] = Periodic(run, seconds)
        return run

    return register


def connect(config: Config) -> "Redis":
    """Redis with short timeouts: a stopped or silent Redis delays news, it must not hold anybody up."""
    return Redis.from_url(
        config.redis_url, socket_connect_timeout=2, socket_timeout=config.network_seconds, health_check_interval=15
    )


def announce(topic: str, *, org_id: uuid.UUID, author_id: uuid.UUID | None = None, **ids: object) -> None:
    """Put a fact into the outbox for the organisation's own job; for rooms below `notifications`, which has `post`."""
    db.session.execute(
        text(
            "INSERT INTO outbox (org_id, id, to_org_id, created_at, topic, payload, author_id, attempts)"
            " VALUES (:org, :id, :org, :now, :topic, CAST(:payload AS jsonb), :author, 0)"
        ),
        {
            "org": org_id,
            "id": new_id(),
            "now": now(),
            "topic": topic,
            "payload": json.dumps({name: str(value) for name, value in ids.items()}),
            "author": author_id,
        },
    )


def relay(redis: "Redis") -> int:
    """Hand what waits in the outbox to the queue; gives how many. With Redis down nothing is claimed, nothing lost."""
    with unit_of_work() as session:
        rows = session.execute(text("SELECT id, to_org_id, attempts FROM outbox_claim(:n)"), {"n": BATCH}).all()
        if rows:
            queue = Queue(QUEUE, connection=redis)
            with redis.pipeline() as pipeline:
                for row in rows:
                    queue.enqueue(
                        perform,
                        args=(str(row.id), str(row.to_org_id)),
                        job_id=f"{row.id}-{row.attempts}",
                        job_timeout=JOB_SECONDS,
                        result_ttl=0,
                        failure_ttl=3600,
                        retry=Retry(max=1),
                        pipeline=pipeline,
                    )
                pipeline.execute()
    return len(rows)


def perform(news_id: str, to_org_id: str) -> None:
    """The job: handle one outgoing row as the organisation it is for. Run twice, it does nothing the second time."""
    with _work("news", news_id):
        handle(uuid.UUID(news_id), uuid.UUID(to_org_id))


@contextmanager
def _work(kind: str, job: str) -> Iterator[None]:
    """A job's lines carry its number, its outcome is counted, and its error reaches RQ without what it quotes."""
    app = _application()
    logs.begin(job=job)
    failed: str | None = None
    try:
        with app.app_context():
            yield
    except Exception as error:
        failed = type(error).__name__
        log.error("job failed: %s", failed, exc_info=error)
    finally:
        metrics.count_job(app, kind, "failed" if failed else "done")
        logs.finish()
    if failed:
        # RQ keeps an exception's text in Redis and logs it, and a text may quote a name.
        raise JobFailed(failed) from None


class JobFailed(Exception):  # noqa: N818 -- says what happened, as `Refused` does
    """A job failed; the cause stands in the log under the job's number."""


def handle(news_id: uuid.UUID, to_org_id: uuid.UUID) -> bool:
    """Handle one outgoing row; False when it was handled before, or is being handled now."""
    with unit_of_work(to_org_id) as session:
        row = session.execute(_CLAIMED, {"org": to_org_id, "id": news_id}).one_or_none()
        if row is None:
            return False
        if row.request_id:
            logs.begin(request_id=row.request_id)
        news = News(row.id, row.org_id, row.to_org_id, row.author_id, row.payload)
        handler = HANDLERS[row.topic]
        if not handler.own_transactions:
            handler.run(news)
            session.execute(_DELIVERED, {"org": to_org_id, "id": news_id})
            return True
    handler.run(news)
    with unit_of_work(to_org_id) as session:
        session.execute(_DELIVERED, {"org": to_org_id, "id": news_id})
    return True


_CLAIMED = text(
    "SELECT id, org_id, to_org_id, author_id, payload, topic, request_id FROM outbox"
    " WHERE to_org_id = :org AND id = :id AND delivered_at IS NULL FOR UPDATE SKIP LOCKED"
)
_DELIVERED = text("UPDATE outbox SET delivered_at = now() WHERE to_org_id = :org AND id = :id")


def run_periodic(name: str) -> None:
    """The job of a periodic work."""
    with _work(name, name):
        PERIODIC[name].run()


_app: Flask | None = None


def _application() -> Flask:
    if _app is None:
        return current_app._get_current_object()  # type: ignore[attr-defined,no-any-return]  # a worker in a test
    return _app


class NewsWorker(Worker):
    """Does news in its own process, since a new one for each piece spends a second on preparing itself.

    Long and periodic work still gets a process of its own, which gives its memory back and is watched by RQ.
    """

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Do the job here, or let RQ do it in a fork."""
        if _is_short(job):
            self.perform_job(job, queue, self.prepare_execution(job))
            self.set_state(WorkerStatus.IDLE)
        else:
            super().execute_job(job, queue)

    def main_work_horse(self, job: Job, queue: Queue) -> None:
        """In the fork: the connections to the database are the worker's."""
        with _application().app_context():
            db.engine.dispose(close=False)
        super().main_work_horse(job, queue)


def _is_short(job: Job) -> bool:
    """Whether a job is a piece of news that is handled in one transaction; a database that is away is no answer."""
    if job.func_name != f"{__name__}.{perform.__name__}":
        return False
    news_id, to_org_id = (uuid.UUID(text) for text in job.args)
    try:
        with _application().app_context(), unit_of_work(to_org_id) as session:
            topic = session.execute(_TOPIC, {"org": to_org_id, "id": news_id}).scalar_one_or_none()
    except DBAPIError:
        return False
    return topic is None or not HANDLERS[topic].own_transactions


_TOPIC = text("SELECT topic FROM outbox WHERE to_org_id = :org AND id = :id AND delivered_at IS NULL")


def run_worker(app: Flask) -> None:
    """Take jobs from the queue until told to stop; a job that is running is finished first."""
    global _app
    _app = app
    config: Config = app.extensions["caseflow"]
    # How long an answer may take is RQ's to say, since it waits for jobs; it begins again by itself.
    redis = Redis.from_url(config.redis_url, socket_connect_timeout=2)
    configure_mappers()  # once here, since else each fork would do it anew
    # A killed worker's job is taken up again by the outbox's sweep; these only tidy Redis soon.
    worker = NewsWorker([QUEUE], connection=redis, worker_ttl=30, maintenance_interval=10, log_job_description=False)
    worker.work(logging_level="WARNING")


def _scheduler(redis: "Redis") -> CronScheduler:
    scheduler = CronScheduler(redis, logging_level="WARNING")
    for name, work in PERIODIC.items():
        scheduler.register(
            run_periodic, QUEUE, args=(name,), interval=work.seconds, job_timeout=work.seconds, result_ttl=0, name=name
        )
    return scheduler


def wake(scheduler: CronScheduler) -> None:
    """Enqueue what is due. After the clock was set back, what had run by the clock before is due at once.

    Else it would wait until the clock is again where it was: for hours no deadline, no seal.
    """
    present = now()
    for job in scheduler.get_jobs():
        if job.latest_enqueue_time is not None and job.latest_enqueue_time > present:
            job.latest_enqueue_time = None
    scheduler.enqueue_jobs()


def run_cron(app: Flask) -> None:
    """Relay the outbox every second and wake the periodic work, until told to stop."""
    config: Config = app.extensions["caseflow"]
    redis = connect(config)
    scheduler = _scheduler(redis)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    trouble = ""
    while not stop.wait(RELAY_SECONDS):
        try:
            metrics.beat(redis, "cron")
            if maintenance.held(redis) is None:
                with app.app_context():
                    relay(redis)
                wake(scheduler)
            if trouble:
                log.warning("news travels again")
            trouble = ""
        except (RedisError, DBAPIError) as error:
            if type(error).__name__ != trouble:
                trouble = type(error).__name__
                log.warning("news waits in the outbox: %s", trouble)
