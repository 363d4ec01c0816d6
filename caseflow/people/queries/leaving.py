"""The cases of those who left: never in limbo."""

import uuid

from sqlalchemy import and_, func, select
from sqlalchemy.orm import joinedload

from caseflow.accounts.models import User
from caseflow.core.db import db
from caseflow.people.models import Assignment, Case, Phase
from caseflow.people.queries.cases import visible


def leavers(user: User) -> list[tuple[User, int]]:
    """Closed accounts that still have open cases, of those that the user may see; with how many, by name."""
    mine = visible(user).with_only_columns(Case.id).where(Case.phase != Phase.CLOSED)
    numbers = (
        select(Assignment.user_id, func.count(func.distinct(Assignment.case_id)).label("number"))
        .where(Assignment.org_id == user.org_id, Assignment.until.is_(None), Assignment.case_id.in_(mine))
        .group_by(Assignment.user_id)
        .subquery()
    )
    query = (
        select(User, numbers.c.number)
        .join(numbers, numbers.c.user_id == User.id)
        .where(User.org_id == user.org_id, User.active.is_(False))
        .order_by(User.name)
    )
    return [(leaver, number) for leaver, number in db.session.execute(query)]


def left_behind(leaver: User, user: User) -> list[tuple[Case, Assignment]]:
    """The open cases that somebody who left still holds and the user may see, with what they were to each."""
    query = (
        visible(user)
        .add_columns(Assignment)
        .join(
            Assignment,
            and_(Assignment.org_id == Case.org_id, Assignment.case_id == Case.id, Assignment.user_id == leaver.id),
        )
        .where(Assignment.until.is_(None), Case.phase != Phase.CLOSED)
        .options(joinedload(Case.person), joinedload(Case.site))
        .order_by(Case.number)
    )
    return [(case, held) for case, held in db.session.execute(query).unique()]


def how_many_left_behind(leaver_id: uuid.UUID, user: User) -> int:
    """How many open cases somebody holds that are not closed to a user, for a job that runs as their organisation."""
    org_id, closed = user.org_id, db.session.scalar(select(func.closed_to(user.id)))
    query = (
        select(func.count(func.distinct(Assignment.case_id)))
        .join(Case, and_(Case.org_id == Assignment.org_id, Case.id == Assignment.case_id))
        .where(Assignment.org_id == org_id, Assignment.user_id == leaver_id, Assignment.until.is_(None))
        .where(Case.phase != Phase.CLOSED, Case.id.not_in(closed or []))
    )
    return db.session.scalar(query) or 0
