"""What a user shows besides the password, the devices they are known on, and what their organisation asks for."""

import uuid
from datetime import datetime

from sqlalchemy import BigInteger, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from caseflow.core.db import Model, Owned, belongs_to


class SignInRules(Owned, Model):
    """How an organisation's people sign in; one row for each organisation, none where it has said nothing."""

    __tablename__ = "sign_in_rules"
    __table_args__ = (UniqueConstraint("org_id"),)

    factor_roles: Mapped[list[str]]  # whose users must have a second factor


class TotpSecret(Owned, Model):
    """An authenticator app; its secret is sealed under the installation's master key."""

    __tablename__ = "totp_secrets"
    __table_args__ = (belongs_to("user_id", "users"), Index("ix_totp_secrets_user", "org_id", "user_id", unique=True))

    user_id: Mapped[uuid.UUID]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    confirmed_at: Mapped[datetime | None]  # it counts from here on
    last_step: Mapped[int] = mapped_column(BigInteger, default=0)  # of 30 seconds: each code opens once


class Passkey(Owned, Model):
    """A passkey of WebAuthn: the public half."""

    __tablename__ = "passkeys"
    __table_args__ = (belongs_to("user_id", "users"), UniqueConstraint("org_id", "user_id", "credential_id"))

    user_id: Mapped[uuid.UUID]
    name: Mapped[str]
    credential_id: Mapped[bytes] = mapped_column(LargeBinary)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInteger)
    last_used_at: Mapped[datetime | None]


class RecoveryCode(Owned, Model):
    """A code for the day when the phone is lost; of 80 random bits only the hash is kept, and it opens once."""

    __tablename__ = "recovery_codes"
    __table_args__ = (belongs_to("user_id", "users"), UniqueConstraint("org_id", "user_id", "code_hash"))

    user_id: Mapped[uuid.UUID]
    code_hash: Mapped[bytes] = mapped_column(LargeBinary)
    used_at: Mapped[datetime | None]


class Device(Owned, Model):
    """A browser on which the user has signed in; its cookie carries a token of which only the hash is kept."""

    __tablename__ = "devices"
    __table_args__ = (belongs_to("user_id", "users"), UniqueConstraint("org_id", "user_id", "token_hash"))

    user_id: Mapped[uuid.UUID]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    address: Mapped[str | None]
    last_seen_at: Mapped[datetime]
