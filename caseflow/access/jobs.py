"""What happens to an account is told to whom it belongs: in caseflow and, whatever they chose, by e-mail."""

import uuid

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from caseflow.access.actions import SIGNED
from caseflow.accounts.actions import (
    FACTOR_ADDED,
    FACTOR_RESET,
    NEW_DEVICE,
    PASSWORD_CHANGED,
    POWER_GIVEN,
    WRONG_CODES,
)
from caseflow.accounts.models import SignIn
from caseflow.accounts.permissions import OVERSEERS, POWERFUL, Role
from caseflow.accounts.queries import holding, user_of
from caseflow.core.db import db
from caseflow.core.jobs import News, handles
from caseflow.notifications.actions import tell

ACCOUNT = "/account"


@handles(NEW_DEVICE)
def tell_new_device(news: News) -> None:
    """Somebody signed in where the user was never seen."""
    title = _l(
        "You signed in on a new device (%(address)s, %(browser)s). Was it not you? Change your password at once."
    )
    _tell(news, title, **_from_where(news))


@handles(WRONG_CODES)
def tell_wrong_codes(news: News) -> None:
    """Somebody has the user's password, and not their second factor."""
    title = _l(
        "Your password was right, and five codes after it were wrong (%(address)s, %(browser)s)."
        " Was it not you? Somebody knows your password: change it at once."
    )
    _tell(news, title, **_from_where(news))


def _from_where(news: News) -> dict[str, str]:
    signed_in = db.session.scalars(
        select(SignIn).where(SignIn.org_id == news.to_org_id, SignIn.id == uuid.UUID(news.payload["sign_in"]))
    ).one_or_none()
    address = (signed_in.address if signed_in else None) or "–"
    browser = (signed_in.browser() if signed_in else None) or "–"
    return {"address": address, "browser": browser[:80]}


@handles(FACTOR_ADDED)
def tell_factor_added(news: News) -> None:
    """A second factor was set up."""
    _tell(news, _l("A second factor was set up for your account. Was it not you? Tell your administrator."))


@handles(PASSWORD_CHANGED)
def tell_password_changed(news: News) -> None:
    """The password is another one now."""
    _tell(news, _l("Your password was changed. Was it not you? Tell your administrator at once."))


@handles(FACTOR_RESET)
def tell_factor_reset(news: News) -> None:
    """An administrator took the second factors away."""
    _tell(news, _l("Your second factor was reset by an administrator. Did you not ask for it? Tell your team leader."))


@handles(POWER_GIVEN)
def tell_power_given(news: News) -> None:
    """Somebody has a role with power now: all others who have one learn of it, for one administrator can give it."""
    user = user_of(news.to_org_id, uuid.UUID(news.payload["user"]))
    if user is None:
        return
    others = [one for one in holding(news.to_org_id, *POWERFUL) if one.id != user.id]
    title = _l("%(name)s has the role “%(role)s” now. If that surprises you, speak to your administrator.")
    tell(others, news, title, "/notifications", about=None, name=user.name, role=Role(news.payload["role"]).label)


@handles(SIGNED)
def tell_review_signed(news: News) -> None:
    """The administrators carry out what a review wants changed; the auditors know of it."""
    title = _l("A review of access was signed. See whether something is to be changed.")
    tell(
        holding(news.to_org_id, *OVERSEERS),
        news,
        title,
        f"/access-reviews/{news.payload['review']}",
        about=None,
    )


def _tell(news: News, title: object, **params: object) -> None:
    user = user_of(news.to_org_id, uuid.UUID(news.payload["user"]))
    if user is not None and user.active:
        tell([user], news, title, ACCOUNT, about=None, urgent=True, always_mail=True, **params)
