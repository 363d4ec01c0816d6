"""Signing in and out, and the sessions held on the server."""

import secrets
import uuid
from datetime import timedelta

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import update

from caseflow.accounts import queries
from caseflow.accounts.models import SignIn, User
from caseflow.accounts.passwords import matches, pretend
from caseflow.audit.actions import record
from caseflow.config import Config
from caseflow.core.db import db, enter, leave, now
from caseflow.core.errors import Refused


class SeveralOrganisations(Refused):
    """The address and password open accounts in more than one organisation: one is to be chosen."""

    def __init__(self, choices: list[tuple[str, str]]) -> None:
        super().__init__(_("Choose the organisation you want to work in."), field="organisation")
        self.choices = choices


def sign_in(
    email: str,
    password: str,
    *,
    organisation: str | None = None,
    user_agent: str | None = None,
    address: str | None = None,
) -> User:
    """Open a session and give the user, who carries its `token`; raises Refused with one text for every failure."""
    found = queries.candidates(email)
    if not found:
        pretend(password)
    opened = [candidate for candidate in found if matches(password, candidate.hash)]
    if organisation:
        opened = [candidate for candidate in opened if str(candidate.org_id) == organisation]
    if not opened:
        raise Refused(_("The e-mail address or the password is wrong."))
    if len(opened) > 1:
        raise SeveralOrganisations([(str(one.org_id), one.organisation) for one in opened])
    enter(opened[0].org_id, opened[0].user_id)
    user = db.session.get_one(User, (opened[0].org_id, opened[0].user_id))
    config: Config = current_app.extensions["caseflow"]
    token = secrets.token_urlsafe(32)
    signed_in = SignIn(
        org_id=user.org_id,
        user_id=user.id,
        token_hash=queries.token_hash(token),
        last_seen_at=now(),
        expires_at=now() + timedelta(hours=config.session_hours),
        user_agent=(user_agent or "")[:300] or None,
        address=address,
    )
    db.session.add(signed_in)
    user.last_signed_in_at = now()
    record("session.begin", by=user, on=signed_in)
    user.token = token
    return user


def sign_out(*, by: User) -> None:
    """End the session that the user came with."""
    db.session.execute(
        update(SignIn)
        .where(SignIn.org_id == by.org_id, SignIn.token_hash == queries.token_hash(by.token))
        .values(ended_at=now())
    )
    record("session.end", by=by)
    db.session.flush()
    leave()


def end_session(id: uuid.UUID, *, by: User) -> None:
    """End one of one's own sessions."""
    db.session.execute(
        update(SignIn)
        .where(SignIn.org_id == by.org_id, SignIn.user_id == by.id, SignIn.id == id, SignIn.ended_at.is_(None))
        .values(ended_at=now())
    )
    record("session.end", by=by)
