"""Education: literacy, school, courses."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import SelectField
from wtforms.validators import Optional

from caseflow.core.fields import LineField, WordsField
from caseflow.core.forms import SHORT, at_most
from caseflow.core.i18n import Labelled
from caseflow.people.models import Case, Category, Literacy
from caseflow.referrals.kinds.form import WORDS, DetailsForm, languages
from caseflow.referrals.kinds.kind import Details, Kind
from caseflow.tenancy.models import ReferralKind


class EducationOutcome(Labelled):
    """What may come of it."""

    ASSESSED = "assessed", _l("Level assessed")
    ENROLLED = "enrolled", _l("Enrolled")
    COMPLETED = "completed", _l("Course completed")
    QUALIFIED = "qualified", _l("Qualification gained")
    LITERATE = "literate", _l("Reads and writes independently")
    CONTINUES = "continues", _l("Continues after release")


class Level(Labelled):
    """The highest level of education, after ISCED 2011."""

    NONE = "none", _l("No schooling")
    PRIMARY = "isced_1", _l("Primary school")
    LOWER_SECONDARY = "isced_2", _l("Lower secondary school")
    UPPER_SECONDARY = "isced_3", _l("Upper secondary school")
    VOCATIONAL = "isced_4", _l("Vocational training after school")
    HIGHER = "isced_6", _l("University or higher")
    UNKNOWN = "unknown", _l("Not known")


class EducationForm(DetailsForm):
    """What a school or a course must know."""

    literacy = SelectField(_l("Reading and writing"), choices=Literacy.choices, default=Literacy.UNKNOWN)
    instruction = SelectField(_l("Language of instruction"), [Optional()], choices=languages)
    level = SelectField(_l("Highest level"), choices=Level.choices, default=Level.UNKNOWN)
    learning_needs = WordsField(_l("Learning needs"), [Optional(), at_most(WORDS)])
    course = LineField(_l("Course wanted"), [Optional(), at_most(SHORT)])

    def fit(self, case: Case) -> None:
        """What the file knows of reading and writing stands there already."""
        if not self.is_submitted() and self.literacy.data in (None, Literacy.UNKNOWN):
            self.literacy.data = case.person.literacy


def warnings(details: Details, _case: Case) -> list[str]:
    """A course in writing for somebody who cannot read is worth a second look."""
    unread = details.get("literacy") == Literacy.NONE and details.get("course")
    return [_("The person does not read or write: is the course right for that?")] if unread else []


KIND = Kind(ReferralKind.EDUCATION, Category.EDUCATION, EducationOutcome, EducationForm, warnings)
