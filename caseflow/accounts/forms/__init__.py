"""Forms of signing in and of accounts."""

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, EmailField, HiddenField, PasswordField, RadioField, SelectField, SelectMultipleField
from wtforms.validators import InputRequired, Length, Optional

from caseflow.accounts.passwords import MAXIMUM, MINIMUM
from caseflow.accounts.permissions import Role
from caseflow.core.fields import CodeField, DatePartsField, LineField, MailAddress, NumberField, WordsField
from caseflow.core.forms import LONG, SHORT, Form, VersionField, at_most
from caseflow.tenancy.models import SiteKind


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


class ChangeUserForm(Form):
    """Who a user is and what they may."""

    name = LineField(_l("Full name"), [InputRequired(), at_most(SHORT)])
    role = SelectField(_l("Role"), [InputRequired()])
    site = SelectField(_l("Site"), [Optional()])


class UserForm(ChangeUserForm):
    """A new account."""

    email = EmailField(_l("E-mail address"), [InputRequired(), MailAddress(), at_most(SHORT)])


class CodeForm(Form):
    """A code of the authenticator app or a recovery code; or what the browser answers for a passkey."""

    code = LineField(
        _l("Code"),
        [at_most(40)],
        render_kw={"autocomplete": "one-time-code", "inputmode": "text", "spellcheck": "false"},
    )
    credential = HiddenField()
    next = HiddenField()


class PresentPasswordForm(Form):
    """The present password once more."""

    password = PasswordField(
        _l("Present password"), [InputRequired(), at_most(MAXIMUM)], render_kw={"autocomplete": "current-password"}
    )
    next = HiddenField()


class ConfirmTotpForm(Form):
    """The first code that the authenticator app shows."""

    code = LineField(_l("Code"), [InputRequired(), at_most(20)], render_kw={"autocomplete": "one-time-code"})


class PasskeyForm(Form):
    """A new passkey: its name, and what the browser made."""

    name = LineField(_l("Name of the passkey"), [InputRequired(), at_most(60)])
    credential = HiddenField()


class ReasonForm(Form):
    """Why something is done that matters to somebody."""

    reason = WordsField(_l("Reason"), [InputRequired(), at_most(SHORT)])


class FactorRolesForm(Form):
    """Which roles must have a second factor."""

    roles = SelectMultipleField(
        _l("These roles need a second factor"), [Optional()], choices=Role.choices, validate_choice=True
    )


class ForgottenForm(Form):
    """Whose password is forgotten."""

    email = EmailField(_l("E-mail address"), [InputRequired(), at_most(SHORT)], render_kw={"autocomplete": "username"})


class NewPasswordForm(Form):
    """A first or a new password."""

    password = PasswordField(
        _l("New password"), [InputRequired(), Length(MINIMUM, MAXIMUM)], render_kw={"autocomplete": "new-password"}
    )


class TermsAdditionForm(Form):
    """What an organisation adds to the terms."""

    text = WordsField(_l("What your organisation adds"), [InputRequired(), at_most(LONG)])


class TokenForm(Form):
    """A token for a program."""

    name = LineField(_l("What it is for"), [InputRequired(), at_most(60)])
    permissions = SelectMultipleField(_l("What the program may do"), [Optional()])
    days = SelectField(
        _l("Valid for"),
        [InputRequired()],
        choices=lambda: [("7", _l("7 days")), ("30", _l("30 days")), ("90", _l("90 days")), ("365", _l("1 year"))],
    )


class SingleSignOnForm(Form):
    """An organisation's own provider."""

    issuer = LineField(_l("Address of the provider (issuer)"), [InputRequired(), at_most(SHORT)])
    client_id = LineField(_l("Client id"), [InputRequired(), at_most(SHORT)])
    secret = PasswordField(_l("Client secret"), [Optional(), at_most(500)], render_kw={"autocomplete": "off"})
    domains = WordsField(_l("Domains of your e-mail addresses"), [InputRequired(), at_most(SHORT)])
    passwords_allowed = BooleanField(_l("Passwords may still be used"), default=True)
    active = BooleanField(_l("Switched on"), default=True)


class _SaidOfSite(Form):
    name = LineField(_l("Name"), [InputRequired(), at_most(SHORT)])
    kind = RadioField(_l("What it is"), [InputRequired()], choices=SiteKind.choices)
    city = LineField(_l("Town"), [Optional(), at_most(SHORT)])
    capacity = NumberField(_l("Places"), [Optional()], description=_l("Leave it empty where nobody lives."))


class SiteForm(_SaidOfSite):
    """What is said of a prison or an office."""

    version = VersionField()


class NewSiteForm(_SaidOfSite):
    """The same of a new one, and the code by which registers know it, which stays."""

    code = CodeField(
        _l("Code of the site"),
        [Optional(), at_most(SHORT)],
        description=_l("As registers write it. Leave it empty where none names it."),
    )


class HolidayForm(Form):
    """A day on which the organisation does not work, or some days that follow each other."""

    name = LineField(_l("Name"), [InputRequired(), at_most(SHORT)])
    day = DatePartsField(_l("Day"), [InputRequired()])
    until = DatePartsField(
        _l("Last day"), [Optional()], description=_l("Where it lasts several days. Leave it empty for one.")
    )
