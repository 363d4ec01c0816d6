"""Narrowing the audit."""

from collections.abc import Iterable

from flask_babel import lazy_gettext as _l
from wtforms import SelectField

from caseflow.accounts.models import User
from caseflow.core.forms import Form
from caseflow.oversight.words import NOUNS


class AuditFilter(Form):
    """About what, and by whom; read from the address, so that a narrowed list can be kept as a link."""

    class Meta(Form.Meta):
        """Nothing is changed by it: no token."""

        csrf = False

    act = SelectField(_l("About"), validate_choice=False)
    user = SelectField(_l("Who"), validate_choice=False)

    def offer(self, users: Iterable[User]) -> None:
        """Fill the choices."""
        nouns = sorted(((code, str(word)) for code, word in NOUNS.items()), key=lambda pair: pair[1])
        self.act.choices = [("", _l("Everything")), *nouns]
        self.user.choices = [("", _l("Everybody")), *((str(user.id), user.name) for user in users)]
