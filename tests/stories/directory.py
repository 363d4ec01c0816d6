"""What came before in the directory: a service on offer."""

import uuid
from dataclasses import replace

from caseflow.directory import actions
from caseflow.directory.actions import Offer
from caseflow.tenancy.models import ReferralKind
from tests.cast import Cast

OFFERS = {
    ReferralKind.EDUCATION: "Evening school",
    ReferralKind.LEGAL_AID: "Free legal advice",
    ReferralKind.EMPLOYMENT: "Way to work",
    ReferralKind.FAMILY_CONTACT: "Families stay in touch",
}


def a_service(
    cast: Cast, kind: ReferralKind = ReferralKind.LEGAL_AID, by: str = "coordinator", **fields: object
) -> uuid.UUID:
    """An open service of `by`'s organisation; gives its id."""
    offer = Offer(kind=kind, name=OFFERS[kind], description="Free help for people in prison and after release.")
    with cast.acting(by) as user:
        return actions.add_service(replace(offer, **fields), by=user).id
