"""Retention: what falls due, what was proposed and decided, the rules, and the holds of a person."""

import uuid

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user
from werkzeug.wrappers import Response

from caseflow.accounts.permissions import Permission
from caseflow.core.formats import number_text
from caseflow.core.web import done, page, page_number, requires
from caseflow.people import queries as people
from caseflow.people.models import CaseOutcome
from caseflow.rights import actions, queries
from caseflow.rights.forms import DecisionForm, HoldForm, RulesForm, SpecialRuleForm
from caseflow.rights.models import ErasureState, HoldKind, RuleKind

bp = Blueprint("rights", __name__, template_folder="templates")

TONES = {ErasureState.APPROVED: "info", ErasureState.REFUSED: "neutral", ErasureState.DONE: "good"}


@bp.get("/retention")
@requires(Permission.MANAGE_RETENTION)
def retention() -> tuple[str, int]:
    """What falls due, and what waits for a second person."""
    return page(
        "rights/retention.html",
        due=queries.due(current_user, page=page_number()),
        proposals=queries.proposals(current_user),
        rules=queries.rules(current_user),
    )


@bp.post("/retention/propose")
@requires(Permission.MANAGE_RETENTION)
def propose() -> Response:
    """Propose to erase the records of the persons chosen."""
    try:
        chosen = [uuid.UUID(one) for one in request.form.getlist("person")]
    except ValueError:
        abort(400)
    found = [queries.due_person(one, current_user) for one in dict.fromkeys(chosen)]
    made = [actions.propose(one.person, by=current_user) for one in found if one is not None]
    count = sum(one is not None for one in made)
    flash(
        ngettext("%(count)s person proposed.", "%(count)s persons proposed.", count, count=number_text(count)),
        "good" if count else "warn",
    )
    return redirect(url_for(".retention"))


@bp.route("/retention/<uuid:id>/approve", methods=["GET", "POST"])
@requires(Permission.MANAGE_RETENTION)
def approve(id: uuid.UUID) -> tuple[str, int] | Response:
    """Approve the erasure that another proposed."""
    erasure, form = queries.proposal(id, current_user), DecisionForm()
    if form.accepts(lambda: actions.approve(erasure, by=current_user)):
        return done(_("Approved. The records are being erased."), "rights.retention")
    return page("rights/decide.html", form=form, erasure=erasure, approving=True)


@bp.route("/retention/<uuid:id>/refuse", methods=["GET", "POST"])
@requires(Permission.MANAGE_RETENTION)
def refuse(id: uuid.UUID) -> tuple[str, int] | Response:
    """Keep the records that another proposed to erase."""
    erasure, form = queries.proposal(id, current_user), DecisionForm()
    if form.accepts(lambda: actions.refuse(erasure, by=current_user)):
        return done(_("Refused. The records stay."), "rights.retention")
    return page("rights/decide.html", form=form, erasure=erasure, approving=False)


@bp.route("/retention/rules", methods=["GET", "POST"])
@requires(Permission.MANAGE_RETENTION)
def rules() -> tuple[str, int] | Response:
    """The general rules."""
    form = RulesForm(data={kind.value: years for kind, years in queries.rules(current_user).items()})
    if form.accepts(
        lambda: actions.set_rules(
            {RuleKind.ADULT: form.adult.data, RuleKind.JUVENILE: form.juvenile.data}, by=current_user
        )
    ):
        return done(_("The rules are saved."), "rights.rules")
    return page("rights/rules.html", form=form, special=queries.special_rules(current_user))


@bp.route("/retention/rules/special", methods=["GET", "POST"])
@requires(Permission.MANAGE_RETENTION)
def special_rule() -> tuple[str, int] | Response:
    """A rule for cases that ended in a certain way."""
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
    case = people.opened(id, current_user)
    actions.end_hold(case, queries.hold(case.person, hold_id), by=current_user)
    return done(_("The hold is ended."), "rights.holds", id=case.id)
