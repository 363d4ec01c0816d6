"""Figures for Prometheus at /metrics: of requests, the database, jobs and news; never of a person or an organisation.

Each web process counts in files of a folder that all of them share. What the worker and the cron do is counted in
Redis, since RQ does each job in a process of its own; what waits is asked of the database.
"""

import hmac
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, abort, current_app, request
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, multiprocess, values
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from redis import Redis
from redis.exceptions import RedisError
from rq import Worker
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError

from caseflow.config import Config
from caseflow.core.db import db

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)  # seconds
JOBS = "caseflow:jobs"  # a hash: "kind outcome" → how many
HEARTBEATS = "caseflow:heartbeats"  # a hash: process → Unix time

_folder: str | None = None


@dataclass(frozen=True, slots=True)
class Instruments:
    """What one process counts by itself."""

    registry: CollectorRegistry
    requests: Counter
    seconds: Histogram
    connections: Gauge
    redis: "Redis"


def share_between_processes() -> str:
    """Before the web processes are forked: a new folder in which they count together; gives its path."""
    global _folder
    _folder = tempfile.mkdtemp(prefix="caseflow-metrics-")
    # The library reads this at its import and again at every value; here the folder is made between the two.
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = _folder
    values.ValueClass = values.MultiProcessValue()
    return _folder


def process_ended(pid: int) -> None:
    """A web process has ended: its connections are no more."""
    if _folder:
        multiprocess.mark_process_dead(pid, _folder)


def stop_sharing() -> None:
    """The last web process has ended: nobody reads the files any more."""
    if _folder:
        shutil.rmtree(_folder, ignore_errors=True)


def init_app(app: Flask, config: Config) -> None:
    """Make the instruments of this process; /metrics itself is `core.health`'s to place."""
    registry = CollectorRegistry()
    made = Instruments(
        registry,
        Counter("caseflow_requests", "Requests answered", ["endpoint", "method", "status"], registry=registry),
        Histogram(
            "caseflow_request_seconds", "Time to answer", ["endpoint", "method"], buckets=BUCKETS, registry=registry
        ),
        Gauge(
            "caseflow_database_connections_in_use",
            "Connections that a request holds at this moment",
            multiprocess_mode="livesum",
            registry=registry,
        ),
        Redis.from_url(config.redis_url, socket_connect_timeout=1, socket_timeout=1),
    )
    app.extensions["caseflow.metrics"] = made
    with app.app_context():
        event.listen(db.engine, "checkout", lambda *_: made.connections.inc())
        event.listen(db.engine, "checkin", lambda *_: made.connections.dec())


def known_method(method: str) -> str:
    """The method, or "other": what a client invents becomes no label."""
    return method if method in METHODS else "other"


def count_request(app: Flask, endpoint: str | None, method: str, status: int, seconds: float) -> None:
    """A request was answered; addresses that lead nowhere count as the endpoint "none"."""
    made: Instruments = app.extensions["caseflow.metrics"]
    made.requests.labels(endpoint or "none", known_method(method), str(status)).inc()
    made.seconds.labels(endpoint or "none", known_method(method)).observe(seconds)


def count_job(app: Flask, kind: str, outcome: str) -> None:
    """A job is done or has failed; with Redis away it goes uncounted."""
    made: Instruments = app.extensions["caseflow.metrics"]
    try:
        made.redis.hincrby(JOBS, f"{kind} {outcome}", 1)
    except RedisError:
        return


def beat(redis: "Redis", process: str) -> None:
    """A process without pages says that it lives."""
    redis.hset(HEARTBEATS, process, str(int(time.time())))


def show() -> Response:
    """The figures, for who brings the configured token; without one configured there is no such page."""
    config: Config = current_app.extensions["caseflow"]
    if config.metrics_token is None:
        abort(404)
    given = request.headers.get("Authorization", "")
    if not hmac.compare_digest(given.encode(), f"Bearer {config.metrics_token}".encode()):
        return Response("a bearer token is needed\n", 401, {"WWW-Authenticate": "Bearer"}, mimetype="text/plain")
    made: Instruments = current_app.extensions["caseflow.metrics"]
    registry = made.registry
    if _folder:
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry, path=_folder)
    shared = CollectorRegistry()
    shared.register(_Shared(made.redis))
    return Response(generate_latest(registry) + generate_latest(shared), content_type=CONTENT_TYPE_PLAIN_0_0_4)


class _Shared:
    """The figures that belong to the installation and not to one process, asked when they are wanted."""

    def __init__(self, redis: "Redis") -> None:
        self.redis = redis

    def describe(self) -> list[Metric]:
        """Nothing beforehand: so that registering asks no server."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Ask the database, then Redis; one that does not answer is told as down, without its figures."""
        try:
            found = list(_of_database())
        except DBAPIError:
            db.session.rollback()
            found = []
        yield GaugeMetricFamily("caseflow_database_up", "Whether the database answers", bool(found))
        yield from found
        try:
            found = list(_of_redis(self.redis))
        except RedisError:
            found = []
        yield GaugeMetricFamily("caseflow_redis_up", "Whether Redis answers", bool(found))
        yield from found


def _of_database() -> Iterator[Metric]:
    row = db.session.execute(text("SELECT * FROM operating_figures()")).one()
    for name, meaning, value in (
        ("caseflow_outbox_waiting", "News that wait to be delivered", row.waiting),
        ("caseflow_outbox_oldest_seconds", "Age of the oldest news that waits", row.oldest_seconds),
        ("caseflow_outbox_given_up", "News given up after many attempts", row.given_up),
        ("caseflow_sessions", "Sessions that are open", row.sessions),
    ):
        yield GaugeMetricFamily(name, meaning, float(value))


def _of_redis(redis: "Redis") -> Iterator[Metric]:
    counted: Any = redis.hgetall(JOBS)
    jobs = CounterMetricFamily("caseflow_jobs", "Jobs by kind and outcome", labels=["kind", "outcome"])
    for name, count in sorted(counted.items()):
        jobs.add_metric(name.decode().split(" ", 1), float(count))
    yield jobs
    workers = Worker.all(connection=redis)
    yield GaugeMetricFamily("caseflow_workers", "Workers that are registered", len(workers))
    beats: dict[str, float] = {name.decode(): float(when) for name, when in _hash(redis, HEARTBEATS).items()}
    if seen := [worker.last_heartbeat.timestamp() for worker in workers if worker.last_heartbeat]:
        beats["worker"] = max(seen)
    ages = GaugeMetricFamily(
        "caseflow_heartbeat_age_seconds", "Time since a process last said it lives", labels=["process"]
    )
    for process, when in sorted(beats.items()):
        ages.add_metric([process], max(0.0, time.time() - when))
    yield ages


def _hash(redis: "Redis", key: str) -> dict[bytes, bytes]:
    held: Any = redis.hgetall(key)
    return dict(held)
