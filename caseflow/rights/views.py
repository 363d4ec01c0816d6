"""Retention (what falls due, proposals, rules, holds), and copies of their records for persons who ask."""

import json
import uuid
from collections import Counter
from collections.abc import Iterable

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask import Response as FlaskResponse
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user
from werkzeug.wrappers import Response

from caseflow.accounts import queries as accounts
from caseflow.accounts.permissions import Permission
from caseflow.core.formats import number_text
from caseflow.core.web import done, page, page_number, requires
from caseflow.people import queries as people
from caseflow.people.models import CaseOutcome
from caseflow.referrals import queries as referrals
from caseflow.rights import actions, queries
from caseflow.rights.copying import WHOLE, digest
from caseflow.rights.forms import (
    AccessForm,
    AnswerForm,
    DecisionForm,
    HoldForm,
    ObjectionForm,
    RulesForm,
    SpecialRuleForm,
)
from caseflow.rights.giving import DECIDED
from caseflow.rights.models import AccessRequest, ErasureState, Fact, HoldKind, ObjectionState, RuleKind, Withheld
from caseflow.rights.queries import received
from caseflow.rights.queries.gathering import gather
from caseflow.rights.words import PARTS, in_words

bp = Blueprint("rights", __name__, template_folder="templates")

TONES = {ErasureState.APPROVED: "info", ErasureState.REFUSED: "neutral", ErasureState.DONE: "good"}


@bp.get("/retention")
@requires(Permission.MANAGE_RETENTION)
def retention() -> tuple[str, int]:
    """What falls due, and what waits for a second person."""
    rules, kinds = queries.rules(current_user), queries.kinds(current_user)
    decides = current_user.may(Permission.DECIDE_ACCESS)
    return page(
        "rights/retention.html",
        due=queries.due(current_user, page=page_number()),
        proposals=queries.proposals(current_user),
        sealed=queries.sealed_due(current_user),
        sealed_proposals=queries.sealed_proposals(current_user),
        received=received.due(current_user, rules[RuleKind.RECEIVED], page=page_number("received")),
        received_proposals=received.proposals(current_user),
        asked=queries.undecided(current_user, page=page_number("asked")) if decides else None,
        rules=rules,
        has_cases=RuleKind.ADULT in kinds,
        receives=RuleKind.RECEIVED in kinds,
        alone=len(accounts.colleagues(current_user, permission=Permission.MANAGE_RETENTION)) == 1,
        tones=referrals.TONES,
    )


@bp.post("/retention/propose")
@requires(Permission.MANAGE_RETENTION)
def propose() -> Response:
    """Propose to erase the records of the persons chosen, or the received referrals."""
    persons, chosen = _ids("person"), _ids("referral")
    if not persons and not chosen:
        flash(_("Nothing was chosen. Tick in the list what is to be erased."), "warn")
        return redirect(url_for(".retention"))
    if chosen:
        made = [actions.propose_received(one, by=current_user) for one in chosen]
        count = sum(one is not None for one in made)
        said = ngettext(
            "%(count)s referral proposed.", "%(count)s referrals proposed.", count, count=number_text(count)
        )
    else:
        made = [actions.propose(one, by=current_user) for one in persons]
        count = sum(one is not None for one in made)
        said = ngettext("%(count)s person proposed.", "%(count)s persons proposed.", count, count=number_text(count))
    flash(said, "good" if count else "warn")
    return redirect(url_for(".retention"))


def _ids(name: str) -> list[uuid.UUID]:
    """The ids that were chosen in the form, each once."""
    try:
        return list(dict.fromkeys(uuid.UUID(one) for one in request.form.getlist(name)))
    except ValueError:
        abort(400)


@bp.route("/retention/<uuid:id>/approve", methods=["GET", "POST"])
@requires(Permission.MANAGE_RETENTION)
def approve(id: uuid.UUID) -> tuple[str, int] | Response:
    """Approve the erasure that another proposed."""
    (erasure, what), form = queries.proposal(id, current_user), DecisionForm()
    if form.accepts(lambda: actions.approve(erasure, by=current_user)):
        return done(_("Approved. The records are being erased."), "rights.retention")
    return page("rights/decide.html", form=form, erasure=erasure, what=what, approving=True)


@bp.route("/retention/<uuid:id>/refuse", methods=["GET", "POST"])
@requires(Permission.MANAGE_RETENTION)
def refuse(id: uuid.UUID) -> tuple[str, int] | Response:
    """Keep the records that another proposed to erase."""
    (erasure, what), form = queries.proposal(id, current_user), DecisionForm()
    if form.accepts(lambda: actions.refuse(erasure, by=current_user)):
        return done(_("Refused. The records stay."), "rights.retention")
    return page("rights/decide.html", form=form, erasure=erasure, what=what, approving=False)


@bp.route("/retention/rules", methods=["GET", "POST"])
@requires(Permission.MANAGE_RETENTION)
def rules() -> tuple[str, int] | Response:
    """The general rules."""
    form = RulesForm(data={kind.value: years for kind, years in queries.rules(current_user).items()})
    form.fit(queries.kinds(current_user))
    if form.accepts(lambda: actions.set_rules(form.years(), by=current_user)):
        return done(_("The rules are saved."), "rights.rules")
    return page("rights/rules.html", form=form, special=queries.special_rules(current_user))


@bp.route("/retention/rules/special", methods=["GET", "POST"])
@requires(Permission.MANAGE_RETENTION)
def special_rule() -> tuple[str, int] | Response:
    """A rule for cases that ended in a certain way."""
    if RuleKind.ADULT not in queries.kinds(current_user):
        return redirect(url_for(".rules"))  # what is received ends in no way that rules could tell apart
    form = SpecialRuleForm()
    if form.accepts(
        lambda: actions.set_special_rule(
            RuleKind(form.kind.data), CaseOutcome(form.outcome.data), form.years.data, by=current_user
        )
    ):
        return done(_("The rules are saved."), "rights.rules")
    return page("rights/special_rule.html", form=form)


@bp.get("/retention/log")
@requires(Permission.MANAGE_RETENTION)
def log() -> tuple[str, int]:
    """What was decided and erased, without anybody's name."""
    return page("rights/log.html", erasures=queries.log(current_user, page=page_number()), tones=TONES)


@bp.route("/cases/<uuid:id>/holds", methods=["GET", "POST"])
@requires(Permission.WORK_ON_CASES)
def holds(id: uuid.UUID) -> tuple[str, int] | Response:
    """What keeps the records of the case's person, and a further hold."""
    case, form = people.opened(id, current_user), HoldForm()
    if form.accepts(lambda: actions.set_hold(case, HoldKind(form.kind.data), form.reason.data or "", by=current_user)):
        return done(_("The records are kept until this hold is ended."), "rights.holds", id=case.id)
    return page("rights/holds.html", form=form, case=case, holds=queries.holds(case.person))


@bp.post("/cases/<uuid:id>/holds/<uuid:hold_id>/end")
@requires(Permission.MANAGE_RETENTION)
def end_hold(id: uuid.UUID, hold_id: uuid.UUID) -> Response:
    """End a hold."""
    case = queries.opened(id, current_user)
    actions.end_hold(case, queries.hold(case.person, hold_id), by=current_user)
    return done(_("The hold is ended."), "rights.holds", id=case.id)


@bp.route("/referrals/<uuid:id>/holds", methods=["GET", "POST"])
@requires(Permission.RECORD_SESSIONS)
def received_holds(id: uuid.UUID) -> tuple[str, int] | Response:
    """What keeps a received referral, and a further hold."""
    referral, form = referrals.received(id, current_user), HoldForm()

    def act() -> None:
        actions.hold_received(referral, HoldKind(form.kind.data), form.reason.data or "", by=current_user)

    if form.accepts(act):
        return done(_("The referral is kept until this hold is ended."), "rights.received_holds", id=id)
    name = referrals.names([referral], current_user).get(referral.id)
    return page("rights/received_holds.html", form=form, referral=referral, name=name, holds=received.holds(referral))


@bp.post("/referrals/<uuid:id>/holds/<uuid:hold_id>/end")
@requires(Permission.RECORD_SESSIONS)
def end_received_hold(id: uuid.UUID, hold_id: uuid.UUID) -> Response:
    """End a hold of a received referral."""
    referral = referrals.received(id, current_user)
    actions.end_received_hold(received.hold(referral, hold_id), by=current_user)
    return done(_("The hold is ended."), "rights.received_holds", id=id)


@bp.route("/cases/<uuid:id>/copies", methods=["GET", "POST"])
@requires(Permission.WORK_ON_CASES)
def copies(id: uuid.UUID) -> tuple[str, int] | Response:
    """The person's requests to see what is held of them, and a further one."""
    case = people.opened(id, current_user)
    form = AccessForm(asked_on=current_user.organisation.today(), language=queries.reads(case.person))
    made: list[AccessRequest] = []

    def act() -> None:
        made.append(actions.open_access_request(case, form.asked_on.data, form.language.data, by=current_user))

    if form.accepts(act):
        said = _("The request is recorded. Mark what is to be withheld.")
        return done(said, "rights.access_request", id=case.id, request_id=made[0].id)
    return page(
        "rights/copies.html",
        form=form,
        case=case,
        requests=queries.access_requests(case.person),
        whole=queries.reads_all(case.person, current_user),
    )


@bp.route("/cases/<uuid:id>/copies/<uuid:request_id>", methods=["GET", "POST"])
@requires(Permission.WORK_ON_CASES)
def access_request(id: uuid.UUID, request_id: uuid.UUID) -> tuple[str, int] | Response:
    """What would be given out, part by part, and which parts are withheld; else, who may see that."""
    case = people.opened(id, current_user)
    asked, form = queries.access_request(case.person, request_id), DecisionForm()
    if form.accepts(lambda: actions.mark_parts(case, asked, _chosen("part", DECIDED), by=current_user)):
        return done(_("Marked. A second person decides."), "rights.access_request", id=case.id, request_id=asked.id)
    if not queries.reads_all(case.person, current_user):
        readers = queries.who_reads_all(case, current_user)
        return page("rights/access_elsewhere.html", form=form, case=case, readers=readers)
    parts, decided = gather(case.person), queries.decisions(asked)
    return page(
        "rights/access_request.html",
        form=form,
        case=case,
        asked=asked,
        parts={name: len(rows) for name, rows in parts.items()},
        decided=decided,
        rows=Counter(part for part, row_id in decided.withheld if row_id is not None),
        chosen=Counter(part for part, _row_id, _column in decided.chosen),
        reasons=Withheld.choices(),
        words=PARTS,
        undivided=WHOLE,
    )


@bp.route("/cases/<uuid:id>/copies/<uuid:request_id>/parts/<string:part>", methods=["GET", "POST"])
@requires(Permission.WORK_ON_CASES)
def access_part(id: uuid.UUID, request_id: uuid.UUID, part: str) -> tuple[str, int] | Response:
    """The rows of a part as the person would read them, which of them are withheld, and what is held back of others."""
    case, words = people.opened(id, current_user), request.args.get("words", "").strip()
    asked, form = queries.whole_request(case.person, request_id, current_user), DecisionForm()
    rows = queries.rows(case.person, part, words=words, page=page_number())
    ids = {str(one.id): one.id for one in rows.items}
    marks = {ids[key]: reason for key, reason in _chosen("row", ids).items()}
    others = [(one.id, column) for one in rows.items for column, *_said in one.others]
    given = [(row_id, column) for row_id, column in others if f"give-{row_id}-{column}" in request.form]
    if form.accepts(lambda: actions.mark_rows(case, asked, part, ids.values(), marks, given, by=current_user)):
        flash(_("Marked. A second person decides."), "good")
        return redirect(request.full_path)
    return page(
        "rights/access_part.html",
        form=form,
        case=case,
        asked=asked,
        part=part,
        rows=rows,
        words=words,
        decided=queries.decisions(asked),
        reasons=Withheld.choices(),
        title=PARTS.get(part, part),
    )


def _chosen(kind: str, names: Iterable[str]) -> dict[str, Withheld]:
    """What the form says of each of these: `part-notes`, `row-018f…`; empty where it is given out."""
    try:
        return {name: Withheld(one) for name in names if (one := request.form.get(f"{kind}-{name}"))}
    except ValueError:
        abort(400)


@bp.route("/cases/<uuid:id>/copies/<uuid:request_id>/approve", methods=["GET", "POST"])
@requires(Permission.DECIDE_ACCESS)
def approve_access(id: uuid.UUID, request_id: uuid.UUID) -> tuple[str, int] | Response:
    """Decide on the copy as it stands there, all of it, as the person would read it."""
    case = people.opened(id, current_user)
    asked, form = queries.whole_request(case.person, request_id, current_user), DecisionForm()
    seen = request.form.get("seen", "")
    if form.accepts(lambda: actions.approve_access(case, asked, seen, by=current_user)):
        return done(_("Approved. The copy is being put together."), "rights.copies", id=case.id)
    copy = queries.copy(case.person, asked)
    return page("rights/approve_access.html", form=form, case=case, asked=asked, it=copy["document"], seen=digest(copy))


@bp.post("/cases/<uuid:id>/copies/<uuid:request_id>/download")
@requires(Permission.WORK_ON_CASES)
def download(id: uuid.UUID, request_id: uuid.UUID) -> FlaskResponse:
    """The copy as JSON, for a limited time; each download is written down."""
    case = people.opened(id, current_user)
    held = actions.download(case, queries.access_request(case.person, request_id), by=current_user)
    return _file(json.dumps(held, ensure_ascii=False, indent=1), "application/json", f"copy-{request_id}.json")


@bp.post("/cases/<uuid:id>/copies/<uuid:request_id>/download-pdf")
@requires(Permission.WORK_ON_CASES)
def download_pdf(id: uuid.UUID, request_id: uuid.UUID) -> FlaskResponse:
    """The copy on paper, likewise."""
    case = people.opened(id, current_user)
    held = actions.download_pdf(case, queries.access_request(case.person, request_id), by=current_user)
    return _file(held, "application/pdf", f"copy-{request_id}.pdf")


def _file(content: str | bytes, mimetype: str, name: str) -> FlaskResponse:
    response = FlaskResponse(content, mimetype=mimetype)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@bp.route("/cases/<uuid:id>/objections", methods=["GET", "POST"])
@requires(Permission.WORK_ON_CASES)
def objections(id: uuid.UUID) -> tuple[str, int] | Response:
    """What the person says is wrong, and a further objection."""
    case, form = people.opened(id, current_user), ObjectionForm()
    if form.accepts(lambda: actions.object_to(case, Fact(form.fact.data), form.words.data or "", by=current_user)):
        return done(_("It is written down, beside what stands there."), "rights.objections", id=case.id)
    return page("rights/objections.html", form=form, case=case, objections=queries.objections(case), said=in_words)


@bp.route("/cases/<uuid:id>/objections/<uuid:objection_id>/answer", methods=["GET", "POST"])
@requires(Permission.WORK_ON_CASES)
def answer(id: uuid.UUID, objection_id: uuid.UUID) -> tuple[str, int] | Response:
    """Say whether it was corrected, or why not."""
    case, form = people.opened(id, current_user), AnswerForm()
    held = queries.objection(case, objection_id)
    if form.accepts(
        lambda: actions.answer_objection(
            case, held, ObjectionState(form.standing.data), form.answer.data, by=current_user
        )
    ):
        return done(_("The answer is saved."), "rights.objections", id=case.id)
    stands = in_words(held.fact, queries.stands(case, held.fact))
    stood = in_words(held.fact, held.stood)
    return page("rights/answer.html", form=form, case=case, held=held, stood=stood, stands=stands)
