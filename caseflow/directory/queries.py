"""Finding services: the directory's list, an organisation's own, and those that fit a person."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from flask_babel import gettext as _
from sqlalchemy import Select, func, literal, or_, select

from caseflow.accounts.models import User
from caseflow.core.db import db, one_or_404
from caseflow.core.paging import Page, paged
from caseflow.directory.models import ServedSex, Service, ServicePlace, ServiceStatus
from caseflow.tenancy import queries as tenancy
from caseflow.tenancy.models import Agreement, Organisation, ReferralKind


class Seeker(Protocol):
    """Whoever looks for help (people come after this room)."""

    @property
    def sex(self) -> str:
        """`female`, `male` or `unknown`."""

    @property
    def languages(self) -> Sequence[str]:
        """BCP 47, best first."""

    def age(self, on: date) -> int | None:
        """Full years on that day."""


@dataclass(frozen=True, slots=True)
class Match:
    """A service and how it fits a person, in the reader's words: what speaks for it and what against."""

    service: Service
    reasons: list[str] = field(default_factory=list)
    misfits: list[str] = field(default_factory=list)


def services(
    user: User,
    *,
    text: str | None = None,
    kind: ReferralKind | None = None,
    place: ServicePlace | None = None,
    language: str | None = None,
    open_only: bool = True,
    page: int = 1,
) -> Page[Service]:
    """The directory, 25 a page: the reader's own country first, then by organisation and name.

    What an organisation no longer offers is left out.
    """
    query = _all(user.organisation.country).where(
        Service.status.not_in([ServiceStatus.INACTIVE, ServiceStatus.DEFUNCT])
    )
    if text:
        wanted = f"%{_literally(text)}%"
        columns = (Service.name, Service.description, Service.area, Service.eligibility, Organisation.name)
        query = query.where(or_(*(column.ilike(wanted, escape="\\") for column in columns)))
    if kind:
        query = query.where(Service.kind == kind)
    if place:
        query = query.where(Service.place.in_([place, ServicePlace.BOTH]))
    if language:
        query = query.where(
            or_(literal(language) == func.any(Service.languages), func.cardinality(Service.languages) == 0)
        )
    if open_only:
        query = query.where(Service.status == ServiceStatus.ACTIVE)
    return paged(query, number=page)


def service(id: uuid.UUID) -> Service:
    """A service of the directory, or 404."""
    return one_or_404(select(Service).where(Service.id == id))


def mine(user: User) -> list[Service]:
    """All services of the user's organisation, the open ones first."""
    query = select(Service).where(Service.org_id == user.org_id).order_by(Service.status, Service.name)
    return list(db.session.scalars(query).unique())


def my_service(id: uuid.UUID, user: User) -> Service:
    """A service of the user's own organisation, or 404."""
    return one_or_404(select(Service).where(Service.org_id == user.org_id, Service.id == id))


def matching(
    person: Seeker, kind: ReferralKind, *, org: Organisation, on: date, place: ServicePlace | None = None
) -> list[Match]:
    """The open services of a kind to which a live agreement lets `org` refer, best fit first, with the reasons."""
    receivers = tenancy.receivers(org.id, kind, on)
    query = _all(org.country).where(
        Service.org_id.in_(receivers), Service.kind == kind, Service.status == ServiceStatus.ACTIVE
    )
    found = [_match(one, person, on, place) for one in db.session.scalars(query).unique()]
    return sorted(found, key=lambda match: (len(match.misfits), -len(match.reasons)))


def offered_elsewhere(kind: ReferralKind, *, org: Organisation, on: date) -> int:
    """How many open services of a kind there are in the country to which no agreement leads."""
    receivers = tenancy.receivers(org.id, kind, on)
    query = (
        select(func.count())
        .select_from(Service)
        .join(Organisation, Organisation.id == Service.org_id)
        .where(Service.kind == kind, Service.status == ServiceStatus.ACTIVE, Organisation.country == org.country)
        .where(Service.org_id.not_in(receivers), Service.org_id != org.id)
    )
    return db.session.scalar(query) or 0


def _match(service: Service, person: Seeker, on: date, place: ServicePlace | None) -> Match:
    match = Match(service)
    _judge_sex(match, person)
    _judge_age(match, person.age(on))
    _judge_languages(match, person)
    if place is not None:
        _judge_place(match, place)
    return match


def _judge_sex(match: Match, person: Seeker) -> None:
    wanted = match.service.sex
    if wanted is ServedSex.ANY or person.sex == wanted.value:
        if wanted is not ServedSex.ANY:
            match.reasons.append(_("For: %(who)s", who=wanted.label))
    elif person.sex == "unknown":
        match.misfits.append(_("Only for: %(who)s; the file does not state the sex", who=wanted.label))
    else:
        match.misfits.append(_("Only for: %(who)s", who=wanted.label))


def _judge_age(match: Match, age: int | None) -> None:
    lowest, highest = match.service.minimum_age, match.service.maximum_age
    if lowest is None and highest is None:
        return
    if age is None:
        match.misfits.append(_("Has an age limit; the date of birth is not known"))
    elif lowest is not None and age < lowest:
        match.misfits.append(_("Only from the age of %(age)s", age=lowest))
    elif highest is not None and age > highest:
        match.misfits.append(_("Only up to the age of %(age)s", age=highest))
    else:
        match.reasons.append(_("The age fits"))


def _judge_languages(match: Match, person: Seeker) -> None:
    offered = match.service.languages
    if not offered or not person.languages:
        return
    if any(language in offered for language in person.languages):
        match.reasons.append(_("Speaks a language of the person"))
    else:
        match.misfits.append(_("Speaks no language of the person: an interpreter is needed"))


def _judge_place(match: Match, place: ServicePlace) -> None:
    if match.service.place in (place, ServicePlace.BOTH):
        match.reasons.append(_("Works here: %(place)s", place=place.label))
    else:
        match.misfits.append(_("Works only here: %(place)s", place=match.service.place.label))


def agreements(page: int = 1) -> Page[Agreement]:
    """All agreements, those made last first; a steward sees them all."""
    return paged(select(Agreement).order_by(Agreement.created_at.desc()), number=page)


def agreement(id: uuid.UUID) -> Agreement:
    """An agreement that the steward may end, or 404."""
    return one_or_404(select(Agreement).where(Agreement.id == id))


def names() -> dict[uuid.UUID, str]:
    """The names of all organisations by id."""
    return {one.id: one.name for one in tenancy.organisations()}


def _all(country: str) -> Select[Service]:
    abroad = Organisation.country != country
    return (
        select(Service)
        .join(Organisation, Organisation.id == Service.org_id)
        .order_by(abroad, Organisation.name, Service.name, Service.id)
    )


def _literally(text: str) -> str:
    """The text with the signs of LIKE made plain."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
