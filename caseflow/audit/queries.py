"""What rooms above may read of the audit: the entries about a file, and how its heads are told."""

import uuid
from collections.abc import Collection
from typing import Any

from sqlalchemy import column, func, literal
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import aliased
from sqlalchemy.types import Uuid

from caseflow.audit.heads import Told
from caseflow.audit.models import Entry

__all__ = ["Told", "about"]


def about(files: Collection[uuid.UUID]) -> Any:
    """`Entry` as the entries about these files alone, to select from: all that case workers read of the audit.

    Without the entries' details, and without what is about a file that is closed to who asks (migration 0052).
    """
    columns = [column(one.name, one.type) for one in Entry.__table__.columns]
    rows = func.audit_of(literal(sorted(files), ARRAY(Uuid))).table_valued(*columns)
    return aliased(Entry, rows.alias("told"), adapt_on_names=True)
