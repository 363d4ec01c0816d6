"""When somebody leaves: the account is closed, everywhere at once."""

from flask_babel import gettext as _
from sqlalchemy import update

from caseflow.accounts.actions.factors import drop_factors
from caseflow.accounts.actions.links import void_links
from caseflow.accounts.actions.tokens import revoke_api_tokens
from caseflow.accounts.actions.users import refuse_last
from caseflow.accounts.models import SignIn, User
from caseflow.audit.actions import record
from caseflow.core.db import db, now
from caseflow.core.errors import Refused
from caseflow.core.jobs import announce

LEFT = "accounts.left"


def deactivate(user: User, *, by: User) -> None:
    """Close an account, everywhere at once: sessions, tokens, links and second factors end and do not come back."""
    if user.id == by.id:
        raise Refused(_("You cannot close your own account; ask another administrator."))
    refuse_last(user)
    user.active = False
    drop_factors(user)
    revoke_api_tokens(user)
    void_links(user)
    db.session.execute(
        update(SignIn).where(SignIn.org_id == user.org_id, SignIn.user_id == user.id).values(ended_at=now())
    )
    record("user.deactivate", by=by, on=user)
    announce(LEFT, org_id=user.org_id, author_id=by.id, user=user.id)
