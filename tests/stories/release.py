"""Handovers, played by the product's own actions."""

import uuid
from collections.abc import Iterable
from datetime import date

from sqlalchemy import select

from caseflow.core.db import db
from caseflow.people import queries as people
from caseflow.people.models import Category, Consent
from caseflow.release import actions
from caseflow.release.models import Handover
from caseflow.release.told import USUAL
from caseflow.tenancy.models import Organisation
from tests.cast import Cast


def a_handover(
    cast: Cast,
    case_id: uuid.UUID,
    *,
    to: str = "probation",
    by: str = "aigerim",
    categories: Iterable[Category] = USUAL,
    ground: str | None = "Law on probation, article 7",
    consent_id: uuid.UUID | None = None,
    letter: str | None = None,
) -> uuid.UUID:
    """A handover of the case, started by its worker and waiting for an answer."""
    receiver_id = cast.organisation(to)
    with cast.acting(by) as user:
        case = people.opened(case_id, user)
        consent = None if consent_id is None else db.session.get_one(Consent, (user.org_id, consent_id))
        receiver = db.session.get_one(Organisation, receiver_id)
        handover = actions.start_handover(
            case, receiver, categories=categories, ground=ground, consent=consent, letter=letter, by=user
        )
        return handover.id


def accepted(cast: Cast, handover_id: uuid.UUID, *, by: str = "officer") -> uuid.UUID:
    """The handover is accepted by an officer, who prepares it; gives its id."""
    with cast.acting(by) as user:
        actions.accept_handover(_received(handover_id, user.org_id), user, by=user)
    return handover_id


def led(
    cast: Cast, handover_id: uuid.UUID, *, by: str = "officer", released_on: date | None, reason: str | None = None
) -> uuid.UUID:
    """An accepted handover is led by the incoming side now; gives its own case."""
    with cast.acting(by) as user:
        handover = _received(handover_id, user.org_id)
        return actions.take_lead(handover, released_on=released_on, reason=reason, by=user).id


def _received(handover_id: uuid.UUID, org_id: uuid.UUID) -> Handover:
    return db.session.scalars(select(Handover).where(Handover.to_org_id == org_id, Handover.id == handover_id)).one()
