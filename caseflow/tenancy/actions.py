"""Founding organisations, their sites and calendars, and making agreements."""

import re
import secrets
import uuid
from collections.abc import Iterable
from datetime import date
from typing import Protocol

from flask_babel import gettext as _
from sqlalchemy.exc import IntegrityError

from caseflow.core.db import db, new_id, now
from caseflow.core.errors import Refused
from caseflow.core.formats import date_text
from caseflow.tenancy.models import Agreement, Holiday, Organisation, OrganisationKind, ReferralKind, Site, SiteKind

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class Member(Protocol):
    """Whoever acts: a user of an organisation (accounts come after this room)."""

    org_id: uuid.UUID


def found(
    *,
    slug: str,
    name: str,
    kind: OrganisationKind,
    country: str,
    locale: str,
    timezone: str,
    rest_days: Iterable[int],
    by: Member,
) -> Organisation:
    """Found an organisation; only the steward's organisation may, and the database holds to it."""
    if not SLUG.fullmatch(slug):
        raise Refused(_("Use small letters, digits and hyphens."), field="slug")
    if db.session.query(Organisation).filter_by(slug=slug).one_or_none() is not None:
        raise Refused(_("Another organisation has this short name."), field="slug")
    organisation = Organisation(
        id=new_id(),
        slug=slug,
        name=name,
        kind=kind,
        country=country,
        locale=locale,
        timezone=timezone,
        rest_days=sorted(set(rest_days)),
    )
    db.session.add(organisation)
    db.session.flush()
    return organisation


def add_site(
    *,
    name: str,
    code: str | None = None,
    kind: SiteKind,
    city: str | None = None,
    capacity: int | None = None,
    by: Member,
) -> Site:
    """Add a site of the actor's organisation; raises Refused where another has its code, by which registers name it."""
    site = Site(org_id=by.org_id, name=name, code=code or secrets.token_hex(4), kind=kind, city=city, capacity=capacity)
    try:
        with db.session.begin_nested():
            db.session.add(site)
    except IntegrityError:
        raise Refused(_("Another site has this code."), field="code") from None
    return site


def add_holiday(day: date, name: str, *, by: Member) -> Holiday:
    """A day on which the actor's organisation does not work; raises Refused where it is one already."""
    holiday = Holiday(org_id=by.org_id, day=day, name=name)
    try:
        # The database says whether it is there: of two who add it at one moment the second is told, too.
        with db.session.begin_nested():
            db.session.add(holiday)
    except IntegrityError:
        raise Refused(_("%(day)s is a holiday already.", day=date_text(day)), field="day") from None
    return holiday


def remove_holiday(holiday: Holiday, *, by: Member) -> None:
    """The organisation works on this day after all; deadlines that are set keep their day."""
    db.session.delete(holiday)
    db.session.flush()


def agree(
    sender: Organisation,
    receiver: Organisation,
    kinds: Iterable[ReferralKind],
    *,
    starts_on: date,
    ends_on: date | None = None,
    by: Member,
) -> Agreement:
    """Let one organisation refer to another for these kinds of help; only the steward may."""
    chosen = [kind.value for kind in kinds]
    if sender.id == receiver.id:
        raise Refused(_("Choose two different organisations."), field="receiver")
    if not chosen:
        raise Refused(_("Choose at least one kind of help."), field="kinds")
    if ends_on is not None and ends_on < starts_on:
        raise Refused(_("The end lies before the start."), field="ends_on")
    agreement = Agreement(org_id=sender.id, to_org_id=receiver.id, kinds=chosen, starts_on=starts_on, ends_on=ends_on)
    db.session.add(agreement)
    db.session.flush()
    return agreement


def end_agreement(agreement: Agreement, *, by: Member) -> None:
    """No new referral goes by it from now on; those on their way go on."""
    agreement.ended_at = agreement.ended_at or now()
