"""The order of a case, its conditions and contacts, and an officer's week."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from flask_babel import gettext as _
from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload

from caseflow.accounts.models import User
from caseflow.core.db import db, now, one_or_404
from caseflow.core.formats import date_text, day_of, zone
from caseflow.people.models import Assignment, AssignmentRole, Case, Phase
from caseflow.people.queries import Happening
from caseflow.supervision.models import HELD, Condition, Contact, ContactOutcome, Supervision


def order(case: Case) -> Supervision | None:
    """The order under which the person is supervised, if one is recorded."""
    return db.session.scalars(
        select(Supervision).where(Supervision.org_id == case.org_id, Supervision.case_id == case.id)
    ).one_or_none()


def order_of(case: Case) -> Supervision:
    """The order of the case, or 404."""
    return one_or_404(select(Supervision).where(Supervision.org_id == case.org_id, Supervision.case_id == case.id))


def conditions(case: Case) -> list[Condition]:
    """All conditions of the case, the ended ones last."""
    query = select(Condition).where(Condition.org_id == case.org_id, Condition.case_id == case.id)
    return list(db.session.scalars(query.order_by(Condition.ended_at.is_not(None), Condition.created_at)))


def condition(case: Case, id: uuid.UUID) -> Condition:
    """A condition of the case, or 404."""
    return one_or_404(
        select(Condition).where(Condition.org_id == case.org_id, Condition.case_id == case.id, Condition.id == id)
    )


def contacts(case: Case) -> list[Contact]:
    """All contacts of the case, the latest first."""
    return list(db.session.scalars(_contacts(case).order_by(Contact.starts_at.desc())).unique())


def contact(case: Case, id: uuid.UUID) -> Contact:
    """A contact of the case, or 404."""
    return one_or_404(_contacts(case).where(Contact.id == id))


def _contacts(case: Case) -> Select[Contact]:
    return (
        select(Contact)
        .where(Contact.org_id == case.org_id, Contact.case_id == case.id)
        .options(joinedload(Contact.user))
    )


def next_due(case: Case) -> date | None:
    """By when officer and person meet next; None where no order is in force."""
    held = order(case)
    if held is None or held.ended_at is not None or not case.open():
        return None
    last = db.session.scalar(
        select(func.max(Contact.starts_at)).where(
            Contact.org_id == case.org_id, Contact.case_id == case.id, Contact.outcome.in_(HELD)
        )
    )
    return held.next_contact(None if last is None else day_of(last))


@dataclass(frozen=True, slots=True)
class Due:
    """A case whose next contact falls due with nothing planned before the end of the week."""

    case: Case
    due_on: date
    last_on: date | None


@dataclass(frozen=True, slots=True)
class Week:
    """What an officer has before them: `to_record` has passed without an outcome, `missed` wants an answer."""

    starts_on: date
    ends_on: date
    to_record: list[Contact]
    planned: list[Contact]
    due: list[Due]
    missed: list[Contact]

    def days(self) -> list[tuple[date, list[Contact]]]:
        """The planned contacts by the reader's day; days without a contact are left out."""
        found: dict[date, list[Contact]] = {}
        for one in self.planned:
            found.setdefault(day_of(one.starts_at), []).append(one)
        return sorted(found.items())


MISSED_DAYS = 28  # how long a missed contact stays before the officer's eyes


def week(officer: User, starts_on: date) -> Week:
    """The seven days of an officer from `starts_on`: cases they are responsible for, whoever planned."""
    ends_on = starts_on + timedelta(days=6)
    end = datetime.combine(ends_on + timedelta(days=1), time(), tzinfo=zone())
    start = datetime.combine(starts_on, time(), tzinfo=zone())
    open_ones = _contacts_of(officer).where(Contact.outcome.is_(None), Contact.called_off_at.is_(None))
    waiting = list(db.session.scalars(open_ones.where(Contact.starts_at < end).order_by(Contact.starts_at)).unique())
    missed = _contacts_of(officer).where(
        Contact.outcome == ContactOutcome.UNACCEPTABLE_ABSENCE,
        Contact.starts_at >= start - timedelta(days=MISSED_DAYS),
        Contact.starts_at < end,
    )
    return Week(
        starts_on=starts_on,
        ends_on=ends_on,
        to_record=[one for one in waiting if one.starts_at <= now()],
        planned=[one for one in waiting if one.starts_at > now() and one.starts_at >= start],
        due=_due(officer, ends_on, end),
        missed=list(db.session.scalars(missed.order_by(Contact.starts_at.desc())).unique()),
    )


def first_of_week(day: date, week_starts_on: int) -> date:
    """The first day of the week that holds this day; weekdays count from 0, Monday."""
    return day - timedelta(days=(day.weekday() - week_starts_on) % 7)


def _responsible(officer: User) -> Select[uuid.UUID]:
    return select(Assignment.case_id).where(
        Assignment.org_id == officer.org_id,
        Assignment.user_id == officer.id,
        Assignment.role == AssignmentRole.PRIMARY,
        Assignment.until.is_(None),
    )


def _contacts_of(officer: User) -> Select[Contact]:
    return (
        select(Contact)
        .join(Case, (Case.org_id == Contact.org_id) & (Case.id == Contact.case_id))
        .where(Contact.org_id == officer.org_id, Case.phase != Phase.CLOSED, Contact.case_id.in_(_responsible(officer)))
        .options(joinedload(Contact.case).joinedload(Case.person), joinedload(Contact.user))
    )


def _due(officer: User, by_day: date, end: datetime) -> list[Due]:
    last = func.max(Contact.starts_at).filter(Contact.outcome.in_(HELD))
    planned = func.count(Contact.id).filter(
        Contact.outcome.is_(None), Contact.called_off_at.is_(None), Contact.starts_at < end, Contact.starts_at > now()
    )
    rows = db.session.execute(
        select(Supervision, last, planned)
        .outerjoin(Contact, (Contact.org_id == Supervision.org_id) & (Contact.case_id == Supervision.case_id))
        .where(
            Supervision.org_id == officer.org_id,
            Supervision.ended_at.is_(None),
            Supervision.case_id.in_(_responsible(officer)),
        )
        .group_by(Supervision.org_id, Supervision.id)
    ).all()
    wanted = {}
    for held, last_at, count in rows:
        last_on = None if last_at is None else day_of(last_at)
        due_on = held.next_contact(last_on)
        if not count and due_on <= by_day:
            wanted[held.case_id] = (due_on, last_on)
    cases = db.session.scalars(
        select(Case)
        .where(Case.org_id == officer.org_id, Case.id.in_(list(wanted)), Case.phase != Phase.CLOSED)
        .options(joinedload(Case.person))
    )
    return sorted(
        (Due(case, *wanted[case.id]) for case in cases.unique()), key=lambda one: (one.due_on, one.case.number)
    )


def happenings(case: Case) -> list[Happening]:
    """What supervision adds to the timeline: the order, its conditions, and each contact."""
    found: list[Happening] = []
    held = order(case)
    if held is not None:
        text = " · ".join(part for part in (held.order_number, held.court) if part) or None
        found.append(Happening(held.created_at, "supervision", _("Supervision order recorded"), text=text))
        if held.ended_at is not None:
            found.append(Happening(held.ended_at, "supervision", _("Supervision ended")))
    for one in conditions(case):
        title = _("Condition added: %(kind)s", kind=one.kind.label)
        found.append(Happening(one.created_at, "supervision", title, text=one.text))
        if one.ended_at is not None:
            found.append(Happening(one.ended_at, "supervision", _("Condition ended: %(kind)s", kind=one.kind.label)))
    found.extend(_happened(one) for one in contacts(case))
    return found


def _happened(one: Contact) -> Happening:
    if one.called_off_at is not None:
        title = _("Contact called off, planned for %(day)s", day=date_text(one.starts_at))
        return Happening(one.called_off_at, "contact", title, text=one.reason, who=one.user.name)
    if one.outcome is None:
        title = _("Contact planned for %(day)s", day=date_text(one.starts_at))
        return Happening(one.created_at, "contact", title, who=one.user.name, where=one.place or one.form.label)
    words = [one.reason, one.response.label if one.response and one.response != "none" else None, one.note]
    return Happening(
        one.starts_at,
        "contact",
        one.outcome.label,
        text="\n".join(word for word in words if word) or None,
        who=one.user.name,
        where=one.place or one.form.label,
        tone="good" if one.outcome in HELD - {ContactOutcome.NOT_COMPLIED} else "warn",
    )
