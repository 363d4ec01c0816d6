"""The sites of the organisation."""

import uuid

from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from caseflow.accounts import actions
from caseflow.accounts.forms import NewSiteForm, SiteForm
from caseflow.accounts.permissions import Permission
from caseflow.accounts.views.blueprint import bp
from caseflow.core.web import done, page, requires
from caseflow.tenancy import queries as tenancy
from caseflow.tenancy.models import SiteKind


@bp.route("/sites/new", methods=["GET", "POST"])
@requires(Permission.MANAGE_USERS)
def new_site() -> ResponseReturnValue:
    """Add a prison or an office."""
    form = NewSiteForm()

    def act() -> None:
        actions.add_site(
            name=form.name.data or "",
            kind=SiteKind(form.kind.data),
            code=form.code.data,
            city=form.city.data,
            capacity=form.capacity.data,
            by=current_user,
        )

    if form.accepts(act):
        return done(_("The site is added."), "casefile.home", _anchor="sites")
    return page("accounts/new_site.html", form=form)


@bp.route("/sites/<uuid:id>", methods=["GET", "POST"])
@requires(Permission.MANAGE_USERS)
def edit_site(id: uuid.UUID) -> ResponseReturnValue:
    """Change what is said of a site."""
    site = tenancy.site(id, current_user.org_id)
    form = SiteForm(obj=site)

    def act() -> None:
        actions.change_site(
            site,
            name=form.name.data or "",
            kind=SiteKind(form.kind.data),
            city=form.city.data,
            capacity=form.capacity.data,
            version=form.version.data,
            by=current_user,
        )

    if form.accepts(act):
        return done(_("The site is saved."), "casefile.home", _anchor="sites")
    return page("accounts/edit_site.html", form=form, site=site)
