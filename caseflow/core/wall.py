"""The signed context: who speaks to the database, in a form that SQL injection cannot forge.

The application signs `organisation.user.backend` with the wall key; the database function `app_context()` (migration
0001) checks the signature with the same key, which the application's own role cannot read.
"""

import hashlib
import hmac
import time
from uuid import UUID

EXPIRY_SECONDS = 120


def sign_context(key: str, org: UUID, user: UUID | None, backend: str) -> str:
    """The value of the setting `caseflow.context`; `backend` is the backend's pid, or `x` and an epoch second."""
    message = f"{org}.{user or ''}.{backend}"
    mac = hmac.new(key.encode(), message.encode(), hashlib.sha256).hexdigest()
    return f"{message}.{mac}"


def address_context(email: str) -> UUID:
    """In whose name the accounts of an e-mail address are looked up (migration 0041): an organisation that nobody is.

    So the function that gives their hashes answers only where the application signed that this address is asked for.
    """
    return UUID(hashlib.sha256(f"sign-in {email}".encode()).hexdigest()[:32])


def expiring_backend() -> str:
    """The backend part to sign where a connection pooler hides the backend's pid: a short expiry."""
    return f"x{int(time.time()) + EXPIRY_SECONDS}"
