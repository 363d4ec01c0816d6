"""One referral as both sides read it: who may open it, what was told, what has happened."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from flask import abort
from sqlalchemy import ColumnElement, DateTime, Select, and_, exists, false, func, or_, select

from caseflow.accounts.models import User
from caseflow.accounts.permissions import Permission, Scope
from caseflow.core.db import Packet, db, now, one_or_404
from caseflow.core.sealing import opened_all
from caseflow.people import queries as people
from caseflow.people.models import Case, Category
from caseflow.referrals.disclosure import Section, sections
from caseflow.referrals.models import (
    OPEN,
    Attendance,
    Disclosure,
    Event,
    Helper,
    HelperNote,
    Message,
    Origin,
    Outcome,
    Referral,
    Report,
    Session,
    Side,
)

P = TypeVar("P", bound=Packet)


@dataclass(frozen=True, slots=True)
class Opened:
    """A referral with the side it is read from; `case` is the sender's alone, `name` is None once disclosure closed."""

    referral: Referral
    side: Side
    name: str | None
    case: Case | None = None

    @property
    def receiving(self) -> bool:
        """Whether the reader is the receiver."""
        return self.side is Side.RECEIVER


def opened(id: uuid.UUID, user: User) -> Opened:
    """The referral for whoever may open its case (sender) or takes part in receiving it; anybody else gets 404."""
    referral = one_or_404(
        select(Referral).where(
            Referral.id == id, or_(Referral.org_id == user.org_id, Referral.to_org_id == user.org_id)
        )
    )
    if referral.to_org_id == user.org_id:
        referral = received(id, user)
        return Opened(referral, Side.RECEIVER, names([referral], user).get(referral.id))
    case = sent_case(referral, user)
    return Opened(referral, Side.SENDER, case.person.name, case)


def sent_case(referral: Referral, user: User) -> Case:
    """The sender's own case of a referral, or 404."""
    if not user.may(Permission.OPEN_CASES):
        abort(404)
    origin = one_or_404(select(Origin).where(Origin.org_id == user.org_id, Origin.id == referral.id))
    return people.opened(origin.case_id, user)


def visible(user: User) -> Select[Referral]:
    """The received referrals that a user may see: all, or for workers those they help with now."""
    query = select(Referral).where(Referral.to_org_id == user.org_id)
    if not user.may(Permission.READ_RECEIVED):
        return query.where(false())
    if user.scope is Scope.OWN:
        query = query.where(
            exists().where(
                Helper.org_id == user.org_id,
                Helper.referral_id == Referral.id,
                Helper.user_id == user.id,
                Helper.until.is_(None),
            )
        )
    return query


def count_open(query: Select[Referral], **conditions: ColumnElement[bool]) -> dict[str, int]:
    """How many open referrals of a query meet each condition, in one look. Those that ended owe nothing."""
    columns = [func.count().filter(condition).label(name) for name, condition in conditions.items()]
    counted = query.where(Referral.status.in_(OPEN)).with_only_columns(*columns)
    return dict(db.session.execute(counted).one()._mapping)


def received(id: uuid.UUID, user: User) -> Referral:
    """A received referral, or 404."""
    return one_or_404(visible(user).where(Referral.id == id))


def session(id: uuid.UUID, user: User) -> tuple[Session, Referral]:
    """A session of a received referral with its referral, or 404."""
    found = one_or_404(select(Session).where(Session.to_org_id == user.org_id, Session.id == id))
    return found, received(found.referral_id, user)


def names(referrals: Iterable[Referral], user: User) -> dict[uuid.UUID, str]:
    """The names that received referrals disclose now, by referral; those of closed disclosures are missing."""
    query = select(Disclosure.referral_id, Disclosure.content).where(
        Disclosure.to_org_id == user.org_id,
        Disclosure.referral_id.in_([referral.id for referral in referrals]),
        Disclosure.category == Category.IDENTITY,
    )
    rows = db.session.execute(query).all()
    contents = opened_all(row.content for row in rows)
    return {row.referral_id: held["name"] for row, held in zip(rows, contents, strict=True) if held}


def disclosures(referral: Referral) -> list[Disclosure]:
    """What is disclosed now; the sender sees what is closed too, so only the live ones are taken.

    Once the receiver has erased its side: what it saw until then.
    """
    shown = live()
    if referral.receiver_erased_at is not None:
        shown = Disclosure.revoked_at == referral.receiver_erased_at
    return list(db.session.scalars(_of(Disclosure, referral).where(shown)))


def live() -> ColumnElement[bool]:
    """The condition that a disclosure is not closed."""
    return and_(Disclosure.revoked_at.is_(None), or_(Disclosure.expires_at.is_(None), Disclosure.expires_at > now()))


def told(referral: Referral) -> list[Section]:
    """What is disclosed now, laid out for reading; nothing once it is closed."""
    contents: dict[Category, dict[str, Any]] = {
        one.category: one.content for one in disclosures(referral) if one.content
    }
    return sections(contents)


def told_until(referral: Referral) -> datetime | None:
    """When all that was told of the person is closed, or will be; None while something of it has no end.

    The receiver sees nothing of a closed disclosure; the database's own function tells both sides when it closed.
    """
    return db.session.scalar(select(func.disclosures_end(referral.id, type_=DateTime(timezone=True))))


def events(referral: Referral) -> list[Event]:
    """The moves of the referral, newest first."""
    return list(db.session.scalars(_of(Event, referral).order_by(Event.created_at.desc(), Event.id.desc())))


def messages(referral: Referral) -> list[Message]:
    """The messages between the two sides, oldest first; row security leaves out what has closed for the receiver."""
    return list(db.session.scalars(_of(Message, referral).order_by(Message.created_at, Message.id)))


def sessions(referral: Referral) -> list[Session]:
    """The sessions, latest first, those that were rescheduled too."""
    return list(db.session.scalars(_of(Session, referral).order_by(Session.starts_at.desc(), Session.id.desc())))


def attended(referral: Referral) -> bool:
    """Whether the person came to any session."""
    came = select(Session.id).where(
        Session.org_id == referral.org_id,
        Session.referral_id == referral.id,
        Session.attendance.in_([Attendance.YES, Attendance.LATE]),
    )
    return db.session.scalar(came.limit(1)) is not None


def report(referral: Referral) -> Report | None:
    """The end report, if it is written."""
    return db.session.scalars(_of(Report, referral)).one_or_none()


def outcomes(referral: Referral) -> list[Outcome]:
    """How far each desired outcome was reached, in the order in which they were desired."""
    order = {code: place for place, code in enumerate(referral.outcomes)}
    return sorted(db.session.scalars(_of(Outcome, referral)), key=lambda one: order.get(one.outcome, len(order)))


def helpers(referral: Referral, *, live: bool = True) -> list[Helper]:
    """The receiver's workers on the referral, the primary one first; `live=False` gives those of before."""
    query = select(Helper).where(Helper.org_id == referral.to_org_id, Helper.referral_id == referral.id)
    query = query.where(Helper.until.is_(None) if live else Helper.until.is_not(None))
    return list(db.session.scalars(query.order_by(Helper.primary.desc(), Helper.since, Helper.id)))


def notes(referral: Referral) -> list[HelperNote]:
    """The receiver's own notes, newest first; for the sender row security leaves none."""
    query = select(HelperNote).where(HelperNote.org_id == referral.to_org_id, HelperNote.referral_id == referral.id)
    return list(db.session.scalars(query.order_by(HelperNote.created_at.desc(), HelperNote.id.desc())))


def _of(packet: type[P], referral: Referral) -> Select[P]:
    columns: Any = packet
    return select(packet).where(columns.org_id == referral.org_id, columns.referral_id == referral.id)
