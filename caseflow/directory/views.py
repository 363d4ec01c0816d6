"""The directory of services, an organisation's own services, and the steward's organisations and agreements."""

import uuid
from typing import Any

from flask import Blueprint, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from caseflow.accounts.permissions import Permission
from caseflow.core.db import new_id
from caseflow.core.languages import LANGUAGES
from caseflow.core.web import done, page, page_number, requires
from caseflow.directory import actions, queries
from caseflow.directory.actions import Offer
from caseflow.directory.forms import AgreementForm, OrganisationForm, ServiceForm
from caseflow.directory.models import ServedSex, Service, ServicePlace, ServiceStatus
from caseflow.tenancy import queries as tenancy
from caseflow.tenancy.models import Organisation, OrganisationKind, ReferralKind

bp = Blueprint("directory", __name__, template_folder="templates")

TONES = {
    ServiceStatus.ACTIVE: "good",
    ServiceStatus.TEMPORARILY_CLOSED: "warn",
    ServiceStatus.INACTIVE: "neutral",
    ServiceStatus.DEFUNCT: "neutral",
}


@bp.get("/directory")
@requires(Permission.READ_DIRECTORY)
def index() -> tuple[str, int]:
    """Services on offer, with filters."""
    asked = request.args
    kind, place, language = asked.get("kind"), asked.get("place"), asked.get("language")
    chosen: dict[str, Any] = {
        "text": asked.get("text", "").strip()[:100] or None,
        "kind": ReferralKind(kind) if kind in list(ReferralKind) else None,
        "place": ServicePlace(place) if place in (ServicePlace.CUSTODY, ServicePlace.COMMUNITY) else None,
        "language": language if language in LANGUAGES else None,
        "open_only": asked.get("closed") != "yes",
    }
    found = queries.services(current_user, **chosen, page=page_number())
    return page(
        "directory/index.html",
        page=found,
        chosen=chosen,
        chips=_chips(chosen),
        kinds=ReferralKind,
        places=[ServicePlace.CUSTODY, ServicePlace.COMMUNITY],
        spoken=LANGUAGES,
        language_names=_language_names,
        tones=TONES,
    )


def _language_names(service: Service) -> str:
    """The languages a service speaks, each by its own name."""
    return _(", ").join(LANGUAGES[code].name if code in LANGUAGES else code for code in service.languages)


def _chips(chosen: dict[str, Any]) -> list[dict[str, str]]:
    """The filters in use, each with the address without it."""
    address: dict[str, Any] = {
        "text": chosen["text"],
        "kind": chosen["kind"],
        "place": chosen["place"],
        "language": chosen["language"],
        "closed": None if chosen["open_only"] else "yes",
    }
    labels = {
        "text": chosen["text"],
        "kind": getattr(chosen["kind"], "label", ""),
        "place": getattr(chosen["place"], "label", ""),
        "language": LANGUAGES[chosen["language"]].name if chosen["language"] else "",
        "closed": _("Closed ones too"),
    }
    return [
        {"label": labels[name], "remove_url": url_for(".index", **{**address, name: None})}
        for name, value in address.items()
        if value
    ]


@bp.get("/directory/services/<uuid:id>")
@requires(Permission.READ_DIRECTORY)
def service(id: uuid.UUID) -> tuple[str, int]:
    """One service."""
    service = queries.service(id)
    receivers = tenancy.receivers(current_user.org_id, service.kind, current_user.organisation.today())
    return page(
        "directory/service.html",
        service=service,
        agreed=service.org_id in receivers,
        mine=service.org_id == current_user.org_id and current_user.may(Permission.MANAGE_DIRECTORY),
        language_names=_language_names,
        tones=TONES,
    )


@bp.get("/directory/mine")
@requires(Permission.MANAGE_DIRECTORY)
def mine() -> tuple[str, int]:
    """Our services."""
    return page("directory/mine.html", services=queries.mine(current_user), tones=TONES, statuses=ServiceStatus)


@bp.route("/directory/mine/new", methods=["GET", "POST"])
@requires(Permission.MANAGE_DIRECTORY)
def new_service() -> tuple[str, int] | Response:
    """Add a service."""
    form = ServiceForm(draft=str(new_id()))
    if form.accepts(lambda: actions.add_service(_offer(form), id=_uuid(form.draft.data), by=current_user)):
        return done(_("The service is in the directory."), ".mine")
    return page("directory/edit_service.html", form=form, service=None)


@bp.route("/directory/mine/<uuid:id>", methods=["GET", "POST"])
@requires(Permission.MANAGE_DIRECTORY)
def edit_service(id: uuid.UUID) -> tuple[str, int] | Response:
    """Change a service."""
    service = queries.my_service(id, current_user)
    form = ServiceForm(obj=service)

    def act() -> None:
        actions.change_service(service, _offer(form), version=form.version.data, by=current_user)

    if form.accepts(act):
        return done(_("The service is changed."), ".mine")
    return page("directory/edit_service.html", form=form, service=service)


@bp.post("/directory/mine/<uuid:id>/status")
@requires(Permission.MANAGE_DIRECTORY)
def set_status(id: uuid.UUID) -> Response:
    """Open or close a service."""
    service = queries.my_service(id, current_user)
    wanted = request.form.get("status", "")
    if wanted in list(ServiceStatus):
        actions.set_status(service, ServiceStatus(wanted), by=current_user)
    return done(_("%(name)s: %(status)s.", name=service.name, status=service.status.label), ".mine")


def _offer(form: ServiceForm) -> Offer:
    return Offer(
        kind=ReferralKind(form.kind.data),
        name=form.name.data or "",
        description=form.description.data or "",
        place=ServicePlace(form.place.data),
        area=form.area.data,
        sex=ServedSex(form.sex.data),
        minimum_age=form.minimum_age.data,
        maximum_age=form.maximum_age.data,
        languages=tuple(form.languages.data or ()),
        capacity=form.capacity.data,
        eligibility=form.eligibility.data,
        phone=form.phone.data,
        email=form.email.data or None,
    )


def _uuid(text: str | None) -> uuid.UUID | None:
    try:
        return uuid.UUID(text) if text else None
    except ValueError:
        return None


@bp.get("/organisations")
@requires(Permission.MANAGE_AGREEMENTS)
def organisations() -> tuple[str, int]:
    """All organisations of the platform."""
    return page("directory/organisations.html", organisations=tenancy.organisations())


@bp.route("/organisations/new", methods=["GET", "POST"])
@requires(Permission.MANAGE_AGREEMENTS)
def new_organisation() -> tuple[str, int] | Response:
    """Found an organisation; its first password is shown once."""
    form = OrganisationForm()
    made: list[tuple[Organisation, str]] = []
    if form.accepts(lambda: made.append(_found(form))):
        organisation, password = made[0]
        return page(
            "directory/organisation_founded.html", organisation=organisation, email=form.email.data, password=password
        )
    return page("directory/new_organisation.html", form=form)


def _found(form: OrganisationForm) -> tuple[Organisation, str]:
    return actions.found_organisation(
        slug=form.slug.data or "",
        name=form.name.data or "",
        kind=OrganisationKind(form.kind.data),
        country=form.country.data,
        locale=form.locale.data,
        timezone=form.timezone.data or "",
        rest_days=form.rest_days.data or (),
        administrator=form.administrator.data or "",
        email=form.email.data or "",
        by=current_user,
    )


@bp.get("/agreements")
@requires(Permission.MANAGE_AGREEMENTS)
def agreements() -> tuple[str, int]:
    """Who may refer to whom."""
    found = queries.agreements(page_number())
    today = current_user.organisation.today()
    return page("directory/agreements.html", page=found, names=queries.names(), today=today, kinds=ReferralKind)


@bp.route("/agreements/new", methods=["GET", "POST"])
@requires(Permission.MANAGE_AGREEMENTS)
def new_agreement() -> tuple[str, int] | Response:
    """Make an agreement."""
    form = AgreementForm(starts_on=current_user.organisation.today())
    parties = tenancy.organisations(
        OrganisationKind.PRISON_SERVICE, OrganisationKind.PROBATION_SERVICE, OrganisationKind.CSO
    )
    form.sender.choices = form.receiver.choices = [("", ""), *((str(one.id), one.name) for one in parties)]
    if form.accepts(lambda: _agree(form, {str(one.id): one for one in parties})):
        return done(_("The agreement is made."), ".agreements")
    return page("directory/new_agreement.html", form=form)


def _agree(form: AgreementForm, parties: dict[str, Organisation]) -> None:
    actions.agree(
        parties[form.sender.data],
        parties[form.receiver.data],
        [ReferralKind(code) for code in form.kinds.data or ()],
        starts_on=form.starts_on.data,
        ends_on=form.ends_on.data,
        by=current_user,
    )


@bp.post("/agreements/<uuid:id>/end")
@requires(Permission.MANAGE_AGREEMENTS)
def end_agreement(id: uuid.UUID) -> Response:
    """End an agreement."""
    actions.end_agreement(queries.agreement(id), by=current_user)
    return done(_("The agreement has ended. Referrals under way go on."), ".agreements")
