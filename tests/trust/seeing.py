"""Which marks an account may be sent: of its own cases all; of what it receives, what was told or written with it."""

from caseflow.accounts.permissions import Permission
from tests.trust.routes import reads_register, receives, sees_case, takes_over
from tests.trust.scene import Account, World

# What a referral tells (identity, contact, legal matters, its own details) and what both sides write on it.
REFERRED = {"name", "latin", "phone", "address", "reason", "court", "message", "passport", "alias"}
HANDED_OVER = {"name", "latin", "alias", "casenumber", "passport", "phone", "address", "letter", "need", "goal", "step"}
HANDED_OVER |= {"ownwords", "relative"}
RECEIVERS_OWN = {"helpernote", "referralhold"}  # never the sender's to read
OF_THE_ACCOUNT = {"agent", "news", "token"}  # of whoever works on the case: a session, a line of news, a program's
ADMINISTERED = {"agent", "token"}  # what an administrator can end, too


def may_read(account: Account, world: World, what: str) -> bool:
    """Whether the account may be sent this mark."""
    if what in RECEIVERS_OWN:
        return receives(account, world)
    if what == "file":
        return reads_register(account, world)
    if what in OF_THE_ACCOUNT:
        administers = account.org == world.org and account.may(Permission.MANAGE_USERS)
        return account.name in world.workers or (what in ADMINISTERED and administers)
    if sees_case(account, world):
        return True
    return (what in REFERRED and receives(account, world)) or (what in HANDED_OVER and takes_over(account, world))
