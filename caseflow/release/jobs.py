"""News of handovers: to the incoming party's team leaders and officer, and to the sender's worker."""

import uuid
from collections.abc import Iterable

from flask_babel import lazy_gettext as _l

from caseflow.accounts import queries as accounts
from caseflow.accounts.models import User
from caseflow.accounts.permissions import Role
from caseflow.core.jobs import News, handles
from caseflow.notifications.actions import tell
from caseflow.people import queries as people
from caseflow.release import actions, queries
from caseflow.release.models import Handover, HandoverStatus
from caseflow.tenancy import queries as tenancy


@handles("handover.started")
def started(news: News) -> None:
    """Tell whoever gives cases to officers that one is to be handed over."""
    _tell_incoming(news, _l("%(organisation)s invites you to take over a case"))


@handles("handover.dated")
def dated(news: News) -> None:
    """Tell the incoming side of another release date."""
    _tell_incoming(news, _l("%(organisation)s has changed the release date of a handover"))


@handles("handover.cancelled")
def cancelled(news: News) -> None:
    """Tell the incoming side that the handover is off."""
    _tell_incoming(news, _l("%(organisation)s has cancelled a handover"))


def _tell_incoming(news: News, title: object) -> None:
    handover_id = uuid.UUID(news.payload["handover"])
    mine = queries.own_row_of(news.to_org_id, handover_id)
    if mine is None:
        users: Iterable[User] = accounts.holding(news.to_org_id, Role.TEAM_LEADER)
        users = users or accounts.holding(news.to_org_id, Role.PROBATION_OFFICER)
    else:
        users = [mine.officer]
    organisation = tenancy.organisation(news.org_id).name
    tell(users, news, title, f"/handovers/{handover_id}", about=handover_id, organisation=organisation)


@handles("handover.given")
def given(news: News) -> None:
    """Tell an officer that a handover is theirs to prepare."""
    officer = accounts.user_of(news.to_org_id, uuid.UUID(news.payload["officer"]))
    if officer is not None:
        id = uuid.UUID(news.payload["handover"])  # noqa: A001 -- the natural name
        tell([officer], news, _l("A handover is yours to prepare"), f"/handovers/{id}", about=id)


# News lies in clear and outside the person's file: it names the handover, and the case's page says whose it is.
TITLES = {
    HandoverStatus.PREPARING: _l("%(organisation)s prepares to take over a case (%(reference)s)"),
    HandoverStatus.DECLINED: _l("%(organisation)s declines to take over a case (%(reference)s)"),
    HandoverStatus.LED: _l("%(organisation)s now leads a case that you handed over (%(reference)s)"),
}
MET = _l("%(organisation)s has met the person before the release (%(reference)s)")


@handles("handover.moved")
def moved(news: News) -> None:
    """Bring the sender's case to where the handover stands, and tell its worker."""
    handover = queries.sent_handover(news.to_org_id, uuid.UUID(news.payload["handover"]))
    actions.follow_handover(handover)
    what = news.payload["what"]
    title = MET if what == "met" else TITLES[HandoverStatus(what)]
    case = people.case_of(handover.org_id, handover.case_id)
    organisation = tenancy.organisation(handover.to_org_id).name
    tell(
        _workers(handover),
        news,
        title,
        f"/cases/{case.id}/release",
        about=case.id,
        urgent=what == HandoverStatus.DECLINED,
        organisation=organisation,
        reference=handover.reference,
    )


def _workers(handover: Handover) -> list[User]:
    """Who started the handover, and who is responsible for the case now."""
    case = people.case_of(handover.org_id, handover.case_id)
    starter = accounts.user_of(handover.org_id, handover.started_by)
    return [user for user in (starter, case.primary_worker) if user is not None and user.active]
