"""The inbox of received referrals."""

import uuid
from typing import Any

from flask import request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from caseflow.accounts.permissions import Permission, Scope
from caseflow.core.formats import language_name
from caseflow.core.web import page, page_number, requires
from caseflow.referrals import queries
from caseflow.referrals.kinds.form import languages
from caseflow.referrals.models import Location, Status, Urgency
from caseflow.referrals.queries import receiving
from caseflow.referrals.views.blueprint import bp
from caseflow.tenancy.models import ReferralKind


@bp.get("/inbox")
@requires(Permission.READ_RECEIVED)
def inbox() -> tuple[str, int]:
    """The received referrals by deadline; a worker sees those they help with."""
    filters = _filters()
    services = receiving.services(current_user)
    return page(
        "referrals/inbox.html",
        found=queries.inbox(current_user, filters, page=page_number()),
        filters=filters,
        chips=_chips({str(service.id): service.name for service in services}),
        counts=queries.counts(current_user),
        # A worker sees their week; who watches over all of them, what is not recorded.
        waiting=queries.waiting_sessions(current_user, days=7 if current_user.scope is Scope.OWN else 0),
        services=[(str(service.id), service.name) for service in services],
        urgencies={Urgency.URGENT.value: _("Urgent"), Urgency.SHORT_NOTICE.value: _("Short notice")},
        statuses=_statuses(),
        kinds=ReferralKind,
        locations=Location,
        tongues=languages()[1:],
        tones=queries.TONES,
    )


def _filters() -> receiving.Filters:
    """What the address asks for; a value that is none is left out."""
    status, kind, place = (request.args.get(name, "") for name in ("status", "kind", "place"))
    return receiving.Filters(
        status=status if status in _statuses() else _default(),
        kind=ReferralKind(kind) if kind in list(ReferralKind) else None,
        service=_id(request.args.get("service", "")),
        location=Location(place) if place in list(Location) else None,
        language=request.args.get("language") or None,
        overdue=request.args.get("overdue") == "yes",
    )


def _default() -> str:
    """Coordinators look for what is unanswered; workers join once a referral is accepted."""
    return "running" if current_user.scope is Scope.OWN else "unanswered"


def _id(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _statuses() -> dict[str, str]:
    groups = {"unanswered": _("Not answered yet"), "running": _("Running"), "ended": _("Ended"), "all": _("All")}
    return groups | {status.value: status.label for status in Status}


def _chips(services: dict[str, str]) -> list[dict[str, Any]]:
    """The filters in use, each with the address without it."""
    labels = {
        "status": _statuses(),
        "kind": dict(ReferralKind.choices()),
        "service": services,
        "place": dict(Location.choices()),
        "language": {code: language_name(code) or code for code in [request.args.get("language", "")] if code},
        "overdue": {"yes": _("Overdue")},
    }
    used = {name: request.args[name] for name in labels if request.args.get(name)}
    return [
        {"label": label, "remove_url": _address(used, name)}
        for name, value in used.items()
        if (label := labels[name].get(value))
    ]


def _address(used: dict[str, str], without: str) -> str:
    values: dict[str, Any] = {name: value for name, value in used.items() if name != without}
    return url_for(".inbox", **values)
