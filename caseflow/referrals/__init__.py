"""Referrals: from a draft, by what is disclosed, through sessions, to the outcome."""
