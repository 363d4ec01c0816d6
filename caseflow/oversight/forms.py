"""Narrowing the audit, naming a person, and reviewing what was found."""

from collections.abc import Iterable
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, SelectField
from wtforms.validators import InputRequired, Optional

from caseflow.accounts.models import User
from caseflow.audit.models import Unusual
from caseflow.core.fields import CodeField, DayField, WordsField
from caseflow.core.forms import LONG, Form, at_most
from caseflow.oversight.words import NOUNS


class Asking(Form):
    """Read from the address, so that a narrowed list can be kept as a link; nothing is changed by it: no token."""

    class Meta(Form.Meta):
        """No token."""

        csrf = False


class AuditFilter(Asking):
    """About what, by whom, and when."""

    act = SelectField(_l("About"), validate_choice=False)
    user = SelectField(_l("Who"), validate_choice=False)
    since = DayField(_l("From the day"), [Optional()])
    until = DayField(_l("To the day"), [Optional()])

    def offer(self, users: Iterable[User]) -> None:
        """Fill the choices."""
        nouns = sorted(((code, str(word)) for code, word in NOUNS.items()), key=lambda pair: pair[1])
        self.act.choices = [("", _l("Everything")), *nouns]
        self.user.choices = [("", _l("Everybody")), *((str(user.id), user.name) for user in users)]


class PersonFilter(Asking):
    """Which person, by a number."""

    number = CodeField(_l("Number of the person or of a case"), [at_most(200)])


class UnusualFilter(Asking):
    """Which days."""

    since = DayField(_l("From the day"), [Optional()])
    until = DayField(_l("To the day"), [Optional()])


class ReviewForm(Form):
    """What an auditor found about a user's reading of a day."""

    kind = HiddenField()
    user = HiddenField()
    day = HiddenField()
    note = WordsField(_l("What you found"), [InputRequired(_l("Write what you found.")), at_most(LONG)])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Several stand on one page: each has ids of its own."""
        super().__init__(*args, **kwargs)
        self.note.id = f"note-{self.kind.data}-{self.user.data}-{self.day.data}"


def kind_of(code: str | None) -> Unusual:
    """The kind of a code; the first one where it is none."""
    return next((kind for kind in Unusual if kind.value == code), Unusual.MANY)
