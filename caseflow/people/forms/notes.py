"""Forms of notes and tasks."""

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, RadioField, SelectField
from wtforms.validators import InputRequired, Optional

from caseflow.core.fields import DatePartsField, DateTimePartsField, LineField, NotInFuture, NotInPast, WordsField
from caseflow.core.forms import LONG, SHORT, OnceForm, at_most
from caseflow.people.models import NoteKind

WRITTEN = [NoteKind.CONTACT, NoteKind.OBSERVATION, NoteKind.DECISION]


class NoteForm(OnceForm):
    """A note."""

    kind = RadioField(_l("Kind of note"), [InputRequired()], choices=lambda: NoteKind.choices(WRITTEN))
    occurred_at = DateTimePartsField(_l("When it happened"), [Optional(), NotInFuture()])
    text = WordsField(_l("Note"), [InputRequired(), at_most(LONG)])
    sensitive = BooleanField(_l("Sensitive: show the words only on the page of notes"))


class AmendForm(OnceForm):
    """What is added to a note."""

    text = WordsField(_l("What is to be added or corrected"), [InputRequired(), at_most(LONG)])


class TaskForm(OnceForm):
    """Something to be done."""

    title = LineField(_l("What is to be done"), [InputRequired(), at_most(SHORT)])
    due_on = DatePartsField(_l("Until"), [InputRequired(), NotInPast()])
    user = SelectField(_l("Who does it"), [InputRequired()])
