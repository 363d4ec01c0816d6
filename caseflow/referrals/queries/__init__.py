"""Reading referrals: drafts and what was sent, what was received, and one referral as both sides see it."""

from caseflow.referrals.queries import deadlines
from caseflow.referrals.queries.drafts import consent_of, draft, drafts, grounds, my_drafts, repeats, sent_as
from caseflow.referrals.queries.receiving import Filters, Line, counts, inbox, lines, waiting_sessions
from caseflow.referrals.queries.sent import (
    SENT_GROUPS,
    TONES,
    SentLine,
    happenings,
    last_question,
    of_case,
    sent,
    sent_one,
    under_consent,
)
from caseflow.referrals.queries.shared import Opened, names, opened, received, sent_case, told, visible

__all__ = [
    "SENT_GROUPS",
    "TONES",
    "Filters",
    "Line",
    "Opened",
    "SentLine",
    "consent_of",
    "counts",
    "deadlines",
    "draft",
    "drafts",
    "grounds",
    "happenings",
    "inbox",
    "last_question",
    "lines",
    "my_drafts",
    "names",
    "of_case",
    "opened",
    "received",
    "repeats",
    "sent",
    "sent_as",
    "sent_case",
    "sent_one",
    "told",
    "under_consent",
    "visible",
    "waiting_sessions",
]
