"""The page of a referral that both sides read, and what is done from it: answer, assign, pause, write."""

import uuid
from typing import Any

from flask import redirect, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from caseflow.accounts.permissions import Permission
from caseflow.core.db import now
from caseflow.core.forms import Form
from caseflow.core.web import done, page, requires
from caseflow.directory import queries as directory
from caseflow.referrals import queries
from caseflow.referrals.actions import answering, assigning, messages
from caseflow.referrals.actions.moves import REASONS
from caseflow.referrals.forms.answers import Answer, AnswerForm, AssignForm, MessageForm, NoteForm, PauseForm
from caseflow.referrals.kinds import outcome_labels
from caseflow.referrals.models import MOVES, RUNNING, DeclineReason, Event, Referral, Status
from caseflow.referrals.queries import receiving, shared
from caseflow.referrals.views.blueprint import bp

ANSWERABLE = frozenset(status for status, moves in MOVES.items() if Status.DECLINED in moves)


@bp.get("/referrals/<uuid:id>")
@requires(Permission.BE_SIGNED_IN)
def show(id: uuid.UUID) -> tuple[str, int]:
    """The referral, as the reader's side sees it."""
    found = queries.opened(id, current_user)
    return _page(found)


def _page(found: queries.Opened, **forms: Form) -> tuple[str, int]:
    """The page; a form that was refused comes back in it with what was typed."""
    referral = found.referral
    refused = next((form for form in forms.values() if form.errors), None)
    values: dict[str, Any] = {
        "found": found,
        "referral": referral,
        "case": found.case,
        "form": refused,
        "deadline": queries.deadlines.of([referral]).get(referral.id),
        "tones": queries.TONES,
        "outcomes": outcome_labels(referral.kind, referral.outcomes),
        "sections": shared.told(referral),
        "told_until": shared.told_until(referral),
        "events": [_line(event) for event in shared.events(referral)],
        "messages": shared.messages(referral),
        "sessions": shared.sessions(referral),
        "report": shared.report(referral),
        "findings": _findings(referral),
        "message_form": forms.get("message") or MessageForm(formdata=None),
        "running": referral.status in RUNNING,
        "now": now(),
    }
    if found.receiving:
        values |= {
            "helpers": shared.helpers(referral),
            "earlier_helpers": shared.helpers(referral, live=False),
            "notes": shared.notes(referral),
            "note_form": forms.get("note") or NoteForm(formdata=None),
            "answer_form": forms.get("answer") or _answer_form(referral),
        }
    return page("referrals/show_received.html" if found.receiving else "referrals/show_sent.html", **values)


def _answer_form(referral: Referral, **options: Any) -> AnswerForm | None:
    if referral.status not in ANSWERABLE or not current_user.may(Permission.ANSWER_REFERRALS):
        return None
    form = AnswerForm(version=referral.version, **(options or {"formdata": None}))
    form.fit(referral.status, receiving.suggestable(referral))
    return form


def _line(event: Event) -> dict[str, Any]:
    """A move as a line of the timeline."""
    codes = REASONS.get(event.status)
    suggested = directory.service(event.suggested_service_id) if event.suggested_service_id else None
    return {
        "when": event.created_at,
        "title": event.status.label,
        "who": event.actor_name,
        "tone": queries.TONES[event.status],
        "reason": codes(event.reason).label if codes and event.reason else None,
        "text": event.text,
        "suggested": suggested,
    }


def _findings(referral: Referral) -> list[dict[str, Any]]:
    found = shared.outcomes(referral)
    names = outcome_labels(referral.kind, [one.outcome for one in found])
    return [
        {"name": name, "achievement": one.achievement, "text": one.text} for name, one in zip(names, found, strict=True)
    ]


@bp.post("/referrals/<uuid:id>/answer")
@requires(Permission.ANSWER_REFERRALS)
def answer(id: uuid.UUID) -> tuple[str, int] | Response:
    """Accept, waiting list, question, or no."""
    found = queries.opened(id, current_user)
    referral = queries.received(id, current_user)
    form = AnswerForm()
    form.fit(referral.status, receiving.suggestable(referral))
    if form.accepts(lambda: _answer(referral, form)):
        return done(_("Your answer is sent; the sender is told."), ".show", id=id)
    return _page(found, answer=form)


def _answer(referral: Referral, form: AnswerForm) -> None:
    version, text, by = form.version.data, form.text.data, current_user
    match Answer(form.answer.data):
        case Answer.ACCEPT:
            answering.accept(referral, text=text, version=version, by=by)
        case Answer.WAITLIST:
            answering.waitlist(referral, text=text, version=version, by=by)
        case Answer.ASK:
            answering.ask(referral, text, version=version, by=by)
        case Answer.DECLINE:
            reason = DeclineReason(form.reason.data) if form.reason.data else None
            other = uuid.UUID(form.suggested.data) if form.suggested.data else None
            answering.decline(referral, reason, text=text, suggested=other, version=version, by=by)


@bp.route("/referrals/<uuid:id>/workers", methods=["GET", "POST"])
@requires(Permission.ASSIGN_WORKERS)
def assign(id: uuid.UUID) -> tuple[str, int] | Response:
    """Choose who helps, and who is responsible."""
    referral = queries.received(id, current_user)
    now_helping = shared.helpers(referral)
    form = AssignForm(
        workers=[str(helper.user_id) for helper in now_helping],
        primary=next((str(helper.user_id) for helper in now_helping if helper.primary), ""),
    )
    form.fit(receiving.possible_helpers(referral, current_user))

    def act() -> None:
        primary = uuid.UUID(form.primary.data) if form.primary.data else None
        assigning.assign(referral, [uuid.UUID(one) for one in form.workers.data or []], primary, by=current_user)

    if form.accepts(act):
        return done(_("The workers are assigned and told."), ".show", id=id)
    return page("referrals/assign.html", form=form, referral=referral, name=_name(referral))


@bp.route("/referrals/<uuid:id>/pause", methods=["GET", "POST"])
@requires(Permission.RECORD_SESSIONS)
def pause(id: uuid.UUID) -> tuple[str, int] | Response:
    """Put the help on hold."""
    referral = queries.received(id, current_user)
    form = PauseForm(version=referral.version)
    if form.accepts(lambda: answering.pause(referral, form.text.data, version=form.version.data, by=current_user)):
        return done(_("The referral is on hold; the sender is told."), ".show", id=id)
    return page("referrals/pause.html", form=form, referral=referral, name=_name(referral))


@bp.post("/referrals/<uuid:id>/resume")
@requires(Permission.RECORD_SESSIONS)
def resume(id: uuid.UUID) -> Response:
    """Go on after a pause."""
    referral = queries.received(id, current_user)
    answering.resume(referral, by=current_user)
    return done(_("The help goes on; the sender is told."), ".show", id=id)


@bp.post("/referrals/<uuid:id>/messages")
@requires(Permission.BE_SIGNED_IN)
def message(id: uuid.UUID) -> tuple[str, int] | Response:
    """Write to the other side."""
    found = queries.opened(id, current_user)
    form = MessageForm()

    def act() -> None:
        assert form.message.data is not None
        messages.send_message(found.referral, form.message.data, id=form.message_id.row_id, by=current_user)

    if form.accepts(act):
        return redirect(url_for(".show", id=id, _anchor="messages"))
    return _page(found, message=form)


@bp.post("/referrals/<uuid:id>/notes")
@requires(Permission.RECORD_SESSIONS)
def note(id: uuid.UUID) -> tuple[str, int] | Response:
    """Write a note that the sender never sees."""
    referral = queries.received(id, current_user)
    form = NoteForm()

    def act() -> None:
        assert form.note.data is not None
        messages.write_note(referral, form.note.data, id=form.note_id.row_id, by=current_user)

    if form.accepts(act):
        return redirect(url_for(".show", id=id, _anchor="notes"))
    return _page(queries.opened(id, current_user), note=form)


def _name(referral: Referral) -> str | None:
    return queries.names([referral], current_user).get(referral.id)
