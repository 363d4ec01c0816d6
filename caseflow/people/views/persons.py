"""A person's particulars, relatives and consents."""

import uuid

from flask import current_app, request
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from caseflow.accounts.models import User
from caseflow.accounts.permissions import Permission
from caseflow.core.formats import country_name
from caseflow.core.forms import differences
from caseflow.core.web import done, page, requires
from caseflow.people import actions, queries
from caseflow.people.forms.persons import ConsentFormPage, EditPersonForm, RelativeForm
from caseflow.people.models import Category, ConsentForm, ConsentGiver
from caseflow.people.views.blueprint import bp
from caseflow.tenancy import queries as tenancy
from caseflow.tenancy.models import OrganisationKind

TOLD = (OrganisationKind.CSO, OrganisationKind.PROBATION_SERVICE, OrganisationKind.PRISON_SERVICE)


@bp.route("/cases/<uuid:id>/person", methods=["GET", "POST"])
@requires(Permission.WORK_ON_CASES)
def edit_person(id: uuid.UUID) -> tuple[str, int] | Response:
    """Change a person's names, numbers and particulars."""
    case = queries.opened(id, current_user)
    held = queries.person_values(case.person)
    known = [*case.person.languages, case.person.interpreter_language or ""]
    form = EditPersonForm(data={**held, "version": case.person.version}, held=known)
    if form.accepts(lambda: actions.edit_person(case, form.person(), version=form.version.data, by=current_user)):
        return done(_("The person's file is saved."), "casefile.overview", id=case.id)
    return page("people/edit_person.html", form=form, case=case, differences=differences(form))


@bp.get("/cases/<uuid:id>/relatives")
@requires(Permission.WORK_ON_CASES)
def relatives(id: uuid.UUID) -> tuple[str, int]:
    """The person's family."""
    case = queries.opened(id, current_user)
    return page("people/relatives.html", case=case, relatives=queries.relatives(case.person))


@bp.route("/cases/<uuid:id>/relatives/new", methods=["GET", "POST"])
@requires(Permission.WORK_ON_CASES)
def new_relative(id: uuid.UUID) -> tuple[str, int] | Response:
    """Write down a relative."""
    case = queries.opened(id, current_user)
    form = RelativeForm()
    if form.accepts(lambda: actions.add_relative(case, form.relative(), id=form.id.row_id, by=current_user)):
        return done(_("The relative is saved."), ".relatives", id=case.id)
    return page("people/edit_relative.html", form=form, case=case)


@bp.route("/cases/<uuid:id>/relatives/<uuid:relative_id>", methods=["GET", "POST"])
@requires(Permission.WORK_ON_CASES)
def edit_relative(id: uuid.UUID, relative_id: uuid.UUID) -> tuple[str, int] | Response:
    """Change what is written down of a relative."""
    case = queries.opened(id, current_user)
    relative = queries.relative(case.person, relative_id)
    form = RelativeForm(obj=relative)
    if form.accepts(
        lambda: actions.change_relative(case, relative, form.relative(), version=form.version.data, by=current_user)
    ):
        return done(_("The relative is saved."), ".relatives", id=case.id)
    return page("people/edit_relative.html", form=form, case=case, relative=relative, differences=differences(form))


@bp.get("/cases/<uuid:id>/consents")
@requires(Permission.WORK_ON_CASES)
def consents(id: uuid.UUID) -> tuple[str, int]:
    """What the person agreed to be told to whom."""
    case = queries.opened(id, current_user)
    found = queries.consents(case)
    return page(
        "people/consents.html",
        case=case,
        consents=found,
        grantees={one.grantee_org_id: tenancy.organisation(one.grantee_org_id).name for one in found},
        categories={code.value: code.label for code in Category},
        today=current_user.organisation.today(),
        withdrawing="referrals.withdraw_consent" in current_app.view_functions,
    )


def _told(user: User) -> list[tuple[str, str]]:
    """The organisations that may be told of a person: those of the own country first, the others with their country."""
    home = user.organisation.country
    others = sorted(tenancy.organisations(*TOLD), key=lambda one: one.country != home)  # keeps the order of names
    return [
        (str(one.id), one.name if one.country == home else f"{one.name} · {country_name(one.country)}")
        for one in others
        if one.id != user.org_id
    ]


@bp.route("/cases/<uuid:id>/consents/new", methods=["GET", "POST"])
@requires(Permission.WORK_ON_CASES)
def new_consent(id: uuid.UUID) -> tuple[str, int] | Response:
    """Write down a consent; `?grantee=` names the organisation where one comes from a referral."""
    case = queries.opened(id, current_user)
    today = current_user.organisation.today()
    form = ConsentFormPage(starts_on=today, grantee=request.args.get("grantee"))
    form.grantee.choices = [("", _("Choose")), *_told(current_user)]
    if form.accepts(
        lambda: actions.record_consent(
            case,
            grantee_org_id=uuid.UUID(form.grantee.data),
            purpose=form.purpose.data or "",
            categories=[Category(one) for one in form.categories.data or ()],
            given_by=ConsentGiver(form.given_by.data),
            guardian=form.guardian.data,
            form=ConsentForm(form.way.data),
            witness=form.witness.data,
            starts_on=form.starts_on.data,
            ends_on=form.ends_on.data,
            id=form.id.row_id,
            by=current_user,
        )
    ):
        return done(_("The consent is recorded."), ".consents", id=case.id)
    return page("people/new_consent.html", form=form, case=case)
