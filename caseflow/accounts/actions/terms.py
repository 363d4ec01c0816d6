"""Terms and code of conduct: accepted before the first case, and again when they change."""

from sqlalchemy.dialects.postgresql import insert

from caseflow.accounts import queries
from caseflow.accounts.models import TermsAcceptance, TermsAddition, User
from caseflow.audit.actions import record
from caseflow.core.db import db, new_id, now


def accept_terms(*, by: User) -> None:
    """The user accepts the terms as they stand."""
    version = queries.terms_version(by.org_id)
    values = {"org_id": by.org_id, "id": new_id(), "created_at": now(), "user_id": by.id, "version": version}
    db.session.execute(insert(TermsAcceptance).values(values).on_conflict_do_nothing())
    record("terms.accept", by=by, on=by, version=version)


def add_to_terms(text: str, *, by: User) -> None:
    """What the organisation adds to the terms from now on; everybody in it is asked again."""
    before = queries.terms_addition(by.org_id)
    number = before.number + 1 if before else 1
    db.session.add(TermsAddition(org_id=by.org_id, number=number, text=text, made_by=by.id))
    record("terms.add", by=by, number=number)
