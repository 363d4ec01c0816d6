"""Writes of this room: signing in, and the accounts of an organisation."""

from caseflow.accounts.actions.signing_in import SeveralOrganisations, end_session, sign_in, sign_out
from caseflow.accounts.actions.users import (
    add_user,
    appoint_administrator,
    change_password,
    deactivate,
    reactivate,
    set_language,
    set_mail,
    set_password,
)

__all__ = [
    "SeveralOrganisations",
    "add_user",
    "appoint_administrator",
    "change_password",
    "deactivate",
    "end_session",
    "reactivate",
    "set_language",
    "set_mail",
    "set_password",
    "sign_in",
    "sign_out",
]
