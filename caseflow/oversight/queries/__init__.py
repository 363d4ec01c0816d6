"""Reading who did and saw what: the audit, what a person is told of it, and unusual reading."""

from caseflow.oversight.queries.audit import (
    Asked,
    cases_of,
    chain,
    everything,
    files_of,
    head_lines,
    heads,
    named,
    newest,
    numbers,
)
from caseflow.oversight.words import deed, details

__all__ = [
    "Asked",
    "cases_of",
    "chain",
    "deed",
    "details",
    "everything",
    "files_of",
    "head_lines",
    "heads",
    "named",
    "newest",
    "numbers",
]
