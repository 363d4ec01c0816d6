"""PersonKey: the key under which the texts of one person are sealed."""

from sqlalchemy import CheckConstraint, Index

from caseflow.core.db import Model, Owned
from caseflow.core.sealing import SubjectKey, keep_keys_in


class PersonKey(SubjectKey, Owned, Model):
    """A person's key, under the person's id; wrapped by a master key, and gone once it is destroyed.

    It has no foreign key to the person: it stays when the records are deleted, so that nothing is written again.
    """

    __tablename__ = "person_keys"
    __table_args__ = (
        CheckConstraint("(wrapped IS NULL) = (destroyed_at IS NOT NULL)", name="destroyed"),
        Index("ix_person_keys_master", "master_id"),
    )


keep_keys_in(PersonKey)
