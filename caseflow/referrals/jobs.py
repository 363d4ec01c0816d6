"""News of referrals: who is told of what, on which side; and closing the loop into the sender's plan.

A text names the service and the other organisation, never the person.
"""

import uuid
from typing import Any

from flask_babel import force_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select, text

from caseflow.accounts import queries as accounts
from caseflow.accounts.models import User
from caseflow.accounts.permissions import Role
from caseflow.core.db import db, unit_of_work
from caseflow.core.jobs import News, handles, periodic
from caseflow.notifications.actions import tell
from caseflow.people import actions as people_actions
from caseflow.people import queries as people
from caseflow.people.models import Case
from caseflow.plans import actions as plan_actions
from caseflow.plans import queries as plans
from caseflow.plans.models import StepStatus
from caseflow.referrals.models import Achievement, Event, Origin, Referral, Status
from caseflow.referrals.queries import deadlines, shared
from caseflow.tenancy import queries as tenancy

LOOK_DAYS = 5  # working days in which the sender's worker looks at an outcome

TO_SENDER: dict[Status, Any] = {
    Status.INFO_REQUESTED: _l("%(organisation)s asks for information on a referral to %(service)s."),
    Status.WAITLISTED: _l("%(organisation)s put a referral to %(service)s on the waiting list."),
    Status.ACCEPTED: _l("%(organisation)s accepted a referral to %(service)s."),
    Status.DECLINED: _l("%(organisation)s declined a referral to %(service)s."),
    Status.IN_PROGRESS: _l("The help has begun or goes on: %(service)s, %(organisation)s."),
    Status.ON_HOLD: _l("%(organisation)s put a referral to %(service)s on hold."),
    Status.COMPLETED: _l("The end report is there: %(service)s, %(organisation)s."),
    Status.ENDED_EARLY: _l("%(organisation)s ended a referral to %(service)s early."),
}
TO_RECEIVER: dict[Status, Any] = {
    Status.SENT: _l("%(organisation)s answered your question on a referral to %(service)s."),
    Status.WITHDRAWN: _l("%(organisation)s withdrew a referral to %(service)s."),
}
SESSIONS: dict[str, Any] = {
    "planned": _l("A session is planned: %(service)s, %(organisation)s."),
    "moved": _l("A session has another time: %(service)s, %(organisation)s."),
    "called_off": _l("A session is called off: %(service)s, %(organisation)s."),
    "recorded": _l("A session was recorded: %(service)s, %(organisation)s."),
    "concern": _l("A concern was reported after a session: %(service)s, %(organisation)s."),
}

OVERDUE: dict[deadlines.Due, Any] = {
    deadlines.Due.ANSWER: _l("Overdue: the answer to a referral (%(service)s, %(organisation)s)."),
    deadlines.Due.FIRST_SESSION: _l("Overdue: the first session of a referral (%(service)s, %(organisation)s)."),
    deadlines.Due.REPORT: _l("Overdue: the end report of a referral (%(service)s, %(organisation)s)."),
}


@handles("referral.sent")
def on_sent(news: News) -> None:
    """A referral came in: the coordinators and team leaders are told."""
    referral = _referral(news)
    _tell(_leading(news.to_org_id), news, referral, _l("A new referral to %(service)s from %(organisation)s."))


@handles("referral.moved")
def on_moved(news: News) -> None:
    """The other side moved the referral: whoever works on it here is told, and an end closes the loop."""
    referral = _referral(news)
    event = db.session.get_one(Event, (referral.org_id, uuid.UUID(news.payload["event"])))
    if referral.org_id != news.to_org_id:
        _tell(_receiving(referral), news, referral, TO_RECEIVER[event.status])
        return
    _tell(_sending(referral), news, referral, TO_SENDER[event.status])
    if event.status in (Status.DECLINED, Status.COMPLETED, Status.ENDED_EARLY):
        _close_loop(referral, event)


@handles("referral.assigned")
def on_assigned(news: News) -> None:
    """Workers were assigned: they are told."""
    users = [accounts.user_of(news.to_org_id, uuid.UUID(one)) for one in news.payload["workers"].split(",")]
    text = _l("You are assigned to a referral to %(service)s from %(organisation)s.")
    _tell([user for user in users if user and user.active], news, _referral(news), text)


@handles("referral.message")
def on_message(news: News) -> None:
    """The other side wrote."""
    referral = _referral(news)
    users = _sending(referral) if referral.org_id == news.to_org_id else _receiving(referral)
    _tell(users, news, referral, _l("A message from %(organisation)s on a referral to %(service)s."))


@handles("referral.session")
def on_session(news: News) -> None:
    """A session was planned, moved, called off or recorded; a concern is urgent."""
    referral, what = _referral(news), news.payload["what"]
    _tell(_sending(referral), news, referral, SESSIONS[what], urgent=what == "concern")


@handles("referral.disclosure-closed")
def on_closed(news: News) -> None:
    """What was told is closed: the receiver learns that, and nothing else."""
    referral = _referral(news)
    text = _l("%(organisation)s closed the information in a referral to %(service)s.")
    _tell(_receiving(referral), news, referral, text)


@handles("referral.overdue")
def on_overdue(news: News) -> None:
    """A deadline has passed: this side's people are told, and a week later their team leaders too."""
    referral, due = _referral(news), deadlines.Due(news.payload["due"])
    owed = deadlines.of([referral]).get(referral.id)
    if owed is None or owed.due is not due or not owed.overdue:
        return  # done meanwhile
    users = _sending(referral) if referral.org_id == news.to_org_id else _receiving(referral)
    if news.payload["raised"]:
        users = [*users, *_leading(news.to_org_id)]
    _tell(users, news, referral, OVERDUE[due], urgent=news.payload["raised"])


@periodic("referrals.overdue", seconds=3600)
def tell_overdue() -> None:
    """Make news of what is newly overdue, in every organisation; once for each deadline and once more when raised."""
    with unit_of_work() as session:
        session.execute(text("SELECT tell_overdue()"))


def _referral(news: News) -> Referral:
    id = uuid.UUID(news.payload["referral"])  # noqa: A001 -- the natural name
    mine = Referral.org_id == news.to_org_id, Referral.to_org_id == news.to_org_id
    return db.session.scalars(select(Referral).where(Referral.id == id, mine[0] | mine[1])).one()


def _tell(users: list[User], news: News, referral: Referral, text: Any, *, urgent: bool = False) -> None:
    other = referral.receiver if referral.org_id == news.to_org_id else referral.sender
    tell(
        users,
        news,
        text,
        f"/referrals/{referral.id}",
        about=referral.id,
        urgent=urgent,
        service=referral.service.name,
        organisation=other.name,
    )


def _leading(org_id: uuid.UUID) -> list[User]:
    return accounts.holding(org_id, Role.COORDINATOR, Role.TEAM_LEADER)


def _receiving(referral: Referral) -> list[User]:
    """Those who help; while nobody does, the coordinators and team leaders."""
    helping = [helper.user for helper in shared.helpers(referral) if helper.user.active]
    return helping or _leading(referral.to_org_id)


def _sending(referral: Referral) -> list[User]:
    """Who sent it, while they may open the case; else who is responsible for the case now."""
    origin = db.session.get_one(Origin, (referral.org_id, referral.id))
    sender = accounts.user_of(referral.org_id, origin.sent_by)
    if sender and sender.active and not accounts.is_closed(origin.case_id, sender):
        mine = people.visible(sender).where(Case.id == origin.case_id).with_only_columns(Case.id)
        if db.session.scalar(mine) is not None:
            return [sender]
    worker = people.case_of(referral.org_id, origin.case_id).primary_worker
    if worker and worker.active:
        return [worker]
    leaders = accounts.holding(referral.org_id, Role.TEAM_LEADER)
    return [leader for leader in leaders if not accounts.is_closed(origin.case_id, leader)]


def _close_loop(referral: Referral, event: Event) -> None:
    """The plan's step learns how the referral ended, and the worker is asked to look at what came of it."""
    origin = db.session.get_one(Origin, (referral.org_id, referral.id))
    case = people.case_of(referral.org_id, origin.case_id)
    by = next(iter(_sending(referral)), None) or accounts.user_of(referral.org_id, origin.sent_by)
    assert by is not None
    with force_locale(by.locale or referral.sender.locale):
        if origin.step_id is not None:
            step = plans.step(case, origin.step_id)
            if step.status is StepStatus.IN_PROGRESS:
                plan_actions.set_step_status(step, *_step(referral, event), by=by)
        if event.status is not Status.DECLINED and case.open():
            people_actions.add_task(
                case,
                title=_("Look at the outcome: %(service)s", service=referral.service.name),
                due_on=tenancy.deadline(referral.sender, LOOK_DAYS),
                user=by,
                id=event.id,  # of this end: asked once, however often the job runs
                by=by,
            )


def _step(referral: Referral, event: Event) -> tuple[StepStatus, str]:
    """What becomes of the step, with the note that says why."""
    names = {"service": referral.service.name}
    reached = {outcome.achievement for outcome in shared.outcomes(referral)}
    if event.status is Status.DECLINED:
        return StepStatus.CANNOT_BE_DONE_YET, _("The referral to %(service)s was declined.", **names)
    if event.status is Status.ENDED_EARLY:
        return StepStatus.CANNOT_BE_DONE_YET, _("The referral to %(service)s ended early.", **names)
    if Achievement.NOT_ACHIEVED not in reached:
        return StepStatus.COMPLETED, _("Done with %(service)s: see the end report.", **names)
    if reached == {Achievement.NOT_ACHIEVED}:
        return StepStatus.CANNOT_BE_DONE_YET, _("Not reached with %(service)s: see the end report.", **names)
    return StepStatus.COMPLETED, _("Partly reached with %(service)s: see the end report.", **names)


@periodic("drafts.purge", seconds=6 * 3600)
def purge_drafts() -> None:
    """Delete the drafts of 90 days ago, of every organisation: the database's own function crosses the wall for it."""
    with unit_of_work() as session:
        session.execute(text("SELECT purge_drafts()"))
