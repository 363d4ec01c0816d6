"""The header of every page: who is signed in, where they can go, and how much waits for them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from flask import request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from caseflow.access import queries as access
from caseflow.accounts.models import User
from caseflow.accounts.permissions import Permission, Scope
from caseflow.casefile import queries
from caseflow.notifications import queries as notifications
from caseflow.people import queries as people
from caseflow.release import queries as release
from caseflow.rights import queries as rights
from caseflow.tenancy.models import OrganisationKind as Kind

PRISON, PROBATION, CSO = Kind.PRISON_SERVICE, Kind.PROBATION_SERVICE, Kind.CSO


@dataclass(frozen=True, slots=True)
class Door:
    """A page of the main navigation: whom it is for, and what counts as being there."""

    endpoint: str
    label: str
    permission: Permission
    kinds: tuple[Kind, ...] = tuple(Kind)
    rooms: tuple[str, ...] = ()  # blueprints, or single endpoints, whose pages belong to it
    count: Callable[[User], int] | None = None


DOORS = (
    Door(
        "casefile.home",
        _l("Home"),
        Permission.BE_SIGNED_IN,
        rooms=("accounts.edit_site", "accounts.new_site", "accounts.holidays", "people.conflicts"),
    ),
    Door(
        "casefile.caseload",
        _l("Caseload"),
        Permission.WORK_ON_CASES,
        (PRISON, PROBATION),
        (
            *("casefile", "people", "assessments", "plans", "release", "supervision", "audit.who_has_seen"),
            *(f"rights.{page}" for page in ("holds", "copies", "access_request", "access_part", "approve_access")),
            *("rights.objections", "rights.answer"),
        ),
    ),
    Door("referrals.sent", _l("Referrals sent"), Permission.SEND_REFERRALS, (PRISON, PROBATION), ("referrals",)),
    Door(
        "referrals.inbox",
        _l("Inbox"),
        Permission.READ_RECEIVED,
        (CSO,),
        ("referrals", "rights.received_holds"),
        queries.unanswered_count,
    ),
    Door(
        "release.incoming",
        _l("Handovers"),
        Permission.APPROVE_HANDOVERS,
        (PROBATION,),
        tuple(f"release.{page}" for page in ("handover", "accept", "decline", "officer", "meeting", "lead")),
        release.invited,
    ),
    Door("supervision.week", _l("This week"), Permission.SUPERVISE, (PROBATION,)),
    Door("release.release_list", _l("Release list"), Permission.START_HANDOVERS, (PRISON,)),
    Door("directory.index", _l("Directory"), Permission.READ_DIRECTORY, tuple(Kind), ("directory",)),
    Door("directory.mine", _l("Our services"), Permission.MANAGE_DIRECTORY, (CSO,)),
    Door(
        "people.register_imports",
        _l("Import a register"),
        Permission.IMPORT_REGISTER,
        (PRISON, PROBATION),
        ("people.register_import",),
    ),
    Door(
        "people.restricted_cases",
        _l("Restricted cases"),
        Permission.GUARD_CASES,
        (PRISON, PROBATION),
        ("people.review_emergency", "people.declared_conflicts"),
        people.review_count,
    ),
    Door(
        "rights.retention",
        _l("Retention"),
        Permission.MANAGE_RETENTION,
        (PRISON, PROBATION, CSO),
        ("rights",),
        rights.to_decide,
    ),
    Door(
        "accounts.users",
        _l("Users"),
        Permission.MANAGE_USERS,
        rooms=tuple(
            f"accounts.{page}"
            for page in ("user", "new_user", "change_user", "permissions", "rules", "single_sign_on", "terms_addition")
        ),
    ),
    Door("audit.index", _l("Audit"), Permission.READ_AUDIT, rooms=("audit",)),
    Door(
        "access.reviews",
        _l("Access"),
        Permission.READ_REVIEWS,
        rooms=("access",),
        count=access.overdue,
    ),
    Door("directory.organisations", _l("Organisations"), Permission.MANAGE_AGREEMENTS),
    Door("directory.agreements", _l("Agreements"), Permission.MANAGE_AGREEMENTS),
)


def doors(user: User) -> list[Door]:
    """The pages that this user's role and organisation open, in the order of the navigation."""
    kind = user.organisation.kind
    return [door for door in DOORS if kind in door.kinds and user.may(door.permission)]


def header() -> dict[str, Any]:
    """What base.html draws: the account, the navigation with counts, and the unread news.

    Counts are asked for as they are drawn: a page that only says that something failed draws none.
    """
    if not current_user.is_authenticated:
        return {"account": None, "navigation": []}
    user: User = current_user._get_current_object()
    return {
        "account": {
            "name": user.name,
            "organisation": user.organisation.name,
            "role": user.role.label,
            "links": [
                (url_for("accounts.account"), _("Your account")),
                (url_for("people.conflicts"), _("My conflicts of interest")),
            ],
        },
        "navigation": _navigation(user),
        "unread": partial(notifications.unread, user),
        "home_url": url_for("casefile.home"),
        "search_url": url_for("casefile.search") if user.scope is not Scope.NONE else None,
    }


def _navigation(user: User) -> list[dict[str, Any]]:
    open_doors = doors(user)
    here = _here(open_doors)
    return [
        {
            "url": url_for(door.endpoint),
            "label": door.label,
            "current": door is here,
            "count": partial(door.count, user) if door.count else None,
        }
        for door in open_doors
    ]


def _here(open_doors: list[Door]) -> Door | None:
    """The door of this page: its own, or the one that its room belongs to."""
    endpoint = request.endpoint or ""
    own = next((door for door in open_doors if endpoint in (door.endpoint, *door.rooms)), None)
    room = endpoint.partition(".")[0]
    return own or next((door for door in open_doors if room in door.rooms), None)


def sees_cases(user: User) -> bool:
    """Whether this user's role opens any case file."""
    return user.scope is not Scope.NONE and user.may(Permission.WORK_ON_CASES)
