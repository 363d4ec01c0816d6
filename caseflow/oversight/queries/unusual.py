"""Unusual reading: not wrong by itself, but somebody should look at it. Each kind has a threshold that is shown."""

import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select, text

from caseflow.accounts.models import User
from caseflow.audit.models import Review, Unusual
from caseflow.core.db import db
from caseflow.core.search import skeleton
from caseflow.oversight.queries.audit import midnight
from caseflow.people import queries as people
from caseflow.people.models import Relative

DAYS = 7  # looked at, where nothing else is asked for
MOST_DAYS = 92
SHOWN = 12  # numbers named of one finding

# From how many a finding is made, on one day of one user.
THRESHOLDS = {
    Unusual.MANY: 60,  # different people within an hour
    Unusual.ELSEWHERE: 1,  # cases opened at another site than the user's
    Unusual.STRANGER: 10,  # cases opened that the user was never given
    Unusual.NAMESAKE: 1,  # people opened who bear the user's family name
    Unusual.RELATIVE: 1,  # people opened whom a colleague declared, or whose relative bears a colleague's name
    Unusual.NIGHT: 5,  # readings outside working hours
}
PATRONYMIC = ("вич", "вна", "улы", "ұлы", "уулу", "кызы", "қызы", "vich", "vna", "uly", "kyzy")
MORNING, EVENING = 7, 20  # working hours, by the organisation's clock


@dataclass(frozen=True, slots=True)
class Finding:
    """What a user read on a day that an auditor should look at; `files` are ids of cases or persons."""

    kind: Unusual
    user_id: uuid.UUID
    user: str
    day: date
    count: int
    files: tuple[uuid.UUID, ...]
    review: Review | None = None


# The readings of those days, and those that opened one file; each kind's query goes on from here.
_READ = """
    WITH reading AS (SELECT e.id, e.user_id, u.name, u.site_id, e.created_at AT TIME ZONE :zone AS local, e.case_id,
        e.subject_id, e.about
    FROM audit_entries e JOIN users u ON u.org_id = e.org_id AND u.id = e.user_id
    WHERE e.org_id = :org AND e.created_at >= :since AND e.created_at < :until
      AND split_part(e.act, '.', 2) IN ('read', 'list', 'search', 'print', 'export', 'download') AND e.about <> '{}'),
    opened AS (SELECT * FROM reading r WHERE r.subject_id IS NOT NULL AND r.case_id IS NOT NULL)
"""

_ENDS = {
    Unusual.MANY: """
        , mine AS (SELECT id FROM persons WHERE org_id = :org
                      UNION ALL SELECT id FROM referrals WHERE to_org_id = :org),
        hours AS (
            SELECT r.user_id, r.name, date_trunc('hour', r.local) AS hour, count(DISTINCT f.id) AS n,
                   (array_agg(DISTINCT f.id))[1:12] AS files
            FROM reading r CROSS JOIN LATERAL unnest(r.about) f(id) JOIN mine ON mine.id = f.id GROUP BY 1, 2, 3)
        SELECT DISTINCT ON (user_id, hour::date) user_id, name, hour::date, n, files FROM hours WHERE n >= :least
        ORDER BY user_id, hour::date, n DESC""",
    Unusual.ELSEWHERE: """
        SELECT o.user_id, o.name, o.local::date, count(DISTINCT o.case_id), array_agg(DISTINCT o.case_id)
        FROM opened o JOIN cases c ON c.org_id = :org AND c.id = o.case_id
        WHERE c.site_id <> o.site_id GROUP BY 1, 2, 3 HAVING count(DISTINCT o.case_id) >= :least""",
    Unusual.STRANGER: """
        SELECT o.user_id, o.name, o.local::date, count(DISTINCT o.case_id), array_agg(DISTINCT o.case_id)
        FROM opened o WHERE NOT EXISTS (
            SELECT FROM assignments a WHERE a.org_id = :org AND a.case_id = o.case_id AND a.user_id = o.user_id)
        GROUP BY 1, 2, 3 HAVING count(DISTINCT o.case_id) >= :least""",
    Unusual.NIGHT: """
        SELECT r.user_id, r.name, r.local::date, count(*), (array_agg(DISTINCT f.id))[1:12]
        FROM reading r CROSS JOIN LATERAL (SELECT coalesce(r.case_id, r.about[1]) AS id) f
        WHERE extract(hour FROM r.local) < :morning OR extract(hour FROM r.local) >= :evening
            OR extract(isodow FROM r.local)::int = ANY (:rest)
        GROUP BY 1, 2, 3 HAVING count(*) >= :least""",
}
_NAMES = """
    SELECT DISTINCT o.user_id, o.name, o.local::date, o.case_id, p.name AS person, n.family
    FROM opened o JOIN cases c ON c.org_id = :org AND c.id = o.case_id
    JOIN persons p ON p.org_id = :org AND p.id = c.person_id
    LEFT JOIN names n ON n.org_id = :org AND n.person_id = p.id AND n.family IS NOT NULL
"""
_FILES = """
    SELECT DISTINCT o.user_id, o.name, o.local::date AS day, o.case_id, c.person_id, EXISTS (
        SELECT FROM assignments a WHERE a.org_id = :org AND a.case_id = o.case_id AND a.user_id = o.user_id) AS given
    FROM opened o JOIN cases c ON c.org_id = :org AND c.id = o.case_id
"""
_QUERIES = {kind: _READ + end for kind, end in _ENDS.items()}
_OPENED = _READ + _NAMES
_OPENED_FILES = _READ + _FILES

Row = tuple[uuid.UUID, str, date, int, list[uuid.UUID]]


def findings(user: User, kind: Unusual, *, since: date, until: date) -> list[Finding]:
    """What is to be looked at from one day to another (that day too): the newest first, with what was said of it."""
    organisation = user.organisation
    values = {
        "org": user.org_id,
        "zone": organisation.timezone,
        "since": midnight(organisation, max(since, until - timedelta(days=MOST_DAYS))),
        "until": midnight(organisation, until + timedelta(days=1)),
        "least": THRESHOLDS[kind],
        "morning": MORNING,
        "evening": EVENING,
        "rest": organisation.rest_days,
    }
    if kind is Unusual.RELATIVE:
        rows: Iterable[Any] = _relatives(user, values)
    else:
        rows = _namesakes(values) if kind is Unusual.NAMESAKE else db.session.execute(text(_QUERIES[kind]), values)
    reviewed = {
        (one.user_id, one.day): one
        for one in db.session.scalars(select(Review).where(Review.org_id == user.org_id, Review.kind == kind))
    }
    found = [
        Finding(kind, who, name, day, count, tuple(files[:SHOWN]), reviewed.get((who, day)))
        for who, name, day, count, files in rows
    ]
    return sorted(found, key=lambda one: (one.review is None, one.day, one.count), reverse=True)


def _namesakes(values: dict[str, object]) -> Iterable[Row]:
    held: dict[tuple[uuid.UUID, str, date], list[uuid.UUID]] = defaultdict(list)
    for who, name, day, case_id, person, family in db.session.execute(text(_OPENED), values):
        if _family(name) & (_family(person) | ({skeleton(family)} if family else set())) and (
            case_id not in held[who, name, day]
        ):
            held[who, name, day].append(case_id)
    return [(*key, len(cases), cases) for key, cases in held.items() if cases]


def _relatives(user: User, values: dict[str, Any]) -> Iterable[Row]:
    """By reader and day the cases of those whom a colleague declared, or whose relative bears a colleague's name.

    Who was given such a case reads it rightly, unless the relative is their own.
    """
    opened = db.session.execute(text(_OPENED_FILES), values).all()
    near = _near(user, {row.person_id for row in opened}, values["since"])
    held: dict[tuple[uuid.UUID, str, date], list[uuid.UUID]] = defaultdict(list)
    for row in opened:
        whose = near.get(row.person_id, set())
        if row.user_id in whose or (whose and not row.given):
            held[row.user_id, row.name, row.day].append(row.case_id)
    return [(*key, len(cases), cases) for key, cases in held.items()]


def _near(user: User, persons: set[uuid.UUID], since: datetime) -> dict[uuid.UUID, set[uuid.UUID]]:
    """Of these persons, to which colleagues each is near, or was since then: who takes a declaration back read it all
    the same.
    """
    found: dict[uuid.UUID, set[uuid.UUID]] = defaultdict(set)
    for one in people.conflicts(user, since=since):
        for person_id in people.persons_like(user.org_id, one.name) & persons:
            found[person_id].add(one.user_id)
    colleagues = db.session.execute(select(User.id, User.name).where(User.org_id == user.org_id)).all()
    family = select(Relative.person_id, Relative.name)
    for person_id, name in db.session.execute(
        family.where(Relative.org_id == user.org_id, Relative.person_id.in_(persons))
    ):
        found[person_id] |= {user_id for user_id, theirs in colleagues if people.alike(name, theirs)}
    return found


def _family(name: str) -> set[str]:
    """The consonants of the family name in a name written in full: its last word, or the first before a patronymic."""
    words = name.split()
    if len(words) < 2:
        return set()
    word = words[0] if words[-1].lower().endswith(PATRONYMIC) else words[-1]
    key = skeleton(word)
    return {key} if len(key) > 2 else set()
