"""What those see who run caseflow and open no person's file: administrators, auditors and the steward."""

from collections import Counter
from dataclasses import dataclass

from caseflow.accounts import queries as accounts
from caseflow.accounts.models import User
from caseflow.accounts.permissions import Role
from caseflow.core.formats import today
from caseflow.tenancy import queries as tenancy
from caseflow.tenancy.models import Holiday, OrganisationKind, Site

# Whom an organisation of each kind cannot do its work without.
NEEDED: dict[OrganisationKind, tuple[Role, ...]] = {
    OrganisationKind.PRISON_SERVICE: (Role.SOCIAL_WORKER, Role.TEAM_LEADER, Role.AUDITOR),
    OrganisationKind.PROBATION_SERVICE: (Role.PROBATION_OFFICER, Role.TEAM_LEADER, Role.AUDITOR),
    OrganisationKind.CSO: (Role.COORDINATOR, Role.WORKER),
    OrganisationKind.OVERSIGHT: (Role.AUDITOR,),
    OrganisationKind.STEWARD: (Role.STEWARD,),
}
NEXT_HOLIDAYS = 3  # that the home page names


@dataclass(frozen=True, slots=True)
class Household:
    """An organisation as its administrator sees it; `lacking` are roles that nobody has."""

    active: int
    closed: int
    never_signed_in: int
    roles: list[tuple[Role, int]]
    lacking: list[Role]
    sites: list[Site]
    holidays: list[Holiday]  # the next ones


def household(user: User) -> Household:
    """The users by role, the sites, the next holidays, and what is still to be set up."""
    users = accounts.everybody(user)
    active = [one for one in users if one.active]
    roles = Counter(one.role for one in active)
    return Household(
        active=len(active),
        closed=len(users) - len(active),
        never_signed_in=sum(one.last_signed_in_at is None for one in active),
        roles=[(role, roles[role]) for role in Role if roles[role]],
        lacking=[role for role in NEEDED[user.organisation.kind] if not roles[role]],
        sites=tenancy.sites(user.org_id),
        holidays=tenancy.holidays(user.org_id, user.organisation.today())[:NEXT_HOLIDAYS],
    )


@dataclass(frozen=True, slots=True)
class Platform:
    """The platform as its steward sees it: numbers only, and no person's record."""

    kinds: list[tuple[OrganisationKind, int]]
    organisations: int
    agreements: int
    ended: int
    without_agreement: int  # organisations that refer or receive, and have no live agreement


def platform() -> Platform:
    """Organisations by kind and agreements by state."""
    organisations = tenancy.organisations()
    agreements = tenancy.agreements()
    live = [one for one in agreements if one.live(today())]
    bound = {org_id for one in live for org_id in (one.org_id, one.to_org_id)}
    kinds = Counter(one.kind for one in organisations)
    taking_part = (OrganisationKind.PRISON_SERVICE, OrganisationKind.PROBATION_SERVICE, OrganisationKind.CSO)
    return Platform(
        kinds=[(kind, kinds[kind]) for kind in OrganisationKind if kinds[kind]],
        organisations=len(organisations),
        agreements=len(live),
        ended=len(agreements) - len(live),
        without_agreement=sum(one.kind in taking_part and one.id not in bound for one in organisations),
    )
