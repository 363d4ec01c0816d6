"""Gunicorn around the application: threads in a few processes, stopped gracefully."""

from collections.abc import Callable
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from caseflow.config import Config
from caseflow.core import metrics


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
    """Serves what `make` returns; each worker process makes its own, after the fork."""

    def __init__(self, make: Callable[[], Any], config: Config, bind: str) -> None:
        self.make = make
        self.settings = {
            "bind": bind,
            "workers": config.web_workers,
            "threads": config.web_threads,
            "worker_class": "gthread",
            "preload_app": False,
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
        """The application of one worker process."""
        return self.make()
