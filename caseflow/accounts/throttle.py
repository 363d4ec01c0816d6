"""Slowing down guesses without locking the owner out: wrong tries count for where they came from, not for the account.

`origin` is a known device (its cookie is signed, so nobody else can spend its tries) or an address; `account` is the
e-mail address as it was typed, so that one that does not exist is treated like one that does.

Tries at the second factor count for the session and its user as well. That holds nobody up but who has the password.
"""

import hashlib
import uuid

from flask import current_app
from flask_babel import gettext as _
from limits.errors import StorageError
from limits.storage import MemoryStorage, Storage
from redis.exceptions import RedisError

from caseflow.config import Config
from caseflow.core.errors import Refused
from caseflow.core.limits import limiter

FREE = 5  # wrong tries without a delay
FIRST = 30  # seconds after them, doubled by each further one
LONGEST = 3600  # seconds
REMEMBERED = 24 * 3600  # seconds
CODES = 5  # that one session may try until it is whole
CODES_OF_A_USER = 20  # in an hour, in all sessions: each comes with new ones
HOUR = 3600  # seconds

_own = MemoryStorage()  # while Redis is away, each web process counts for itself


class TooManyTries(Refused):
    """This origin has to wait before it tries this account again."""

    status = 429


def check(origin: str, account: str) -> None:
    """Refuse a further try while the delay of the ones before lasts."""
    if _on() and _count("held", origin, account) > 0:
        raise TooManyTries(_("There were too many wrong tries from here. Wait a while, then try again."))


def failed(origin: str, account: str) -> int:
    """Count a wrong try; gives how many there were in a day."""
    if not _on():
        return 0
    wrong = _add("wrong", origin, account, REMEMBERED)
    if wrong >= FREE:
        _add("held", origin, account, delay(wrong))
    return wrong


def delay(wrong: int) -> int:
    """How many seconds to wait after so many wrong tries in a day."""
    return 0 if wrong < FREE else min(LONGEST, FIRST * 2 ** min(wrong - FREE, 20))


def passed(origin: str, account: str) -> None:
    """Forget the wrong tries: it was the owner after all."""
    if _on():
        for kind in ("wrong", "held"):
            for storage in (_shared(), _own):
                try:
                    storage.clear(_key(kind, origin, account))
                except (RedisError, StorageError):
                    continue


def code_tried(sign_in: uuid.UUID, user: uuid.UUID, *, known: bool) -> int:
    """Count a try at the second factor; gives how many there were in this session.

    Counted before the code is looked at, so that many at the same moment are no more. Whoever is on a device where they
    are `known` is not held up by what others tried elsewhere.
    """
    if not _on():
        return 0
    if _add("codes of a user", "", str(user), HOUR) > CODES_OF_A_USER and not known:
        text = _(
            "There were too many wrong codes for this account. Wait an hour, or use a device you signed in on before."
        )
        raise TooManyTries(text)
    return _add("codes", "", str(sign_in), REMEMBERED)


def _on() -> bool:
    config: Config = current_app.extensions["caseflow"]
    return config.limits


def _shared() -> Storage:
    storage: Storage = limiter.storage
    return storage


def _key(kind: str, origin: str, account: str) -> str:
    digest = hashlib.sha256(f"{origin}\n{account.strip().lower()}".encode()).hexdigest()
    return f"caseflow/sign-in/{kind}/{digest}"


def _count(kind: str, origin: str, account: str) -> int:
    key = _key(kind, origin, account)
    try:
        return max(_shared().get(key), _own.get(key))
    except (RedisError, StorageError):
        return _own.get(key)


def _add(kind: str, origin: str, account: str, seconds: int) -> int:
    key = _key(kind, origin, account)
    try:
        return _shared().incr(key, seconds)
    except (RedisError, StorageError):
        return _own.incr(key, seconds)
