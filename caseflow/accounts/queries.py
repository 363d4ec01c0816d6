"""Who is signed in, and who works here."""

import hashlib
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import select, text
from sqlalchemy.orm import joinedload

from caseflow.accounts.models import SignIn, User
from caseflow.accounts.permissions import Permission, Role, may
from caseflow.config import Config
from caseflow.core.db import db, enter, leave, now, one_or_404


@dataclass(frozen=True, slots=True)
class Candidate:
    """An account that an e-mail address may mean, before the password is checked."""

    org_id: uuid.UUID
    user_id: uuid.UUID
    hash: str
    organisation: str


def candidates(email: str) -> list[Candidate]:
    """The accounts with this address, in any organisation; read before anybody is signed in."""
    rows = db.session.execute(text("SELECT * FROM sign_in_candidates(:email)"), {"email": email.lower()})
    return [Candidate(*row) for row in rows]


def token_hash(token: str) -> bytes:
    """What is stored of a session's token."""
    return hashlib.sha256(token.encode()).digest()


def signed_in(token: str) -> User | None:
    """The user whose session this token opens; from here on the transaction speaks for them."""
    found = db.session.execute(text("SELECT * FROM sign_in_find(:token)"), {"token": token_hash(token)}).one_or_none()
    if found is None or _idle(found.last_seen_at):
        return None
    enter(found.org_id, found.user_id)
    user = db.session.get(User, (found.org_id, found.user_id), options=[joinedload(User.organisation)])
    if user is None:
        leave()
        return None
    if found.last_seen_at < now() - timedelta(minutes=1):
        db.session.execute(
            text("UPDATE sign_ins SET last_seen_at = now() WHERE org_id = :org AND id = :id"),
            {"org": found.org_id, "id": found.sign_in_id},
        )
    user.token = token
    return user


def _idle(last_seen: datetime) -> bool:
    config: Config = current_app.extensions["caseflow"]
    return last_seen < now() - timedelta(minutes=config.session_idle_minutes)


def sessions(user: User) -> list[SignIn]:
    """Where the user is signed in, newest first."""
    query = select(SignIn).where(SignIn.org_id == user.org_id, SignIn.user_id == user.id, SignIn.ended_at.is_(None))
    return list(db.session.scalars(query.where(SignIn.expires_at > now()).order_by(SignIn.last_seen_at.desc())))


def session(id: uuid.UUID, user: User) -> SignIn:
    """One of the user's own sessions, or 404."""
    return one_or_404(select(SignIn).where(SignIn.org_id == user.org_id, SignIn.user_id == user.id, SignIn.id == id))


def colleagues(user: User, *, permission: Permission | None = None) -> list[User]:
    """The active users of the organisation by name; only those with the permission, where one is given."""
    roles = [role for role in Role if permission is None or may(role, permission)]
    query = select(User).where(User.org_id == user.org_id, User.active, User.role.in_(roles)).order_by(User.name)
    return list(db.session.scalars(query).unique())


def everybody(user: User) -> list[User]:
    """All users of the organisation by name, the inactive ones too."""
    query = select(User).where(User.org_id == user.org_id).order_by(User.active.desc(), User.name)
    return list(db.session.scalars(query).unique())


def colleague(id: uuid.UUID, user: User) -> User:
    """A user of the same organisation, or 404."""
    return one_or_404(select(User).where(User.org_id == user.org_id, User.id == id))


def user_of(org_id: uuid.UUID, user_id: uuid.UUID) -> User | None:
    """A user by ids, for a job that runs as their organisation."""
    return db.session.get(User, (org_id, user_id))


_CLOSED = text("SELECT :id = ANY (closed_to(:user) || packets_closed_to(:user))")


def is_closed(id: uuid.UUID, user: User) -> bool:
    """Whether this person, case, referral or handover is closed to the user: restricted, or they are excluded.

    The wall says the same to whoever asks for themselves; a job, which sees everything, asks for whom it tells.
    """
    return db.session.scalar(_CLOSED, {"user": user.id, "id": id}) or False


def holding(org_id: uuid.UUID, *roles: Role) -> list[User]:
    """The active users of an organisation with one of these roles."""
    return list(
        db.session.scalars(select(User).where(User.org_id == org_id, User.active, User.role.in_(roles))).unique()
    )
