"""The timeline of a case: what every room has to tell of it, newest first."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from caseflow.assessments import queries as assessments
from caseflow.core.paging import Page, page_of
from caseflow.people import queries as people
from caseflow.people.models import Case
from caseflow.people.queries import Happening
from caseflow.plans import queries as plans
from caseflow.referrals import queries as referrals
from caseflow.release import queries as release
from caseflow.rights import queries as rights
from caseflow.supervision import queries as supervision

SIZE = 50

TELLERS: tuple[Callable[[Case], list[Happening]], ...] = (
    people.happenings,
    assessments.happenings,
    plans.happenings,
    referrals.happenings,
    release.happenings,
    supervision.happenings,
    rights.happenings,
)


@dataclass(frozen=True, slots=True)
class Timeline:
    """One page of happenings, and how many there are of each kind in all."""

    page: Page[Happening]
    kinds: dict[str, int]


def timeline(case: Case, *, kinds: frozenset[str], page: int, size: int = SIZE) -> Timeline:
    """The happenings of these kinds (of all, when none is given), newest first."""
    everything = [happening for tell in TELLERS for happening in tell(case)]
    shown = [one for one in everything if not kinds or one.kind in kinds]
    shown.sort(key=lambda one: one.at, reverse=True)
    return Timeline(page_of(shown, number=page, size=size), dict(Counter(one.kind for one in everything)))
