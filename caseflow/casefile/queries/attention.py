"""What needs a case worker now: overdue, today, in the next seven days, and what was begun and not finished."""

import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import Select, and_, exists, func, select
from sqlalchemy.orm import joinedload

from caseflow.accounts.models import User
from caseflow.core.db import db
from caseflow.core.formats import time_text
from caseflow.people import queries as people
from caseflow.people.models import Assignment, Case, Person, Phase, Task, TaskKind
from caseflow.referrals import queries as referrals
from caseflow.referrals.models import OPEN, Origin, Referral, Status
from caseflow.referrals.queries import deadlines
from caseflow.release.models import Handover, HandoverStatus, Received
from caseflow.supervision.models import Contact
from caseflow.tenancy.models import Organisation, OrganisationKind

SOON = 7  # days
HANDOVER_WEEKS = 12  # before release; by then the probation service should be a party to the case


@dataclass(frozen=True, slots=True)
class Line:
    """One thing to do, one act away: `url` is where it is done; `task_id` is set where a button finishes it.

    `name` is the person's, or the organisation's while a handover has not yet become a case.
    """

    title: str
    day: date | None
    name: str
    case_id: uuid.UUID | None
    url: str
    task_id: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class Attention:
    """What needs the user, by day; `unfinished` has no day."""

    overdue: list[Line]
    today: list[Line]
    week: list[Line]
    unfinished: list[Line]

    @property
    def total(self) -> int:
        """How many lines there are."""
        return len(self.overdue) + len(self.today) + len(self.week) + len(self.unfinished)


def attention(user: User) -> Attention:
    """Everything that waits for this worker in the cases they hold, by day."""
    today = user.organisation.today()
    lines = [
        *_tasks(user, today),
        *_referrals(user, today),
        *_contacts(user, today),
        *_releases(user, today),
        *_handovers(user, today),
    ]
    lines.sort(key=lambda line: (line.day or date.max, line.title))
    return Attention(
        overdue=[line for line in lines if line.day and line.day < today],
        today=[line for line in lines if line.day == today],
        week=[line for line in lines if line.day and line.day > today],
        unfinished=[line for line in lines if line.day is None] + _drafts(user),
    )


def _mine(user: User) -> Select[uuid.UUID]:
    """The cases that the user holds now, whatever else their role lets them see."""
    return select(Assignment.case_id).where(
        Assignment.org_id == user.org_id, Assignment.user_id == user.id, Assignment.until.is_(None)
    )


def _of_case(org_id: uuid.UUID) -> Select[uuid.UUID, str]:
    return (
        select(Case.id, Person.name)
        .join(Person, and_(Person.org_id == Case.org_id, Person.id == Case.person_id))
        .where(Case.org_id == org_id)
    )


# A computed task is done where its work is, and finishes by itself; a worker's own is finished by a button.
WHERE = {
    TaskKind.INTAKE: "assessments.intake",
    TaskKind.REVIEW: "plans.show",
    TaskKind.HANDOVER: "release.show",
}


def _tasks(user: User, today: date) -> list[Line]:
    query = (
        select(Task, Person.name)
        .join(Case, and_(Case.org_id == Task.org_id, Case.id == Task.case_id))
        .join(Person, and_(Person.org_id == Case.org_id, Person.id == Case.person_id))
        .where(
            Task.org_id == user.org_id,
            Task.user_id == user.id,
            # A task stays with whom it was set for when the case is given to others: then it is not theirs to see.
            Task.case_id.in_(people.visible(user).with_only_columns(Case.id)),
            Task.done_at.is_(None),
            Task.due_on <= today + timedelta(days=SOON),
        )
    )
    return [_task(task, name) for task, name in db.session.execute(query)]


def _task(task: Task, name: str) -> Line:
    own = task.kind is TaskKind.OWN
    url = url_for("casefile.overview" if own else WHERE[task.kind], id=task.case_id)
    return Line(task.label, task.due_on, name, task.case_id, url, task.id if own else None)


def _referrals(user: User, today: date) -> list[Line]:
    """Referrals of the user's cases that ask something of us, or that the receiver has left overdue."""
    query = (
        select(Referral, Case.id, Person.name)
        .join(Origin, and_(Origin.org_id == Referral.org_id, Origin.id == Referral.id))
        .join(Case, and_(Case.org_id == Origin.org_id, Case.id == Origin.case_id))
        .join(Person, and_(Person.org_id == Case.org_id, Person.id == Case.person_id))
        .where(
            Origin.org_id == user.org_id,
            Origin.case_id.in_(_mine(user)),
            Referral.org_id == user.org_id,
            Referral.status.in_(OPEN),
        )
        .options(joinedload(Referral.receiver_now))
    )
    rows = [(referral, case_id, name) for referral, case_id, name in db.session.execute(query).unique()]
    due = deadlines.of(referral for referral, _case_id, _name in rows)
    found = []
    for referral, case_id, name in rows:
        url, who = url_for("referrals.show", id=referral.id), referral.receiver.name
        deadline = due.get(referral.id)
        if referral.status is Status.INFO_REQUESTED:
            title = _("%(organisation)s asks for information", organisation=who)
            found.append(Line(title, None, name, case_id, url))
        elif deadline is not None and deadline.day < today:
            title = _("%(organisation)s is late: %(what)s", organisation=who, what=deadline.due.label)
            found.append(Line(title, deadline.day, name, case_id, url))
    return found


def _contacts(user: User, today: date) -> list[Line]:
    """Contacts to be held in the user's cases, whoever planned them, and past ones whose outcome is not recorded."""
    zone = ZoneInfo(user.organisation.timezone)
    end = datetime.combine(today + timedelta(days=SOON + 1), time(), zone).astimezone(UTC)
    query = (
        _of_case(user.org_id)
        .add_columns(Contact.id, Contact.starts_at, Contact.form)
        .join(Contact, and_(Contact.org_id == Case.org_id, Contact.case_id == Case.id))
        .where(
            Contact.org_id == user.org_id,
            Contact.case_id.in_(_mine(user)),
            Contact.outcome.is_(None),
            Contact.called_off_at.is_(None),
            Contact.starts_at < end,
        )
    )
    return [
        Line(
            _("Contact at %(time)s: %(form)s", time=time_text(starts_at), form=form.label),
            starts_at.astimezone(zone).date(),
            name,
            case_id,
            url_for("supervision.record_outcome", id=case_id, contact_id=contact_id),
        )
        for case_id, name, contact_id, starts_at, form in db.session.execute(query)
    ]


def _releases(user: User, today: date) -> list[Line]:
    """Cases whose release day has come and nobody has confirmed it."""
    query = _of_case(user.org_id).add_columns(Case.release_on)
    query = query.where(
        Case.id.in_(_mine(user)),
        Case.release_on <= today,
        Case.phase.not_in([Phase.RELEASED, Phase.POST_RELEASE_SUPPORT, Phase.CLOSED]),
    )
    return [
        Line(
            _("Release date: confirm it or change it"),
            release_on,
            name,
            case_id,
            url_for("release.show", id=case_id),
        )
        for case_id, name, release_on in db.session.execute(query)
    ]


def _handovers(user: User, today: date) -> list[Line]:
    """Handovers that the user prepares and whose person is released within a week, or was already."""
    query = (
        select(Handover.id, Handover.release_on, Organisation.name)
        .join(Received, and_(Received.org_id == Handover.to_org_id, Received.id == Handover.id))
        .join(Organisation, Organisation.id == Handover.org_id)
        .where(
            Handover.to_org_id == user.org_id,
            Handover.status == HandoverStatus.PREPARING,
            Handover.release_on <= today + timedelta(days=SOON),
            Received.org_id == user.org_id,
            Received.officer_id == user.id,
        )
    )
    return [
        Line(_("Handover: take the lead"), day, name, None, url_for("release.handover", id=handover_id))
        for handover_id, day, name in db.session.execute(query)
    ]


def _drafts(user: User) -> list[Line]:
    return [
        Line(
            _("Draft referral: %(kind)s", kind=draft.kind.label),
            None,
            draft.case.person.name,
            draft.case_id,
            url_for("referrals.draft", id=draft.id),
        )
        for draft in referrals.my_drafts(user)
    ]


def releases_without_handover(user: User) -> int:
    """How many of the user's cases are released within 12 weeks with no handover begun; 0 where nothing hands over."""
    organisation: Organisation = user.organisation
    if organisation.kind is not OrganisationKind.PRISON_SERVICE:
        return 0
    today = organisation.today()
    begun = exists().where(
        Handover.org_id == user.org_id,
        Handover.case_id == Case.id,
        Handover.status.not_in([HandoverStatus.DECLINED, HandoverStatus.CANCELLED]),
    )
    query = select(func.count()).select_from(Case)
    query = query.where(
        Case.org_id == user.org_id,
        Case.id.in_(_mine(user)),
        Case.release_on > today,
        Case.release_on <= today + timedelta(weeks=HANDOVER_WEEKS),
        Case.phase.not_in([Phase.RELEASED, Phase.POST_RELEASE_SUPPORT, Phase.CLOSED]),
        ~begun,
    )
    return db.session.scalar(query) or 0
