"""Who may open a person's file, emergency accesses, and what of them waits for a review."""

import uuid
from collections.abc import Collection

from sqlalchemy import ColumnElement, Select, any_, func, literal, or_, select
from sqlalchemy.orm import joinedload
from sqlalchemy.sql.base import ExecutableOption

from caseflow.accounts.models import User
from caseflow.accounts.permissions import Permission
from caseflow.core.db import db, now, one_or_404
from caseflow.people.models import Access, AccessKind, Assignment, Case


def decisions(case: Case) -> list[Access]:
    """All that was ever decided on the file of the case's person, newest first."""
    return list(db.session.scalars(_of(case).order_by(Access.created_at.desc(), Access.id.desc())).unique())


def live_access(case: Case, *kinds: AccessKind) -> list[Access]:
    """The accesses of these kinds that hold now, oldest first."""
    query = _of(case).where(Access.kind.in_(kinds), *_live()).order_by(Access.created_at, Access.id)
    return list(db.session.scalars(query).unique())


def restriction(case: Case) -> Access | None:
    """The restriction that holds now, if any."""
    return next(iter(live_access(case, AccessKind.RESTRICTED)), None)


def decision(case: Case, access_id: uuid.UUID) -> Access:
    """One decision on the file of the case's person, or 404."""
    return one_or_404(_of(case).where(Access.id == access_id))


def working(case: Case) -> list[User]:
    """Who works now on any case of this person."""
    query = (
        select(User)
        .join(Assignment, (Assignment.org_id == User.org_id) & (Assignment.user_id == User.id))
        .join(Case, (Case.org_id == Assignment.org_id) & (Case.id == Assignment.case_id))
        .where(Case.org_id == case.org_id, Case.person_id == case.person_id, Assignment.until.is_(None))
    )
    return list(db.session.scalars(query.order_by(User.name)).unique())


def emergencies(user: User) -> list[Access]:
    """The user's own emergency accesses that hold now."""
    query = _accesses(user.org_id).where(Access.kind == AccessKind.GLASS, Access.user_id == user.id, *_live())
    return list(db.session.scalars(query.order_by(Access.until)).unique())


def to_review(user: User) -> list[Access]:
    """The emergency accesses that nobody has reviewed and this user may, oldest first."""
    query = _accesses(user.org_id).where(*_unreviewed(user))
    return list(db.session.scalars(query.order_by(Access.created_at)).unique())


def review_count(user: User) -> int:
    """How many emergency accesses wait for this user's review."""
    if not user.may(Permission.GUARD_CASES):
        return 0
    return db.session.scalar(select(func.count()).where(Access.org_id == user.org_id, *_unreviewed(user))) or 0


def emergency(id: uuid.UUID, user: User) -> Access:
    """An emergency access that this user reviews, or 404."""
    return one_or_404(_accesses(user.org_id).where(Access.id == id, _reviewed_by(user)))


def reviewers(access: Access) -> list[User]:
    """Who reviews an emergency access: the database says it, to its policies and to us (migration 0033)."""
    ids = db.session.scalar(select(func.glass_reviewers(access.id)))
    query = select(User).where(User.org_id == access.org_id, User.id.in_(ids or []))
    return list(db.session.scalars(query.order_by(User.name)).unique())


def keeps(user: User, case: Case) -> bool:
    """Whether the user decides who may open the file: a leader whom it is open to, not by emergency access alone."""
    return db.session.scalar(select(func.keeps_file(user.id, case.person_id))) or False


def kept(case: Case) -> bool:
    """Whether any team leader decides who may open the file; not, where those of its list left, or it is sealed."""
    query = select(User.id).where(User.org_id == case.org_id, func.keeps_file(User.id, case.person_id))
    return db.session.scalar(query.limit(1)) is not None


def borrows(user: User, case: Case) -> bool:
    """Whether the restricted file is open to the user by emergency access alone."""
    return db.session.scalar(select(literal(case.person_id) == any_(func.borrowed_by(user.id)))) or False


def only_reads(case: Case) -> bool:
    """Whether the database takes nothing for this file from whoever asks, who has it open in an emergency.

    A sealed file is not among them, though it is borrowed, too: somebody must be able to take up a closed case again.
    """
    return db.session.scalar(select(literal(case.person_id) == any_(func.app_lent()))) or False


def may_decide(case: Case, kind: AccessKind, user: User) -> bool:
    """Whether the database lets whoever asks put this decision about a colleague into the file."""
    return db.session.scalar(select(func.may_decide(case.person_id, kind.value, user.id))) or False


def access_of(org_id: uuid.UUID, id: uuid.UUID) -> Access | None:
    """An access by its id, for a job that runs as its organisation."""
    return db.session.get(Access, (org_id, id))


def held_now(org_id: uuid.UUID, person_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[Access]]:
    """The accesses to these persons' files that hold now, by person, oldest first."""
    query = _accesses(org_id).where(Access.person_id.in_(person_ids), *_live()).order_by(Access.created_at)
    found: dict[uuid.UUID, list[Access]] = {}
    for one in db.session.scalars(query).unique():
        found.setdefault(one.person_id, []).append(one)
    return found


def named_in(user: User) -> Select[uuid.UUID]:
    """The cases on whose list the user is, or that they opened in an emergency, whatever their role reaches."""
    return select(Access.case_id).where(
        Access.org_id == user.org_id,
        Access.user_id == user.id,
        Access.kind.in_((AccessKind.ALLOWED, AccessKind.GLASS)),
        *_live(),
    )


def _of(case: Case) -> Select[Access]:
    return _accesses(case.org_id).where(Access.person_id == case.person_id)


def _accesses(org_id: uuid.UUID) -> Select[Access]:
    return select(Access).where(Access.org_id == org_id).options(*_whole())


def _whole() -> tuple[ExecutableOption, ...]:
    return (
        joinedload(Access.user),
        joinedload(Access.giver),
        joinedload(Access.reviewer),
        joinedload(Access.case).joinedload(Case.person),
    )


def _live() -> tuple[ColumnElement[bool], ...]:
    return (Access.ended_at.is_(None), or_(Access.until.is_(None), Access.until > now()))


def _unreviewed(user: User) -> tuple[ColumnElement[bool], ...]:
    return (Access.kind == AccessKind.GLASS, Access.reviewed_at.is_(None), _reviewed_by(user))


def _reviewed_by(user: User) -> ColumnElement[bool]:
    return literal(user.id) == any_(func.glass_reviewers(Access.id))
