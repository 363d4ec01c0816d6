"""A case with its person, its worker and what belongs to them."""

import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Any

from caseflow.core.db import db, today
from caseflow.people import actions
from caseflow.people.models import LegalStatus, Phase, Sex
from caseflow.tenancy import queries as tenancy
from caseflow.tenancy.models import Site
from tests.cast import Cast

_count = iter(range(1, 1_000_000))


def a_case(
    cast: Cast,
    by: str = "aigerim",
    name: str = "Ермек Сатыбалды",
    *,
    number: str | None = None,
    phase: Phase = Phase.INTAKE,
    release_on: date | None = None,
    **person: Any,
) -> uuid.UUID:
    """A case opened by `by` and allocated to them, at their site; `person` are further fields of PersonFields."""
    with cast.acting(by) as user:
        text = number or f"A-{next(_count):04d}"
        fields = {"latin_name": "Ermek Satybaldy", "sex": Sex.MALE, "birth_date": date(1990, 3, 5), **person}
        fields.setdefault("number", f"P-{text}")
        site = db.session.get(Site, (user.org_id, user.site_id)) or next(iter(tenancy.sites(user.org_id)), None)
        case = actions.open_case(
            number=text,
            person=actions.PersonFields(name=name, **fields),
            facts=actions.CaseFields(
                admitted_at=datetime(2025, 11, 3, 9, 30, tzinfo=UTC),
                commitment_order="Order 17/2025",
                legal_status=LegalStatus.SENTENCED,
                release_on=release_on or today() + timedelta(days=150),
            ),
            site=site,
            phase=phase,
            by=user,
        )
        return case.id
