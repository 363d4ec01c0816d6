"""What was sent: the referrals of a case, the sender's list, taking back, answering, and withdrawing a consent."""

import uuid
from typing import Any

from flask import redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from caseflow.accounts.permissions import Permission
from caseflow.core.web import done, page, page_number, requires
from caseflow.people import queries as people
from caseflow.referrals import queries
from caseflow.referrals.actions import drafts, withdrawing
from caseflow.referrals.actions.consents import withdraw_consent as withdraw
from caseflow.referrals.forms.drafts import AnswerRequestForm, ConsentWithdrawalForm, WithdrawForm
from caseflow.referrals.models import OPEN, WithdrawReason
from caseflow.referrals.views.blueprint import bp
from caseflow.tenancy import queries as tenancy
from caseflow.tenancy.models import ReferralKind


@bp.get("/cases/<uuid:id>/referrals")
@requires(Permission.OPEN_CASES)
def of_case(id: uuid.UUID) -> tuple[str, int]:
    """The referrals of a case: drafts, open ones, ended ones."""
    case = people.opened(id, current_user)
    referrals = queries.of_case(case)
    return page(
        "referrals/of_case.html",
        case=case,
        drafts=queries.drafts(case),
        open_ones=[referral for referral in referrals if referral.status in OPEN],
        ended=[referral for referral in referrals if referral.status not in OPEN],
        deadlines=queries.deadlines.of(referrals),
        tones=queries.TONES,
    )


@bp.get("/referrals")
@requires(Permission.SEND_REFERRALS)
def sent() -> tuple[str, int]:
    """All referrals of the user's cases, with filters."""
    status, kind = request.args.get("status", "open"), request.args.get("kind", "")
    chosen: dict[str, Any] = {
        "status": status if status in queries.SENT_GROUPS else "open",
        "kind": ReferralKind(kind) if kind in list(ReferralKind) else None,
        "overdue": request.args.get("overdue") == "yes",
    }
    found = queries.sent(current_user, page=page_number(), **chosen)
    return page(
        "referrals/sent.html",
        page=found,
        chosen=chosen,
        chips=_chips(chosen),
        kinds=ReferralKind,
        groups=_groups(),
        tones=queries.TONES,
    )


def _chips(chosen: dict[str, Any]) -> list[dict[str, str]]:
    """The filters in use, each with the address without it."""
    kind: ReferralKind | None = chosen["kind"]
    address: dict[str, Any] = {
        "status": chosen["status"] if chosen["status"] != "open" else None,
        "kind": kind.value if kind else None,
        "overdue": "yes" if chosen["overdue"] else None,
    }
    labels = {"status": _groups()[chosen["status"]], "kind": kind.label if kind else "", "overdue": _("Overdue")}
    return [
        {"label": labels[name], "remove_url": url_for(".sent", **{**address, name: None})}
        for name, value in address.items()
        if value
    ]


def _groups() -> dict[str, str]:
    return {
        "open": _("Open"),
        "unanswered": _("Not answered yet"),
        "running": _("Running"),
        "ended": _("Ended"),
        "all": _("All"),
    }


@bp.route("/referrals/<uuid:id>/withdraw", methods=["GET", "POST"])
@requires(Permission.SEND_REFERRALS)
def take_back(id: uuid.UUID) -> tuple[str, int] | Response:
    """Take a referral back, with the reason."""
    referral, case = queries.sent_one(id, current_user)
    form = WithdrawForm(version=referral.version)

    def act() -> None:
        reason = WithdrawReason(form.reason.data)
        withdrawing.withdraw(referral, case, reason, form.text.data, version=form.version.data, by=current_user)

    if form.accepts(act):
        return done(_("The referral is withdrawn; the receiver is told."), ".show", id=id)
    return page("referrals/take_back.html", form=form, referral=referral, case=case)


@bp.route("/referrals/<uuid:id>/answer-request", methods=["GET", "POST"])
@requires(Permission.SEND_REFERRALS)
def answer_request(id: uuid.UUID) -> tuple[str, int] | Response:
    """Answer what the receiver asked."""
    referral, case = queries.sent_one(id, current_user)
    form = AnswerRequestForm(version=referral.version)

    def act() -> None:
        withdrawing.answer_request(referral, case, form.text.data, version=form.version.data, by=current_user)

    if form.accepts(act):
        return done(_("Your answer is sent."), ".show", id=id)
    asked = queries.last_question(referral)
    return page("referrals/answer_request.html", form=form, referral=referral, case=case, asked=asked)


@bp.post("/referrals/<uuid:id>/again")
@requires(Permission.SEND_REFERRALS)
def refer_again(id: uuid.UUID) -> Response:
    """Try a declined referral again with a new one."""
    referral, case = queries.sent_one(id, current_user)
    draft = drafts.refer_again(referral, case, by=current_user)
    return redirect(url_for(".draft", id=draft.id))


@bp.route("/cases/<uuid:id>/consents/<uuid:consent_id>/withdraw", methods=["GET", "POST"])
@requires(Permission.WORK_ON_CASES)
def withdraw_consent(id: uuid.UUID, consent_id: uuid.UUID) -> tuple[str, int] | Response:
    """Withdraw a consent: what was told under it closes at once."""
    case = people.opened(id, current_user)
    consent = people.consent(case, consent_id)
    form = ConsentWithdrawalForm()
    if form.accepts(lambda: withdraw(consent, form.note.data, by=current_user)):
        return done(_("The consent is withdrawn. What was told under it is closed."), "people.consents", id=id)
    return page(
        "referrals/withdraw_consent.html",
        form=form,
        case=case,
        consent=consent,
        grantee=tenancy.organisation(consent.grantee_org_id),
        closing=queries.under_consent(case, consent_id),
    )
