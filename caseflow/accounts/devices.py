"""The cookie of a known browser: signed, so that its tries are its own and nobody can spend or borrow them."""

import hashlib
import secrets
from dataclasses import dataclass, field

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer

from caseflow.config import Config
from caseflow.core.limits import network

MOST = 8  # accounts on one PC that are known at once
AGE = 400 * 24 * 3600  # seconds; browsers keep no cookie longer


@dataclass
class KnownDevice:
    """A browser: its token, and for whom it is known (hashes of e-mail addresses, the newest last)."""

    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    accounts: list[str] = field(default_factory=list)

    def knows(self, email: str) -> bool:
        """Whether this user has signed in here before."""
        return _hash(email) in self.accounts

    def learn(self, email: str) -> None:
        """This user has signed in here."""
        known = _hash(email)
        self.accounts = [*(one for one in self.accounts if one != known), known][-MOST:]

    def cookie(self) -> str:
        """The signed value of the cookie."""
        value: str | bytes = _serializer().dumps({"t": self.token, "a": self.accounts})
        return value if isinstance(value, str) else value.decode()


def cookie_name() -> str:
    """By https one that no other host of the domain can set."""
    config: Config = current_app.extensions["caseflow"]
    return "__Host-caseflow-device" if config.secure else "caseflow-device"


def read(cookie: str | None) -> KnownDevice:
    """The device that a cookie names; a new one where there is none, or it is not ours."""
    try:
        held = _serializer().loads(cookie or "")
        return KnownDevice(str(held["t"]), [str(one) for one in held["a"]][:MOST])
    except (BadSignature, KeyError, TypeError):
        return KnownDevice()


def origin(device: KnownDevice, email: str, address: str | None) -> str:
    """For whom wrong tries are counted: the known device, or else the address they came from (`core/limits.py`)."""
    return f"device {device.token}" if device.knows(email) else f"address {network(address)}"


def _hash(email: str) -> str:
    return hashlib.sha256(email.strip().lower().encode()).hexdigest()[:24]


def _serializer() -> URLSafeSerializer:
    config: Config = current_app.extensions["caseflow"]
    return URLSafeSerializer(config.secret_key, salt="caseflow device")
