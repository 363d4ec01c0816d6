"""Erasing what was approved, putting copies together, and telling whoever is asked to decide or to answer."""

import uuid

from flask_babel import lazy_gettext as _l

from caseflow.accounts import queries as accounts
from caseflow.accounts.models import User
from caseflow.core.db import db
from caseflow.core.jobs import News, handles
from caseflow.notifications.actions import tell
from caseflow.people import queries as people
from caseflow.people.models import Case
from caseflow.rights import actions, queries
from caseflow.rights.models import AccessRequest, AccessState, Erasure, Objection


@handles("rights.erase")
def erase(news: News) -> None:
    """Erase the person's records, or the received referral, that an approved erasure names."""
    erasure = db.session.get(Erasure, (news.to_org_id, uuid.UUID(news.payload["erasure"])))
    if erasure is not None:
        actions.erase(erasure)


@handles("rights.marked")
def marked(news: News) -> None:
    """A copy was marked for the first time: whoever may decide on it is told."""
    if (held := _request(news)) is None or held.state is not AccessState.MARKED:
        return
    case, opener = _case(news), accounts.user_of(news.to_org_id, held.opened_by)
    assert opener is not None
    title = _l("A person asked for a copy of their records: it waits for your decision.")
    deciders = [one for one in queries.who_reads_all(case, opener) if one.id not in held.markers]
    tell(deciders, news, title, f"/cases/{case.id}/copies/{held.id}", about=case.id)


@handles("rights.copy")
def copy(news: News) -> None:
    """Put together the copy that was approved; who wrote down the request, and who marked it, are told."""
    if (held := _request(news)) is None:
        return
    actions.put_together(held)
    if held.state is AccessState.READY and "case" in news.payload:
        case = _case(news)
        title = _l("A copy of a person's records is ready to be given to them, for a few days.")
        users = [one for one in _users(news, [held.opened_by, *held.markers]) if queries.reads_all(case.person, one)]
        tell(users, news, title, f"/cases/{case.id}/copies", about=case.id)


@handles("rights.objected")
def objected(news: News) -> None:
    """The person says that something is wrong: who is responsible for the case is told."""
    if (held := _objection(news)) is None:
        return
    case = people.case_of(held.org_id, held.case_id)
    if case.primary_worker is not None:
        title = _l("A person says that something in their records is wrong.")
        tell([case.primary_worker], news, title, f"/cases/{case.id}/objections", about=case.id)


@handles("rights.answered")
def answered(news: News) -> None:
    """It was answered: who wrote it down can tell the person."""
    if (held := _objection(news)) is None:
        return
    case = people.case_of(held.org_id, held.case_id)
    title = _l("What a person said is wrong in their records was answered: tell them.")
    writers = [one for one in _users(news, [held.written_by]) if people.reaches(case, one)]
    tell(writers, news, title, f"/cases/{case.id}/objections", about=case.id)


# None of whoever was erased meanwhile.
def _request(news: News) -> AccessRequest | None:
    return db.session.get(AccessRequest, (news.to_org_id, uuid.UUID(news.payload["request"])))


def _objection(news: News) -> Objection | None:
    return db.session.get(Objection, (news.to_org_id, uuid.UUID(news.payload["objection"])))


def _case(news: News) -> Case:
    return people.case_of(news.to_org_id, uuid.UUID(news.payload["case"]))


def _users(news: News, ids: list[uuid.UUID]) -> list[User]:
    users = [accounts.user_of(news.to_org_id, one) for one in ids]
    return [one for one in users if one is not None and one.active]
