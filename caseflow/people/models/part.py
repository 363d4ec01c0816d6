"""Rows that hang on a person or a case."""

import uuid

from sqlalchemy.orm import Mapped, mapped_column

from caseflow.core.db import Owned

# The ways from a row to the person, for `core.sealing`: a column of the row, then table.column of the rows it leads to.
OF_PERSON = ("person_id",)
OF_CASE = ("case_id", "cases.person_id")


class Part(Owned):
    """A row whose key into another row of the organisation (`belongs_to`) keeps it within the organisation.

    A second foreign key, to the organisation itself, would only cost a look-up for each of a register's many rows.
    """

    org_id: Mapped[uuid.UUID] = mapped_column(primary_key=True, sort_order=-4)
