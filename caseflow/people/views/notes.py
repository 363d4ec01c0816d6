"""Notes and tasks of a case."""

import uuid

from flask import redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from caseflow.accounts import queries as accounts
from caseflow.accounts.permissions import Permission
from caseflow.core.db import now
from caseflow.core.web import done, inside, page, page_number, requires
from caseflow.people import actions, queries
from caseflow.people.forms.notes import AmendForm, NoteForm, TaskForm
from caseflow.people.models import NoteKind
from caseflow.people.views.blueprint import bp


@bp.get("/cases/<uuid:id>/notes")
@requires(Permission.WORK_ON_CASES)
def notes(id: uuid.UUID) -> tuple[str, int]:
    """The notes of a case; `?kind=` shows one kind."""
    case = queries.opened(id, current_user)
    asked = request.args.get("kind", "")
    kind = NoteKind(asked) if asked in set(NoteKind) else None
    threads = queries.threads(case, kind, number=page_number())
    return page("people/notes.html", case=case, threads=threads, kind=kind, kinds=list(NoteKind))


@bp.route("/cases/<uuid:id>/notes/new", methods=["GET", "POST"])
@requires(Permission.WORK_ON_CASES)
def new_note(id: uuid.UUID) -> tuple[str, int] | Response:
    """Write a note."""
    case = queries.opened(id, current_user)
    form = NoteForm(occurred_at=now())
    if form.accepts(
        lambda: actions.write_note(
            case,
            kind=NoteKind(form.kind.data),
            text=form.text.data or "",
            occurred_at=form.occurred_at.data,
            sensitive=form.sensitive.data,
            id=form.id.row_id,
            by=current_user,
        )
    ):
        return done(_("The note is saved."), ".notes", id=case.id)
    return page("people/new_note.html", form=form, case=case)


@bp.route("/cases/<uuid:id>/notes/<uuid:note_id>/amend", methods=["GET", "POST"])
@requires(Permission.WORK_ON_CASES)
def amend_note(id: uuid.UUID, note_id: uuid.UUID) -> tuple[str, int] | Response:
    """Add to a note; the first text and its author stay."""
    case = queries.opened(id, current_user)
    note = queries.note(case, note_id)
    form = AmendForm()
    if form.accepts(
        lambda: actions.write_note(
            case,
            kind=note.kind,
            text=form.text.data or "",
            sensitive=note.sensitive,
            amends=note,
            id=form.id.row_id,
            by=current_user,
        )
    ):
        return done(_("The addition is saved beside the first text."), ".notes", id=case.id, _anchor=f"note-{note.id}")
    return page("people/amend_note.html", form=form, case=case, note=note)


@bp.get("/cases/<uuid:id>/tasks")
@requires(Permission.WORK_ON_CASES)
def tasks(id: uuid.UUID) -> tuple[str, int]:
    """What is to be done in a case, and what was."""
    case = queries.opened(id, current_user)
    found = queries.tasks(case)
    return page(
        "people/tasks.html",
        case=case,
        open_tasks=[task for task in found if task.done_at is None],
        finished=[task for task in found if task.done_at is not None],
    )


@bp.route("/cases/<uuid:id>/tasks/new", methods=["GET", "POST"])
@requires(Permission.WORK_ON_CASES)
def new_task(id: uuid.UUID) -> tuple[str, int] | Response:
    """Set something to be done."""
    case = queries.opened(id, current_user)
    form = TaskForm(user=str(current_user.id))
    form.user.choices = [(str(one.id), one.name) for one in queries.doers(case, current_user)]
    if form.accepts(
        lambda: actions.add_task(
            case,
            title=form.title.data or "",
            due_on=form.due_on.data,
            user=accounts.colleague(uuid.UUID(form.user.data), current_user),
            id=form.id.row_id,
            by=current_user,
        )
    ):
        return done(_("The task is set."), ".tasks", id=case.id)
    return page("people/new_task.html", form=form, case=case)


@bp.post("/tasks/<uuid:id>/finish")
@requires(Permission.WORK_ON_CASES)
def finish_task(id: uuid.UUID) -> Response:
    """A task is done; `next` is the page it was finished from."""
    task = queries.task(id, current_user)
    actions.finish_task(task, by=current_user)
    return redirect(inside(request.form.get("next")) or url_for(".tasks", id=task.case_id))
