"""Rules, holds and erasures that one proposes and another approves; copies of their records for persons who ask."""

import base64
import uuid
from collections.abc import Collection, Mapping
from datetime import date, timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, and_, delete, select, text

from caseflow.accounts.models import User
from caseflow.audit.actions import record
from caseflow.core.db import db, new_id, now
from caseflow.core.errors import Conflict, Refused
from caseflow.core.i18n import supported
from caseflow.notifications.actions import post
from caseflow.people import actions as people
from caseflow.people.models import Case, CaseOutcome
from caseflow.referrals.models import Referral
from caseflow.rights import queries
from caseflow.rights.copying import digest, for_programs, on_paper
from caseflow.rights.models import (
    AccessPart,
    AccessRequest,
    AccessState,
    Erasure,
    ErasureState,
    Fact,
    Hold,
    HoldKind,
    Objection,
    ObjectionState,
    ReceivedHold,
    Rule,
    RuleKind,
    Withheld,
)
from caseflow.rights.queries import received

_ERASE_PERSON = text("SELECT erase_person(:id)")
_ERASE_RECEIVED = text("SELECT erase_received(:id)")
COPY_DAYS = 7  # for which a copy may be downloaded


def set_rules(years: Mapping[RuleKind, int | None], *, by: User) -> None:
    """Say for how many years the records of adults and of juveniles, and received referrals, are kept."""
    for kind, count in years.items():
        _set_rule(kind, None, count, by)


def set_special_rule(kind: RuleKind, outcome: CaseOutcome, years: int | None, *, by: User) -> None:
    """Say it for cases that ended in this way; without years they follow the general rule again."""
    _set_rule(kind, outcome, years, by)


def _set_rule(kind: RuleKind, outcome: CaseOutcome | None, years: int | None, by: User) -> None:
    people.one_at_a_time("retention rules", by.org_id)
    ended_so = Rule.outcome.is_(None) if outcome is None else Rule.outcome == outcome
    which = (Rule.org_id == by.org_id, Rule.kind == kind, ended_so)
    held = db.session.scalars(select(Rule).where(*which)).one_or_none()
    if held is not None and held.years == years:
        return
    db.session.execute(delete(Rule).where(*which))
    if years is not None:
        db.session.add(Rule(org_id=by.org_id, id=new_id(), kind=kind, outcome=outcome, years=years))
    before = None if held is None else held.years
    record("retention.rule", by=by, kind=kind.value, outcome=outcome and outcome.value, before=before, years=years)


def set_hold(case: Case, kind: HoldKind, reason: str, *, by: User) -> Hold:
    """Keep the records of the case's person until the hold is ended; an erasure under way is refused."""
    hold = Hold(org_id=case.org_id, id=new_id(), person_id=case.person_id, kind=kind, reason=reason, set_by=by.id)
    db.session.add(hold)
    db.session.flush()
    record("retention.hold", by=by, on=hold, case_id=case.id, kind=kind.value)
    return hold


def end_hold(case: Case, hold: Hold, *, by: User) -> None:
    """The records need not be kept for this reason any more."""
    if hold.ended_at is not None:
        raise Conflict(_("This hold was ended before."))
    hold.ended_at, hold.ended_by = now(), by.id
    record("retention.unhold", by=by, on=hold, case_id=case.id)


def propose(person_id: uuid.UUID, *, by: User) -> Erasure | None:
    """Propose to erase a person's records that fall due; None where they do not, or it is proposed already."""
    people.one_at_a_time("erasure", by.org_id, person_id)
    erasure = Erasure(org_id=by.org_id, id=new_id(), person_id=person_id, proposed_by=by.id)
    if found := queries.due_person(person_id, by):
        erasure.kind, erasure.due_on = found.kind, found.due_on
    elif file := next((one for one in queries.sealed_due(by) if one.person_id == person_id), None):
        erasure.kind, erasure.due_on, erasure.sealed = RuleKind.JUVENILE, file.due_on, True
    else:
        return None
    db.session.add(erasure)
    db.session.flush()
    record("erasure.propose", by=by, on=erasure, kind=erasure.kind.value)
    return erasure


def approve(erasure: Erasure, *, by: User) -> None:
    """Approve what another proposed; a job then erases. Refuses the proposer, and records that are held."""
    _undecided(erasure, by)
    if queries.on_hold(erasure, by):
        raise Refused(_("These records are on hold."))
    _decide(erasure, ErasureState.APPROVED, by)
    record("erasure.approve", by=by, on=erasure)
    post("rights.erase", by=by, erasure=erasure.id)


def refuse(erasure: Erasure, *, by: User) -> None:
    """Refuse what was proposed: the records stay, and may be proposed again."""
    _undecided(erasure, by)
    _decide(erasure, ErasureState.REFUSED, by)
    record("erasure.refuse", by=by, on=erasure)


def hold_received(referral: Referral, kind: HoldKind, reason: str, *, by: User) -> ReceivedHold:
    """Keep a received referral until the hold is ended; an erasure under way is refused."""
    hold = ReceivedHold(org_id=by.org_id, id=new_id(), referral_id=referral.id, kind=kind, reason=reason, set_by=by.id)
    db.session.add(hold)
    db.session.flush()
    record("retention.hold", by=by, on=hold, referral=str(referral.id), kind=kind.value)
    return hold


def end_received_hold(hold: ReceivedHold, *, by: User) -> None:
    """The referral need not be kept for this reason any more."""
    if hold.ended_at is not None:
        raise Conflict(_("This hold was ended before."))
    hold.ended_at, hold.ended_by = now(), by.id
    record("retention.unhold", by=by, on=hold, referral=str(hold.referral_id))


def propose_received(referral_id: uuid.UUID, *, by: User) -> Erasure | None:
    """Propose to erase a received referral that falls due; None where it does not, or it is proposed already."""
    people.one_at_a_time("erasure", by.org_id, referral_id)
    due_on = received.due_referral(referral_id, by, queries.rules(by)[RuleKind.RECEIVED])
    if due_on is None:
        return None
    erasure = Erasure(org_id=by.org_id, id=new_id(), referral_id=referral_id, proposed_by=by.id)
    erasure.kind, erasure.due_on = RuleKind.RECEIVED, due_on
    db.session.add(erasure)
    db.session.flush()
    record("erasure.propose", by=by, on=erasure, kind=erasure.kind.value)
    return erasure


def _undecided(erasure: Erasure, by: User) -> None:
    db.session.refresh(erasure, with_for_update={"of": Erasure})
    if erasure.state is not ErasureState.PROPOSED:
        raise Conflict(_("This was decided before."))
    if erasure.proposed_by == by.id:
        raise Refused(_("Nobody approves what they proposed: ask a colleague."))


def _decide(erasure: Erasure, state: ErasureState, by: User) -> None:
    erasure.state, erasure.decided_by, erasure.decided_at = state, by.id, now()
    db.session.flush()


def erase(erasure: Erasure) -> None:
    """Remove the person's rows and destroy the key, or take what was received away from its receiver.

    The database's own functions do it, and check all of it again.
    """
    received_one = erasure.kind is RuleKind.RECEIVED
    db.session.execute(_ERASE_RECEIVED if received_one else _ERASE_PERSON, {"id": erasure.id})
    db.session.expire_all()


def open_access_request(case: Case, asked_on: date, language: str | None = None, *, by: User) -> AccessRequest:
    """Write down that the person asks to see what is held of them, and in which language they read it."""
    request = AccessRequest(
        org_id=case.org_id,
        id=new_id(),
        person_id=case.person_id,
        asked_on=asked_on,
        language=supported(language) or supported(by.organisation.locale),
        opened_by=by.id,
    )
    db.session.add(request)
    db.session.flush()
    record("access.ask", by=by, on=request, case_id=case.id)
    return request


def mark_parts(case: Case, request: AccessRequest, marks: Mapping[str, Withheld], *, by: User) -> None:
    """Say which parts are withheld as a whole, and why; rows that were marked stay so. A second person decides."""
    made = [AccessPart(part=part, reason=reason) for part, reason in marks.items()]
    _mark(case, request, made, AccessPart.row_id.is_(None), by)
    withheld = {part: reason.value for part, reason in marks.items()}
    record("access.mark", by=by, on=request, case_id=case.id, withheld=withheld)


def mark_rows(
    case: Case,
    request: AccessRequest,
    part: str,
    shown: Collection[uuid.UUID],
    marks: Mapping[uuid.UUID, Withheld],
    chosen: Collection[tuple[uuid.UUID, str]] = (),
    *,
    by: User,
) -> None:
    """Say which of the rows shown are withheld, and why; those that were not shown stay as they were.

    `chosen` names, by row and column, what is about somebody else and is given out all the same.
    """
    made = [AccessPart(part=part, row_id=row, reason=reason) for row, reason in marks.items() if row in shown]
    made += [AccessPart(part=part, row_id=row, field=column) for row, column in chosen if row in shown]
    _mark(case, request, made, and_(AccessPart.part == part, AccessPart.row_id.in_(shown)), by)
    record("access.mark", by=by, on=request, case_id=case.id, part=part, rows=len(marks), chosen=len(chosen))


def _mark(
    case: Case, request: AccessRequest, made: list[AccessPart], instead_of: ColumnElement[bool], by: User
) -> None:
    _check_whole(case, by)
    db.session.refresh(request, ["state", "markers"], with_for_update=True)
    if request.state not in (AccessState.ASKED, AccessState.MARKED):
        raise Conflict(_("This was decided before."))
    if request.state is AccessState.ASKED:
        post("rights.marked", by=by, request=request.id, case=case.id)
    mine = (AccessPart.org_id == request.org_id, AccessPart.request_id == request.id)
    db.session.execute(delete(AccessPart).where(*mine, instead_of))
    for row in made:
        row.org_id, row.id, row.request_id, row.marked_by = request.org_id, new_id(), request.id, by.id
        db.session.add(row)
    request.state, request.marked_by = AccessState.MARKED, by.id
    if by.id not in request.markers:  # also who only takes away what another withheld
        request.markers = [*request.markers, by.id]
    db.session.flush()


def _check_whole(case: Case, by: User) -> None:
    if not queries.reads_all(case.person, by):
        raise Refused(
            _("A copy holds all cases of the person. Only who may open all of them marks, decides and gets it.")
        )


def approve_access(case: Case, request: AccessRequest, seen: str, *, by: User) -> None:
    """Decide that the copy is given out as it was seen (its digest); it is kept so, and a job puts it on paper.

    Refuses whoever ever marked something of it or took a mark away, and a copy that would say something else by now.
    """
    _check_whole(case, by)
    db.session.refresh(request, ["state", "markers"], with_for_update=True)
    if request.state is not AccessState.MARKED:
        raise Conflict(_("This was decided before."))
    if by.id in request.markers:
        raise Refused(_("Nobody decides on what they marked: ask a colleague."))
    copy = queries.copy(case.person, request)
    if digest(copy) != seen:
        raise Conflict(_("The records or the marks have changed since you opened this page. Read the copy again."))
    request.content, request.state, request.decided_by = copy, AccessState.APPROVED, by.id
    db.session.flush()
    record("access.approve", by=by, on=request, case_id=case.id)
    post("rights.copy", by=by, request=request.id, case=case.id)


def put_together(request: AccessRequest) -> None:
    """Put the copy that was approved on paper; twice changes nothing."""
    if request.state is not AccessState.APPROVED:
        return
    if request.content is None:  # approved by an earlier version, that did not show it: it is decided on again
        request.state, request.decided_by = AccessState.MARKED, None
        return
    request.pdf = base64.b64encode(on_paper(request.content)).decode()
    request.state, request.expires_at = AccessState.READY, now() + timedelta(days=COPY_DAYS)


def download(case: Case, request: AccessRequest, *, by: User) -> dict[str, Any]:
    """The copy for programs, written down as given out; refuses one that is not ready or whose time is over."""
    return for_programs(_give_out(case, request, "json", by))


def download_pdf(case: Case, request: AccessRequest, *, by: User) -> bytes:
    """The same on paper."""
    _give_out(case, request, "pdf", by)
    return base64.b64decode(request.pdf or "")


def _give_out(case: Case, request: AccessRequest, form: str, by: User) -> dict[str, Any]:
    _check_whole(case, by)
    # A copy without its document was made by an earlier version, which nobody saw before it went out.
    if not request.open() or request.pdf is None or "document" not in (request.content or {}):
        raise Conflict(_("This copy is not ready, or its time is over."))
    record("access.download", by=by, on=request, case_id=case.id, form=form)
    return request.content or {}


def object_to(case: Case, fact: Fact, words: str, *, by: User) -> Objection:
    """Write down that the person says a fact is wrong, with what stands there now."""
    stood = queries.stands(case, fact)
    row = Objection(
        org_id=case.org_id,
        id=new_id(),
        person_id=case.person_id,
        case_id=case.id,
        fact=fact,
        stood=stood,
        words=words,
        written_by=by.id,
    )
    db.session.add(row)
    db.session.flush()
    record("objection.write", by=by, on=row, case_id=case.id, fact=fact.value)
    post("rights.objected", by=by, objection=row.id)
    return row


def answer_objection(case: Case, objection: Objection, state: ObjectionState, answer: str | None, *, by: User) -> None:
    """Say that the fact was corrected (it must be another now), or why not; the person's words stay either way."""
    db.session.refresh(objection, with_for_update={"of": Objection})
    if objection.state is not ObjectionState.OPEN:
        raise Conflict(_("This was answered before."))
    if state is ObjectionState.OPEN:
        raise Refused(_("Choose what became of it."), field="standing")
    if state is ObjectionState.REFUSED and not answer:
        raise Refused(_("Write why it is not corrected: the person has a right to know."), field="answer")
    unchanged = objection.fact is not Fact.OTHER and (objection.stood or "") == queries.stands(case, objection.fact)
    if state is ObjectionState.CORRECTED and unchanged:
        raise Refused(_("It still stands as it did: correct it first, then come back."), field="standing")
    objection.state, objection.answer, objection.answered_by, objection.answered_at = state, answer, by.id, now()
    db.session.flush()
    record("objection.answer", by=by, on=objection, case_id=case.id, fact=objection.fact.value, state=state.value)
    post("rights.answered", by=by, objection=objection.id)
