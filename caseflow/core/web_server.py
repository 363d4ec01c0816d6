"""Gunicorn around the application: threads in a few processes, stopped gracefully."""

from collections.abc import Callable
from typing import Any

from gunicorn.app.base import BaseApplication

from caseflow.config import Config


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
            "proc_name": "caseflow",
            # What a proxy says is judged in one place, by CASEFLOW_TRUSTED_PROXIES.
            "forwarded_allow_ips": "",
            "control_socket_disable": True,
        }
        super().__init__()

    def load_config(self) -> None:
        """Hand our settings to gunicorn; it reads no file and no command line."""
        for name, value in self.settings.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """The application of one worker process."""
        return self.make()
