"""Terms and code of conduct."""

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from caseflow.accounts import actions, queries
from caseflow.accounts.forms import TermsAdditionForm
from caseflow.accounts.models import Standing
from caseflow.accounts.permissions import Permission
from caseflow.accounts.views.blueprint import bp
from caseflow.core.web import done, inside, page, requires


@bp.get("/terms")
@requires(Permission.BE_SIGNED_IN, even=[Standing.TERMS_DUE])
def terms() -> ResponseReturnValue:
    """What everybody agrees to who opens cases here."""
    return page(
        "accounts/terms.html",
        addition=queries.terms_addition(current_user.org_id),
        version=queries.terms_version(current_user.org_id),
        accepted=queries.terms_accepted(current_user),
        onward=inside(request.args.get("next")) or "",
    )


@bp.post("/terms")
@requires(Permission.BE_SIGNED_IN, even=[Standing.TERMS_DUE])
def accept_terms() -> Response:
    """Accept the terms as they stand."""
    actions.accept_terms(by=current_user)
    return redirect(inside(request.form.get("next")) or url_for("casefile.home"))


@bp.route("/terms/addition", methods=["GET", "POST"])
@requires(Permission.MANAGE_USERS, fresh=True)
def terms_addition() -> ResponseReturnValue:
    """What the organisation adds to the terms."""
    before = queries.terms_addition(current_user.org_id)
    form = TermsAdditionForm(text=before.text if before else "")
    if form.accepts(lambda: actions.add_to_terms(form.text.data or "", by=current_user)):
        return done(_("The terms are changed. Everybody is asked to accept them again."), ".terms")
    return page("accounts/terms_addition.html", form=form)
