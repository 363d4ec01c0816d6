"""Which marks an account may be sent: of its own cases all; of what it receives, what was told or written with it."""

from tests.trust.routes import receives, sees_case, takes_over
from tests.trust.scene import Account, World

# What a referral tells (identity, contact, legal matters, its own details) and what both sides write on it.
REFERRED = {"name", "latin", "phone", "address", "reason", "court", "message", "passport", "alias"}
HANDED_OVER = {"name", "latin", "alias", "casenumber", "passport", "phone", "address", "letter", "need", "goal", "step"}
HANDED_OVER |= {"ownwords", "relative"}
RECEIVERS_OWN = {"helpernote"}  # never the sender's to read
OF_THE_HOUSE = {"file", "agent", "news"}  # not of a case: an upload, a session, a line of news


def may_read(account: Account, world: World, what: str) -> bool:
    """Whether the account may be sent this mark."""
    if what in RECEIVERS_OWN:
        return receives(account, world)
    if what == "file":
        return account.org == world.org  # whoever imports sees the names of the organisation's uploads
    if what in {"agent", "news"}:
        return account.name in world.workers
    if sees_case(account, world):
        return True
    return (what in REFERRED and receives(account, world)) or (what in HANDED_OVER and takes_over(account, world))
