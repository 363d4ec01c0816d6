"""Sessions: planning, recording, another time, calling off; and the end of a referral with its report."""

import uuid
from datetime import datetime

from flask import flash
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from caseflow.accounts.permissions import Permission
from caseflow.core.db import now
from caseflow.core.formats import datetime_text
from caseflow.core.web import done, page, requires
from caseflow.referrals import queries
from caseflow.referrals.actions import reports, sessions
from caseflow.referrals.forms.answers import (
    CallOffForm,
    EarlyReportForm,
    EndEarlyForm,
    OutcomeForm,
    PlanForm,
    ReportForm,
    RescheduleForm,
    report_form,
)
from caseflow.referrals.kinds import outcome_labels
from caseflow.referrals.models import Asker, Referral, Session
from caseflow.referrals.queries import receiving, shared
from caseflow.referrals.views.blueprint import bp


@bp.route("/referrals/<uuid:id>/sessions/new", methods=["GET", "POST"])
@requires(Permission.RECORD_SESSIONS)
def plan_session(id: uuid.UUID) -> tuple[str, int] | Response:
    """Plan a session, or put down one that was held."""
    referral = queries.received(id, current_user)
    form = PlanForm()
    made: list[Session] = []

    def act() -> None:
        made.append(sessions.plan(referral, form.slot(), held=form.held(), id=form.id.row_id, by=current_user))

    if form.accepts(act):
        _warn_of_clashes(referral, made[0])
        return done(_("The session is saved; the sender is told."), ".show", id=id, _anchor="sessions")
    return page("referrals/session_new.html", form=form, referral=referral, name=_name(referral))


@bp.route("/sessions/<uuid:id>", methods=["GET", "POST"])
@requires(Permission.RECORD_SESSIONS)
def session(id: uuid.UUID) -> tuple[str, int] | Response:
    """Record how a session went, on a phone in half a minute."""
    held, referral = shared.session(id, current_user)
    form = OutcomeForm()

    def act() -> None:
        said = form.held()
        assert said is not None
        sessions.record(held, referral, said, by=current_user)

    if form.accepts(act):
        return done(_("The session is recorded; the sender is told."), ".show", id=referral.id, _anchor="sessions")
    return page("referrals/session.html", form=form, session=held, referral=referral, name=_name(referral), now=now())


@bp.route("/sessions/<uuid:id>/another-time", methods=["GET", "POST"])
@requires(Permission.RECORD_SESSIONS)
def reschedule(id: uuid.UUID) -> tuple[str, int] | Response:
    """Move a session to another time; the old one is kept."""
    held, referral = shared.session(id, current_user)
    form = RescheduleForm(obj=held)
    made: list[Session] = []

    def act() -> None:
        asked_by, reason = Asker(form.asked_by.data), form.reason.data
        assert reason is not None
        made.append(sessions.reschedule(held, referral, form.slot(), asked_by=asked_by, reason=reason, by=current_user))

    if form.accepts(act):
        _warn_of_clashes(referral, made[0])
        return done(_("The session has another time; the sender is told."), ".show", id=referral.id, _anchor="sessions")
    return page("referrals/session_move.html", form=form, session=held, referral=referral, name=_name(referral))


@bp.route("/sessions/<uuid:id>/call-off", methods=["GET", "POST"])
@requires(Permission.RECORD_SESSIONS)
def call_off(id: uuid.UUID) -> tuple[str, int] | Response:
    """Call a planned session off; it is kept, and counts as nobody's absence."""
    held, referral = shared.session(id, current_user)
    form = CallOffForm()

    def act() -> None:
        asked_by, reason = Asker(form.asked_by.data), form.reason.data
        assert reason is not None
        sessions.call_off(held, referral, asked_by=asked_by, reason=reason, by=current_user)

    if form.accepts(act):
        return done(_("The session is called off; the sender is told."), ".show", id=referral.id, _anchor="sessions")
    return page("referrals/session_call_off.html", form=form, session=held, referral=referral, name=_name(referral))


def _warn_of_clashes(referral: Referral, made: Session) -> None:
    """Tell when the workers of this referral have another session at that time."""
    if made.recorded_at is not None:
        return
    times: list[datetime] = [
        one.starts_at for one in receiving.clashes(referral, made.starts_at, made.minutes, besides=[made.id])
    ]
    if times:
        listed = _(", ").join(map(datetime_text, times))
        flash(_("At that time there is another session of these workers: %(times)s.", times=listed), "warn")


@bp.route("/referrals/<uuid:id>/report", methods=["GET", "POST"])
@requires(Permission.RECORD_SESSIONS)
def report(id: uuid.UUID) -> tuple[str, int] | Response:
    """Write the end report; with it the referral is completed."""
    referral = queries.received(id, current_user)
    form = report_form(ReportForm, _desired(referral))(version=referral.version)
    if form.accepts(lambda: reports.complete(referral, form.findings(), version=form.version.data, by=current_user)):
        return done(_("The end report is sent; the referral is completed."), ".show", id=id)
    return page("referrals/report.html", form=form, referral=referral, name=_name(referral))


@bp.route("/referrals/<uuid:id>/end-early", methods=["GET", "POST"])
@requires(Permission.RECORD_SESSIONS)
def end_early(id: uuid.UUID) -> tuple[str, int] | Response:
    """End before the goal; once a session was attended the end report goes with it."""
    referral = queries.received(id, current_user)
    needs_report = shared.attended(referral)
    made = report_form(EarlyReportForm, _desired(referral)) if needs_report else EndEarlyForm
    form = made(version=referral.version)

    def act() -> None:
        findings = form.findings() if isinstance(form, ReportForm) else None
        reason = form["reason"].data
        reports.end_early(referral, reason, findings=findings, version=form.version.data, by=current_user)

    if form.accepts(act):
        return done(_("The referral is ended; the sender is told."), ".show", id=id)
    return page("referrals/end_early.html", form=form, referral=referral, name=_name(referral), reporting=needs_report)


def _desired(referral: Referral) -> list[tuple[str, str]]:
    return list(zip(referral.outcomes, outcome_labels(referral.kind, referral.outcomes), strict=True))


def _name(referral: Referral) -> str | None:
    return queries.names([referral], current_user).get(referral.id)
