"""RegisterImport: a register's file, its mapping, and how far the import has come; the file does not stay."""

import uuid
from datetime import datetime, timedelta

from sqlalchemy import Index, LargeBinary
from sqlalchemy.orm import Mapped, deferred, mapped_column, relationship

from caseflow.accounts.models import User
from caseflow.core.db import Coded, Model, Owned, belongs_to, one_of
from caseflow.people.models.codes import ImportState

# The file and its refused rows hold many persons in clear. So long they stay after the import, and so long where the
# file is never imported; the database's function `remove_old_files` (migration 0025) holds the same periods.
FILE_AFTER_IMPORT = timedelta(days=3)
FILE_WITHOUT_IMPORT = timedelta(days=14)


class RegisterImport(Owned, Model):
    """One upload; counts add up: taken + updated + unchanged + refused = rows read."""

    __tablename__ = "register_imports"
    __table_args__ = (
        belongs_to("uploaded_by", "users"),
        one_of("state", ImportState),
        Index("ix_register_imports_newest", "org_id", "created_at"),
    )

    uploaded_by: Mapped[uuid.UUID]
    filename: Mapped[str]
    content: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))
    mapping: Mapped[str]  # TOML
    state: Mapped[ImportState] = mapped_column(Coded(ImportState), default=ImportState.UPLOADED)
    dry_run: Mapped[bool] = mapped_column(default=True)
    rows: Mapped[int | None]  # in the file, where it is known
    read: Mapped[int] = mapped_column(default=0)
    taken: Mapped[int] = mapped_column(default=0)
    updated: Mapped[int] = mapped_column(default=0)
    unchanged: Mapped[int] = mapped_column(default=0)
    refused: Mapped[int] = mapped_column(default=0)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    errors_file: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))
    problem: Mapped[str | None]  # why it failed, in words
    file_removed_at: Mapped[datetime | None]

    uploader: Mapped[User] = relationship(
        viewonly=True,
        primaryjoin="and_(RegisterImport.org_id == User.org_id, foreign(RegisterImport.uploaded_by) == User.id)",
    )

    def going_on(self) -> bool:
        """Whether a job is at it, or will be."""
        return self.state in (ImportState.WAITING, ImportState.RUNNING)

    def removed_from(self) -> datetime:
        """When the file and its refused rows are removed, unless somebody does it before."""
        end = self.created_at + FILE_WITHOUT_IMPORT
        if self.finished_at is not None and not self.dry_run:
            return min(end, self.finished_at + FILE_AFTER_IMPORT)
        return end
