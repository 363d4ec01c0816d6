"""The form of a review; its lines are read by the view, one for each account."""

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField
from wtforms.validators import InputRequired

from caseflow.core.forms import Form


class ReviewForm(Form):
    """The signature below the lines."""

    signed = BooleanField(
        _l("I have looked at each account and sign this review"), [InputRequired(_l("Tick the box to sign."))]
    )
