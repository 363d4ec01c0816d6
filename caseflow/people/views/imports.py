"""Importing a register by page: upload, preview, dry run, import, progress, errors."""

import uuid

from flask import Response as FlaskResponse
from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from caseflow.accounts.permissions import Permission
from caseflow.core.errors import Refused
from caseflow.core.web import page, page_number, requires
from caseflow.people.actions import imports as actions
from caseflow.people.forms.imports import UploadForm
from caseflow.people.models import Phase, RegisterImport, Sex
from caseflow.people.queries import imports as queries
from caseflow.people.register.errors import ENCODING
from caseflow.people.register.mapping import Mapping, MappingError, shipped
from caseflow.people.register.reading import ReadingError
from caseflow.people.register.rows import reason_text
from caseflow.people.views.blueprint import bp


@bp.route("/register-imports", methods=["GET", "POST"])
@requires(Permission.IMPORT_REGISTER)
def register_imports() -> tuple[str, int] | Response:
    """Upload a register's file, and see the earlier ones."""
    form = UploadForm()
    form.mapping.choices = [(name, Mapping.load(path).name) for name, path in shipped().items()]
    form.mapping.choices += [("", _("A mapping of your own, below"))]
    made: list[RegisterImport] = []
    if form.accepts(lambda: made.append(_upload(form))):
        return redirect(url_for(".register_import", id=made[0].id))
    return page(
        "people/register_imports.html", form=form, imports=queries.register_imports(current_user, number=page_number())
    )


def _upload(form: UploadForm) -> RegisterImport:
    if not form.file.data or not form.file.data.filename:
        raise Refused(_("Choose a file."), field="file")
    if not form.mapping.data and not form.own.data:
        raise Refused(_("Choose a mapping, or write one of your own."), field="mapping")
    own = not form.mapping.data
    text = (form.own.data or "") if own else shipped()[form.mapping.data].read_text(encoding="utf-8")
    return actions.upload(form.file.data.filename, form.file.data.read(), text, own=own, by=current_user)


@bp.get("/register-imports/<uuid:id>")
@requires(Permission.IMPORT_REGISTER)
def register_import(id: uuid.UUID) -> tuple[str, int]:
    """What the file is and would become, how far the import has come, and what came of it."""
    held = queries.register_import(id, current_user)
    try:
        preview = None if held.going_on() or held.file_removed_at else queries.preview(held)
    except (MappingError, ReadingError) as error:
        preview = None
        flash(str(error), "bad")
    return page(
        "people/register_import.html",
        held=held,
        preview=preview,
        reason_text=reason_text,
        sexes=dict(Sex.choices()),
        phases=dict(Phase.choices()),
    )


@bp.post("/register-imports/<uuid:id>/dry-run")
@requires(Permission.IMPORT_REGISTER)
def dry_run(id: uuid.UUID) -> Response:
    """Go through the file and keep nothing."""
    return _start(id, dry_run=True)


@bp.post("/register-imports/<uuid:id>/start")
@requires(Permission.IMPORT_REGISTER)
def start_import(id: uuid.UUID) -> Response:
    """Import the file."""
    return _start(id, dry_run=False)


def _start(id: uuid.UUID, *, dry_run: bool) -> Response:
    held = queries.register_import(id, current_user)
    try:
        actions.start_import(held, dry_run=dry_run, by=current_user)
    except Refused as refusal:
        flash(str(refusal), "bad")
    return redirect(url_for(".register_import", id=id))


@bp.post("/register-imports/<uuid:id>/remove")
@requires(Permission.IMPORT_REGISTER)
def remove_import_file(id: uuid.UUID) -> Response:
    """Remove the file and its refused rows at once."""
    held = queries.register_import(id, current_user)
    try:
        actions.remove_file(held, by=current_user)
    except Refused as refusal:
        flash(str(refusal), "bad")
    return redirect(url_for(".register_import", id=id))


@bp.get("/register-imports/<uuid:id>/progress")
@requires(Permission.IMPORT_REGISTER)
def import_progress(id: uuid.UUID) -> FlaskResponse:
    """How far the import has come, as a part of the page; when it is done, the whole page is asked for."""
    held = queries.register_import(id, current_user)
    response = FlaskResponse(render_template("people/_import_progress.html", held=held))
    if not held.going_on():
        response.headers["HX-Refresh"] = "true"
    return response


@bp.get("/register-imports/<uuid:id>/errors.csv")
@requires(Permission.IMPORT_REGISTER)
def import_errors(id: uuid.UUID) -> FlaskResponse:
    """The rows that were refused, with the reasons."""
    held = queries.register_import(id, current_user)
    response = FlaskResponse(held.errors_file or b"", mimetype="text/csv")
    response.headers["Content-Type"] = f"text/csv; charset={ENCODING.removesuffix('-sig')}"
    response.headers["Content-Disposition"] = f'attachment; filename="errors-{held.id}.csv"'
    return response
