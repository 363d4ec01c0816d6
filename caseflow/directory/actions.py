"""Keeping an organisation's services, and the steward's founding of organisations and agreements."""

import uuid
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date

from flask_babel import gettext as _

from caseflow.accounts import actions as accounts
from caseflow.accounts.models import User
from caseflow.audit.actions import record
from caseflow.core.db import db, new_id
from caseflow.core.errors import Refused
from caseflow.core.forms import check_version
from caseflow.directory.models import ServedSex, Service, ServicePlace, ServiceStatus
from caseflow.tenancy import actions as tenancy
from caseflow.tenancy.models import Agreement, Organisation, OrganisationKind, ReferralKind


@dataclass(frozen=True, slots=True)
class Offer:
    """What a service is, as its organisation writes it; ages in full years, languages as BCP 47."""

    kind: ReferralKind
    name: str
    description: str
    place: ServicePlace = ServicePlace.BOTH
    area: str | None = None
    sex: ServedSex = ServedSex.ANY
    minimum_age: int | None = None
    maximum_age: int | None = None
    languages: tuple[str, ...] = ()
    capacity: int | None = None
    eligibility: str | None = None
    phone: str | None = None
    email: str | None = None


def add_service(offer: Offer, *, id: uuid.UUID | None = None, by: User) -> Service:
    """Put a service into the directory; `id` is the one its form was given, so that a second click adds nothing."""
    _check(offer)
    service = db.session.get(Service, (by.org_id, id)) if id else None
    if service is not None:
        return service
    service = Service(org_id=by.org_id, id=id or new_id(), status=ServiceStatus.ACTIVE, **_columns(offer))
    db.session.add(service)
    db.session.flush()
    record("service.add", by=by, on=service, kind=offer.kind.value)
    return service


def change_service(service: Service, offer: Offer, *, version: int | None = None, by: User) -> None:
    """Write what a service is now; referrals under way keep what they were sent with."""
    _check(offer)
    check_version(service, version, **_columns(Offer(**{name: getattr(service, name) for name in Offer.__slots__})))
    if offer.kind is not service.kind:
        raise Refused(_("The kind stays: end this service and add another."), field="kind")
    for name, value in _columns(offer).items():
        setattr(service, name, value)
    record("service.change", by=by, on=service)


def set_status(service: Service, status: ServiceStatus, *, by: User) -> None:
    """Open or close a service; a closed one takes no new referral, those under way go on."""
    if service.status is status:
        return
    record("service.status", by=by, on=service, before=service.status.value, status=status.value)
    service.status = status


def found_organisation(
    *,
    slug: str,
    name: str,
    kind: OrganisationKind,
    country: str,
    locale: str,
    timezone: str,
    rest_days: Iterable[int],
    administrator: str,
    email: str,
    by: User,
) -> tuple[Organisation, str]:
    """Found an organisation with its first administrator; gives the first password, which is shown once."""
    organisation = tenancy.found(
        slug=slug,
        name=name,
        kind=kind,
        country=country,
        locale=locale,
        timezone=timezone,
        rest_days=rest_days,
        by=by,
    )
    password = accounts.appoint_administrator(organisation, name=administrator, email=email, by=by)
    record("organisation.found", by=by, organisation=str(organisation.id), kind=kind.value)
    return organisation, password


def agree(
    sender: Organisation,
    receiver: Organisation,
    kinds: Iterable[ReferralKind],
    *,
    starts_on: date,
    ends_on: date | None,
    by: User,
) -> Agreement:
    """Make an agreement between two organisations."""
    agreement = tenancy.agree(sender, receiver, kinds, starts_on=starts_on, ends_on=ends_on, by=by)
    record("agreement.make", by=by, on=agreement, receiver=str(receiver.id), kinds=agreement.kinds)
    return agreement


def end_agreement(agreement: Agreement, *, by: User) -> None:
    """End an agreement; no new referral goes by it."""
    tenancy.end_agreement(agreement, by=by)
    record("agreement.end", by=by, on=agreement)


def _check(offer: Offer) -> None:
    if offer.minimum_age is not None and offer.maximum_age is not None and offer.maximum_age < offer.minimum_age:
        raise Refused(_("The oldest age lies below the youngest."), field="maximum_age")


def _columns(offer: Offer) -> dict[str, object]:
    return {**asdict(offer), "languages": list(offer.languages)}
