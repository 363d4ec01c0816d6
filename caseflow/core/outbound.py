"""Asking servers outside whose address a user gave: by https, and never into the installation's own network.

The address is judged at the socket that was opened, so that a name which changes its answer gains nothing.
"""

import ipaddress
import socket
from typing import Any
from urllib.parse import urlsplit

from requests import PreparedRequest, Response, Session
from requests.adapters import HTTPAdapter
from requests.exceptions import InvalidURL
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool
from urllib3.poolmanager import PoolManager

SECONDS = 10


class ForbiddenAddress(InvalidURL):
    """An address that is not asked: no https, or in a network that is not public."""


class _PublicConnection(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        connection = super()._new_conn()
        peer = str(connection.getpeername()[0]).partition("%")[0]
        if not is_public(peer):
            connection.close()
            raise ForbiddenAddress("this address lies in a network that is not public")
        return connection


class _PublicPool(HTTPSConnectionPool):
    ConnectionCls = _PublicConnection


class _PublicAdapter(HTTPAdapter):
    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options)
        manager: PoolManager = self.poolmanager
        manager.pool_classes_by_scheme = {"https": _PublicPool}

    def send(self, request: PreparedRequest, *arguments: Any, **options: Any) -> Response:
        if urlsplit(request.url or "").scheme != "https":
            raise ForbiddenAddress("only https is asked")
        return super().send(request, *arguments, **options)


class _ShortAdapter(HTTPAdapter):
    """Any address; for installations whose provider stands in their own network."""


def guard(session: Session, *, private: bool) -> None:
    """Make a session ask public addresses by https only (unless `private`), without redirects and not for long."""
    session.trust_env = private  # an environment's proxy would hide whom we speak to
    session.max_redirects = 0
    for scheme in ("https://", "http://"):
        session.mount(scheme, _ShortAdapter() if private else _PublicAdapter())


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open internet."""
    found = ipaddress.ip_address(address)
    mapped = getattr(found, "ipv4_mapped", None) or found
    return bool(mapped.is_global) and not mapped.is_multicast
