"""A person under supervision, played by the product's own actions."""

import uuid
from datetime import date, timedelta
from typing import Any

from sqlalchemy import update

from caseflow.core.db import db, now, today
from caseflow.people import queries as people
from caseflow.people.models import Phase
from caseflow.supervision import actions
from caseflow.supervision.models import Contact, ContactForm, ContactLevel
from tests.cast import Cast
from tests.stories.people import a_case

_minutes = iter(range(1, 100_000))  # no two contacts of a test at the same time


def a_supervised_case(
    cast: Cast,
    by: str = "officer",
    *,
    starts_on: date | None = None,
    level: ContactLevel = ContactLevel.TWO_WEEKS,
    **case: Any,
) -> uuid.UUID:
    """A case of a probation service with an order in force, from today where nothing else is said."""
    case_id = a_case(cast, by, phase=Phase.RELEASED, **case)
    with cast.acting(by) as user:
        actions.record_order(
            people.opened(case_id, user),
            order_number="7-2026",
            court="Almaty district court",
            starts_on=starts_on or today(),
            ends_on=(starts_on or today()) + timedelta(days=365),
            level=level,
            by=user,
        )
    return case_id


def a_contact(cast: Cast, case_id: uuid.UUID, by: str = "officer", *, days: int = 1) -> uuid.UUID:
    """A planned contact so many days from now; with negative days its time has passed and nothing is recorded yet."""
    with cast.acting(by) as user:
        planned = now() + timedelta(days=max(days, 1), minutes=next(_minutes))
        contact = actions.plan_contact(
            people.opened(case_id, user), starts_at=planned, form=ContactForm.IN_PERSON, place="Office 3", by=user
        )
        if days < 1:
            # Nobody plans a contact in the past: let the time pass instead.
            db.session.execute(
                update(Contact)
                .where(Contact.org_id == user.org_id, Contact.id == contact.id)
                .values(starts_at=now() + timedelta(days=days, minutes=-1))
            )
        return contact.id
