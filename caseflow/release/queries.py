"""Pathways and handovers of a case, the release list, and what an incoming party may read."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import ColumnElement, and_, func, or_, select, text, type_coerce
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import joinedload

from caseflow.accounts import queries as accounts
from caseflow.accounts.models import User
from caseflow.accounts.permissions import Scope
from caseflow.core.db import as_organisation, db, one_or_404
from caseflow.core.formats import date_text, zone
from caseflow.core.paging import Page, paged
from caseflow.core.sealing import foreign_key, lookup_hash, open_foreign
from caseflow.people import queries as people
from caseflow.people.models import Case, Category, Phase
from caseflow.people.queries import Happening
from caseflow.release.models import (
    OPEN,
    SETTLED,
    Handover,
    HandoverReading,
    HandoverStatus,
    Letter,
    Pathway,
    PathwayArea,
    PathwayStatus,
    Received,
)
from caseflow.tenancy import queries as tenancy
from caseflow.tenancy.models import Organisation, OrganisationKind

IN_CUSTODY = [phase for phase in Phase if phase not in (Phase.RELEASED, Phase.POST_RELEASE_SUPPORT, Phase.CLOSED)]


def pathways(case: Case) -> list[Pathway]:
    """The seven pathways in their order; those nobody touched yet are unsaved rows."""
    query = select(Pathway).where(Pathway.org_id == case.org_id, Pathway.case_id == case.id)
    held = {one.area: one for one in db.session.scalars(query)}
    return [held.get(area) or _untouched(case, area) for area in PathwayArea]


def pathway(case: Case, area: PathwayArea) -> Pathway:
    """One pathway of the case."""
    return next(one for one in pathways(case) if one.area is area)


def _untouched(case: Case, area: PathwayArea) -> Pathway:
    return Pathway(
        org_id=case.org_id, case_id=case.id, area=area, status=PathwayStatus.NOT_STARTED, version=0, note=None
    )


def settled(rows: list[Pathway]) -> int:
    """How many pathways want nothing more."""
    return sum(one.status in SETTLED for one in rows)


def handovers(case: Case) -> list[Handover]:
    """The handovers that this organisation started for the case, the newest first."""
    query = select(Handover).where(Handover.org_id == case.org_id, Handover.case_id == case.id)
    query = query.options(joinedload(Handover.receiver)).order_by(Handover.created_at.desc())
    return list(db.session.scalars(query))


def started(case: Case, id: uuid.UUID) -> Handover:
    """A handover that this organisation started for the case, or 404."""
    query = select(Handover).where(Handover.org_id == case.org_id, Handover.case_id == case.id, Handover.id == id)
    return one_or_404(query.options(joinedload(Handover.receiver)))


def sent_handover(org_id: uuid.UUID, id: uuid.UUID) -> Handover:
    """A handover that this organisation started, for a job that runs as it."""
    return one_or_404(select(Handover).where(Handover.org_id == org_id, Handover.id == id))


def letter(handover: Handover) -> str | None:
    """What the sender wrote to the incoming party, as the sender reads it."""
    query = select(Letter).where(Letter.org_id == handover.org_id, Letter.id == handover.id)
    held = db.session.scalars(query).one_or_none()
    return None if held is None else held.text


def readings(handover: Handover) -> list[HandoverReading]:
    """When the incoming party read the case, the latest first, once for each reader and day."""
    query = select(HandoverReading).where(
        HandoverReading.org_id == handover.org_id, HandoverReading.handover_id == handover.id
    )
    latest: dict[tuple[str | None, date], HandoverReading] = {}
    for one in db.session.scalars(query.order_by(HandoverReading.created_at.desc())):
        latest.setdefault((one.reader_name, one.created_at.date()), one)
    return list(latest.values())


def services(user: User) -> list[Organisation]:
    """The probation services to which a case can be handed over: those of the same country."""
    found = tenancy.organisations(OrganisationKind.PROBATION_SERVICE, country=user.organisation.country)
    return [one for one in found if one.id != user.org_id]


def _open_to(user: User) -> ColumnElement[bool]:
    """Which handovers to the user's organisation the user's role sees, beside its own row of each.

    Whoever sees only their own cases sees invitations, which are nobody's yet, and what they prepare themselves.
    """
    if user.scope is Scope.ORGANISATION:
        return Handover.to_org_id == user.org_id
    mine = Received.officer_id == user.id
    if user.scope is Scope.SITE:
        colleagues = select(User.id).where(User.org_id == user.org_id, User.site_id == user.site_id)
        mine = Received.officer_id.in_(colleagues)
    return and_(Handover.to_org_id == user.org_id, or_(Received.id.is_(None), mine))


_OWN_ROW = and_(Received.org_id == Handover.to_org_id, Received.id == Handover.id)


def invited(user: User) -> int:
    """How many invitations wait for an answer of the user's organisation."""
    query = select(func.count()).where(Handover.to_org_id == user.org_id, Handover.status == HandoverStatus.INVITED)
    return db.session.scalar(query) or 0


def arriving(user: User, status: HandoverStatus | None, *, page: int) -> Page[tuple[Handover, Received | None]]:
    """The list of incoming handovers by release date, those without a date first; `status` narrows it.

    Without a status: what is on its way.
    """
    wanted = Handover.status.in_(OPEN) if status is None else Handover.status == status
    query = select(Handover).outerjoin(Received, _OWN_ROW).where(_open_to(user), wanted)
    query = query.options(joinedload(Handover.sender)).order_by(Handover.release_on.asc().nulls_first(), Handover.id)
    found = paged(query, number=page)
    own_rows = select(Received).where(
        Received.org_id == user.org_id, Received.id.in_([handover.id for handover in found.items])
    )
    own_rows = own_rows.options(joinedload(Received.officer), joinedload(Received.case).joinedload(Case.person))
    mine = {row.id: row for row in db.session.scalars(own_rows).unique()}
    lines = [(handover, mine.get(handover.id)) for handover in found.items]
    return Page(lines, found.number, found.size, found.total)


def received(id: uuid.UUID, user: User) -> tuple[Handover, Received | None]:
    """An incoming handover that the user may open with its own row, or 404."""
    query = select(Handover).outerjoin(Received, _OWN_ROW).where(_open_to(user), Handover.id == id)
    handover = one_or_404(query.options(joinedload(Handover.sender)))
    return handover, own_row(handover)


def still_open(handover: Handover, user: User) -> bool:
    """Whether the user may open this incoming handover (still, after it was given to somebody)."""
    query = select(Handover.id).outerjoin(Received, _OWN_ROW).where(_open_to(user), Handover.id == handover.id)
    return db.session.scalar(query) is not None


def own_row(handover: Handover) -> Received | None:
    """The incoming side's own row of a handover."""
    return own_row_of(handover.to_org_id, handover.id)


def own_row_of(org_id: uuid.UUID, id: uuid.UUID) -> Received | None:
    """The organisation's own row of a handover to it, by ids, for a job that runs as it."""
    return db.session.get(Received, (org_id, id))


def read(handover: Handover) -> dict[str, dict[str, Any]]:
    """What is open of the case to the incoming party now, by category; nothing when it is closed to them.

    The database decides, and writes down that it was read.
    """
    rows = db.session.execute(text("SELECT category, content FROM incoming_case(:id)"), {"id": handover.id}).all()
    if not rows:
        return {}
    # The sender's key of the person: given in the transaction in which the case was read, and in no other.
    key = db.session.execute(
        text("SELECT org_id, id, wrapped FROM incoming_key(:id)"), {"id": handover.id}
    ).one_or_none()
    opener = None if key is None else foreign_key(key.org_id, key.id, key.wrapped)

    def clear(value: Any, place: str) -> Any:
        return open_foreign(value, place, opener)

    return {row.category: _clear(row.content, _PLACES.get(row.category, {}), clear) for row in rows}


def person_before(handover: Handover, told: dict[str, dict[str, Any]]) -> uuid.UUID | None:
    """The person, where this side took them over from the same sender before; also one who is closed to the user.

    The same number from anybody else proves nothing: two registers may use it.
    """
    number = told.get(Category.IDENTITY, {}).get("number")
    if number is None:
        return None
    query = (
        select(Case.person_id)
        .join(Received, and_(Received.org_id == Case.org_id, Received.case_id == Case.id))
        .join(Handover, and_(Handover.to_org_id == Received.org_id, Handover.id == Received.id))
        .where(
            Handover.to_org_id == handover.to_org_id,
            Handover.status == HandoverStatus.LED,
            Handover.org_id == handover.org_id,
            or_(
                Received.number_hash == lookup_hash(handover.to_org_id, number),
                # One that is not sealed yet.
                type_coerce(Received.content, JSONB)["identity"]["number"].astext == number,
            ),
        )
    )
    with as_organisation():  # whom the earlier file is closed to would take them for somebody new
        return db.session.scalars(query.limit(1)).first()


def closed_before(handover: Handover, told: dict[str, dict[str, Any]], user: User) -> bool:
    """Whether it is about somebody whom this side took over before, and whose file is closed to the user."""
    before = person_before(handover, told)
    return before is not None and accounts.is_closed(before, user)


# What incoming_case() gives of sealed columns, by category and key, and where it stands with the sender.
_PLACES: dict[str, dict[str, Any]] = {
    "letter": {"text": "handover_letters.text"},
    "identity": {"accessibility": "persons.accessibility"},
    "contact": {"phone": "persons.phone", "address": "persons.address"},
    "family": {"relatives": {"restriction": "relatives.restriction"}},
    "support_needs": {"needs": {"description": "needs.description"}},
    "plan": {"goals": {"title": "goals.title", "steps": {"title": "steps.title"}}},
}


def _clear(content: Any, places: dict[str, Any], clear: Callable[[Any, str], Any]) -> Any:
    """The content with the texts opened that stand at these places; a list stands for each of its members."""
    if isinstance(content, list):
        return [_clear(one, places, clear) for one in content]
    return {
        name: value
        if name not in places
        else clear(value, places[name])
        if isinstance(places[name], str)
        else _clear(value, places[name], clear)
        for name, value in content.items()
    }


def may_open(case_id: uuid.UUID, user: User) -> bool:
    """Whether the user may open this case of their organisation."""
    return db.session.scalars(people.openable(user).where(Case.id == case_id)).one_or_none() is not None


def snapshot(mine: Received, user: User) -> dict[str, dict[str, Any]]:
    """What was handed over, as it stood when the lead changed, for whoever may open the case it became."""
    return mine.content or {} if mine.case_id is not None and may_open(mine.case_id, user) else {}


@dataclass(frozen=True, slots=True)
class Leaving:
    """A line of the release list."""

    case: Case
    settled: int
    handover: Handover | None


def release_list(user: User, which: str, *, page: int) -> Page[Leaving]:
    """The releases before the user: `12` or `24` weeks, `all`, or `past` dates that nobody confirmed."""
    day = user.organisation.today()
    query = people.visible(user).where(Case.phase.in_(IN_CUSTODY), Case.release_on.is_not(None))
    if which == "past":
        query = query.where(Case.release_on < day)
    elif which != "all":
        query = query.where(Case.release_on >= day, Case.release_on <= day + timedelta(weeks=int(which)))
    query = query.options(joinedload(Case.person), joinedload(Case.site)).order_by(Case.release_on, Case.id)
    found = paged(query, number=page)
    ids = [case.id for case in found.items]
    counts = _settled_of(user.org_id, ids)
    newest = _newest_handovers(user.org_id, ids)
    lines = [Leaving(case, counts.get(case.id, 0), newest.get(case.id)) for case in found.items]
    return Page(lines, found.number, found.size, found.total)


def _settled_of(org_id: uuid.UUID, cases: list[uuid.UUID]) -> dict[uuid.UUID, int]:
    query = select(Pathway.case_id, func.count()).where(
        Pathway.org_id == org_id, Pathway.case_id.in_(cases), Pathway.status.in_(SETTLED)
    )
    return dict(iter(db.session.execute(query.group_by(Pathway.case_id))))


def _newest_handovers(org_id: uuid.UUID, cases: list[uuid.UUID]) -> dict[uuid.UUID, Handover]:
    query = select(Handover).where(Handover.org_id == org_id, Handover.case_id.in_(cases))
    return {one.case_id: one for one in db.session.scalars(query.order_by(Handover.created_at))}


def happenings(case: Case) -> list[Happening]:
    """What release adds to the timeline: pathways, handovers as this side sees them, and where the case came from."""
    url = url_for("release.show", id=case.id)
    found = []
    for one in pathways(case):
        if one.status_at is not None:
            title = _("%(area)s: %(status)s", area=one.area.label, status=one.status.label)
            found.append(Happening(one.status_at, "release", title, text=one.note, url=url))
    for handover in handovers(case):
        found.extend(_handed(handover, url))
    taken_over = (
        select(Handover)
        .join(Received, _OWN_ROW)
        .where(Received.org_id == case.org_id, Received.case_id == case.id, Handover.to_org_id == case.org_id)
    )
    found.extend(_taken(one) for one in db.session.scalars(taken_over.options(joinedload(Handover.sender))))
    return found


def _taken(handover: Handover) -> Happening:
    return Happening(
        handover.status_at,
        "handover",
        _("Taken over from %(organisation)s", organisation=handover.sender.name),
        text=handover.reason,
        who=handover.status_by,
        url=url_for("release.handover", id=handover.id),
        tone="good",
    )


def _handed(handover: Handover, url: str) -> list[Happening]:
    where = handover.receiver.name
    found = [
        Happening(
            handover.created_at, "handover", _("Handover started"), who=handover.sender_name, where=where, url=url
        )
    ]
    if handover.status is not HandoverStatus.INVITED:
        title = _("Handover: %(status)s", status=handover.status.label)
        tone = {HandoverStatus.LED: "good", HandoverStatus.DECLINED: "bad"}.get(handover.status, "info")
        found.append(
            Happening(
                handover.status_at, "handover", title, handover.reason, handover.status_by, where, url=url, tone=tone
            )
        )
    if handover.met_on is not None:
        title = _("The incoming officer met the person on %(day)s", day=date_text(handover.met_on))
        noon = datetime.combine(handover.met_on, time(12), tzinfo=zone())  # nobody asks for the hour
        found.append(Happening(noon, "handover", title, where=where, url=url))
    return found
