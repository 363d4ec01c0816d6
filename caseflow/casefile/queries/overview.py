"""A case on one screen: what is true, what is next, who does it."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import and_, select
from sqlalchemy.orm import joinedload

from caseflow.accounts.models import User
from caseflow.accounts.permissions import Permission
from caseflow.assessments import queries as assessments
from caseflow.assessments.models import Need, NeedStatus
from caseflow.core.db import db, now
from caseflow.people import queries as people
from caseflow.people.models import Case, CaseParty, CaseReturn, PartyRole, Phase, Task, TaskKind
from caseflow.plans import queries as plans
from caseflow.plans.models import Goal, GoalStatus, Plan, StepStatus
from caseflow.referrals import queries as referrals
from caseflow.referrals.models import OPEN, RUNNING, Draft, Origin, Referral, Session
from caseflow.referrals.queries import deadlines
from caseflow.referrals.queries.deadlines import Deadline
from caseflow.supervision.models import Contact
from caseflow.tenancy.models import Organisation


@dataclass(frozen=True, slots=True)
class Progress:
    """A goal and how many of its steps are done."""

    goal: Goal
    done: int
    steps: int


@dataclass(frozen=True, slots=True)
class Meeting:
    """A planned session or contact."""

    at: datetime
    title: str
    where: str | None
    url: str


@dataclass(frozen=True, slots=True)
class Act:
    """The next sensible thing to do in this case."""

    title: str
    url: str
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Overview:
    """What the page of a case shows."""

    tasks: list[Task]
    meetings: list[Meeting]
    parties: list[tuple[PartyRole, str]]
    needs: list[Need]
    goals: list[Progress]
    referrals: list[Referral]
    deadlines: dict[uuid.UUID, Deadline]
    drafts: list[Draft]
    ended_referrals: int
    acts: list[Act]
    returned: CaseReturn | None


def overview(case: Case, user: User) -> Overview:
    """Everything the page of a case shows, for a case that was opened before."""
    needs = assessments.needs(case)
    plan = plans.plan(case)
    sent = referrals.of_case(case)
    running = [referral for referral in sent if referral.status in OPEN]
    drafts = referrals.drafts(case)
    tasks = people.open_tasks(case)
    writes = user.may(Permission.WORK_ON_CASES)
    intake_by = next((task.due_on for task in tasks if task.kind is TaskKind.INTAKE), None)
    return Overview(
        tasks=[task for task in tasks if task.kind is not TaskKind.INTAKE],  # that one is told by the act
        meetings=sorted([*_sessions(case), *_contacts(case)], key=lambda meeting: meeting.at),
        parties=_parties(case),
        needs=[need for need in needs if need.status is NeedStatus.OPEN],
        goals=_progress(plan),
        referrals=running,
        deadlines=deadlines.of(running),
        drafts=drafts,
        ended_referrals=len(sent) - len(running),
        acts=_acts(case, plan, intake_by, asked=bool(needs), referred=bool(sent or drafts)) if writes else [],
        returned=people.case_return(case),
    )


def _sessions(case: Case) -> list[Meeting]:
    query = (
        select(Session, Referral)
        .join(Referral, and_(Referral.org_id == Session.org_id, Referral.id == Session.referral_id))
        .join(Origin, and_(Origin.org_id == Referral.org_id, Origin.id == Referral.id))
        .where(
            Session.org_id == case.org_id,
            Origin.org_id == case.org_id,
            Origin.case_id == case.id,
            Referral.status.in_(RUNNING),
            Session.starts_at >= now(),
            Session.standing,
        )
        .options(joinedload(Referral.receiver_now))
    )
    return [
        Meeting(
            session.starts_at,
            _("Session: %(organisation)s", organisation=referral.receiver.name),
            session.place or session.form.label,
            url_for("referrals.show", id=referral.id),
        )
        for session, referral in db.session.execute(query).unique()
    ]


def _contacts(case: Case) -> list[Meeting]:
    query = select(Contact).where(
        Contact.org_id == case.org_id,
        Contact.case_id == case.id,
        Contact.outcome.is_(None),
        Contact.called_off_at.is_(None),
        Contact.starts_at >= now(),
    )
    return [
        Meeting(
            contact.starts_at,
            _("Contact"),
            contact.place or contact.form.label,
            url_for("supervision.show", id=case.id),
        )
        for contact in db.session.scalars(query)
    ]


def _parties(case: Case) -> list[tuple[PartyRole, str]]:
    query = (
        select(CaseParty.role, Organisation.name)
        .join(Organisation, Organisation.id == CaseParty.party_org_id)
        .where(CaseParty.org_id == case.org_id, CaseParty.case_id == case.id, CaseParty.until.is_(None))
        .order_by(CaseParty.since)
    )
    return [(role, name) for role, name in db.session.execute(query)]


def _progress(plan: Plan | None) -> list[Progress]:
    """The goals that are worked on, and those kept for later."""
    shown = (GoalStatus.ACTIVE, GoalStatus.FUTURE)
    goals = [] if plan is None else [goal for goal in plan.goals if goal.status in shown]
    return [_progress_of(goal) for goal in sorted(goals, key=lambda goal: shown.index(goal.status))]


def _progress_of(goal: Goal) -> Progress:
    live = [step for step in goal.steps if step.status is not StepStatus.NO_LONGER_NEEDED]
    return Progress(goal, sum(step.status is StepStatus.COMPLETED for step in live), len(live))


def _acts(case: Case, plan: Plan | None, intake_by: date | None, *, asked: bool, referred: bool) -> list[Act]:
    """What a case of this phase still lacks, the first step first; nothing once work is under way."""
    if not case.open():
        return []
    found = []
    if case.in_custody():
        intake = assessments.intake(case)
        if intake is None or intake.completed_at is None:
            found.append(Act(_("Complete the intake"), url_for("assessments.intake", id=case.id), intake_by))
    if not asked:
        found.append(Act(_("Record the needs"), url_for("assessments.needs", id=case.id)))
    if plan is None or not plan.goals:
        found.append(Act(_("Set the first goal of the plan"), url_for("plans.show", id=case.id)))
    if not referred:
        found.append(Act(_("Refer to a service"), url_for("referrals.start", id=case.id)))
    if case.phase is Phase.PRE_RELEASE:
        found.append(Act(_("Prepare the release"), url_for("release.show", id=case.id)))
    return found
