"""What a person asked to see of their records, who reads all of it, and the copy as it would be given out."""

import uuid
from dataclasses import dataclass
from typing import Any

from flask import abort
from sqlalchemy import ColumnElement, all_, and_, exists, func, literal, select

from caseflow.accounts import queries as accounts
from caseflow.accounts.models import User
from caseflow.accounts.permissions import Permission, Scope
from caseflow.core.db import db, one_or_404
from caseflow.core.i18n import supported
from caseflow.core.paging import Page, page_of, paged
from caseflow.people import queries as people
from caseflow.people.models import Assignment, Case, Person
from caseflow.rights.copying import WHOLE, Decisions, Shown, made, shown
from caseflow.rights.giving import ASKS
from caseflow.rights.models import AccessPart, AccessRequest, AccessState
from caseflow.rights.queries.gathering import gather, known


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that nobody has decided on, whose it is, and the newest case of theirs that the reader may open."""

    request: AccessRequest
    person: Person
    case: Case


def undecided(user: User, *, page: int) -> Page[Asked]:
    """What persons asked for and nobody has decided on, the longest ago first, where the user might."""
    found = paged(_undecided(user).order_by(AccessRequest.asked_on, AccessRequest.id), number=page)
    of_these = Case.person_id.in_(person.id for _request, person in found.items)
    newest = people.openable(user).where(of_these).order_by(Case.opened_on, Case.id)
    cases = {one.person_id: one for one in db.session.scalars(newest).unique()}
    items = [Asked(request, person, cases[person.id]) for request, person in found.items if person.id in cases]
    return Page(items, found.number, found.size, found.total)


def copies_to_decide(user: User) -> int:
    """On how many copies the user is asked to decide: others have marked them."""
    if not user.may(Permission.DECIDE_ACCESS):
        return 0
    others = _undecided(user).where(marked_by_others(user)).with_only_columns(AccessRequest.id)
    return db.session.scalar(select(func.count()).select_from(others.subquery())) or 0


def marked_by_others(user: User) -> ColumnElement[bool]:
    """That a request waits for a decision, and not for one of those who marked it."""
    return and_(AccessRequest.state == AccessState.MARKED, literal(user.id) != all_(AccessRequest.markers))


def _undecided(user: User) -> Any:
    mine: Any = people.openable(user).with_only_columns(Case.id)
    of_person = (Case.org_id == Person.org_id, Case.person_id == Person.id)
    return (
        select(AccessRequest, Person)
        .join(Person, and_(Person.org_id == AccessRequest.org_id, Person.id == AccessRequest.person_id))
        .where(
            AccessRequest.org_id == user.org_id,
            AccessRequest.state.in_((AccessState.ASKED, AccessState.MARKED)),
            # Who does not read all of it, or has it open in an emergency, cannot decide (`reads_all`, migration 0043).
            ~exists().where(*of_person, Case.id.not_in(mine)),
            exists().where(*of_person),
            Person.id != all_(func.app_lent()),
        )
    )


def access_requests(person: Person) -> list[AccessRequest]:
    """What the person asked to see, the newest first."""
    query = select(AccessRequest).where(AccessRequest.org_id == person.org_id, AccessRequest.person_id == person.id)
    return list(db.session.scalars(query.order_by(AccessRequest.created_at.desc())))


def access_request(person: Person, id: uuid.UUID) -> AccessRequest:
    """One of them, or 404."""
    mine = (AccessRequest.org_id == person.org_id, AccessRequest.person_id == person.id)
    return one_or_404(select(AccessRequest).where(*mine, AccessRequest.id == id))


def reads(person: Person) -> str | None:
    """The first of the person's languages in which caseflow speaks."""
    return next((code for one in person.languages if (code := supported(one))), None)


def reads_all(person: Person, user: User) -> bool:
    """Whether the user may open all that a copy holds: every case of the person, and the ordinary page of each part.

    Who may not neither marks, decides nor gets the copy: it is made of all cases, and a page of it is a page of each.
    To show everybody the rows of their own cases alone would leave rows that nobody has looked at, or make one request
    wait for a marker of each case.
    """
    every = set(db.session.scalars(select(Case.id).where(Case.org_id == person.org_id, Case.person_id == person.id)))
    mine: Any = people.openable(user).with_only_columns(Case.id)
    if not every or every - set(db.session.scalars(mine.where(Case.person_id == person.id))):
        return False
    return all(user.may(permission) or not gather(person, part) for part, permission in ASKS.items())


def who_reads_all(case: Case, user: User) -> list[User]:
    """Who may, of those who decide on copies, as far as role, site and work tell; nobody by emergency access."""
    of_person = (Case.org_id == case.org_id, Case.person_id == case.person_id)
    sites = db.session.execute(select(Case.id, Case.site_id).where(*of_person)).all()
    works = select(Assignment.case_id, Assignment.user_id).join(
        Case, and_(Case.org_id == Assignment.org_id, Case.id == Assignment.case_id)
    )
    on_it = {(row[0], row[1]) for row in db.session.execute(works.where(*of_person, Assignment.until.is_(None)))}

    def reaches(one: User) -> bool:
        in_site = one.scope is Scope.SITE
        return all((in_site and one.site_id == site_id) or (case_id, one.id) in on_it for case_id, site_id in sites)

    deciding = accounts.colleagues(user, permission=Permission.DECIDE_ACCESS)
    reaching = [one for one in deciding if one.scope is Scope.ORGANISATION or reaches(one)]
    return [one for one in reaching if not accounts.is_closed(case.id, one) and not people.borrows(one, case)]


def whole_request(person: Person, id: uuid.UUID, user: User) -> AccessRequest:
    """One of the requests for those who may open all that its copy holds, or 404."""
    request = access_request(person, id)
    return request if reads_all(person, user) else abort(404)


def decisions(request: AccessRequest) -> Decisions:
    """What is withheld, and what of somebody else is given out on purpose."""
    query = select(AccessPart).where(AccessPart.org_id == request.org_id, AccessPart.request_id == request.id)
    withheld, chosen = {}, set()
    for one in db.session.scalars(query):
        if one.reason is not None:
            withheld[one.part, one.row_id] = one.reason
        elif one.row_id is not None and one.field is not None:
            chosen.add((one.part, one.row_id, one.field))
    return Decisions(withheld, frozenset(chosen))


def copy(person: Person, request: AccessRequest) -> dict[str, Any]:
    """The copy as it would be given out now: what whoever decides on it must see, all of it."""
    held = gather(person)
    every = [row for part in held.values() for row in part]
    return made(request, person, held, known(every), decisions(request))


def rows(person: Person, part: str, *, words: str, page: int) -> Page[Shown]:
    """The rows of a part as the person would read them; with `words`, those alone that hold them. 404 for no part."""
    held = gather(person, part).get(part)
    if held is None or part in WHOLE:
        abort(404)
    return page_of([one for one in shown(held, known(held), person.org_id) if one.holds(words)], number=page)
