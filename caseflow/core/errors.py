"""What an action raises when the domain's rules say no; the web turns it into a message that keeps what was typed."""

from collections.abc import Mapping
from typing import Any


class Refused(Exception):  # noqa: N818 -- reads as a sentence: `raise Refused(...)`
    """A rule of the domain refuses the act: shown beside `field`, or above the form when there is none. Status 422."""

    status = 422

    def __init__(self, message: Any, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field

    def __str__(self) -> str:
        return str(self.message)


class Conflict(Refused):
    """Somebody else was first: the act was already done or the row has changed since it was shown. Status 409.

    `theirs` holds the fields as they stand now, by name, so that the second writer sees both versions and decides.
    """

    status = 409

    def __init__(self, message: Any, *, field: str | None = None, theirs: Mapping[str, Any] | None = None) -> None:
        super().__init__(message, field=field)
        self.theirs = dict(theirs or {})
