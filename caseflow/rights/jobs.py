"""Erasing what was approved, and putting copies together: one thing in one transaction; twice does nothing more."""

import uuid

from caseflow.core.db import db
from caseflow.core.jobs import News, handles
from caseflow.rights import actions
from caseflow.rights.models import AccessRequest, Erasure


@handles("rights.erase")
def erase(news: News) -> None:
    """Erase the person's records, or the received referral, that an approved erasure names."""
    erasure = db.session.get(Erasure, (news.to_org_id, uuid.UUID(news.payload["erasure"])))
    if erasure is not None:
        actions.erase(erasure)


@handles("rights.copy")
def copy(news: News) -> None:
    """Put together the copy of a person's records that was approved."""
    request = db.session.get(AccessRequest, (news.to_org_id, uuid.UUID(news.payload["request"])))
    if request is not None:
        actions.put_together(request)
