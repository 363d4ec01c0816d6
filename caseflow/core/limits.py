"""Rate limits, counted in Redis; while Redis is away each web process counts for itself."""

from ipaddress import IPv6Address, IPv6Network, ip_address

from flask import Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

from caseflow.config import Config


def network(address: str | None) -> str:
    """Whom an address counts for: itself, or in IPv6 its /64, of which one connection has every address there is."""
    try:
        found = ip_address(address or "")
    except ValueError:
        return address or ""
    if not isinstance(found, IPv6Address):
        return str(found)
    return str(found.ipv4_mapped or IPv6Network((int(found), 64), strict=False))


def _from_where() -> str:
    return network(get_remote_address())


limiter = Limiter(_from_where, default_limits=["1200 per minute"], in_memory_fallback_enabled=True)


def init_app(app: Flask, config: Config) -> None:
    """Count in the installation's Redis, with timeouts so short that a stopped one holds nobody up."""
    app.config.update(
        RATELIMIT_ENABLED=config.limits,
        RATELIMIT_STORAGE_URI=config.redis_url,
        RATELIMIT_STORAGE_OPTIONS={"socket_connect_timeout": 1, "socket_timeout": 1},
        RATELIMIT_KEY_PREFIX="caseflow",
    )
    limiter.init_app(app)
