"""What the user's organisation sent: the referrals of a case, the list with filters, and lines for the timeline."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import joinedload

from caseflow.accounts.models import User
from caseflow.core.db import db, one_or_404
from caseflow.core.paging import Page, paged
from caseflow.people import queries as people
from caseflow.people.models import Case, Person
from caseflow.people.queries import Happening
from caseflow.referrals.models import (
    OPEN,
    RUNNING,
    UNANSWERED,
    Attendance,
    Disclosure,
    Event,
    Origin,
    Referral,
    Report,
    Session,
    Status,
)
from caseflow.referrals.queries import deadlines
from caseflow.referrals.queries.shared import live, sent_case
from caseflow.tenancy.models import ReferralKind

SENT_GROUPS: dict[str, frozenset[Status]] = {
    "open": OPEN,
    "unanswered": UNANSWERED,
    "running": RUNNING,
    "ended": frozenset(Status) - OPEN,
    "all": frozenset(Status),
}

TONES: dict[Status, str] = {
    Status.SENT: "info",
    Status.INFO_REQUESTED: "warn",
    Status.WAITLISTED: "warn",
    Status.ACCEPTED: "good",
    Status.DECLINED: "bad",
    Status.IN_PROGRESS: "good",
    Status.ON_HOLD: "warn",
    Status.COMPLETED: "good",
    Status.ENDED_EARLY: "neutral",
    Status.WITHDRAWN: "neutral",
}


@dataclass(frozen=True, slots=True)
class SentLine:
    """A sent referral with its person, as the sender's lists show it."""

    referral: Referral
    person: Person
    case_id: uuid.UUID
    deadline: deadlines.Deadline | None


def of_case(case: Case) -> list[Referral]:
    """The referrals sent for a case, newest first."""
    query = _sent().where(Origin.org_id == case.org_id, Origin.case_id == case.id)
    return list(db.session.scalars(query.order_by(Referral.sent_at.desc(), Referral.id)).unique())


def sent(
    user: User, *, status: str = "open", kind: ReferralKind | None = None, overdue: bool = False, page: int = 1
) -> Page[SentLine]:
    """The referrals of the cases that the user may open, 25 a page, the nearest deadline first."""
    query = _visible(user).where(Referral.status.in_(SENT_GROUPS.get(status, OPEN)))
    if kind:
        query = query.where(Referral.kind == kind)
    if overdue:
        query = query.where(deadlines.overdue(user.organisation.today()))
    order = (deadlines.DEADLINE.asc().nulls_last(), Referral.sent_at.desc(), Referral.id)
    rows: Select[Any] = query.with_only_columns(Referral, Person, Origin.case_id).order_by(*order)  # type: ignore[assignment]  # paged() takes any columns
    found: Page[tuple[Referral, Person, uuid.UUID]] = paged(rows, number=page)
    due = deadlines.of(row[0] for row in found.items)
    lines = [SentLine(referral, person, case_id, due.get(referral.id)) for referral, person, case_id in found.items]
    return Page(lines, found.number, found.size, found.total)


def sent_one(id: uuid.UUID, user: User) -> tuple[Referral, Case]:
    """A referral that the user's organisation sent, with its case, or 404."""
    referral = one_or_404(_sent().where(Referral.org_id == user.org_id, Referral.id == id))
    return referral, sent_case(referral, user)


def last_question(referral: Referral) -> Event | None:
    """What the receiver asked last."""
    query = select(Event).where(
        Event.org_id == referral.org_id, Event.referral_id == referral.id, Event.status == Status.INFO_REQUESTED
    )
    return db.session.scalars(query.order_by(Event.created_at.desc()).limit(1)).one_or_none()


def under_consent(case: Case, consent_id: uuid.UUID) -> int:
    """How many referrals tell something under a consent, live: what a withdrawal closes."""
    query = select(func.count(Disclosure.referral_id.distinct())).where(
        Disclosure.org_id == case.org_id, Disclosure.consent_id == consent_id, live()
    )
    return db.session.scalar(query) or 0


def happenings(case: Case) -> list[Happening]:
    """What happened with the referrals of a case, for its timeline."""
    referrals = {referral.id: referral for referral in of_case(case)}
    if not referrals:
        return []
    return [*_events(case, referrals), *_sessions(case, referrals), *_reports(case, referrals)]


def _events(case: Case, referrals: dict[uuid.UUID, Referral]) -> list[Happening]:
    query = select(Event).where(Event.org_id == case.org_id, Event.referral_id.in_(referrals))
    found = []
    for event in db.session.scalars(query):
        referral = referrals[event.referral_id]
        what = {"kind": referral.kind.label, "status": event.status.label}
        title = _("Referral sent: %(kind)s", **what) if event.before is None else _("%(kind)s: %(status)s", **what)
        found.append(_line(referral, event.created_at, title, event.text, event.actor_name, TONES[event.status]))
    return found


def _sessions(case: Case, referrals: dict[uuid.UUID, Referral]) -> list[Happening]:
    query = select(Session).where(
        Session.org_id == case.org_id,
        Session.referral_id.in_(referrals),
        or_(Session.recorded_at.is_not(None), Session.called_off_at.is_not(None)),
    )
    found = []
    for session in db.session.scalars(query):
        referral = referrals[session.referral_id]
        if session.called_off_at is not None:
            title = _("%(kind)s: session called off", kind=referral.kind.label)
            text, by = session.called_off_reason, session.called_off_by
            found.append(_line(referral, session.called_off_at, title, text, by, "neutral"))
        if session.attendance is None:
            continue
        came = session.attendance is not Attendance.NO
        title = _("%(kind)s: session, %(attendance)s", kind=referral.kind.label, attendance=session.attendance.label)
        text = session.summary or session.absence_reason
        tone = "bad" if session.concern else "neutral" if came else "warn"
        found.append(_line(referral, session.starts_at, title, text, session.recorded_by, tone))
    return found


def _reports(case: Case, referrals: dict[uuid.UUID, Referral]) -> list[Happening]:
    query = select(Report).where(Report.org_id == case.org_id, Report.referral_id.in_(referrals))
    return [
        _line(
            referral := referrals[report.referral_id],
            report.created_at,
            _("%(kind)s: end report", kind=referral.kind.label),
            report.text,
            report.written_by,
            "good",
        )
        for report in db.session.scalars(query)
    ]


def _line(referral: Referral, at: datetime, title: str, text: str | None, who: str | None, tone: str) -> Happening:
    url = url_for("referrals.show", id=referral.id)
    return Happening(at, "referral", title, text, who, referral.service.name, url, tone)


def _sent() -> Select[Referral]:
    return (
        select(Referral)
        .join(Origin, and_(Origin.org_id == Referral.org_id, Origin.id == Referral.id))
        .options(joinedload(Referral.service_now), joinedload(Referral.receiver_now))
    )


def _visible(user: User) -> Select[Referral]:
    return (
        select(Referral)
        .join(Origin, and_(Origin.org_id == Referral.org_id, Origin.id == Referral.id))
        .join(Case, and_(Case.org_id == Origin.org_id, Case.id == Origin.case_id))
        .join(Person, and_(Person.org_id == Case.org_id, Person.id == Case.person_id))
        .where(Referral.org_id == user.org_id, Case.id.in_(people.visible(user).with_only_columns(Case.id)))
    )
