"""Passwords: Argon2id with OWASP's first parameters (46 MiB, 1 pass), and a check that takes as long for nobody."""

import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

MINIMUM = 12  # characters
MAXIMUM = 200

# As strong as OWASP's 19 MiB in 2 passes, but glibc gives a block of more than 32 MiB back at once: a smaller one would
# stay with each thread of a web process for good.
_hasher = PasswordHasher(time_cost=1, memory_cost=47_104, parallelism=1)


def hash_password(password: str) -> str:
    """The Argon2id hash, with its salt and parameters in it."""
    return _hasher.hash(password)


def matches(password: str, stored: str) -> bool:
    """Whether the password is the one that was hashed."""
    try:
        return _hasher.verify(stored, password)
    except (VerifyMismatchError, InvalidHashError):
        return False


def pretend(password: str) -> None:
    """Spend the time of one check, so that an unknown address answers no sooner than a known one."""
    matches(password, _nobody())


@cache
def _nobody() -> str:
    return hash_password(secrets.token_hex(16))
