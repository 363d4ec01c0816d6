"""Organisation, Site, Holiday and Agreement."""

import uuid
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l
from sqlalchemy import Integer, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from caseflow.core.db import Coded, Model, Owned, Packet, new_id, now, one_of
from caseflow.core.i18n import Labelled


class OrganisationKind(Labelled):
    """What an organisation is."""

    PRISON_SERVICE = "prison_service", _l("Prison service")
    PROBATION_SERVICE = "probation_service", _l("Probation service")
    CSO = "cso", _l("Civil society organisation")
    OVERSIGHT = "oversight", _l("Oversight body")
    STEWARD = "steward", _l("Platform steward")


class ReferralKind(Labelled):
    """The kinds of help that organisations refer for."""

    EDUCATION = "education", _l("Education")
    LEGAL_AID = "legal_aid", _l("Legal aid")
    EMPLOYMENT = "employment", _l("Employment")
    FAMILY_CONTACT = "family_contact", _l("Family contact")


class Organisation(Model):
    """A tenant. Every organisation may read this row: it holds nothing that is secret."""

    __tablename__ = "organisations"
    __table_args__ = (one_of("kind", OrganisationKind),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    created_at: Mapped[datetime] = mapped_column(default=now)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    kind: Mapped[OrganisationKind] = mapped_column(Coded(OrganisationKind))
    country: Mapped[str]  # ISO 3166-1 alpha-2
    locale: Mapped[str]  # BCP 47, the language of its people's pages until they choose
    timezone: Mapped[str]
    rest_days: Mapped[list[int]] = mapped_column(ARRAY(Integer))  # ISO weekdays, 1 = Monday
    address: Mapped[str | None]
    phone: Mapped[str | None]
    email: Mapped[str | None]

    def today(self) -> date:
        """The day it is at this organisation."""
        return self.day_of(now())

    def day_of(self, moment: datetime) -> date:
        """The day on which a moment falls at this organisation."""
        return moment.astimezone(ZoneInfo(self.timezone)).date()

    def is_cso(self) -> bool:
        """Whether it is a civil society organisation."""
        return self.kind is OrganisationKind.CSO


class Holiday(Owned, Model):
    """A day on which the organisation does not work, beside its weekly rest days; readable by all, as deadlines are."""

    __tablename__ = "holidays"
    __table_args__ = (UniqueConstraint("org_id", "day"),)

    day: Mapped[date]
    name: Mapped[str]


class SiteKind(Labelled):
    """What a site is."""

    PRISON = "prison", _l("Prison")
    OFFICE = "office", _l("Office")


class Site(Owned, Model):
    """A prison or an office of the organisation."""

    __tablename__ = "sites"
    __table_args__ = (UniqueConstraint("org_id", "code"), one_of("kind", SiteKind))

    code: Mapped[str]
    name: Mapped[str]
    kind: Mapped[SiteKind] = mapped_column(Coded(SiteKind))
    city: Mapped[str | None]
    address: Mapped[str | None]
    capacity: Mapped[int | None]
    active: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1, server_default=text("1"))

    __mapper_args__ = {"version_id_col": version}


class Agreement(Packet, Model):
    """`org_id` may refer to `to_org_id` for these kinds of help, while it is live; made by the steward."""

    __tablename__ = "agreements"

    kinds: Mapped[list[str]]
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    ended_at: Mapped[datetime | None]

    def live(self, on: date) -> bool:
        """Whether it holds on this day."""
        return self.ended_at is None and self.starts_on <= on and (self.ends_on is None or on <= self.ends_on)


def add_working_days(start: date, days: int, rest_days: frozenset[int], holidays: frozenset[date]) -> date:
    """The day that lies `days` working days after `start`; rest days are ISO weekdays."""
    day = start
    while days > 0:
        day += timedelta(days=1)
        if day.isoweekday() not in rest_days and day not in holidays:
            days -= 1
    return day
