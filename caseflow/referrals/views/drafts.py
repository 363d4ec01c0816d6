"""Writing a referral: begin, details, service, what is told, check, send."""

import uuid

from flask import redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from caseflow.accounts.permissions import Permission
from caseflow.core.db import new_id
from caseflow.core.formats import date_text
from caseflow.core.web import done, page, requires
from caseflow.directory import queries as directory
from caseflow.directory.models import Service, ServicePlace
from caseflow.people import queries as people
from caseflow.people.actions import record_consent
from caseflow.people.models import Case, Category, Consent, ConsentForm, ConsentGiver
from caseflow.referrals import disclosure, queries
from caseflow.referrals.actions import drafts, sending
from caseflow.referrals.actions.grounds import may_approve
from caseflow.referrals.forms.drafts import DisclosureForm, DraftConsentForm, SendForm, ServiceForm, StartForm
from caseflow.referrals.kinds import KINDS, outcome_labels
from caseflow.referrals.kinds.form import COMMON, DetailsForm, restored
from caseflow.referrals.models import Draft, Location, Urgency
from caseflow.referrals.views.blueprint import bp
from caseflow.tenancy.models import ReferralKind


@bp.route("/cases/<uuid:id>/referrals/new", methods=["GET", "POST"])
@requires(Permission.SEND_REFERRALS)
def start(id: uuid.UUID) -> tuple[str, int] | Response:
    """Begin a referral: choose the kind of help."""
    case = people.opened(id, current_user)
    form = StartForm(draft=str(new_id()), **{name: request.args.get(name) for name in ("kind", "need", "step")})
    made: list[Draft] = []
    if form.accepts(lambda: made.append(_start(case, form))):
        return redirect(url_for(".draft", id=made[0].id))
    open_ones = [referral for kind in ReferralKind for referral in queries.repeats(case, kind)]
    return page("referrals/draft_start.html", form=form, case=case, open_ones=open_ones, drafts=queries.drafts(case))


def _start(case: Case, form: StartForm) -> Draft:
    return drafts.start(
        case,
        ReferralKind(form.kind.data),
        id=_uuid(form.draft.data),
        need_id=_uuid(form.need.data),
        step_id=_uuid(form.step.data),
        by=current_user,
    )


def _uuid(text: str | None) -> uuid.UUID | None:
    """The id that a hidden field or an address carries; None where there is none or it was tampered with."""
    try:
        return uuid.UUID(text) if text else None
    except ValueError:
        return None


@bp.get("/referral-drafts/<uuid:id>")
@requires(Permission.SEND_REFERRALS)
def draft(id: uuid.UUID) -> tuple[str, int] | Response:
    """The parts of a draft and how far each is written."""
    if queries.sent_as(id, current_user):
        return redirect(url_for(".show", id=id))
    draft = queries.draft(id, current_user)
    return page(
        "referrals/draft.html",
        draft=draft,
        case=draft.case,
        warnings=_warnings(draft),
        repeats=queries.repeats(draft.case, draft.kind),
        missing=sending.missing_parts(draft),
        told=disclosure.chosen(draft),
        outcomes=outcome_labels(draft.kind, draft.outcomes),
        consent=queries.consent_of(draft),
    )


def _warnings(draft: Draft) -> list[str]:
    return KINDS[draft.kind].warnings(draft.details, draft.case) if draft.details_done else []


@bp.route("/referral-drafts/<uuid:id>/details", methods=["GET", "POST"])
@requires(Permission.SEND_REFERRALS)
def details(id: uuid.UUID) -> tuple[str, int] | Response:
    """Why, what for, how soon, and the kind's own details."""
    draft = queries.draft(id, current_user)
    form = _details_form(draft)
    if form.accepts(lambda: _save_details(draft, form)):
        return redirect(url_for(".draft", id=id))
    return page("referrals/draft_details.html", form=form, draft=draft, case=draft.case)


def _details_form(draft: Draft) -> DetailsForm:
    kind = KINDS[draft.kind]
    common = {name: getattr(draft, name) for name in COMMON - {"csrf_token"}}
    form = kind.form(data=common | restored(kind.form, draft.details))
    form.outcomes.choices = kind.outcomes.choices()
    form.fit(draft.case)
    return form


def _save_details(draft: Draft, form: DetailsForm) -> None:
    drafts.save_details(
        draft,
        version=form.version.data,
        reason=form.reason.data or "",
        outcomes=form.outcomes.data or (),
        urgency=Urgency(form.urgency.data),
        location=Location(form.location.data),
        complete_by=form.complete_by.data,
        language=form.language.data,
        interpreter=form.interpreter.data,
        accessibility=form.accessibility.data,
        clashes=form.clashes.data,
        details=form.details(),
        by=current_user,
    )


@bp.route("/referral-drafts/<uuid:id>/service", methods=["GET", "POST"])
@requires(Permission.SEND_REFERRALS)
def service(id: uuid.UUID) -> tuple[str, int] | Response:
    """Choose among the services that may be referred to, with the reasons for and against each."""
    draft = queries.draft(id, current_user)
    organisation = current_user.organisation
    ask = {"org": organisation, "on": organisation.today()}
    matches = directory.matching(draft.case.person, draft.kind, place=ServicePlace(draft.location.value), **ask)
    offered: dict[str, Service] = {str(match.service.id): match.service for match in matches}
    form = ServiceForm(service=str(draft.service_id) if draft.service_id else None)
    form.service.choices = [(key, one.name) for key, one in offered.items()]
    if form.accepts(lambda: drafts.choose_service(draft, offered[form.service.data], by=current_user)):
        return redirect(url_for(".draft", id=id))
    others = directory.offered_elsewhere(draft.kind, **ask)
    repeats = {referral.service_id for referral in queries.repeats(draft.case, draft.kind)}
    return page(
        "referrals/draft_service.html",
        form=form,
        draft=draft,
        case=draft.case,
        matches=matches,
        others=others,
        repeats=repeats,
    )


@bp.route("/referral-drafts/<uuid:id>/disclosure", methods=["GET", "POST"])
@requires(Permission.SEND_REFERRALS)
def told(id: uuid.UUID) -> tuple[str, int] | Response:
    """What is told, and on which ground."""
    draft = queries.draft(id, current_user)
    if draft.service is None:
        return redirect(url_for(".service", id=id))
    consents = queries.grounds(draft, draft.case, current_user)
    form = _disclosure_form(draft, consents)
    if form.accepts(lambda: _save_disclosure(draft, form, consents)):
        return redirect(url_for(".draft", id=id))
    return page(
        "referrals/draft_disclosure.html",
        form=form,
        draft=draft,
        case=draft.case,
        consents=consents,
        always=disclosure.always(draft.kind),
        may_approve=may_approve(current_user),
    )


def _disclosure_form(draft: Draft, consents: list[Consent]) -> DisclosureForm:
    told = disclosure.chosen(draft)
    on = current_user.organisation.today()
    fits = next((str(one.id) for one in consents if all(one.covers(category, on) for category in told)), None)
    form = DisclosureForm(
        categories=[category.value for category in told],
        risk_text=draft.risk_text,
        disclosure_reason=draft.disclosure_reason,
        consent=str(draft.consent_id) if draft.consent_id else "" if draft.legal_basis else fits,
        legal_basis=draft.legal_basis,
        version=draft.version,
    )
    form.consent.choices = [(str(one.id), _consent_label(one)) for one in consents]
    if may_approve(current_user):
        form.consent.choices.append(("", _("Without consent, on a legal basis")))
    return form


def _consent_label(consent: Consent) -> str:
    """What a consent is for, what it covers and how long it holds, so that two of them are told apart."""
    covers = _(", ").join(Category(code).label for code in consent.categories)
    until = date_text(consent.ends_on) if consent.ends_on else _("it is withdrawn")
    return _("%(purpose)s (%(categories)s), until %(date)s", purpose=consent.purpose, categories=covers, date=until)


def _save_disclosure(draft: Draft, form: DisclosureForm, consents: list[Consent]) -> None:
    drafts.choose_disclosure(
        draft,
        [Category(code) for code in form.categories.data or ()],
        version=form.version.data,
        consent=next((one for one in consents if str(one.id) == form.consent.data), None),
        legal_basis=form.legal_basis.data,
        reason=form.disclosure_reason.data,
        risk_text=form.risk_text.data,
        by=current_user,
    )


@bp.route("/referral-drafts/<uuid:id>/consent", methods=["GET", "POST"])
@requires(Permission.SEND_REFERRALS)
def draft_consent(id: uuid.UUID) -> tuple[str, int] | Response:
    """Write down the person's consent for the chosen organisation, and come back to what is told."""
    draft = queries.draft(id, current_user)
    if draft.service is None:
        return redirect(url_for(".service", id=id))
    form = DraftConsentForm(
        purpose=_("%(kind)s: help from %(service)s", kind=draft.kind.label, service=draft.service.name),
        categories=[category.value for category in disclosure.chosen(draft)],
        consent=str(new_id()),
    )
    if form.accepts(lambda: _record_consent(draft, form)):
        return done(_("The consent is recorded."), ".told", id=id)
    return page("referrals/draft_consent.html", form=form, draft=draft, case=draft.case)


def _record_consent(draft: Draft, form: DraftConsentForm) -> None:
    assert draft.service_org_id is not None
    record_consent(
        draft.case,
        grantee_org_id=draft.service_org_id,
        purpose=form.purpose.data or "",
        categories=[Category(code) for code in form.categories.data or ()],
        given_by=ConsentGiver(form.given_by.data),
        guardian=form.guardian.data,
        form=ConsentForm(form.form.data),
        witness=form.witness.data,
        starts_on=current_user.organisation.today(),
        ends_on=form.ends_on.data,
        id=_uuid(form.consent.data),
        by=current_user,
    )


@bp.route("/referral-drafts/<uuid:id>/check", methods=["GET", "POST"])
@requires(Permission.SEND_REFERRALS)
def preview(id: uuid.UUID) -> tuple[str, int] | Response:
    """Exactly what the receiver will see; then send."""
    if queries.sent_as(id, current_user):
        return redirect(url_for(".show", id=id))
    draft = queries.draft(id, current_user)
    if sending.missing_parts(draft):
        return redirect(url_for(".draft", id=id))
    form = SendForm()
    if form.accepts(lambda: sending.send(draft, seen=form.shown.data or "", by=current_user)):
        return done(_("The referral is sent. You will be told when it is answered."), ".show", id=id)
    form.shown.data = sending.shown(draft, by=current_user)
    return page(
        "referrals/preview.html",
        form=form,
        draft=draft,
        case=draft.case,
        sections=disclosure.sections(disclosure.contents(draft, draft.case)),
        outcomes=outcome_labels(draft.kind, draft.outcomes),
        warnings=_warnings(draft),
        repeats=queries.repeats(draft.case, draft.kind),
        consent=queries.consent_of(draft),
        contact=sending.contact_of(current_user),
    )


@bp.post("/referral-drafts/<uuid:id>/delete")
@requires(Permission.SEND_REFERRALS)
def delete_draft(id: uuid.UUID) -> Response:
    """Delete a draft."""
    draft = queries.draft(id, current_user)
    case_id = draft.case_id
    drafts.delete(draft, by=current_user)
    return done(_("The draft is deleted."), ".of_case", id=case_id)
