"""Home pages, a person's page with its timeline, and search."""

import uuid
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Flask, request
from flask_login import current_user

from caseflow.accounts import queries as accounts
from caseflow.accounts.models import User
from caseflow.accounts.permissions import Permission, Role
from caseflow.casefile import navigation, queries
from caseflow.casefile.forms import CaseloadFilter, Sort
from caseflow.casefile.words import KINDS
from caseflow.core import sight
from caseflow.core.formats import language_name
from caseflow.core.web import page, page_number, requires
from caseflow.oversight import queries as audit
from caseflow.people import queries as people
from caseflow.release import queries as release
from caseflow.tenancy import queries as tenancy

bp = Blueprint("casefile", __name__, template_folder="templates")


def init_app(app: Flask) -> None:
    """Register the pages, and fill the header of every page."""
    app.register_blueprint(bp)
    app.context_processor(navigation.header)


@bp.get("/")
@requires(Permission.BE_SIGNED_IN)
def home() -> tuple[str, int]:
    """What needs the user, by role."""
    user: User = current_user
    receiving = user.organisation.is_cso() and user.may(Permission.ASSIGN_WORKERS)
    return _desk(user) if receiving else HOMES[user.role](user)


def _caseworker(user: User) -> tuple[str, int]:
    return page(
        "casefile/home_caseworker.html",
        attention=queries.attention(user),
        to_hand_over=queries.releases_without_handover(user),
        **_caseload(user, mine=True),
    )


def _leader(user: User) -> tuple[str, int]:
    return page(
        "casefile/home_leader.html",
        leading=queries.leading(user, page=page_number()),
        attention=queries.attention(user),
        invited=release.invited(user),
    )


def _desk(user: User) -> tuple[str, int]:
    return page("casefile/home_coordinator.html", desk=queries.desk(user))


def _worker(user: User) -> tuple[str, int]:
    return page("casefile/home_worker.html", day=queries.day(user))


def _administrator(user: User) -> tuple[str, int]:
    return page("casefile/home_administrator.html", household=queries.household(user))


def _auditor(user: User) -> tuple[str, int]:
    return page(
        "casefile/home_auditor.html", entries=audit.newest(user, size=15), deed=audit.deed, details=audit.details
    )


def _steward(_user: User) -> tuple[str, int]:
    return page("casefile/home_steward.html", platform=queries.platform())


HOMES: dict[Role, Callable[[User], tuple[str, int]]] = {
    Role.SOCIAL_WORKER: _caseworker,
    Role.PROBATION_OFFICER: _caseworker,
    Role.TEAM_LEADER: _leader,
    Role.COORDINATOR: _desk,
    Role.WORKER: _worker,
    Role.ADMINISTRATOR: _administrator,
    Role.AUDITOR: _auditor,
    Role.STEWARD: _steward,
}


def _caseload(user: User, *, mine: bool = False) -> dict[str, Any]:
    leads = user.may(Permission.ALLOCATE_CASES) and not mine
    workers = accounts.names(user, permission=Permission.WORK_ON_CASES) if leads else []
    filters, sort = CaseloadFilter(sites=tenancy.sites(user.org_id), workers=workers), Sort(request.args)
    found = queries.caseload(
        user, filters.narrowing(mine=mine), sort=sort.key, descending=sort.descending, page=page_number()
    )
    return {"cases": found, "filters": filters, "chips": filters.chips(), "sort": sort}


@bp.get("/caseload")
@requires(Permission.WORK_ON_CASES)
def caseload() -> tuple[str, int]:
    """All cases the user may open."""
    return page("casefile/caseload.html", **_caseload(current_user))


@bp.get("/cases/<uuid:id>")
@requires(Permission.WORK_ON_CASES)
def overview(id: uuid.UUID) -> tuple[str, int]:
    """A case on one screen."""
    case = people.opened(id, current_user)
    spoken = [language_name(code) for code in case.person.languages]
    return page("casefile/overview.html", case=case, now=queries.overview(case, current_user), spoken=spoken)


@bp.get("/cases/<uuid:id>/timeline")
@requires(Permission.WORK_ON_CASES)
def timeline(id: uuid.UUID) -> tuple[str, int]:
    """What happened in a case, newest first; `kind` (once or more) narrows it."""
    case = people.opened(id, current_user)
    chosen = frozenset(request.args.getlist("kind")) & KINDS.keys()
    told = queries.timeline(case, kinds=chosen, page=page_number())
    entries = [{"when": one.at, **vars(one)} for one in told.page.items]
    return page("casefile/timeline.html", case=case, told=told, entries=entries, chosen=chosen, words=KINDS)


@bp.get("/search")
@requires(Permission.BE_SIGNED_IN)
def search() -> tuple[str, int]:
    """People by name in any script, by number or identifier, within what the user may open."""
    text = request.args.get("q", "").strip()[:200]
    cases = referrals = None
    if len(text) >= queries.MINIMUM:
        if navigation.sees_cases(current_user):
            cases = queries.search(text, current_user)
        if current_user.may(Permission.READ_RECEIVED):
            referrals = queries.search_received(text, current_user)
        # The search reads many to rank them; what was typed is not kept.
        shown = [
            *(("case", found.case.id) for found in cases or []),
            *(("person", found.case.person_id) for found in cases or []),
            *(("referral", referral.id) for referral, _name in referrals or []),
        ]
        sight.only("search", shown, hits=len(cases or []) + len(referrals or []))
    return page("casefile/search.html", text=text, minimum=queries.MINIMUM, cases=cases, referrals=referrals)
