"""Forms of signing in and of accounts."""

from flask_babel import lazy_gettext as _l
from wtforms import EmailField, HiddenField, PasswordField, SelectField
from wtforms.validators import Email, InputRequired, Length, Optional

from caseflow.accounts.passwords import MAXIMUM, MINIMUM
from caseflow.accounts.permissions import Role
from caseflow.core.fields import LineField
from caseflow.core.forms import SHORT, Form, at_most


class SignInForm(Form):
    """E-mail address and password; the organisation only where they open more than one."""

    email = EmailField(_l("E-mail address"), [InputRequired(), at_most(SHORT)], render_kw={"autocomplete": "username"})
    password = PasswordField(
        _l("Password"), [InputRequired(), at_most(MAXIMUM)], render_kw={"autocomplete": "current-password"}
    )
    organisation = SelectField(_l("Organisation"), [Optional()], choices=[], validate_choice=False)
    next = HiddenField()


class PasswordForm(Form):
    """Changing one's own password."""

    old = PasswordField(
        _l("Present password"), [InputRequired(), at_most(MAXIMUM)], render_kw={"autocomplete": "current-password"}
    )
    password = PasswordField(
        _l("New password"), [InputRequired(), Length(MINIMUM, MAXIMUM)], render_kw={"autocomplete": "new-password"}
    )


class UserForm(Form):
    """A new account."""

    name = LineField(_l("Full name"), [InputRequired(), at_most(SHORT)])
    email = EmailField(_l("E-mail address"), [InputRequired(), Email(), at_most(SHORT)])
    role = SelectField(_l("Role"), [InputRequired()], choices=Role.choices)
    site = SelectField(_l("Site"), [Optional()])
