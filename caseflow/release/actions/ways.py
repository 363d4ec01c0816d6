"""The pathways that prepare a release."""

from flask_babel import gettext as _
from sqlalchemy import select

from caseflow.accounts.models import User
from caseflow.audit.actions import record
from caseflow.core.db import db, now
from caseflow.core.errors import Conflict
from caseflow.core.forms import check_version
from caseflow.people import actions as people
from caseflow.people.models import Case
from caseflow.release.models import Pathway, PathwayArea, PathwayStatus


def set_pathway(
    case: Case,
    area: PathwayArea,
    status: PathwayStatus,
    note: str | None = None,
    *,
    version: int | None = None,
    by: User,
) -> Pathway:
    """Say where a pathway stands; doing the same twice changes nothing. `version` is 0 where nothing was said yet."""
    if not case.open():
        raise Conflict(_("This case is closed."))
    people.one_at_a_time("pathways", case.org_id, case.id)
    row = db.session.scalars(
        select(Pathway)
        .where(Pathway.org_id == case.org_id, Pathway.case_id == case.id, Pathway.area == area)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        row = Pathway(org_id=case.org_id, case_id=case.id, area=area)
        db.session.add(row)
    elif (row.status, row.note) == (status, note):
        return row
    else:
        check_version(row, version, status=row.status.label, note=row.note)
    row.status, row.note, row.status_at = status, note, now()
    db.session.flush()
    record("pathway.status", by=by, on=row, case_id=case.id, area=area.value, status=status.value)
    return row
