"""The holidays of the organisation."""

import uuid

from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user
from werkzeug.wrappers import Response

from caseflow.accounts import actions
from caseflow.accounts.forms import HolidayForm
from caseflow.accounts.permissions import Permission
from caseflow.accounts.views.blueprint import bp
from caseflow.core.formats import date_text
from caseflow.core.web import done, page, page_number, requires
from caseflow.tenancy import queries as tenancy


@bp.route("/holidays", methods=["GET", "POST"])
@requires(Permission.MANAGE_USERS)
def holidays() -> ResponseReturnValue:
    """Those of this year and later, those before, and further ones."""
    form = HolidayForm()
    added: list[int] = []
    if form.accepts(lambda: added.append(_add(form))):
        return done(ngettext("%(num)d holiday is added.", "%(num)d holidays are added.", added[0]), ".holidays")
    new_year = current_user.organisation.today().replace(month=1, day=1)
    return page(
        "accounts/holidays.html",
        form=form,
        coming=tenancy.holidays(current_user.org_id, new_year),
        past=tenancy.holidays_before(current_user.org_id, new_year, number=page_number()),
    )


def _add(form: HolidayForm) -> int:
    return actions.add_holidays(form.day.data, form.until.data, form.name.data or "", by=current_user)


@bp.post("/holidays/<uuid:id>/remove")
@requires(Permission.MANAGE_USERS)
def remove_holiday(id: uuid.UUID) -> Response:
    """The organisation works on this day after all."""
    holiday = tenancy.holiday(id, current_user.org_id)
    day = date_text(holiday.day)
    actions.remove_holiday(holiday, by=current_user)
    return done(_("%(day)s is a holiday no more.", day=day), ".holidays")
