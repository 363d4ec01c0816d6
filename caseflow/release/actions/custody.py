"""The side that hands over, afterwards: the release itself, and which organisation is what to the case."""

import uuid
from datetime import date

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import select, update

from caseflow.accounts import queries as accounts
from caseflow.accounts.models import User
from caseflow.audit.actions import record
from caseflow.core.db import db, now
from caseflow.core.errors import Conflict, Refused
from caseflow.people import actions as people
from caseflow.people import queries as cases
from caseflow.people.models import Case, CaseParty, PartyRole, Phase
from caseflow.release.models import Handover, HandoverStatus


def confirm_release(case: Case, released_on: date, *, by: User) -> None:
    """The person was released on this day."""
    if not case.in_custody():
        raise Conflict(_("The release is recorded already."))
    if released_on > by.organisation.today():
        raise Refused(_("The date must be today or in the past."), field="released_on")
    case.released_on = released_on
    people.change_phase(case, Phase.RELEASED, by=by)
    record("release.confirm", by=by, on=case, case_id=case.id)


def follow_handover(handover: Handover) -> None:
    """Bring the sender's own case to where the handover stands; runs as the sender, and may run twice.

    On the lead's change the case goes to "released" where the incoming party saw the release; nobody else confirmed it.
    """
    case = cases.case_of(handover.org_id, handover.case_id)
    starter = accounts.user_of(handover.org_id, handover.started_by)
    if starter is None:
        raise LookupError("the user who started a handover is kept")
    if handover.status is HandoverStatus.PREPARING:
        add_party(case, handover.to_org_id, PartyRole.INCOMING)
    if handover.status is HandoverStatus.LED:
        add_party(case, handover.to_org_id, PartyRole.LEAD)
        add_party(case, case.org_id, PartyRole.FORMER)
        if handover.released_on is not None and case.in_custody() and case.open():
            case.released_on = handover.released_on
            with force_locale(starter.organisation.locale):
                reason = _("As the probation service saw it when it took the lead.")
            people.change_phase(case, Phase.RELEASED, reason=reason, by=starter)


def add_party(case: Case, organisation_id: uuid.UUID, role: PartyRole) -> None:
    """From now on the organisation is this to the case, and no longer what it was; there is one lead."""
    if any(one.party_org_id == organisation_id and one.role is role for one in _parties(case)):
        return
    end_party(case, organisation_id)
    if role is PartyRole.LEAD:
        for one in _parties(case):
            if one.role is PartyRole.LEAD:
                end_party(case, one.party_org_id)
    db.session.add(CaseParty(org_id=case.org_id, case_id=case.id, party_org_id=organisation_id, role=role, since=now()))
    db.session.flush()


def end_party(case: Case, organisation_id: uuid.UUID) -> None:
    """The organisation is nothing to the case any more; that it was stays on record."""
    mine = (CaseParty.org_id == case.org_id, CaseParty.case_id == case.id, CaseParty.until.is_(None))
    db.session.execute(update(CaseParty).where(*mine, CaseParty.party_org_id == organisation_id).values(until=now()))


def _parties(case: Case) -> list[CaseParty]:
    query = select(CaseParty).where(CaseParty.org_id == case.org_id, CaseParty.case_id == case.id)
    return list(db.session.scalars(query.where(CaseParty.until.is_(None))))
