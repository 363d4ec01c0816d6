"""The side that hands over: starting a handover, moving its dates, cancelling it."""

from collections.abc import Iterable
from datetime import date, timedelta

from flask_babel import gettext as _
from sqlalchemy import select

from caseflow.accounts.models import User
from caseflow.audit.actions import record
from caseflow.core.db import db, new_id, now
from caseflow.core.errors import Conflict, Refused
from caseflow.notifications.actions import post
from caseflow.people import actions as people
from caseflow.people import queries as cases
from caseflow.people.models import Case, Category, Consent, TaskKind
from caseflow.release.actions.custody import end_party
from caseflow.release.actions.moves import lock, lock_for, move
from caseflow.release.models import OPEN, Handover, HandoverStatus, Letter
from caseflow.release.told import HANDED_OVER
from caseflow.tenancy.models import Organisation, OrganisationKind

OPEN_AFTER = timedelta(days=60)  # so long after the release the incoming party may still read
WITHOUT_DATE = timedelta(days=365)  # and so long from today where the release date is not known


def start_handover(
    case: Case,
    receiver: Organisation,
    *,
    categories: Iterable[Category],
    ground: str | None = None,
    consent: Consent | None = None,
    letter: str | None = None,
    by: User,
) -> Handover:
    """Invite a probation service of the country as the incoming party; it reads these categories from today.

    It rests on a law named in words, on a live consent that covers the categories, or on both.
    """
    if not case.open():
        raise Conflict(_("This case is closed."))
    people.one_at_a_time("handovers", case.org_id, case.id)
    day = by.organisation.today()
    chosen = [category for category in HANDED_OVER if category in set(categories)]
    _check(case, receiver, chosen, ground, consent, day, by)
    handover = Handover(
        org_id=case.org_id,
        id=new_id(),
        to_org_id=receiver.id,
        case_id=case.id,
        started_by=by.id,
        sender_name=by.name,
        categories=[category.value for category in chosen],
        ground=ground or "",
        consent_id=None if consent is None else consent.id,
        release_on=case.release_on,
        opens_on=day,
        closes_on=_closing(case.release_on, day),
        status_at=now(),
        status_by=by.name,
    )
    db.session.add(handover)
    db.session.flush()
    if letter:
        db.session.add(Letter(org_id=case.org_id, id=handover.id, text=letter))
    for task in cases.open_tasks(case):
        if task.kind is TaskKind.HANDOVER:
            people.finish_task(task, by=by)
    record("handover.start", by=by, on=handover, case_id=case.id, to=str(receiver.id), categories=handover.categories)
    post("handover.started", by=by, to=receiver.id, handover=handover.id)
    return handover


def _check(
    case: Case,
    receiver: Organisation,
    chosen: list[Category],
    ground: str | None,
    consent: Consent | None,
    day: date,
    by: User,
) -> None:
    if receiver.kind is not OrganisationKind.PROBATION_SERVICE or receiver.country != by.organisation.country:
        raise Refused(_("Choose a probation service of your country."), field="receiver")
    if receiver.id == case.org_id:
        raise Refused(_("Choose another organisation than your own."), field="receiver")
    if Category.IDENTITY not in chosen:
        raise Refused(
            _("Nobody can take over a case without knowing whose it is: choose the identity."), field="categories"
        )
    if consent is None and not ground:
        raise Refused(_("Name the law that allows it, or choose a consent."), field="ground")
    if consent is not None:
        if consent.grantee_org_id != receiver.id or not consent.live(day):
            raise Refused(_("This consent does not hold for this organisation today."), field="consent")
        missing = [category.label for category in chosen if not consent.covers(category, day)]
        if missing:
            listed = _(", ").join(missing)
            raise Refused(_("The consent does not cover: %(categories)s.", categories=listed), field="categories")
    query = select(Handover.id).where(Handover.org_id == case.org_id, Handover.case_id == case.id)
    if db.session.scalar(query.where(Handover.status.in_(OPEN))) is not None:
        raise Conflict(_("A handover of this case is on its way already."))


def _closing(release_on: date | None, day: date) -> date:
    return day + WITHOUT_DATE if release_on is None else max(release_on, day) + OPEN_AFTER


def tell_release_date(case: Case, handover: Handover, *, by: User) -> None:
    """Tell the incoming party that the release is expected on another day than it was told."""
    _on_its_way(handover)
    if handover.release_on == case.release_on:
        return
    handover.release_on = case.release_on
    handover.closes_on = _closing(case.release_on, by.organisation.today())
    db.session.flush()
    record("handover.date", by=by, on=handover, case_id=case.id)
    post("handover.dated", by=by, to=handover.to_org_id, handover=handover.id)


def cancel_handover(case: Case, handover: Handover, reason: str, *, by: User) -> None:
    """Take the invitation back: from this moment the incoming party reads nothing."""
    lock_for(handover, HandoverStatus.CANCELLED)
    handover.reason = reason
    move(handover, HandoverStatus.CANCELLED, by=by)
    end_party(case, handover.to_org_id)
    record("handover.cancel", by=by, on=handover, case_id=case.id)
    post("handover.cancelled", by=by, to=handover.to_org_id, handover=handover.id)


def _on_its_way(handover: Handover) -> None:
    lock(handover)
    if not handover.open():
        raise Conflict(_("This handover has ended: %(status)s.", status=handover.status.label))
