"""Rate limits, counted in Redis; while Redis is away each web process counts for itself."""

from flask import Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

from caseflow.config import Config

limiter = Limiter(get_remote_address, default_limits=["1200 per minute"], in_memory_fallback_enabled=True)


def init_app(app: Flask, config: Config) -> None:
    """Count in the installation's Redis, with timeouts so short that a stopped one holds nobody up."""
    app.config.update(
        RATELIMIT_ENABLED=config.limits,
        RATELIMIT_STORAGE_URI=config.redis_url,
        RATELIMIT_STORAGE_OPTIONS={"socket_connect_timeout": 1, "socket_timeout": 1},
        RATELIMIT_KEY_PREFIX="caseflow",
    )
    limiter.init_app(app)
