"""How the prison's cases go on after the release, and what became of old tasks."""

from datetime import timedelta

from sqlalchemy import select

from caseflow.accounts.models import User
from caseflow.core.db import db
from caseflow.demo.clock import told_at
from caseflow.demo.lives import Tale
from caseflow.people import actions as people
from caseflow.people.models import Case, Phase, Task
from caseflow.release import actions as release


def go_on(tale: Tale, user: User) -> None:
    """The release where no handover told of it, support after it, the closing."""
    case = db.session.get_one(Case, tale.key)
    _finish_tasks(tale, case, user)
    if tale.life.phase not in (Phase.RELEASED, Phase.POST_RELEASE_SUPPORT, Phase.CLOSED):
        return
    day = tale.release if tale.release is not None and tale.release < 0 else -10
    if case.in_custody():
        with told_at(tale.calendar.at(day, 12)):
            release.confirm_release(case, tale.calendar.day(day), by=user)
    if tale.life.phase is Phase.POST_RELEASE_SUPPORT and case.phase is not Phase.POST_RELEASE_SUPPORT:
        with told_at(tale.calendar.at(min(-1, day + 3))):
            people.change_phase(case, Phase.POST_RELEASE_SUPPORT, by=user)
    if tale.life.outcome is not None:
        with told_at(tale.calendar.at(min(-1, day + 8))):
            note = tale.pick(tale.country.words.closings[tale.life.outcome])
            people.close_case(case, tale.life.outcome, note, by=user)


def support(tale: Tale, user: User) -> None:
    """A probation service's case goes on with support, by consent, when the order has done its work."""
    if tale.life.phase is Phase.POST_RELEASE_SUPPORT:
        case = db.session.get_one(Case, tale.key)
        with told_at(tale.calendar.at(-12)):
            people.change_phase(case, Phase.POST_RELEASE_SUPPORT, by=user)


def _finish_tasks(tale: Tale, case: Case, user: User) -> None:
    """What came due long ago was done; only few things are that late."""
    late = select(Task).where(Task.org_id == case.org_id, Task.case_id == case.id, Task.done_at.is_(None))
    for task in db.session.scalars(late.where(Task.due_on < tale.calendar.day(-9))):
        with told_at(tale.calendar.at((task.due_on - tale.calendar.today - timedelta(days=1)).days)):
            people.finish_task(task, by=user)
