"""User, password and the signed-in session."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from flask_login import UserMixin
from sqlalchemy import ForeignKeyConstraint, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from caseflow.accounts.permissions import Permission, Role, Scope, may, scope
from caseflow.core.db import Coded, Model, Owned, belongs_to, now, one_of
from caseflow.tenancy.models import Organisation, Site

FRESH = timedelta(minutes=15)  # how long what was shown at a step-up stands


class Standing(StrEnum):
    """What stands between a session and the pages; the first that applies."""

    PENDING = "pending"  # the password was right, the second factor is still to come
    FACTOR_DUE = "factor_due"  # the organisation asks for a second factor, and there is none
    TERMS_DUE = "terms_due"  # the terms are new, or have changed
    READY = "ready"


WAYS_ON = {
    Standing.PENDING: "accounts.second_step",
    Standing.FACTOR_DUE: "accounts.factors",
    Standing.TERMS_DUE: "accounts.terms",
}


@dataclass(slots=True)
class Held:
    """What the database tells of the session that a user came with."""

    sign_in_id: uuid.UUID
    verified_at: datetime | None  # when the strongest that the user has was last shown
    second_factor: bool
    factor_due: bool
    terms_due: bool


class User(Owned, Model, UserMixin):  # type: ignore[misc]  # flask-login is untyped
    """A person who works in an organisation. The password's hash is written, and never read, by the app's role."""

    __tablename__ = "users"
    __table_args__ = (
        UniqueConstraint("org_id", "email"),
        belongs_to("site_id", "sites"),
        one_of("role", Role),
        Index(
            "ux_users_provider_subject",
            "org_id",
            "provider_subject",
            unique=True,
            postgresql_where=text("provider_subject IS NOT NULL"),
        ),
    )

    email: Mapped[str]  # lower case
    name: Mapped[str]
    role: Mapped[Role] = mapped_column(Coded(Role))
    site_id: Mapped[uuid.UUID | None]
    phone: Mapped[str | None]
    locale: Mapped[str | None]
    active: Mapped[bool] = mapped_column(default=True)
    mail_news: Mapped[bool] = mapped_column(default=True)
    last_signed_in_at: Mapped[datetime | None]
    provider_subject: Mapped[str | None]  # the organisation's provider (its address), a space, its name for them

    __allow_unmapped__ = True

    token: str  # of the session that this user came with; held by no column
    held: Held | None = None  # what stands in that session; None outside a request
    granted: frozenset[str] | None = None  # what the program's token allows of their permissions; None for a person
    owes_terms: bool = False  # whether a program asks for somebody who has not accepted the terms as they stand

    organisation: Mapped[Organisation] = relationship(viewonly=True, foreign_keys="User.org_id")
    site: Mapped[Site | None] = relationship(
        viewonly=True, primaryjoin="and_(User.org_id == Site.org_id, foreign(User.site_id) == Site.id)"
    )

    def get_id(self) -> str:
        """What flask-login keeps in the cookie: the session's token, never the user's id."""
        return self.token

    def may(self, permission: Permission) -> bool:
        """Whether this user's role has the permission."""
        within = self.granted is None or permission.value in self.granted
        return self.active and within and may(self.role, permission)

    @property
    def choice(self) -> tuple[str, str]:
        """The pair (id, name with the role) for a WTForms choice field."""
        return str(self.id), f"{self.name} · {self.role.label}"

    @property
    def by_token(self) -> bool:
        """Whether a program asks with a token of this user's."""
        return self.granted is not None

    @property
    def standing(self) -> Standing:
        """Whether the pages are open to this session, or what is still to be done."""
        if self.held is None:
            return Standing.TERMS_DUE if self.owes_terms else Standing.READY
        if self.held.second_factor and self.held.verified_at is None:
            return Standing.PENDING
        if self.held.factor_due:
            return Standing.FACTOR_DUE
        return Standing.TERMS_DUE if self.held.terms_due else Standing.READY

    @property
    def ready(self) -> bool:
        """Whether nothing stands between this session and the pages."""
        return self.standing is Standing.READY

    @property
    def way_on(self) -> str:
        """Where a session that is not ready is led."""
        return WAYS_ON[self.standing]

    @property
    def fresh(self) -> bool:
        """Whether the user has shown who they are in the last minutes."""
        return self.held is None or (self.held.verified_at is not None and self.held.verified_at > now() - FRESH)

    @property
    def scope(self) -> Scope:
        """How much of the organisation's cases this user sees; a role of site scope without a site sees them all."""
        held = scope(self.role)
        return Scope.ORGANISATION if held is Scope.SITE and self.site_id is None else held


# A browser's line names others, too: the first of these that stands in it is the one.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("YaBrowser/", "Yandex"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


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
    verified_at: Mapped[datetime | None]  # when the second factor (or, without one, the password) was last shown
    challenge: Mapped[bytes | None] = mapped_column(LargeBinary)  # the passkey's, until it is answered
    ended_at: Mapped[datetime | None]
    user_agent: Mapped[str | None]
    address: Mapped[str | None]

    def browser(self) -> str | None:
        """Which browser on which system, in the words of whoever uses it; its own line where it names none we know."""
        told = self.user_agent or ""
        named = [next((name for mark, name in marks if mark in told), None) for marks in (_BROWSERS, _SYSTEMS)]
        return ", ".join(name for name in named if name) or self.user_agent


class Password(Owned, Model):
    """A user's password, under the user's id; the application's role writes the hash and can never read it."""

    __tablename__ = "passwords"
    __audited__ = False
    __table_args__ = (ForeignKeyConstraint(["org_id", "id"], ["users.org_id", "users.id"]),)

    hash: Mapped[str]
    changed_at: Mapped[datetime]
