"""Family contact: finding relatives, resuming contact, visits, mediation. A restriction stops it unless explained."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import SelectField
from wtforms.validators import InputRequired, Optional

from caseflow.core.errors import Refused
from caseflow.core.fields import LineField, WordsField
from caseflow.core.forms import SHORT, at_most
from caseflow.core.i18n import Labelled
from caseflow.people import queries as people
from caseflow.people.models import Case, Category, Relative
from caseflow.referrals.kinds.form import WORDS, DetailsForm
from caseflow.referrals.kinds.kind import Details, Kind
from caseflow.tenancy.models import ReferralKind


class FamilyOutcome(Labelled):
    """What may come of it."""

    FOUND = "found", _l("Relative found")
    RESUMED = "resumed", _l("Contact resumed")
    VISITS = "visits", _l("Visits are regular")
    MEDIATED = "mediated", _l("Mediation done")
    PLACE_TO_LIVE = "place_to_live", _l("Place to live agreed with the family")


class RelativeAgrees(Labelled):
    """Whether the relative agrees, as asked and recorded."""

    YES = "yes", _l("Yes, asked and agreed")
    NO = "no", _l("No")
    NOT_ASKED = "not_asked", _l("Not asked yet")


class ContactForm(Labelled):
    """What form the contact is to take."""

    VISIT = "visit", _l("Visit")
    CALL = "call", _l("Call")
    LETTER = "letter", _l("Letter")
    MEDIATION = "mediation", _l("Mediation")


class FamilyForm(DetailsForm):
    """Who is to be reached, whether they agree, and what stands against it."""

    relative = SelectField(_l("Relative"), [InputRequired()])
    agrees = SelectField(
        _l("Does the relative agree?"), choices=RelativeAgrees.choices, default=RelativeAgrees.NOT_ASKED
    )
    contact = SelectField(_l("Contact wanted"), choices=ContactForm.choices, default=ContactForm.VISIT)
    restriction_checked = WordsField(
        _l("If contact is restricted: who checked, and why it may be sought all the same"),
        [Optional(), at_most(WORDS)],
    )
    travel = LineField(_l("Distance and help with travel"), [Optional(), at_most(SHORT)])
    children = LineField(_l("Children who would come, and who accompanies them"), [Optional(), at_most(SHORT)])

    def fit(self, case: Case) -> None:
        """The relatives that the file knows; a restriction stands beside the name."""
        self.relative.choices = [("", ""), *((str(one.id), _named(one)) for one in people.relatives(case.person))]


def _named(one: Relative) -> str:
    name = f"{one.name} ({one.relation})"
    return _("%(name)s: contact restricted", name=name) if one.restriction else name


def _chosen(details: Details, case: Case) -> Relative | None:
    return next((one for one in people.relatives(case.person) if str(one.id) == details.get("relative")), None)


def check(details: Details, case: Case) -> None:
    """Refuse a relative with a restriction that nobody has explained."""
    relative = _chosen(details, case)
    if relative is None:
        raise Refused(_("Choose a relative. You can add one on the page Family."), field="relative")
    if relative.restriction and not details.get("restriction_checked"):
        text = _("Contact with this relative is restricted (%(why)s). Say who checked it and why it may be sought.")
        raise Refused(text % {"why": relative.restriction}, field="restriction_checked")


def warnings(details: Details, case: Case) -> list[str]:
    """What to think about before asking somebody to contact a relative."""
    relative, found = _chosen(details, case), []
    if relative is not None and relative.restriction:
        found.append(_("Contact with this relative is restricted: %(why)s", why=relative.restriction))
    if relative is not None and not relative.contact_wanted:
        found.append(_("The file says that contact with this relative is not wanted."))
    if details.get("agrees") == RelativeAgrees.NO:
        found.append(_("The relative does not agree to contact."))
    return found


def told(details: Details, case: Case) -> dict[str, Any]:
    """The relative in words; of a child only the relation and the year of birth leave the organisation."""
    relative = _chosen(details, case)
    words = {name: value for name, value in details.items() if name != "relative"}
    if relative is None:
        return words
    year = f", {relative.birth_year}" if relative.birth_year else ""
    who = f"{relative.relation}{year}" if relative.child else f"{relative.name} ({relative.relation})"
    return {"relative": who, **words}


KIND = Kind(
    ReferralKind.FAMILY_CONTACT, Category.FAMILY, FamilyOutcome, FamilyForm, warnings=warnings, check=check, told=told
)
