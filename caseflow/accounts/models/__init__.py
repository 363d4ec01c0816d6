"""Tables of this room: users, sessions, second factors, known devices, and the rules of signing in."""

from caseflow.accounts.models.doors import AccountLink, ApiToken, LinkKind, SingleSignOn, TermsAcceptance, TermsAddition
from caseflow.accounts.models.factors import Device, Passkey, RecoveryCode, SignInRules, TotpSecret
from caseflow.accounts.models.user import Password, SignIn, Standing, User

__all__ = [
    "AccountLink",
    "ApiToken",
    "Device",
    "LinkKind",
    "Passkey",
    "Password",
    "RecoveryCode",
    "SignIn",
    "SignInRules",
    "SingleSignOn",
    "Standing",
    "TermsAcceptance",
    "TermsAddition",
    "TotpSecret",
    "User",
]
