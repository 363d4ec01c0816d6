"""Service: what an organisation offers, to whom, with what capacity (names after Open Referral HSDS 3.0)."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from caseflow.core.db import Coded, Model, Owned, one_of
from caseflow.core.i18n import Labelled
from caseflow.tenancy.models import Organisation, ReferralKind


class ServiceStatus(Labelled):
    """Whether a service takes referrals; values as in HSDS."""

    ACTIVE = "active", _l("Open")
    TEMPORARILY_CLOSED = "temporarily closed", _l("Closed for now")
    INACTIVE = "inactive", _l("Not offered")
    DEFUNCT = "defunct", _l("Ended")


class ServicePlace(Labelled):
    """Where a service is given."""

    CUSTODY = "custody", _l("In custody")
    COMMUNITY = "community", _l("In the community")
    BOTH = "both", _l("In custody and in the community")


class ServedSex(Labelled):
    """Whom a service takes."""

    ANY = "any", _l("Everybody")
    FEMALE = "female", _l("Women and girls")
    MALE = "male", _l("Men and boys")


class Service(Owned, Model):
    """A service in the directory; every organisation may read it, only its own may change it."""

    __tablename__ = "services"
    __table_args__ = (
        one_of("kind", ReferralKind),
        one_of("status", ServiceStatus),
        one_of("place", ServicePlace),
        one_of("sex", ServedSex),
        Index("ix_services_kind", "kind", "status"),
    )

    kind: Mapped[ReferralKind] = mapped_column(Coded(ReferralKind))
    name: Mapped[str]
    description: Mapped[str]
    status: Mapped[ServiceStatus] = mapped_column(Coded(ServiceStatus), default=ServiceStatus.ACTIVE)
    place: Mapped[ServicePlace] = mapped_column(Coded(ServicePlace), default=ServicePlace.BOTH)
    area: Mapped[str | None]  # cities or regions, in words
    sex: Mapped[ServedSex] = mapped_column(Coded(ServedSex), default=ServedSex.ANY)
    minimum_age: Mapped[int | None]
    maximum_age: Mapped[int | None]
    languages: Mapped[list[str]] = mapped_column(default=list)  # BCP 47
    capacity: Mapped[int | None]  # people at a time
    eligibility: Mapped[str | None]
    phone: Mapped[str | None]
    email: Mapped[str | None]
    version: Mapped[int] = mapped_column(default=1)

    organisation: Mapped[Organisation] = relationship(viewonly=True, foreign_keys="Service.org_id", lazy="joined")

    __mapper_args__ = {"version_id_col": version}

    def open(self) -> bool:
        """Whether it takes referrals."""
        return self.status is ServiceStatus.ACTIVE
