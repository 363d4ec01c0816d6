"""The kinds of referral: one folder each.

A new kind is a copied folder, one line here, a member of `ReferralKind`, and a migration of the CHECKs on the kind of
services, referrals and drafts.
"""

from caseflow.core.i18n import Labelled
from caseflow.referrals.kinds import education, employment, family_contact, legal_aid
from caseflow.referrals.kinds.kind import Kind
from caseflow.tenancy.models import ReferralKind

__all__ = ["KINDS", "Kind", "outcome_labels"]

KINDS: dict[ReferralKind, Kind] = {
    kind.kind: kind for kind in (education.KIND, legal_aid.KIND, employment.KIND, family_contact.KIND)
}


def outcome_labels(kind: ReferralKind, codes: list[str]) -> list[str]:
    """The names of outcome codes in the reader's language; a code that is no longer in the list as it is."""
    known: dict[str, Labelled] = {member.value: member for member in KINDS[kind].outcomes}
    return [known[code].label if code in known else code for code in codes]
