"""The form by which a register comes in."""

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import SelectField, TextAreaField
from wtforms.validators import Optional

from caseflow.core.forms import Form, at_most


class UploadForm(Form):
    """A register's file and how to read it."""

    file = FileField(_l("File (CSV or XLSX)"))
    mapping = SelectField(_l("Mapping"), [Optional()])
    own = TextAreaField(_l("Mapping of your own (TOML)"), [Optional(), at_most(100_000)])
