"""The form by which a leaver's cases are given on."""

from flask_babel import lazy_gettext as _l
from wtforms import SelectField, SelectMultipleField
from wtforms.validators import InputRequired

from caseflow.core.fields import WordsField
from caseflow.core.forms import SHORT, Form, at_most


class HandOnForm(Form):
    """Which cases, to whom, and what is said about it on each."""

    cases = SelectMultipleField(_l("Cases"), [InputRequired()])
    worker = SelectField(_l("Worker"), [InputRequired()])
    note = WordsField(_l("Note on each case"), [InputRequired(), at_most(SHORT)])
