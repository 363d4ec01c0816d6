"""Statements that take long, told with the page and the request they belong to, and without their values."""

import logging
import time
from typing import Any

from flask import Flask
from sqlalchemy import event
from sqlalchemy.engine import Connection

from caseflow.config import Config
from caseflow.core import logs
from caseflow.core.db import db

log = logging.getLogger("caseflow.slow")


def init_app(app: Flask, config: Config) -> None:
    """Watch the clock around every statement of this application; CASEFLOW_SLOW_QUERY_MS=0 watches none."""
    if not config.slow_query_ms:
        return

    def begin(connection: Connection, _cursor: Any, _statement: str, *_: Any) -> None:
        connection.info["began"] = time.perf_counter()

    def end(connection: Connection, _cursor: Any, statement: str, *_: Any) -> None:
        milliseconds = (time.perf_counter() - connection.info.pop("began", time.perf_counter())) * 1000
        if milliseconds >= config.slow_query_ms:
            # Values are bound, so the statement's text holds none of them.
            told = " ".join(statement.split())
            logs.tell(log, logging.WARNING, "slow statement", milliseconds=round(milliseconds), statement=told)

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", begin)
        event.listen(db.engine, "after_cursor_execute", end)
