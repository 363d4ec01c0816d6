"""Erasing what was approved, one person in one transaction; run twice, it does nothing the second time."""

import uuid

from caseflow.core.db import db
from caseflow.core.jobs import News, handles
from caseflow.rights import actions
from caseflow.rights.models import Erasure


@handles("rights.erase")
def erase(news: News) -> None:
    """Erase the records of the person whom an approved erasure names."""
    erasure = db.session.get(Erasure, (news.to_org_id, uuid.UUID(news.payload["erasure"])))
    if erasure is not None:
        actions.erase(erasure)
