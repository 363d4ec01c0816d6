"""Legal aid: appeals, papers, family and housing matters. The limitation date alarms."""

from datetime import date

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import SelectField
from wtforms.validators import InputRequired, Optional

from caseflow.core.fields import CodeField, DatePartsField, LineField
from caseflow.core.formats import date_text, days_text, today
from caseflow.core.forms import SHORT, at_most
from caseflow.core.i18n import Labelled
from caseflow.people.models import Case, Category
from caseflow.referrals.kinds.form import DetailsForm
from caseflow.referrals.kinds.kind import Details, Kind
from caseflow.tenancy.models import ReferralKind

ALARM_DAYS = 21  # a limitation date nearer than this is near


class LegalOutcome(Labelled):
    """What may come of it."""

    ADVICE = "advice", _l("Advice given")
    PAPERS = "papers", _l("Papers obtained")
    REPRESENTED = "represented", _l("Represented")
    DECISION_FOR = "decision_for", _l("Decision in favour")
    DECISION_AGAINST = "decision_against", _l("Decision against")
    SETTLED = "settled", _l("Settled")
    DEADLINE_MET = "deadline_met", _l("Deadline met")


class Matter(Labelled):
    """What the legal question is about."""

    APPEAL = "appeal", _l("Appeal")
    DETENTION = "detention", _l("Detention and sentence")
    IDENTITY_PAPERS = "identity_papers", _l("Identity papers")
    FAMILY = "family", _l("Family")
    HOUSING = "housing", _l("Housing")
    DEBT = "debt", _l("Debt")
    COMPLAINT = "complaint", _l("Complaint")
    IMMIGRATION = "immigration", _l("Immigration")


class LegalForm(DetailsForm):
    """What a lawyer must know to take the matter and to check for a conflict."""

    matter = SelectField(_l("Matter"), [InputRequired()], choices=lambda: [("", ""), *Matter.choices()])
    court = LineField(_l("Court or authority"), [Optional(), at_most(SHORT)])
    case_number = CodeField(_l("Number of the court case"), [Optional(), at_most(SHORT)])
    limitation_date = DatePartsField(_l("Last day to act (limitation date)"), [Optional()])
    opposing_party = LineField(_l("Opposing party, for the check of conflicts"), [Optional(), at_most(SHORT)])


def warnings(details: Details, _case: Case) -> list[str]:
    """The limitation date alarms; without the opposing party no conflict can be seen."""
    found = []
    if details.get("limitation_date"):
        last = date.fromisoformat(details["limitation_date"])
        days = (last - today()).days
        if days < 0:
            found.append(_("The limitation date, %(date)s, has passed.", date=date_text(last)))
        elif days <= ALARM_DAYS:
            text = _("The limitation date is near: %(date)s, %(distance)s. Is the urgency right?")
            found.append(text % {"date": date_text(last), "distance": days_text(days)})
    if not details.get("opposing_party"):
        found.append(_("No opposing party is named: the receiver cannot check for a conflict of interest."))
    return found


KIND = Kind(ReferralKind.LEGAL_AID, Category.LEGAL, LegalOutcome, LegalForm, warnings)
