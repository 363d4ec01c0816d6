"""The base of every form: CSRF, our own words, and an act that may be refused without losing what was typed."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask_babel import gettext as _
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import HiddenField, SelectMultipleField
from wtforms.validators import Length

from caseflow.core.db import db, new_id
from caseflow.core.errors import Conflict, Refused
from caseflow.core.form_words import FORM_WORDS
from caseflow.core.formats import date_text, datetime_text

SHORT = 200  # characters in a line
LONG = 12_000  # characters in a text


def _is_blank(sent: object) -> bool:
    return isinstance(sent, str) and not sent.strip()


class Form(FlaskForm):  # type: ignore[misc]  # flask-wtf is untyped
    """A form that carries one act."""

    http_status = 422  # of a page that shows it refused

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        """How WTForms behaves."""

        locales = False

        def get_translations(self, form: Any) -> Any:
            """Our words for WTForms' messages."""
            return FORM_WORDS

        def wrap_formdata(self, form: Any, formdata: Any) -> Any:
            """White space alone is nothing, nor a choice among many: to WTForms' validators it would be something."""
            sent = super().wrap_formdata(form, formdata)
            if not sent:
                return sent
            many = {name for name, field in form._fields.items() if isinstance(field, SelectMultipleField)}
            return MultiDict(
                (name, "" if _is_blank(one) else one)
                for name, one in sent.items(multi=True)
                if not (name in many and _is_blank(one))
            )

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


class RowIdField(HiddenField):
    """The id of the row to be made, given out with the form, so that a form sent twice makes one row."""

    def __init__(self, **options: Any) -> None:
        """Begin with a new id."""
        super().__init__(default=lambda: str(new_id()), **options)

    def process_formdata(self, valuelist: Sequence[Any]) -> None:
        """The id that was given out; another new one where it is missing or tampered with."""
        try:
            self.data: Any = str(uuid.UUID(valuelist[0]))
        except (IndexError, ValueError):
            self.data = str(new_id())

    @property
    def row_id(self) -> uuid.UUID:
        """The id."""
        return uuid.UUID(str(self.data))


class OnceForm(Form):
    """A form that makes a row: sent twice, it makes one."""

    id = RowIdField()


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


def differences(form: Form) -> list[tuple[str, str, str]]:
    """After a conflict: each field that differs, as it stands now and as it was typed."""
    theirs = getattr(form, "theirs", {})
    pairs = [(form._fields[name], value) for name, value in theirs.items() if name in form._fields]
    spoken = [
        (str(one.label.text), _said(one, value), _said(one, one.data)) for one, value in pairs if one.name != "version"
    ]
    return [(label, now, typed) for label, now, typed in spoken if now != typed]


def _said(field: Any, value: Any) -> str:
    """A value of a field in words, to show two versions beside each other."""
    if isinstance(value, list | tuple):
        return ", ".join(_said(field, one) for one in value)
    if value is None or value == "":
        return _("Not recorded")
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if hasattr(value, "hour"):
        return datetime_text(value)
    if hasattr(value, "year"):
        return date_text(value)
    choices = getattr(field, "choices", None)
    return dict(choices).get(str(value), str(value)) if choices else str(value)
