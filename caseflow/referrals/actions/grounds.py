"""On which ground something may be told: a consent of the person, or a legal basis that a team leader approves."""

import uuid
from collections.abc import Iterable

from flask_babel import gettext as _

from caseflow.accounts.models import User
from caseflow.accounts.permissions import Permission
from caseflow.core.errors import Refused
from caseflow.people.models import Category, Consent


def may_approve(user: User) -> bool:
    """Whether this user may let something be told without consent: team leaders."""
    return user.may(Permission.ALLOCATE_CASES)


def check_ground(
    categories: Iterable[Category],
    *,
    receiver_id: uuid.UUID,
    consent: Consent | None,
    legal_basis: str | None,
    case_id: uuid.UUID,
    by: User,
) -> None:
    """Refuse, at the field `consent` or `legal_basis`, where no ground carries these categories to the receiver."""
    if consent is None:
        if not legal_basis:
            raise Refused(_("Choose a consent of the person for this organisation."), field="consent")
        if not may_approve(by):
            text = _(
                "Only a team leader may approve telling without consent. Record a consent, or ask your team leader."
            )
            raise Refused(text, field="legal_basis")
        return
    if consent.case_id != case_id or consent.grantee_org_id != receiver_id:
        raise Refused(_("This consent is for another organisation."), field="consent")
    on = by.organisation.today()
    if not consent.live(on):
        raise Refused(_("This consent has ended or was withdrawn. Record a new one."), field="consent")
    missing = [category.label for category in categories if not consent.covers(category, on)]
    if missing:
        text = _("The consent does not cover: %(categories)s. Leave it out, or record a consent that covers it.")
        raise Refused(text % {"categories": _(", ").join(missing)}, field="consent")
