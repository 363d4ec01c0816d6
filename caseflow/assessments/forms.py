"""Forms of the intake and of needs."""

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, RadioField, SelectField
from wtforms.validators import InputRequired, Optional

from caseflow.assessments.models import NeedArea, NeedPriority, NeedStatus
from caseflow.core.fields import WordsField
from caseflow.core.forms import LONG, Form, RowIdField, VersionField, at_most


class IntakeForm(Form):
    """The first conversation; anything may be left for later."""

    order_seen = BooleanField(_l("I have seen a valid commitment order"))
    rights_explained = BooleanField(_l("Rights and house rules were explained in a language the person understands"))
    family_told = BooleanField(_l("The family, or whoever the person named, was told where the person is"))
    injuries = WordsField(_l("Injuries seen, or complaints of ill-treatment"), [Optional(), at_most(LONG)])
    urgent_needs = WordsField(_l("What cannot wait"), [Optional(), at_most(LONG)])
    dependants = WordsField(_l("Children and others who depend on the person"), [Optional(), at_most(LONG)])
    strengths = WordsField(_l("Strengths"), [Optional(), at_most(LONG)])
    own_words = WordsField(_l("What the person wants, in their own words"), [Optional(), at_most(LONG)])
    version = VersionField(default="0")


class NeedForm(Form):
    """A need in one area."""

    area = SelectField(_l("Area"), [InputRequired()], choices=NeedArea.choices)
    description = WordsField(_l("What is needed"), [InputRequired(), at_most(LONG)])
    priority = RadioField(
        _l("How soon"), [InputRequired()], choices=NeedPriority.choices, default=NeedPriority.SOON.value
    )
    id = RowIdField()
    version = VersionField()


class NeedStatusForm(Form):
    """How a need was answered."""

    standing = RadioField(_l("Where this need stands"), [InputRequired()], choices=NeedStatus.choices)
    note = WordsField(_l("Note"), [Optional(), at_most(LONG)])
    version = VersionField()
