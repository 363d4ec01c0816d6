"""What a person says is wrong in their records."""

import uuid

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from caseflow.core.db import db, one_or_404
from caseflow.people.models import Case
from caseflow.people.queries import Happening
from caseflow.rights.models import Fact, Objection, ObjectionState


def objections(case: Case) -> list[Objection]:
    """What the person says is wrong, the newest first."""
    query = select(Objection).where(Objection.org_id == case.org_id, Objection.case_id == case.id)
    query = query.options(joinedload(Objection.writer)).order_by(Objection.created_at.desc())
    return list(db.session.scalars(query).unique())


def objection(case: Case, id: uuid.UUID) -> Objection:
    """One of them, or 404."""
    mine = (Objection.org_id == case.org_id, Objection.case_id == case.id)
    return one_or_404(select(Objection).where(*mine, Objection.id == id))


def stands(case: Case, fact: Fact) -> str | None:
    """What is written down of a fact now, as a plain text; None where it is another than those listed."""
    if fact is Fact.OTHER:
        return None
    row, name = (case, fact.value[5:]) if fact.value.startswith("case.") else (case.person, fact.value)
    value = getattr(row, name)
    return "" if value is None else ", ".join(value) if isinstance(value, list) else str(value)


def happenings(case: Case) -> list[Happening]:
    """What the timeline tells: what the person says is wrong, and what was answered."""
    url = url_for("rights.objections", id=case.id)
    found = []
    for one in objections(case):
        title = _("The person says that this is wrong: %(fact)s", fact=one.fact.label)
        found.append(Happening(one.created_at, "objection", title, one.words, one.writer.name, url=url, tone="warn"))
        if one.state is not ObjectionState.OPEN and one.answered_at is not None:
            title = f"{one.fact.label}: {one.state.label}"
            found.append(Happening(one.answered_at, "objection", title, one.answer, url=url))
    return found
