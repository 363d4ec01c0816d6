"""Organisations, their sites and calendars, and the agreements between them."""

import uuid
from datetime import date

from sqlalchemy import select

from caseflow.core.db import db, one_or_404
from caseflow.core.paging import Page, paged
from caseflow.tenancy.models import (
    Agreement,
    Holiday,
    Organisation,
    OrganisationKind,
    ReferralKind,
    Site,
    add_working_days,
)


def organisation(id: uuid.UUID) -> Organisation:
    """An organisation, or 404."""
    return one_or_404(select(Organisation).where(Organisation.id == id))


def by_slug(slug: str) -> Organisation | None:
    """An organisation by its slug."""
    return db.session.scalars(select(Organisation).where(Organisation.slug == slug)).one_or_none()


def organisations(*kinds: OrganisationKind, country: str | None = None) -> list[Organisation]:
    """Organisations of these kinds (all when none is given) by name."""
    query = select(Organisation).order_by(Organisation.country, Organisation.name)
    if kinds:
        query = query.where(Organisation.kind.in_(kinds))
    if country:
        query = query.where(Organisation.country == country)
    return list(db.session.scalars(query))


def sites(org_id: uuid.UUID) -> list[Site]:
    """The organisation's active sites by name."""
    return list(db.session.scalars(select(Site).where(Site.org_id == org_id, Site.active).order_by(Site.name)))


def site(id: uuid.UUID, org_id: uuid.UUID) -> Site:
    """A site of the organisation, or 404."""
    return one_or_404(select(Site).where(Site.org_id == org_id, Site.id == id))


def holidays(org_id: uuid.UUID, since: date) -> list[Holiday]:
    """The organisation's holidays from a day on, the next one first."""
    mine = select(Holiday).where(Holiday.org_id == org_id, Holiday.day >= since)
    return list(db.session.scalars(mine.order_by(Holiday.day)))


def holidays_before(org_id: uuid.UUID, day: date, *, number: int) -> Page[Holiday]:
    """A page of those before a day, the last one first."""
    mine = select(Holiday).where(Holiday.org_id == org_id, Holiday.day < day)
    return paged(mine.order_by(Holiday.day.desc()), number=number)


def holiday(id: uuid.UUID, org_id: uuid.UUID) -> Holiday:
    """A holiday of the organisation, or 404: everybody may read those of others, as deadlines do."""
    return one_or_404(select(Holiday).where(Holiday.org_id == org_id, Holiday.id == id))


def agreements() -> list[Agreement]:
    """All agreements that the asking organisation may see: its own, or all for a steward."""
    return list(db.session.scalars(select(Agreement).order_by(Agreement.created_at.desc())))


def receivers(org_id: uuid.UUID, kind: ReferralKind, on: date) -> set[uuid.UUID]:
    """The organisations to which a live agreement lets this one refer for a kind of help on a day."""
    mine = db.session.scalars(select(Agreement).where(Agreement.org_id == org_id))
    return {agreement.to_org_id for agreement in mine if agreement.live(on) and kind.value in agreement.kinds}


def deadline(organisation: Organisation, days: int, *, start: date | None = None) -> date:
    """So many working days of that organisation after `start` (its today)."""
    begin = start or organisation.today()
    holidays = db.session.scalars(select(Holiday.day).where(Holiday.org_id == organisation.id, Holiday.day > begin))
    return add_working_days(begin, days, frozenset(organisation.rest_days), frozenset(holidays))
