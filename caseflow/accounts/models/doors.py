"""Other ways into an account (links by mail, tokens for programs), and the terms accepted before the first case."""

import uuid
from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import ForeignKeyConstraint, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from caseflow.core.db import Coded, Model, Owned, belongs_to, now, one_of
from caseflow.core.i18n import Labelled


class LinkKind(Labelled):
    """What an account link is for."""

    INVITATION = "invitation", _l("Invitation")
    RESET = "reset", _l("New password")


class AccountLink(Owned, Model):
    """A link by which a user sets their password, once; only the hash of its token is kept."""

    __tablename__ = "account_links"
    __table_args__ = (
        belongs_to("user_id", "users"),
        ForeignKeyConstraint(["org_id", "made_by"], ["users.org_id", "users.id"]),
        one_of("kind", LinkKind),
        Index("ix_account_links_user", "org_id", "user_id", "created_at"),
        Index("ix_account_links_token", "token_hash", unique=True),
    )

    user_id: Mapped[uuid.UUID]
    kind: Mapped[LinkKind] = mapped_column(Coded(LinkKind))
    made_by: Mapped[uuid.UUID | None]  # None: asked for by whoever forgot the password
    token_hash: Mapped[bytes | None] = mapped_column(LargeBinary)  # made when the letter is written
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]

    def open(self) -> bool:
        """Whether it may still be used."""
        return self.used_at is None and self.withdrawn_at is None and self.expires_at > now()


class ApiToken(Owned, Model):
    """A program's way in, with some of its owner's permissions; only the hash is kept."""

    __tablename__ = "api_tokens"
    __table_args__ = (
        belongs_to("user_id", "users"),
        Index("ix_api_tokens_token", "token_hash", unique=True),
        Index("ix_api_tokens_user", "org_id", "user_id"),
    )

    user_id: Mapped[uuid.UUID]
    name: Mapped[str]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    permissions: Mapped[list[str]]
    expires_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    def open(self) -> bool:
        """Whether it still opens anything."""
        return self.revoked_at is None and self.expires_at > now()


class TermsAddition(Owned, Model):
    """What an organisation adds to the terms, by version; the highest number stands."""

    __tablename__ = "terms_additions"
    __table_args__ = (
        UniqueConstraint("org_id", "number"),
        ForeignKeyConstraint(["org_id", "made_by"], ["users.org_id", "users.id"]),
    )

    number: Mapped[int]
    text: Mapped[str]
    made_by: Mapped[uuid.UUID]


class TermsAcceptance(Owned, Model):
    """That a user accepted the terms in a version: the product's, and the number of the organisation's addition."""

    __tablename__ = "terms_acceptances"
    __table_args__ = (belongs_to("user_id", "users"), UniqueConstraint("org_id", "user_id", "version"))

    user_id: Mapped[uuid.UUID]
    version: Mapped[str]  # `1.3`: the product's first terms with the organisation's third addition


class SingleSignOn(Owned, Model):
    """How an organisation's people sign in by its own OpenID Connect provider; one row for each that does."""

    __tablename__ = "single_sign_on"
    __table_args__ = (UniqueConstraint("org_id"),)

    issuer: Mapped[str]  # without a slash at the end
    client_id: Mapped[str]
    sealed_secret: Mapped[bytes] = mapped_column(LargeBinary)
    domains: Mapped[list[str]]  # of the e-mail addresses that the provider speaks for
    passwords_allowed: Mapped[bool] = mapped_column(default=True)  # administrators keep theirs, if the provider fails
    active: Mapped[bool] = mapped_column(default=True)
