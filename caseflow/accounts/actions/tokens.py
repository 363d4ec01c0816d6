"""Tokens for programs."""

import secrets
import uuid
from collections.abc import Collection
from datetime import timedelta

from flask_babel import gettext as _
from sqlalchemy import select, update

from caseflow.accounts import queries
from caseflow.accounts.models import ApiToken, User
from caseflow.accounts.permissions import Permission
from caseflow.audit.actions import record
from caseflow.core.db import db, now, one_or_404
from caseflow.core.errors import Refused

PREFIX = "cf_"  # so that one that leaked is known for what it is


def make_api_token(name: str, permissions: Collection[Permission], days: int, *, by: User) -> str:
    """A token with some of the user's permissions; gives it, to be shown once."""
    beyond = [permission for permission in permissions if not by.may(permission)]
    if beyond:
        raise Refused(_("You do not have this permission yourself: %(act)s", act=beyond[0].label), field="permissions")
    token = PREFIX + secrets.token_urlsafe(32)
    made = ApiToken(
        org_id=by.org_id,
        user_id=by.id,
        name=name,
        token_hash=queries.token_hash(token),
        permissions=sorted({Permission.BE_SIGNED_IN.value, *(one.value for one in permissions)}),
        expires_at=now() + timedelta(days=days),
    )
    db.session.add(made)
    record("token.make", by=by, on=made, permissions=made.permissions, days=days)
    return token


def revoke_api_token(id: uuid.UUID, *, of: User | None = None, by: User) -> None:
    """The token opens nothing from now on; 404 where the user has none of this id. Twice is done once."""
    owner = of or by
    mine = (ApiToken.org_id == owner.org_id, ApiToken.user_id == owner.id, ApiToken.id == id)
    if one_or_404(select(ApiToken).where(*mine)).revoked_at is not None:
        return
    _revoke(owner, ApiToken.id == id)
    record("token.revoke", by=by, on=owner, token=str(id))


def revoke_api_tokens(user: User) -> None:
    """None of the user's tokens opens anything from now on."""
    _revoke(user)


def _revoke(user: User, *which: object) -> None:
    mine = (ApiToken.org_id == user.org_id, ApiToken.user_id == user.id, ApiToken.revoked_at.is_(None))
    db.session.execute(update(ApiToken).where(*mine, *which).values(revoked_at=now()))  # type: ignore[arg-type]
