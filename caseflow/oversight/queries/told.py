"""What a person is told of who saw and changed their file: days, roles and organisations, no names of staff."""

from collections import Counter
from dataclasses import dataclass
from datetime import date

from flask_babel import gettext as _
from sqlalchemy import case, func, select

from caseflow.accounts.models import User
from caseflow.audit import queries as audit
from caseflow.core.db import db
from caseflow.core.formats import day_of
from caseflow.oversight.queries.audit import Named
from caseflow.people.models import Case
from caseflow.release import queries as release

READ, LISTED, CHANGED = "read", "listed", "changed"
MOST = 2_000  # lines; the newest


@dataclass(frozen=True, slots=True, order=True)
class Line:
    """On this day, people of this role did this so many times."""

    day: date
    role: str
    organisation: str
    words: str
    times: int


def lines(cases: list[Case], person: Named, user: User) -> list[Line]:
    """The days, newest first. The system's own work and the person's own organisation's lists are told apart."""
    entry = audit.about(person.files)
    verb = func.split_part(entry.act, ".", 2)
    what = case(
        (verb.in_(("list", "search")), LISTED), (verb.in_(("read", "print", "export", "download")), READ), else_=CHANGED
    )
    day = func.date(func.timezone(user.organisation.timezone, entry.created_at))
    query = (
        select(day, User.role, what, func.count(func.distinct(func.coalesce(entry.request_id, entry.act))))
        .select_from(entry)
        .outerjoin(User, (User.org_id == entry.org_id) & (User.id == entry.user_id))
        .group_by(day, User.role, what)
        .order_by(day.desc(), what, User.role)
        .limit(MOST)
    )
    here = user.organisation.name
    found = [
        Line(when, _("caseflow itself") if role is None else role.label, here, _words(kind), times)
        for when, role, kind, times in db.session.execute(query)
    ]
    return sorted([*found, *_handed_over(cases)], key=lambda one: one.day, reverse=True)


def _words(kind: str) -> str:
    return {
        READ: _("opened or printed your file"),
        LISTED: _("saw your name or number in a list or a search"),
        CHANGED: _("wrote or changed something in your file"),
    }[kind]


def _handed_over(cases: list[Case]) -> list[Line]:
    """The readings of an incoming organisation, which the handover's own function wrote down."""
    days: Counter[tuple[date, str]] = Counter()
    for one in cases:
        for handover in release.handovers(one):
            for reading in release.readings(handover):
                days[day_of(reading.created_at), handover.receiver.name] += 1
    words = _("read what was opened to them for your release")
    return [Line(day, _("Staff"), name, words, times) for (day, name), times in days.items()]
