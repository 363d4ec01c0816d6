"""Asking as somebody: a signed-in client with its CSRF token, and probes that leave nothing behind."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, text
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from tests.cast import PASSWORD, Cast

TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


class Asker:
    """A browser of one account; `token` is its CSRF token, good as long as its session."""

    def __init__(self, app: Flask, name: str | None, *, leaves: bool = False, cast: Cast | None = None) -> None:
        """Sign in; who `leaves` is closed afterwards, with the cookie still in hand."""
        self.client: FlaskClient = app.test_client()
        self.cookie = ""
        if name is not None:
            answer = self.client.post(
                "/sign-in",
                data={"email": f"{name}@example.org", "password": PASSWORD, "csrf_token": self._token("/sign-in")},
            )
            assert answer.status_code == 302, f"{name} cannot sign in: {answer.status_code}"
        self.token = self._token("/sign-in" if name is None else "/account")
        if leaves and cast is not None:
            with cast.managing(name or "") as user:
                user.active = False
        kept = self.client.get_cookie("caseflow")
        assert kept is not None
        self.cookie = f"caseflow={kept.value}"
        self.client = app.test_client(use_cookies=False)  # what an answer sets is forgotten: each question stands alone

    def _token(self, page: str) -> str:
        found = TOKEN.search(self.client.get(page).get_data(as_text=True))
        assert found, f"no form on {page}"
        return found[1]

    def ask(self, method: str, path: str, data: dict[str, Any] | None = None, **options: Any) -> TestResponse:
        """One request; a POST carries the token unless `data` brings its own."""
        if method == "POST":
            data = {"csrf_token": self.token, **(data or {})}
            words = all(isinstance(one, str) for value in data.values() for one in listed(value))
            if words and "Content-Type" not in options.get("headers", {}):
                options["content_type"] = "application/x-www-form-urlencoded"
                return self._open(path, method, encoded(data), options)
        return self._open(path, method, data, options)

    def _open(self, path: str, method: str, data: Any, options: dict[str, Any]) -> TestResponse:
        headers = {"Cookie": self.cookie, **options.pop("headers", {})}
        return self.client.open(path, method=method, data=data, headers=headers, **options)


def listed(value: Any) -> list[Any]:
    """The values that a field holds."""
    return value if isinstance(value, list) else [value]


def encoded(data: dict[str, Any]) -> str:
    """As a browser would send it, and what no browser sends: half of a surrogate pair, bytes that are no UTF-8."""
    return urlencode([(name, raw(one)) for name, value in data.items() for one in listed(value)])


def raw(text: str) -> bytes:
    """The bytes of a text that may not be one."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


@contextmanager
def kept_nothing() -> Iterator[None]:
    """What requests write is taken back just before it would be committed, after all deferred checks have run."""
    event.listen(Session, "before_commit", _take_back)
    try:
        yield
    finally:
        event.remove(Session, "before_commit", _take_back)


def _take_back(session: Session) -> None:
    if session.in_nested_transaction():
        return  # an act within the request
    session.flush()
    connection = session.connection()
    connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    driver: Any = connection.connection.dbapi_connection
    driver.rollback()  # the commit that follows finds nothing to keep
