"""Employment: skills, vacancies, a job that is kept."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import SelectField
from wtforms.validators import InputRequired, Optional

from caseflow.core.fields import LineField, WordsField
from caseflow.core.forms import SHORT, at_most
from caseflow.core.i18n import Labelled
from caseflow.people.models import Case, Category
from caseflow.referrals.kinds.form import WORDS, DetailsForm
from caseflow.referrals.kinds.kind import Details, Kind
from caseflow.tenancy.models import ReferralKind


class EmploymentOutcome(Labelled):
    """What may come of it."""

    READY = "ready", _l("Ready for work")
    INTERVIEW = "interview", _l("Interview")
    JOB = "job", _l("Job or apprenticeship")
    KEPT_13 = "kept_13_weeks", _l("Job kept at 13 weeks")
    KEPT_26 = "kept_26_weeks", _l("Job kept at 26 weeks")
    OWN_BUSINESS = "own_business", _l("Own business begun")


class RightToWork(Labelled):
    """Whether the person may work."""

    YES = "yes", _l("May work")
    PAPERS_MISSING = "papers_missing", _l("May work, papers are missing")
    NO = "no", _l("May not work")
    UNKNOWN = "unknown", _l("Not known")


class TellEmployer(Labelled):
    """What the person agrees that an employer is told of the conviction."""

    NOTHING = "nothing", _l("Nothing")
    ON_QUESTION = "on_question", _l("Only when asked")
    YES = "yes", _l("May be told")


class EmploymentForm(DetailsForm):
    """What somebody who finds work must know."""

    trades = LineField(_l("Trades and skills"), [Optional(), at_most(SHORT)])
    experience = WordsField(_l("Work experience"), [Optional(), at_most(WORDS)])
    licences = LineField(_l("Licences and certificates"), [Optional(), at_most(SHORT)])
    wishes = LineField(_l("Work wanted"), [Optional(), at_most(SHORT)])
    limits = LineField(_l("Limits by the sentence or by health"), [Optional(), at_most(SHORT)])
    right_to_work = SelectField(_l("Right to work"), choices=RightToWork.choices, default=RightToWork.UNKNOWN)
    employer_told = SelectField(
        _l("What may an employer be told of the conviction?"),
        [InputRequired()],
        choices=lambda: [("", ""), *TellEmployer.choices()],
    )


def warnings(details: Details, _case: Case) -> list[str]:
    """Without the right to work, or without papers, legal aid may have to come first."""
    right = details.get("right_to_work")
    if right == RightToWork.PAPERS_MISSING:
        return [_("Papers are missing: a referral for legal aid may have to come first.")]
    return [_("The person may not work: is this the right kind of help?")] if right == RightToWork.NO else []


KIND = Kind(ReferralKind.EMPLOYMENT, Category.WORK, EmploymentOutcome, EmploymentForm, warnings)
