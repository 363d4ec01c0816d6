"""What the windows on a case show: homes, caseload, overview, timeline and search."""

from caseflow.casefile.queries.attention import Attention, attention, releases_without_handover
from caseflow.casefile.queries.caseload import SORTS, DueFilter, Narrowing, caseload
from caseflow.casefile.queries.leading import leading
from caseflow.casefile.queries.overseeing import household, platform
from caseflow.casefile.queries.overview import overview
from caseflow.casefile.queries.receiving import day, desk, unanswered_count
from caseflow.casefile.queries.search import MINIMUM, search, search_received
from caseflow.casefile.queries.timeline import timeline

__all__ = [
    "MINIMUM",
    "SORTS",
    "Attention",
    "DueFilter",
    "Narrowing",
    "attention",
    "caseload",
    "day",
    "desk",
    "household",
    "leading",
    "overview",
    "platform",
    "releases_without_handover",
    "search",
    "search_received",
    "timeline",
    "unanswered_count",
]
