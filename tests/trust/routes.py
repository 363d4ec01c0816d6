"""What stands in the addresses: of every route, which thing each of its parameters names, and who may reach it.

A parameter is known by the address before it (`/cases/*/needs/*` is a need of a case), so most pages of later rooms are
known already. What is not known fails the matrix with the words what to add here.
"""

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask
from werkzeug.routing import Rule

from caseflow.accounts.permissions import Permission, Scope
from tests.trust.scene import Account, World

PARAMETER = re.compile(r"<(?:(?P<converter>[a-z]+)(?:\([^)]*\))?:)?(?P<name>[a-z_]+)>")


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one address."""

    endpoint: str
    method: str
    rule: str
    parameters: tuple[tuple[str, str, str], ...]  # converter, name, and the address up to it with * for what varies
    permission: Permission | None
    for_programs: bool = False  # also asked by token; who brings none is told so, and not led to a page

    def path(self, values: dict[str, str]) -> str:
        """The address with these values."""
        return PARAMETER.sub(lambda found: values[found["name"]], self.rule)


def routes(app: Flask) -> list[Route]:
    """Every route of the application, GET and POST apart."""
    found = []
    for rule in sorted(app.url_map.iter_rules(), key=lambda one: (one.rule, one.endpoint)):
        for method in sorted((rule.methods or set()) & {"GET", "POST"}):
            view = app.view_functions[rule.endpoint]
            permission, token = getattr(view, "permission", None), getattr(view, "token", False)
            found.append(Route(rule.endpoint, method, rule.rule, _parameters(rule), permission, token))
    return found


def _parameters(rule: Rule) -> tuple[tuple[str, str, str], ...]:
    return tuple(
        (found["converter"] or "string", found["name"], PARAMETER.sub("*", rule.rule[: found.end()]))
        for found in PARAMETER.finditer(rule.rule)
    )


# What a parameter names, by the address up to it. A kind of SCENE is found in `World.ids`; a text is a value itself.
KINDS: dict[str, str] = {
    "/access-reviews/*": "review",
    "/account/conflicts/*": "conflict",
    "/account/factors/*": "factor",
    "/account/sessions/*": "sign-in",
    "/account/tokens/*": "token",
    "/agreements/*": "agreement",
    "/audit/person/*": "person",
    "/cases/*": "case",
    "/cases/*/access/*": "access",
    "/cases/*/consents/*": "consent",
    "/cases/*/copies/*": "copy",
    "/cases/*/copies/*/parts/*": "=persons",
    "/cases/*/holds/*": "hold",
    "/cases/*/needs/*": "need",
    "/cases/*/notes/*": "note",
    "/cases/*/objections/*": "objection",
    "/cases/*/plan/goals/*": "goal",
    "/cases/*/plan/steps/*": "step",
    "/cases/*/relatives/*": "relative",
    "/cases/*/release/handovers/*": "started",
    "/cases/*/release/pathways/*": "=accommodation",
    "/cases/*/supervision/conditions/*": "condition",
    "/cases/*/supervision/contacts/*": "contact",
    "/declared-conflicts/*": "conflict",
    "/directory/mine/*": "own service",
    "/directory/services/*": "service",
    "/handovers/*": "handover",
    "/holidays/*": "holiday",
    "/leavers/*": "gone",
    "/notifications/*": "notification",
    "/referral-drafts/*": "draft",
    "/referrals/*": "referral",
    "/referrals/*/access/*": "referral access",
    "/referrals/*/holds/*": "referral hold",
    "/register-imports/*": "import",
    "/restricted-cases/*": "glass",
    "/retention/*": "erasure",
    "/sessions/*": "session",
    "/sign-in/organisation/*": "provider",
    "/sites/*": "site",
    "/static/*": "=no-such-file.css",
    "/tasks/*": "task",
    "/users/*": "user",
    "/users/*/sessions/*": "sign-in",
    "/users/*/tokens/*": "token",
    "/welcome/*": "=no-such-link",
}

SAME_ID = {"started": "handover", "own service": "service"}  # one thing, reached from two sides


def kind(route: Route, prefix: str, name: str) -> str:
    """What a parameter names; fails with what to do where nobody has said so."""
    assert prefix in KINDS, (
        f"tell the matrix what {route.endpoint}'s {name} is: add {prefix!r} to tests/trust/routes.py"
    )
    return KINDS[prefix]


def value(world: World, thing: str) -> uuid.UUID | str | None:
    """The world's thing of this kind, or None where it has none."""
    return thing[1:] if thing.startswith("=") else world.ids.get(SAME_ID.get(thing, thing))


# Who reaches a thing, said again here and not asked of the product


def sees_case(account: Account, world: World) -> bool:
    """By the role's scope: all of the organisation, the site, or what one works on; by id also who is on its list."""
    if account.org != world.org or account.scope is Scope.NONE or world.closed_to(account.name):
        return False
    if account.name in world.listed:
        return True
    at_site = account.scope is Scope.SITE and account.site == world.site
    return account.scope is Scope.ORGANISATION or at_site or account.name in world.workers


def receives(account: Account, world: World) -> bool:
    """The receiver's side of the referral: all who read what is received, workers only what they help with."""
    if account.org != world.receiver or not account.may(Permission.READ_RECEIVED):
        return False
    if world.received_closed_to(account.name):
        return False
    return account.scope is not Scope.OWN or account.name in world.helpers


def takes_over(account: Account, world: World) -> bool:
    """The incoming side of the handover: an invitation is everybody's who takes over cases, then the officer's."""
    if account.org != world.incoming or not account.may(Permission.APPROVE_HANDOVERS):
        return False
    return account.scope is Scope.ORGANISATION or world.officer in ("", account.name)


SENDING = {Permission.SEND_REFERRALS, Permission.WORK_ON_CASES, Permission.OPEN_CASES}


def _referral(account: Account, world: World, permission: Permission | None) -> bool:
    if permission in SENDING:
        return sees_case(account, world)
    if permission is Permission.BE_SIGNED_IN:
        return (sees_case(account, world) and account.may(Permission.OPEN_CASES)) or receives(account, world)
    return receives(account, world)


def reads_register(account: Account, world: World) -> bool:
    """A register names everybody: whoever has a case closed to them reads only what they brought themselves."""
    return account.org == world.org and account.name not in world.files_closed_to


def _own(account: Account, world: World, permission: Permission | None) -> bool:
    return account.name in world.workers or (permission is Permission.MANAGE_USERS and account.org == world.org)


def _colleague(account: Account, world: World, permission: Permission | None) -> bool:
    return account.org == world.org


def _of_case(account: Account, world: World, permission: Permission | None) -> bool:
    return sees_case(account, world)


REACH: dict[str, Callable[[Account, World, Permission | None], bool]] = {
    "agreement": lambda account, world, permission: True,  # the steward's permission is enough
    "glass": lambda account, world, permission: sees_case(account, world) and account.name != world.broke_in,
    "conflict": lambda account, world, permission: (
        account.name in world.workers if permission is Permission.BE_SIGNED_IN else account.org == world.org
    ),
    "gone": _colleague,
    "handover": lambda account, world, permission: takes_over(account, world),
    "holiday": _colleague,
    "import": lambda account, world, permission: reads_register(account, world),
    "notification": _own,
    "own service": lambda account, world, permission: account.org == world.receiver,
    "person": _colleague,
    "referral": _referral,
    "referral access": lambda account, world, permission: receives(account, world),
    "referral hold": lambda account, world, permission: receives(account, world),
    "review": _colleague,
    "service": lambda account, world, permission: True,  # the directory is open to all who read it
    "session": lambda account, world, permission: receives(account, world),
    "sign-in": _own,
    "site": _colleague,
    "token": _own,
    "user": _colleague,
}


def reaches(account: Account, world: World, thing: str, permission: Permission | None) -> bool:
    """Whether the account reaches the world's thing; what is not said otherwise hangs on the case."""
    return thing.startswith("=") or REACH.get(thing, _of_case)(account, world, permission)


# Acts of one button: what the button would have said is missing in an empty form, which no page sends.
BUTTONS = {"assessments.nothing_needed", "audit.review"}

# Who takes away what is not there is told that it has gone, whatever the id: nothing is learnt by asking.
GONE_ALREADY = {"accounts.remove_factor"}

# Found by a name that cannot be guessed, or not configured here, so that nothing is ever there.
NEVER_THERE = {"accounts.welcome", "metrics", "static"}

# Allowed, and yet 404: the thing is reached, but has nothing of the kind that the page is about.
NOTHING_THERE: dict[str, Callable[[World], bool]] = {
    "release.officer": lambda world: world.officer == "",
    "supervision.new_condition": lambda world: "contact" not in world.ids,
}


def relation(account: Account, world: World, reached: bool) -> str:
    """Whose the thing is, seen from the account."""
    if account.role is None or not account.active:
        return "nobody signed in"
    if reached:
        return "own, restricted to a list" if world.listed else "own"
    if account.org == world.org and world.closed_to(account.name):
        return "restricted" if world.listed else "excluded"
    if account.org == world.org:
        return "own organisation's, out of scope"
    if account.org == world.receiver and world.received_closed_to(account.name):
        return "received, restricted" if world.received_by else "received, excluded"
    if account.org in (world.receiver, world.incoming):
        return "sender's"
    if world.org in RECEIVERS.get(account.org, ()):
        return "receiver's"
    return "stranger's"


RECEIVERS = {"almaty": ("kamqor", "probation"), "probation": ("kamqor",), "stranger": ("stranger-cso",)}
