"""Opening, changing, allocating and closing cases."""

import uuid

from flask import redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from caseflow.accounts import queries as accounts
from caseflow.accounts.models import User
from caseflow.accounts.permissions import Permission
from caseflow.core.errors import Refused
from caseflow.core.forms import differences
from caseflow.core.web import done, page, requires
from caseflow.people import actions, queries
from caseflow.people.forms.cases import (
    AgainForm,
    AllocateForm,
    CloseForm,
    EditFactsForm,
    NewCaseForm,
    PhaseForm,
    ReopenForm,
    TransferForm,
)
from caseflow.people.models import PHASES, AssignmentRole, Case, CaseOutcome, Phase
from caseflow.people.views.blueprint import bp
from caseflow.people.views.frame import closed_by
from caseflow.tenancy import queries as tenancy
from caseflow.tenancy.models import OrganisationKind, Site

FACTS = tuple(actions.CaseFields.__dataclass_fields__)


def _after(case: Case, message: str) -> Response:
    return done(message, "casefile.overview", id=case.id, closed=accounts.is_closed(case.id, current_user))


def _in_prison() -> bool:
    return bool(current_user.organisation.kind is OrganisationKind.PRISON_SERVICE)


def _fill_choices(form: AgainForm) -> None:
    sites = tenancy.sites(current_user.org_id)
    form.site.choices = [("", _("No site")), *((str(site.id), site.name) for site in sites)]
    mine = [(str(current_user.id), current_user.name)]
    others = queries.workers(current_user) if current_user.may(Permission.ALLOCATE_CASES) else []
    form.worker.choices = mine + [(str(one.id), one.name) for one in others if one.id != current_user.id]
    if not form.is_submitted() and current_user.site_id:
        form.site.data = str(current_user.site_id)


def _site(text: str | None) -> Site | None:
    """The chosen site; the form has checked that it is one of ours."""
    return next((site for site in tenancy.sites(current_user.org_id) if str(site.id) == text), None)


def _worker(text: str | None) -> User:
    return accounts.colleague(uuid.UUID(text) if text else current_user.id, current_user)


@bp.route("/cases/new", methods=["GET", "POST"])
@requires(Permission.OPEN_CASES)
def new_case() -> tuple[str, int] | Response:
    """Write down a person by hand and open their case."""
    form = NewCaseForm(custody=_in_prison())
    _fill_choices(form)
    if form.accepts(
        lambda: actions.open_case(
            number=form.number.data or "",
            person=form.person(),
            facts=form.facts(),
            site=_site(form.site.data),
            worker=_worker(form.worker.data),
            id=form.id.row_id,
            by=current_user,
        )
    ):
        return done(_("The case is open."), "casefile.overview", id=form.id.row_id)
    return page("people/new_case.html", form=form)


@bp.route("/cases/<uuid:id>/new-case", methods=["GET", "POST"])
@requires(Permission.OPEN_CASES)
def new_case_again(id: uuid.UUID) -> tuple[str, int] | Response:
    """Open a further case of the same person."""
    case = queries.opened(id, current_user)
    form = AgainForm(custody=_in_prison())
    _fill_choices(form)
    if form.accepts(
        lambda: actions.open_case(
            number=form.number.data or "",
            person=case.person,
            facts=form.facts(),
            site=_site(form.site.data),
            worker=_worker(form.worker.data),
            id=form.id.row_id,
            by=current_user,
        )
    ):
        return done(_("The case is open."), "casefile.overview", id=form.id.row_id)
    return page("people/new_case.html", form=form, case=case)


@bp.route("/cases/<uuid:id>/facts", methods=["GET", "POST"])
@requires(Permission.WORK_ON_CASES)
def edit_facts(id: uuid.UUID) -> tuple[str, int] | Response:
    """Change the dates, the order and the legal standing."""
    case = queries.opened(id, current_user)
    held = {name: getattr(case, name) for name in FACTS}
    form = EditFactsForm(data={**held, "version": case.version}, custody=_in_prison() and case.in_custody())
    if form.accepts(lambda: actions.change_facts(case, form.facts(), version=form.version.data, by=current_user)):
        return done(_("The case is saved."), "casefile.overview", id=case.id)
    return page("people/edit_facts.html", form=form, case=case, differences=differences(form))


@bp.route("/cases/<uuid:id>/transfer", methods=["GET", "POST"])
@requires(Permission.WORK_ON_CASES)
def transfer(id: uuid.UUID) -> tuple[str, int] | Response:
    """Record that the person was moved to another site."""
    case = queries.opened(id, current_user)
    form = TransferForm()
    sites = [site for site in tenancy.sites(case.org_id) if site.id != case.site_id]
    form.site.choices = [("", _("Choose")), *((str(site.id), site.name) for site in sites)]
    if form.accepts(lambda: _move(form, id)):
        return done(_("The move is recorded."), "casefile.home")
    return page("people/transfer.html", form=form, case=case, stays=queries.stays(case))


def _move(form: TransferForm, id: uuid.UUID) -> None:
    site = _site(form.site.data)
    if site is None:
        raise Refused(_("Choose a site."), field="site")
    actions.transfer(queries.opened(id, current_user), site, form.reason.data, by=current_user)


@bp.route("/cases/<uuid:id>/allocate", methods=["GET", "POST"])
@requires(Permission.ALLOCATE_CASES)
def allocate(id: uuid.UUID) -> tuple[str, int] | Response:
    """Give the case to a worker, and see who had it."""
    case = queries.opened(id, current_user)
    form = AllocateForm()
    workers = queries.workers(current_user)
    form.worker.choices = [("", _("Choose")), *(one.choice for one in workers)]
    if form.accepts(
        lambda: actions.allocate(
            case,
            _worker(form.worker.data),
            role=AssignmentRole(form.role.data),
            reason=form.reason.data,
            by=current_user,
        )
    ):
        return done(_("The case is given to its worker."), ".allocate", id=case.id)
    return page("people/allocate.html", form=form, case=case, history=queries.assignment_history(case))


@bp.route("/cases/<uuid:id>/phase", methods=["GET", "POST"])
@requires(Permission.WORK_ON_CASES)
def change_phase(id: uuid.UUID) -> tuple[str, int] | Response:
    """Move the case on."""
    case = queries.opened(id, current_user)
    form = PhaseForm()
    offered = [] if not case.open() else [one for one in Phase if one in PHASES[case.phase] and one is not Phase.CLOSED]
    form.phase.choices = Phase.choices(offered)
    if form.accepts(
        lambda: actions.change_phase(case, Phase(form.phase.data), reason=form.reason.data, by=current_user)
    ):
        return _after(case, _("The case is in a new phase."))
    return page("people/change_phase.html", form=form, case=case, changes=queries.phase_changes(case))


@bp.route("/cases/<uuid:id>/close", methods=["GET", "POST"])
@requires(Permission.WORK_ON_CASES)
def close_case(id: uuid.UUID) -> tuple[str, int] | Response:
    """End the work on a case."""
    case = queries.opened(id, current_user)
    if (closing := closed_by()) != request.endpoint:
        return redirect(url_for(closing, id=id))
    form = CloseForm()
    if form.accepts(lambda: actions.close_case(case, CaseOutcome(form.outcome.data), form.note.data, by=current_user)):
        return _after(case, _("The case is closed."))
    return page("people/close_case.html", form=form, case=case, tasks=queries.open_tasks(case))


@bp.route("/cases/<uuid:id>/reopen", methods=["GET", "POST"])
@requires(Permission.WORK_ON_CASES)
def reopen_case(id: uuid.UUID) -> tuple[str, int] | Response:
    """Take up a closed case again."""
    case = queries.opened(id, current_user)
    form = ReopenForm()
    form.phase.choices = Phase.choices(one for one in Phase if one in PHASES[Phase.CLOSED])
    if form.accepts(lambda: actions.reopen_case(case, Phase(form.phase.data), form.reason.data or "", by=current_user)):
        return _after(case, _("The case is open again."))
    return page("people/reopen_case.html", form=form, case=case)
