"""Gunicorn around the application: threads in a few processes, stopped gracefully."""

import gc
from collections.abc import Callable
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger
from sqlalchemy.orm import configure_mappers

from caseflow.config import Config
from caseflow.core import metrics
from caseflow.core.db import db
from caseflow.core.languages import locale_for, offered


class QuietLogger(Logger):
    """Gunicorn's lines go the way of all others (`core.logs`); it writes none of its own about requests."""

    def setup(self, cfg: Any) -> None:
        """Keep the levels; the handlers are the process's."""
        self.cfg = cfg
        self._access_log_enabled = False
        self.error_log.setLevel(cfg.loglevel.upper())
        for log in (self.error_log, self.access_log):
            log.handlers.clear()
            log.propagate = True


class WebServer(BaseApplication):
    """Serves what `make` returns, made once: the worker processes are forks of it and share its memory."""

    def __init__(self, make: Callable[[], Flask], config: Config, bind: str) -> None:
        self.make = make
        self.settings = {
            "bind": bind,
            "workers": config.web_workers,
            "threads": config.web_threads,
            "worker_class": "gthread",
            "preload_app": True,
            "when_ready": _before_forks,
            "graceful_timeout": 20,
            "timeout": 60,
            "loglevel": config.log_level.lower(),
            "logger_class": QuietLogger,
            "proc_name": "caseflow",
            # What a proxy says is judged in one place, by CASEFLOW_TRUSTED_PROXIES.
            "forwarded_allow_ips": "",
            "control_socket_disable": True,
            "child_exit": lambda _server, worker: metrics.process_ended(worker.pid),
            "on_exit": lambda _server: metrics.stop_sharing(),
        }
        metrics.share_between_processes()
        super().__init__()

    def load_config(self) -> None:
        """Hand our settings to gunicorn; it reads no file and no command line."""
        for name, value in self.settings.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """The application, with all that its first requests would load, and no connection that forks would share."""
        app = self.make()
        with app.app_context():
            configure_mappers()
            for name in app.jinja_env.list_templates():
                app.jinja_env.get_template(name)
            for language in offered():
                len(locale_for(language.code).territories)  # Babel reads what it knows of a language when first asked
            db.engine.dispose()
        return app


def _before_forks(_server: object) -> None:
    """What is there now stays: the collector would write to each object of it, and so copy it into every process."""
    gc.collect()
    gc.freeze()
