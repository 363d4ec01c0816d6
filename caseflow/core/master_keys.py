"""The installation's master keys: they seal other keys and secrets, never a text itself.

Sealed: a version byte, the length and the id of the master key, a nonce of 12 bytes, AES-256-GCM of the data. The
first key of CASEFLOW_MASTER_KEYS seals, all of them open; so a key is changed without stopping (docs/ENCRYPTION.md).
"""

import hashlib
import hmac
import os
from collections.abc import Mapping

import psycopg
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from flask import current_app

from caseflow.config import Config, ConfigError

VERSION = 1
NONCE = 12
SECONDS = 5


class MasterKeyError(ConfigError):
    """Something is sealed under a master key that this installation does not hold, or not under that id."""


def seal(data: bytes, about: bytes = b"", *, keys: Mapping[str, bytes] | None = None) -> bytes:
    """Seal under the current master key, the first of `keys` (the application's); `about` is needed to unseal."""
    name, key = next(iter((keys or _keys()).items()))
    head = bytes([VERSION, len(name)]) + name.encode()
    nonce = os.urandom(NONCE)
    return head + nonce + AESGCM(key).encrypt(nonce, data, head + about)


def unseal(data: bytes, about: bytes = b"", *, keys: Mapping[str, bytes] | None = None) -> bytes:
    """What was sealed, by whichever key of ours; raises MasterKeyError naming the key that is missing or wrong."""
    keys = keys or _keys()
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


def names(config: Config | None = None) -> list[str]:
    """The keys as the database names them, the current one first: id and a print of the key, which tells nothing of it.

    With the print, another key under the same id is known at the start, not by the first text that does not open.
    """
    prints = {
        name: hmac.digest(key, b"caseflow master key", hashlib.sha256)[:4].hex() for name, key in _keys(config).items()
    }
    return [f"{name}-{printed}" for name, printed in prints.items()]


def missing(used: dict[str, int], config: Config | None = None) -> str | None:
    """The line that says which of the master keys in use (name: how many keys lie under it) are not held."""
    held = names(config)
    lacking = [f"{name} ({count} keys)" for name, count in used.items() if name not in held]
    if not lacking:
        return None
    return f"CASEFLOW_MASTER_KEYS lacks {', '.join(lacking)}; it holds {', '.join(held)}"


def refuse_missing(config: Config) -> None:
    """Stop the start where keys lie under a master key that the settings do not hold.

    Raises MasterKeyError. A database that does not answer yet, or has no tables yet, is no reason to stop.
    """
    try:
        with psycopg.connect(config.database_url, connect_timeout=SECONDS) as connection:
            used = in_use(connection)
    except psycopg.Error:
        return
    if line := missing(used, config):
        raise MasterKeyError(line)


def in_use(connection: psycopg.Connection) -> dict[str, int]:
    """The names of the master keys in use, with how many keys lie under each."""
    if connection.execute("SELECT to_regprocedure('public.masters_in_use()')").fetchone() == (None,):
        return {}
    return dict(connection.execute("SELECT master_id, keys FROM masters_in_use()").fetchall())


def _keys(config: Config | None = None) -> dict[str, bytes]:
    settings: Config = config or current_app.extensions["caseflow"]
    return dict(settings.master_keys)
