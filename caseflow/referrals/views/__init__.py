"""The pages of referrals: writing and sending them, answering them, and the one that both sides read."""

from caseflow.referrals.views import access, drafts, received, sent, sessions, show
from caseflow.referrals.views.blueprint import bp

__all__ = ["access", "bp", "drafts", "received", "sent", "sessions", "show"]
