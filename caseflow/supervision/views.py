"""The pages of supervision: a case's order and contacts, and an officer's week."""

import uuid
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user
from werkzeug.wrappers import Response

from caseflow.accounts import queries as accounts
from caseflow.accounts.models import User
from caseflow.accounts.permissions import Permission, Scope
from caseflow.core.errors import Refused
from caseflow.core.formats import today
from caseflow.core.i18n import week_starts_on
from caseflow.core.web import done, page, requires
from caseflow.people import queries as people
from caseflow.people.models import Case, CaseOutcome
from caseflow.supervision import actions, models, queries
from caseflow.supervision.forms import (
    CallOffForm,
    CloseForm,
    ConditionForm,
    ExplainForm,
    HeldForm,
    OrderForm,
    OutcomeForm,
    PlanForm,
    ReturnForm,
    RowForm,
)

bp = Blueprint("supervision", __name__, template_folder="templates")


@bp.get("/cases/<uuid:id>/supervision")
@requires(Permission.SUPERVISE)
def show(id: uuid.UUID) -> tuple[str, int]:
    """The order, its conditions, and the contacts."""
    case = people.opened(id, current_user)
    contacts = queries.contacts(case)
    return page(
        "supervision/show.html",
        case=case,
        order=queries.order(case),
        conditions=queries.conditions(case),
        expected=[one for one in reversed(contacts) if one.open()],
        past=[one for one in contacts if not one.open()],
        due_on=queries.next_due(case),
    )


def _done(message: str, case: Case) -> Response:
    return done(message, "supervision.show", id=case.id)


@bp.route("/cases/<uuid:id>/supervision/order", methods=["GET", "POST"])
@requires(Permission.SUPERVISE)
def order(id: uuid.UUID) -> tuple[str, int] | Response:
    """Record the order, or change it."""
    case = people.opened(id, current_user)
    held = queries.order(case)
    form = OrderForm(obj=held, data=None if held else {"starts_on": today(), "level": models.ContactLevel.TWO_WEEKS})
    if form.accepts(lambda: _save_order(case, held, form)):
        return _done(_("The order is saved."), case)
    return page("supervision/order.html", case=case, form=form, order=held)


def _save_order(case: Case, held: models.Supervision | None, form: OrderForm) -> None:
    typed = {name: getattr(form, name).data for name in ("order_number", "court", "starts_on", "ends_on")}
    level = models.ContactLevel(form.level.data)
    if held is None:
        actions.record_order(case, **typed, level=level, by=current_user)
    else:
        actions.change_order(held, **typed, level=level, version=form.version.data, by=current_user)


@bp.route("/cases/<uuid:id>/supervision/conditions/new", methods=["GET", "POST"])
@requires(Permission.SUPERVISE)
def new_condition(id: uuid.UUID) -> tuple[str, int] | Response:
    """Add a condition."""
    case = people.opened(id, current_user)
    held = queries.order_of(case)
    form = ConditionForm(data={"starts_on": held.starts_on, "ends_on": held.ends_on})
    if form.accepts(lambda: _add_condition(case, form)):
        return _done(_("The condition is added."), case)
    return page("supervision/condition.html", case=case, form=form)


def _add_condition(case: Case, form: ConditionForm) -> None:
    assert form.starts_on.data is not None  # required
    actions.add_condition(
        case,
        kind=models.ConditionKind(form.kind.data),
        text=form.text.data or "",
        starts_on=form.starts_on.data,
        ends_on=form.ends_on.data,
        explained_on=form.explained_on.data,
        understood=form.understood.data,
        by=current_user,
    )


@bp.route("/cases/<uuid:id>/supervision/conditions/<uuid:condition_id>/explain", methods=["GET", "POST"])
@requires(Permission.SUPERVISE)
def explain_condition(id: uuid.UUID, condition_id: uuid.UUID) -> tuple[str, int] | Response:
    """Record that a condition was explained and understood."""
    case = people.opened(id, current_user)
    condition = queries.condition(case, condition_id)
    form = ExplainForm(data={"explained_on": condition.explained_on or today(), "understood": condition.understood})
    if form.accepts(lambda: _explain(condition, form)):
        return _done(_("Saved."), case)
    return page("supervision/explain.html", case=case, form=form, condition=condition)


def _explain(condition: models.Condition, form: ExplainForm) -> None:
    assert form.explained_on.data is not None  # required
    actions.explain_condition(
        condition, explained_on=form.explained_on.data, understood=form.understood.data, by=current_user
    )


@bp.post("/cases/<uuid:id>/supervision/conditions/<uuid:condition_id>/end")
@requires(Permission.SUPERVISE)
def end_condition(id: uuid.UUID, condition_id: uuid.UUID) -> Response:
    """The condition holds no longer."""
    case = people.opened(id, current_user)
    actions.end_condition(queries.condition(case, condition_id), by=current_user)
    return _done(_("The condition has ended."), case)


@bp.route("/cases/<uuid:id>/supervision/contacts/new", methods=["GET", "POST"])
@requires(Permission.SUPERVISE)
def plan_contact(id: uuid.UUID) -> tuple[str, int] | Response:
    """Plan the next contact."""
    case = people.opened(id, current_user)
    form = PlanForm(data={"form": models.ContactForm.IN_PERSON})
    if form.accepts(lambda: actions.plan_contact(case, **_planned(form), by=current_user)):
        return _done(_("The contact is planned."), case)
    return page("supervision/plan.html", case=case, form=form, due_on=queries.next_due(case))


def _planned(form: PlanForm | HeldForm) -> dict[str, Any]:
    return {
        "starts_at": form.starts_at.data,
        "form": models.ContactForm(form.form.data),
        "place": form.place.data,
    }


@bp.route("/cases/<uuid:id>/supervision/contacts/<uuid:contact_id>/change", methods=["GET", "POST"])
@requires(Permission.SUPERVISE)
def change_contact(id: uuid.UUID, contact_id: uuid.UUID) -> tuple[str, int] | Response:
    """Move a planned contact."""
    case = people.opened(id, current_user)
    contact = queries.contact(case, contact_id)
    form = PlanForm(obj=contact)
    if form.accepts(
        lambda: actions.change_contact(contact, **_planned(form), version=form.version.data, by=current_user)
    ):
        return _done(_("The contact is moved."), case)
    return page("supervision/plan.html", case=case, form=form, contact=contact, due_on=None)


@bp.route("/cases/<uuid:id>/supervision/contacts/<uuid:contact_id>/call-off", methods=["GET", "POST"])
@requires(Permission.SUPERVISE)
def call_off_contact(id: uuid.UUID, contact_id: uuid.UUID) -> tuple[str, int] | Response:
    """Call a planned contact off."""
    case = people.opened(id, current_user)
    contact = queries.contact(case, contact_id)
    form = CallOffForm()
    if form.accepts(lambda: actions.call_off_contact(contact, form.reason.data or "", by=current_user)):
        return _done(_("The contact is called off."), case)
    return page("supervision/call_off.html", case=case, form=form, contact=contact)


@bp.route("/cases/<uuid:id>/supervision/contacts/<uuid:contact_id>/outcome", methods=["GET", "POST"])
@requires(Permission.SUPERVISE)
def record_outcome(id: uuid.UUID, contact_id: uuid.UUID) -> tuple[str, int] | Response:
    """Record what came of a contact."""
    case = people.opened(id, current_user)
    contact = queries.contact(case, contact_id)
    form = OutcomeForm()
    if form.accepts(lambda: actions.record_outcome(contact, **_outcome(form), by=current_user)):
        return _done(_("The outcome is saved."), case)
    return page("supervision/outcome.html", case=case, form=form, contact=contact)


def _outcome(form: OutcomeForm | RowForm) -> dict[str, Any]:
    return {
        "outcome": models.ContactOutcome(form.outcome.data),
        "reason": form.reason.data,
        "response": models.Response(form.response.data) if form.response.data else None,
        "note": form.note.data,
    }


@bp.route("/cases/<uuid:id>/supervision/contacts/held", methods=["GET", "POST"])
@requires(Permission.SUPERVISE)
def record_held(id: uuid.UUID) -> tuple[str, int] | Response:
    """Record a contact that was not planned."""
    case = people.opened(id, current_user)
    form = HeldForm(data={"form": models.ContactForm.IN_PERSON})
    if form.accepts(lambda: actions.record_held(case, **_planned(form), **_outcome(form), by=current_user)):
        return _done(_("The contact is recorded."), case)
    return page("supervision/outcome.html", case=case, form=form, contact=None)


def _ended(case: Case, message: str) -> Response:
    return done(message, "casefile.overview", id=case.id, closed=accounts.is_closed(case.id, current_user))


@bp.route("/cases/<uuid:id>/supervision/close", methods=["GET", "POST"])
@requires(Permission.SUPERVISE)
def close(id: uuid.UUID) -> tuple[str, int] | Response:
    """Close the case with its outcome; the supervision ends with it."""
    case = people.opened(id, current_user)
    form = CloseForm()
    if form.accepts(
        lambda: actions.close_after_supervision(
            case, CaseOutcome(form.outcome.data), form.note.data or "", by=current_user
        )
    ):
        return _ended(case, _("The case is closed."))
    return page("supervision/close.html", case=case, form=form)


@bp.route("/cases/<uuid:id>/supervision/return", methods=["GET", "POST"])
@requires(Permission.SUPERVISE)
def return_to_custody(id: uuid.UUID) -> tuple[str, int] | Response:
    """The person is back in custody: the case ends with that outcome."""
    case = people.opened(id, current_user)
    form = ReturnForm()
    if form.accepts(lambda: actions.return_to_custody(case, form.reason.data or "", by=current_user)):
        return _ended(case, _("The return is recorded and the case is closed."))
    return page("supervision/return.html", case=case, form=form)


@bp.route("/week", methods=["GET", "POST"])
@requires(Permission.SUPERVISE)
def week() -> tuple[str, int] | Response:
    """An officer's week: who is due, who missed, and many outcomes on one page."""
    officers, first = _officers(), _first_day()
    officer = _officer(officers)
    shown = queries.week(officer, first)
    forms = {one.id: RowForm(prefix=f"{one.id}-", formdata=_row(one.id)) for one in shown.to_record}
    saved = [one for one in shown.to_record if _save_row(one, forms[one.id])]
    wrong = [form for form in forms.values() if form.errors]
    if saved:
        flash(ngettext("%(num)d outcome is saved.", "%(num)d outcomes are saved.", len(saved)), "good")
    if request.method == "POST" and not wrong:
        return redirect(url_for(".week", of=first.isoformat(), officer=request.args.get("officer")))
    return page(
        "supervision/week.html",
        422 if wrong else 200,
        week=queries.week(officer, first) if saved else shown,
        forms=forms,
        wrong=wrong,
        officer=officer,
        officers=officers,
        before=first - timedelta(days=7),
        after=first + timedelta(days=7),
        now_first=queries.first_of_week(today(), week_starts_on()),
    )


def _officers() -> list[User]:
    """Those whose week may be looked at: one's own, and for whoever leads the colleagues of their site."""
    me: User = current_user._get_current_object()
    if me.scope is Scope.OWN:
        return [me]
    whole = me.scope is Scope.ORGANISATION
    colleagues = accounts.colleagues(me, permission=Permission.SUPERVISE)
    return [one for one in colleagues if whole or one.site_id == me.site_id or one.id == me.id]


def _officer(officers: list[User]) -> User:
    asked = request.args.get("officer")
    me: User = current_user._get_current_object()
    return next((one for one in officers if str(one.id) == asked), me)


def _first_day() -> date:
    try:
        asked = date.fromisoformat(request.args.get("of", ""))
        asked = asked if 1900 <= asked.year <= 2200 else today()  # weeks before and after it are linked
    except ValueError:
        asked = today()
    return queries.first_of_week(asked, week_starts_on())


def _row(id: uuid.UUID) -> Any:
    """What was typed on this line, if anything was sent at all."""
    return request.form if request.method == "POST" and f"{id}-outcome" in request.form else None


def _save_row(contact: models.Contact, form: RowForm) -> bool:
    if not form.outcome.data:
        if form.reason.data or form.response.data or form.note.data:
            form.refuse(Refused(_("Choose what came of it."), field="outcome"))
        return False
    return form.accepts(lambda: actions.record_outcome(contact, **_outcome(form), by=current_user))
