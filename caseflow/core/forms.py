"""The base of every form: CSRF, our own words, and an act that may be refused without losing what was typed."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask_babel import gettext as _
from flask_wtf import FlaskForm
from wtforms import HiddenField
from wtforms.validators import Length

from caseflow.core.db import db
from caseflow.core.errors import Conflict, Refused
from caseflow.core.form_words import FORM_WORDS

SHORT = 200  # characters in a line
LONG = 12_000  # characters in a text


class Form(FlaskForm):  # type: ignore[misc]  # flask-wtf is untyped
    """A form that carries one act."""

    http_status = 422  # of a page that shows it refused

    class Meta:
        """How WTForms behaves."""

        locales = False

        def get_translations(self, form: Any) -> Any:
            """Our words for WTForms' messages."""
            return FORM_WORDS

    def accepts(self, act: Callable[[], object]) -> bool:
        """Whether the form was sent, is valid, and the act was done.

        A refusal (`Refused`, `Conflict`) lands at the field it names, or above the form; nothing of the act stays.
        """
        if not self.validate_on_submit():
            return False
        try:
            with db.session.begin_nested():
                act()
                db.session.flush()
        except Refused as refusal:
            self.refuse(refusal)
            return False
        return True

    def refuse(self, refusal: Refused) -> None:
        """Show a refusal at its field, or above the form."""
        self.http_status = refusal.status
        field = self._fields.get(refusal.field) if refusal.field else None
        if field is None:
            self.form_errors.append(str(refusal))
        else:
            field.errors = [*field.errors, str(refusal)]
        if isinstance(refusal, Conflict):
            self.theirs: Mapping[str, Any] = refusal.theirs
            version = refusal.theirs.get("version")
            if version is not None and "version" in self._fields:
                # Sent again, what was typed now replaces what stands there: the writer has seen both.
                self._fields["version"].process_data(version)


class VersionField(HiddenField):
    """The version of the row that was shown, so that two writers cannot overwrite each other unseen."""

    def process_formdata(self, valuelist: Sequence[Any]) -> None:
        """A number; one that no row has where it is missing or tampered with, which then conflicts."""
        text = valuelist[0] if valuelist else ""
        self.data: Any = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def check_version(row: Any, version: int | None, **theirs: Any) -> None:
    """Refuse to overwrite a row that has changed since it was shown; `theirs` are its fields as they stand now."""
    if version is not None and row.version != version:
        raise Conflict(
            _("Somebody else changed this since you opened it. Their version is shown; send again to replace it."),
            theirs={"version": row.version, **theirs},
        )


def at_most(characters: int) -> Length:
    """The text must not be longer."""
    return Length(max=characters)
