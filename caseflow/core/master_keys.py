"""The installation's master keys: they seal other keys and secrets, never a text itself.

Sealed: a version byte, the length and the id of the master key, a nonce of 12 bytes, AES-256-GCM of the data. The
first key of CASEFLOW_MASTER_KEYS seals, all of them open; so a key is changed without stopping (docs/ENCRYPTION.md).
"""

import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from flask import current_app

from caseflow.config import Config, ConfigError

VERSION = 1
NONCE = 12


class MasterKeyError(ConfigError):
    """Something is sealed under a master key that this installation does not hold, or not under that id."""


def seal(data: bytes, about: bytes = b"") -> bytes:
    """Seal under the current master key; `about` is bound to it, and needed to unseal."""
    return seal_under(_keys(), data, about)


def unseal(data: bytes, about: bytes = b"") -> bytes:
    """What was sealed, by whichever key of ours; raises MasterKeyError naming the key that is missing or wrong."""
    return unseal_under(_keys(), data, about)


def seal_under(keys: dict[str, bytes], data: bytes, about: bytes = b"") -> bytes:
    """`seal` with the keys given, for commands that run without the application."""
    name, key = next(iter(keys.items()))
    head = bytes([VERSION, len(name)]) + name.encode()
    nonce = os.urandom(NONCE)
    return head + nonce + AESGCM(key).encrypt(nonce, data, head + about)


def unseal_under(keys: dict[str, bytes], data: bytes, about: bytes = b"") -> bytes:
    """`unseal` with the keys given."""
    if len(data) < 2 or data[0] != VERSION:
        raise MasterKeyError("something that should be sealed under a master key is not")
    end = 2 + data[1]
    head, nonce, rest = data[:end], data[end : end + NONCE], data[end + NONCE :]
    name = head[2:].decode("ascii", "replace")
    if name not in keys:
        raise MasterKeyError(f"CASEFLOW_MASTER_KEYS lacks the key {name}, under which something is sealed")
    try:
        return AESGCM(keys[name]).decrypt(nonce, rest, head + about)
    except InvalidTag:
        raise MasterKeyError(
            f"the key {name} of CASEFLOW_MASTER_KEYS is not the one that sealed, or what it sealed was changed"
        ) from None


def names(keys: dict[str, bytes]) -> list[str]:
    """The keys as the database names them, the current one first: id and a print of the key, which tells nothing of it.

    With the print, another key under the same id is known at the start, not by the first text that does not open.
    """
    prints = {name: hmac.digest(key, b"caseflow master key", hashlib.sha256)[:4].hex() for name, key in keys.items()}
    return [f"{name}-{printed}" for name, printed in prints.items()]


def current_name() -> str:
    """The name of the key that seals now."""
    return names(_keys())[0]


def _keys() -> dict[str, bytes]:
    config: Config = current_app.extensions["caseflow"]
    return config.master_keys
