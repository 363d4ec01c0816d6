"""Single sign-on: what an organisation sets, and coming in by its provider."""

import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from flask import current_app
from flask_babel import gettext as _

from caseflow.accounts import queries
from caseflow.accounts.actions.signing_in import Visit, begin_session
from caseflow.accounts.models import SingleSignOn, User
from caseflow.accounts.models.user import FRESH
from caseflow.audit.actions import record
from caseflow.config import Config
from caseflow.core.db import db, enter, now
from caseflow.core.errors import Refused
from caseflow.core.master_keys import seal

DRIFT = 60  # seconds by which a provider's clock may differ from ours
DOMAIN = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")


def set_single_sign_on(
    *,
    issuer: str,
    client_id: str,
    secret: str | None,
    domains: list[str],
    passwords_allowed: bool,
    active: bool,
    by: User,
) -> None:
    """How the actor's organisation signs in by its own provider; an empty `secret` keeps the one there is."""
    issuer = issuer.strip().rstrip("/")
    config: Config = current_app.extensions["caseflow"]
    if urlsplit(issuer).scheme != "https" and not config.private_providers:
        raise Refused(_("The address must begin with https://."), field="issuer")
    wanted = sorted({domain.strip().lower() for domain in domains if domain.strip()})
    if not wanted or not all(DOMAIN.fullmatch(domain) for domain in wanted):
        raise Refused(_("Write domains such as example.org, one to a line."), field="domains")
    held = queries.single_sign_on(by.org_id)
    if held is None:
        if not secret:
            raise Refused(_("Enter the secret that the provider gave you."), field="secret")
        held = SingleSignOn(org_id=by.org_id, sealed_secret=b"")
        db.session.add(held)
    if secret:
        held.sealed_secret = seal(secret.encode(), by.org_id.bytes)
    held.issuer, held.client_id, held.domains = issuer, client_id.strip(), wanted
    held.passwords_allowed, held.active = passwords_allowed, active
    record("organisation.single_sign_on", by=by, active=active, passwords=passwords_allowed, issuer=issuer)


def sign_in_by_provider(
    settings: SingleSignOn, told: dict[str, Any], *, left_at: float | None = None, visit: Visit
) -> User:
    """Open a session for the account with the address that the provider has verified; none is ever made.

    The first time ties the account to whom the provider means (`sub`). From then on it opens for them alone, whatever
    their address becomes; somebody else who is given the address comes no further.
    Who they are counts as shown when the provider says it was (`auth_time`), which may be hours ago. Whoever left at
    `left_at` (seconds since 1970) to show it once more must have done so since.
    """
    shown_at = _shown_at(told)
    if left_at is not None and (shown_at is None or shown_at.timestamp() < left_at - DRIFT):
        raise Refused(_("Your organisation's sign-in did not ask again who you are. Sign out there, then try again."))
    email = str(told.get("email", "")).strip().lower()
    domain = email.rpartition("@")[2]
    if not (email and told.get("sub")) or told.get("email_verified") is not True or domain not in settings.domains:
        raise Refused(_("Your organisation's sign-in gave no verified address of its own. Tell your administrator."))
    enter(settings.org_id)
    subject = f"{settings.issuer} {told['sub']}"
    user = queries.user_of_provider(settings.org_id, subject) or queries.active_user(settings.org_id, email)
    if user is None:
        raise Refused(_("There is no account for %(email)s. Ask your administrator to invite you.", email=email))
    enter(user.org_id, user.id)
    if user.provider_subject != subject:
        if (user.provider_subject or "").startswith(f"{settings.issuer} "):
            raise Refused(_("The account with this address belongs to somebody else there. Tell your administrator."))
        user.provider_subject = subject
        record("user.tie", by=user, on=user)
    return begin_session(user, visit, shown_at=shown_at or now() - FRESH)


def untie_provider(user: User, *, by: User) -> None:
    """Whoever comes next from the provider with the user's address gets the account, say after the provider changed."""
    user.provider_subject = None
    record("user.untie", by=by, on=user)


def _shown_at(told: dict[str, Any]) -> datetime | None:
    """When the provider last asked who it is; None where it does not say."""
    seconds = told.get("auth_time")
    if not isinstance(seconds, int) or not 0 <= seconds <= now().timestamp() + DRIFT:
        return None
    return min(datetime.fromtimestamp(seconds, UTC), now())
