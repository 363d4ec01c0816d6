"""Lists in pages, with counts that are true."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, func, select

from caseflow.core.db import db

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list, with a count that is true."""

    items: list[T]
    number: int
    size: int
    total: int

    @property
    def pages(self) -> int:
        """How many pages there are; at least 1."""
        return max(1, -(-self.total // self.size))

    @property
    def has_prev(self) -> bool:
        """Whether there is a page before this one."""
        return self.number > 1

    @property
    def has_next(self) -> bool:
        """Whether there is a page after this one."""
        return self.number < self.pages


def paged(query: "Select[Any]", *, number: int, size: int = 25) -> Page[Any]:
    """One page of a query's rows (scalars where it selects one thing) and how many there are in all.

    A number past the end gives the last page.
    """
    total = db.session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
    number = max(1, min(number, -(-total // size)))
    rows = db.session.execute(query.limit(size).offset((number - 1) * size)).unique().all()
    single = len(query.column_descriptions) == 1
    return Page([row[0] if single else row for row in rows], number, size, total)


def page_of(rows: Sequence[T], *, number: int, size: int = 25) -> Page[T]:
    """One page of a list that is there whole; a number past the end gives the last page."""
    number = max(1, min(number, -(-len(rows) // size)))
    return Page(list(rows[(number - 1) * size : number * size]), number, size, len(rows))
