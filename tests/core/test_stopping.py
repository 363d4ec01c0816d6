"""Real processes: asked to stop, a request is answered and a job finished; killed, the job is done by another."""

import json
import re
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
import requests

from caseflow.core.jobs import relay
from caseflow.notifications.actions import MAIL, post
from tests.cast import PASSWORD, Cast
from tests.core.test_cli import CASEFLOW, CLEAN, ROOT

pytestmark = pytest.mark.processes
TOKEN = "m" * 40


@contextmanager
def process(environment: dict[str, str], log: Path, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as output:
        one = subprocess.Popen([*CASEFLOW, *arguments], env=CLEAN | environment, cwd=ROOT, stderr=output, stdout=output)
    children: list[psutil.Process] = []
    try:
        yield one
    finally:
        if one.poll() is None:
            children = psutil.Process(one.pid).children(recursive=True)
            one.kill()
        for child in children:
            child.kill()
        one.wait()


@contextmanager
def users_held(environment: dict[str, str]) -> Iterator[psycopg.Connection]:
    """Whoever reads a user waits, until this block lets go."""
    with psycopg.connect(environment["OWNER_DATABASE_URL"]) as owner:
        owner.execute("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
        yield owner


def until(environment: dict[str, str], question: str) -> None:
    """Let the database wait for us until the question's answer is true, 30 seconds at most."""
    with psycopg.connect(environment["OWNER_DATABASE_URL"], autocommit=True) as owner:
        for _ in range(600):
            if owner.execute(question.encode()).fetchone() == (True,):
                return
            owner.execute("SELECT pg_sleep(0.05)")
    raise AssertionError(question)


BLOCKED = "SELECT count(*) > 0 FROM pg_locks WHERE NOT granted AND relation = 'users'::regclass"


def lines(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text().splitlines()]


def test_a_stopping_web_server_answers_what_it_began(environment: dict[str, str], tmp_path: Path, redis: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url, log = f"http://127.0.0.1:{port}", tmp_path / "web.log"
    settings = {**environment, "CASEFLOW_METRICS_TOKEN": TOKEN, "CASEFLOW_PUBLIC_URL": url}
    with process(settings, log, "serve", "--port", str(port)) as server, requests.Session() as browser:
        browser.mount(
            "http://",
            requests.adapters.HTTPAdapter(
                max_retries=requests.adapters.Retry(120, backoff_factor=0.1, backoff_max=0.5)
            ),
        )
        token = re.findall(r'name="csrf_token"[^>]*value="([^"]+)"', browser.get(f"{url}/sign-in", timeout=20).text)[0]
        form = {"csrf_token": token, "email": "aigerim@example.org", "password": PASSWORD}
        page = browser.post(f"{url}/sign-in", form, timeout=20).text
        token = re.findall(r'name="csrf_token"[^>]*value="([^"]+)"', page)[0]
        for _ in range(10):
            requests.get(f"{url}/sign-in?name=Qanaryev", timeout=20)
        told = requests.get(f"{url}/metrics", headers={"Authorization": f"Bearer {TOKEN}"}, timeout=20).text
        # Counted over both web processes.
        assert 'caseflow_requests_total{endpoint="accounts.sign_in",method="GET",status="200"} 11.0' in told
        answers: list[int] = []

        def ask() -> None:
            form = {"csrf_token": token, "wanted": "no"}
            answer = browser.post(f"{url}/account/mail", form, timeout=30, allow_redirects=False)
            answers.append(answer.status_code)

        asking = threading.Thread(target=ask)
        with users_held(environment):
            asking.start()
            until(environment, BLOCKED)
            server.send_signal(signal.SIGTERM)
        asking.join(30)
        assert server.wait(30) == 0
    assert answers == [302]
    until(environment, "SELECT NOT mail_news FROM users WHERE email = 'aigerim@example.org'")
    assert "Qanaryev" not in log.read_text()
    assert {"gunicorn.error", "caseflow.web"} <= {line["logger"] for line in lines(log)}


@pytest.fixture
def news(cast: Cast, redis: Any) -> None:
    """One piece of news whose job reads a user."""
    with cast.acting("aigerim") as aigerim:
        post(MAIL, by=aigerim, user=aigerim.id)
    with cast.app.app_context():
        assert relay(redis) == 1


@pytest.mark.usefixtures("news")
def test_a_stopping_worker_finishes_its_job(environment: dict[str, str], tmp_path: Path) -> None:
    with process(environment, tmp_path / "worker.log", "worker") as worker:
        with users_held(environment):
            until(environment, BLOCKED)
            worker.send_signal(signal.SIGTERM)
        assert worker.wait(30) == 0
    until(environment, "SELECT delivered_at IS NOT NULL FROM outbox")
    assert all(line["logger"] for line in lines(tmp_path / "worker.log"))


@pytest.mark.usefixtures("news")
def test_a_killed_workers_job_is_done_by_another(
    environment: dict[str, str], tmp_path: Path, cast: Cast, redis: Any
) -> None:
    with process(environment, tmp_path / "worker.log", "worker") as worker, users_held(environment):
        until(environment, BLOCKED)
        children = psutil.Process(worker.pid).children(recursive=True)
        worker.kill()
        for child in children:
            child.kill()
    with psycopg.connect(environment["OWNER_DATABASE_URL"]) as owner:
        assert owner.execute("SELECT delivered_at FROM outbox").fetchone() == (None,)
        owner.execute("UPDATE outbox SET claimed_at = now() - interval '1 minute'")  # as if it had waited
    cast.deliver(redis)
    until(environment, "SELECT delivered_at IS NOT NULL AND attempts = 2 FROM outbox")
