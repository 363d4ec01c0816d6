"""User, password and the signed-in session."""

import uuid
from datetime import datetime

from flask_login import UserMixin
from sqlalchemy import ForeignKeyConstraint, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from caseflow.accounts.permissions import Permission, Role, Scope, may, scope
from caseflow.core.db import Coded, Model, Owned, belongs_to, one_of
from caseflow.tenancy.models import Organisation, Site


class User(Owned, Model, UserMixin):  # type: ignore[misc]  # flask-login is untyped
    """A person who works in an organisation. The password's hash is written, and never read, by the app's role."""

    __tablename__ = "users"
    __table_args__ = (UniqueConstraint("org_id", "email"), belongs_to("site_id", "sites"), one_of("role", Role))

    email: Mapped[str]  # lower case
    name: Mapped[str]
    role: Mapped[Role] = mapped_column(Coded(Role))
    site_id: Mapped[uuid.UUID | None]
    phone: Mapped[str | None]
    locale: Mapped[str | None]
    active: Mapped[bool] = mapped_column(default=True)
    mail_news: Mapped[bool] = mapped_column(default=True)
    last_signed_in_at: Mapped[datetime | None]

    __allow_unmapped__ = True

    token: str  # of the session that this user came with; held by no column

    organisation: Mapped[Organisation] = relationship(viewonly=True, foreign_keys="User.org_id", lazy="joined")
    site: Mapped[Site | None] = relationship(
        viewonly=True, primaryjoin="and_(User.org_id == Site.org_id, foreign(User.site_id) == Site.id)"
    )

    def get_id(self) -> str:
        """What flask-login keeps in the cookie: the session's token, never the user's id."""
        return self.token

    def may(self, permission: Permission) -> bool:
        """Whether this user's role has the permission."""
        return self.active and may(self.role, permission)

    @property
    def scope(self) -> Scope:
        """How much of the organisation's cases this user sees; a role of site scope without a site sees them all."""
        held = scope(self.role)
        return Scope.ORGANISATION if held is Scope.SITE and self.site_id is None else held


class SignIn(Owned, Model):
    """A session held on the server; its cookie carries a token of which only the hash is kept."""

    __tablename__ = "sign_ins"
    __audited__ = False
    __table_args__ = (
        ForeignKeyConstraint(["org_id", "user_id"], ["users.org_id", "users.id"]),
        Index("ix_sign_ins_token_hash", "token_hash", unique=True),
        Index("ix_sign_ins_user", "org_id", "user_id"),
    )

    user_id: Mapped[uuid.UUID]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    user_agent: Mapped[str | None]
    address: Mapped[str | None]


class Password(Owned, Model):
    """A user's password, under the user's id; the application's role writes the hash and can never read it."""

    __tablename__ = "passwords"
    __audited__ = False
    __table_args__ = (ForeignKeyConstraint(["org_id", "id"], ["users.org_id", "users.id"]),)

    hash: Mapped[str]
    changed_at: Mapped[datetime]
