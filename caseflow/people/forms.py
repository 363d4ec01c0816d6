"""Forms of persons and cases."""

import uuid
from collections.abc import Iterable
from typing import Any

from flask_babel import get_locale, ngettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, FileField, HiddenField, RadioField, SelectField, SelectMultipleField, TextAreaField
from wtforms.validators import InputRequired, NumberRange, Optional

from caseflow.core.db import new_id
from caseflow.core.fields import (
    CodeField,
    DatePartsField,
    DateTimePartsField,
    LineField,
    NotInFuture,
    NotInPast,
    NumberField,
    WordsField,
)
from caseflow.core.formats import date_text, datetime_text
from caseflow.core.forms import LONG, SHORT, Form, VersionField, at_most
from caseflow.people.actions import MINUTES, MOST_MINUTES, CaseFields, PersonFields, RelativeFields
from caseflow.people.models import (
    AssignmentRole,
    CaseOutcome,
    Category,
    ConsentForm,
    ConsentGiver,
    ExclusionGround,
    IdentifierKind,
    LegalStatus,
    Literacy,
    NoteKind,
    Sex,
)

# Offered first; a person who speaks another language keeps it.
LANGUAGES = ("kk", "ru", "ky", "tg", "uz", "ug", "tr", "ar", "ckb", "ku", "fa", "en")
WRITTEN = [NoteKind.CONTACT, NoteKind.OBSERVATION, NoteKind.DECISION]


def languages(held: Iterable[str] = ()) -> list[tuple[str, str]]:
    """Languages by their names in the reader's language; those held are among them."""
    locale = get_locale()
    words = {} if locale is None else locale.languages
    codes = dict.fromkeys([*held, *LANGUAGES])
    return [(code, words.get(code.partition("-")[0], code)) for code in codes if code]


def countries() -> list[tuple[str, str]]:
    """Countries by their names in the reader's language, with a first line for none."""
    locale = get_locale()
    named = [] if locale is None else [(code, name) for code, name in locale.territories.items() if len(code) == 2]
    real = [(code, name) for code, name in named if code.isalpha() and code not in {"EU", "EZ", "UN", "XA", "XB", "ZZ"}]
    return [("", _("Not recorded")), *sorted(real, key=lambda one: one[1])]


def lines(text: str | None) -> tuple[str, ...]:
    """The lines of a text that hold something, tidied."""
    return tuple(dict.fromkeys(tidy for line in (text or "").splitlines() if (tidy := " ".join(line.split()))))


class OnceForm(Form):
    """A form that makes a row: sent twice, it makes one."""

    id = HiddenField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Give the row its id when the form is shown."""
        super().__init__(*args, **kwargs)
        try:
            self.row_id = uuid.UUID(str(self.id.data or ""))
        except ValueError:
            self.row_id = new_id()
        self.id.data = str(self.row_id)


class PersonForm(Form):
    """A person's names, numbers and particulars."""

    name = LineField(_l("Name as written in the documents"), [InputRequired(), at_most(SHORT)])
    latin_name = LineField(_l("Name in Latin letters"), [Optional(), at_most(SHORT)])
    scripts = WordsField(_l("The same name in other scripts"), [Optional(), at_most(1000)])
    aliases = WordsField(_l("Other names"), [Optional(), at_most(1000)])
    person_number = CodeField(_l("Register number of the person"), [InputRequired(), at_most(SHORT)])
    national = CodeField(_l("National number"), [Optional(), at_most(SHORT)])
    passport = CodeField(_l("Passport"), [Optional(), at_most(SHORT)])
    prison = CodeField(_l("Prison number elsewhere"), [Optional(), at_most(SHORT)])
    other = CodeField(_l("Other number"), [Optional(), at_most(SHORT)])
    sex = RadioField(_l("Sex in the register"), [InputRequired()], choices=Sex.choices, default=Sex.UNKNOWN.value)
    gender = LineField(_l("Gender in the person's own words"), [Optional(), at_most(SHORT)])
    birth_date = DatePartsField(_l("Date of birth"), [Optional(), NotInFuture()])
    birth_estimated = BooleanField(_l("The date of birth is estimated"))
    age_group = LineField(_l("Age group"), [Optional(), at_most(SHORT)])
    nationality = SelectField(_l("Nationality"), [Optional()], choices=countries)
    languages = SelectMultipleField(_l("Languages spoken"), [Optional()], choices=languages)
    literacy = RadioField(_l("Reading and writing"), choices=Literacy.choices, default=Literacy.UNKNOWN.value)
    interpreter_language = SelectField(_l("Interpreter needed for"), [Optional()])
    accessibility = WordsField(_l("What the person needs in order to take part"), [Optional(), at_most(1000)])
    phone = CodeField(_l("Telephone"), [Optional(), at_most(SHORT)])
    address = WordsField(_l("Address"), [Optional(), at_most(500)])
    safe_to_phone = BooleanField(_l("It is safe to phone"))
    safe_to_text = BooleanField(_l("It is safe to send a message"))
    safe_to_write = BooleanField(_l("It is safe to write a letter"))

    def __init__(self, *args: Any, held: Iterable[str] = (), **kwargs: Any) -> None:
        """Offer the usual languages, and those that the person has."""
        super().__init__(*args, **kwargs)
        held = [code for code in held if code]
        self.languages.choices = languages(held)
        self.interpreter_language.choices = [("", _("No interpreter needed")), *languages(held)]

    def person(self) -> PersonFields:
        """What was typed, as the actions take it."""
        kinds = {kind: getattr(self, kind.value).data for kind in IdentifierKind}
        return PersonFields(
            number=self.person_number.data or "",
            name=self.name.data or "",
            latin_name=self.latin_name.data,
            scripts=lines(self.scripts.data),
            aliases=lines(self.aliases.data),
            identifiers={kind: value for kind, value in kinds.items() if value},
            sex=Sex(self.sex.data),
            gender=self.gender.data,
            birth_date=self.birth_date.data,
            birth_estimated=bool(self.birth_estimated.data and self.birth_date.data),
            age_group=self.age_group.data,
            nationality=self.nationality.data or None,
            languages=tuple(self.languages.data or ()),
            literacy=Literacy(self.literacy.data or Literacy.UNKNOWN),
            interpreter_language=self.interpreter_language.data or None,
            accessibility=self.accessibility.data,
            phone=self.phone.data,
            address=self.address.data,
            safe_to_phone=self.safe_to_phone.data,
            safe_to_text=self.safe_to_text.data,
            safe_to_write=self.safe_to_write.data,
        )


class EditPersonForm(PersonForm):
    """Changing what is written down of a person."""

    version = VersionField()


class FactsForm(Form):
    """Admission, legal standing and the dates of a case; `custody` asks for what a prison must know."""

    admitted_at = DateTimePartsField(_l("Admitted, day and hour"), [Optional(), NotInFuture()])
    commitment_order = LineField(_l("Commitment order"), [Optional(), at_most(SHORT)])
    authority = LineField(_l("Authority that issued it"), [Optional(), at_most(SHORT)])
    legal_status = SelectField(_l("Legal status"), choices=LegalStatus.choices, default=LegalStatus.UNKNOWN.value)
    offence_type = LineField(_l("Offence"), [Optional(), at_most(SHORT)])
    offence_class = LineField(_l("Class or article of the offence"), [Optional(), at_most(SHORT)])
    offence_subtype = LineField(_l("Offence, more exactly"), [Optional(), at_most(SHORT)])
    sentence_months = NumberField(_l("Sentence in months"), [Optional(), NumberRange(0, 6000)])
    release_on = DatePartsField(_l("Release expected on"), [Optional()])
    release_unknown_reason = LineField(_l("Why the release date is not known"), [Optional(), at_most(SHORT)])
    conditional_release_on = DatePartsField(_l("Conditional release possible from"), [Optional()])
    released_on = DatePartsField(_l("Released on"), [Optional(), NotInFuture()])

    def __init__(self, *args: Any, custody: bool = False, **kwargs: Any) -> None:
        """Ask for the admission and the release date where the person is held."""
        super().__init__(*args, **kwargs)
        self.custody = custody

    def validate(self, extra_validators: Any = None) -> bool:
        """Also: a prison knows when and by which order it admitted, and when it releases or why not."""
        good = bool(super().validate(extra_validators))
        if not self.custody:
            return good
        needed = (
            (self.admitted_at, _("Enter the day and hour of admission.")),
            (self.commitment_order, _("Nobody is admitted without a valid commitment order: enter it.")),
        )
        for field, problem in needed:
            if not field.data and not field.errors:
                field.errors = [*field.errors, problem]
                good = False
        if not self.release_on.data and not self.release_on.errors and not self.release_unknown_reason.data:
            self.release_unknown_reason.errors = [_("Enter the expected release date, or why it is not known.")]
            good = False
        return good

    def facts(self) -> CaseFields:
        """What was typed, as the actions take it."""
        return CaseFields(
            admitted_at=self.admitted_at.data,
            commitment_order=self.commitment_order.data,
            authority=self.authority.data,
            legal_status=LegalStatus(self.legal_status.data),
            offence_class=self.offence_class.data,
            offence_type=self.offence_type.data,
            offence_subtype=self.offence_subtype.data,
            sentence_months=self.sentence_months.data,
            release_on=self.release_on.data,
            release_unknown_reason=None if self.release_on.data else self.release_unknown_reason.data,
            conditional_release_on=self.conditional_release_on.data,
            released_on=self.released_on.data,
        )


class EditFactsForm(FactsForm):
    """Changing the facts of a case."""

    version = VersionField()


class AgainForm(OnceForm, FactsForm):
    """A further case of a person who is known."""

    number = CodeField(_l("Case number"), [InputRequired(), at_most(SHORT)])
    site = SelectField(_l("Site"), [Optional()])
    worker = SelectField(_l("Responsible worker"), [Optional()])


class NewCaseForm(AgainForm, PersonForm):
    """A person and their case."""


class TransferForm(Form):
    """A move to another site."""

    site = SelectField(_l("New site"), [InputRequired()])
    reason = LineField(_l("Reason"), [Optional(), at_most(SHORT)])


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


class ConsentFormPage(OnceForm):
    """The person's consent."""

    grantee = SelectField(_l("Who may be told"), [InputRequired()])
    purpose = LineField(_l("For what purpose"), [InputRequired(), at_most(SHORT)])
    categories = SelectMultipleField(_l("What may be told"), [InputRequired()], choices=Category.choices)
    given_by = RadioField(_l("Who gives the consent"), choices=ConsentGiver.choices, default=ConsentGiver.PERSON.value)
    guardian = LineField(_l("Name of the parent or guardian"), [Optional(), at_most(SHORT)])
    way = RadioField(_l("How it was given"), choices=ConsentForm.choices, default=ConsentForm.SIGNED.value)
    witness = LineField(_l("Name of the witness or the interpreter"), [Optional(), at_most(SHORT)])
    starts_on = DatePartsField(_l("From"), [InputRequired()])
    ends_on = DatePartsField(_l("Until"), [Optional(), NotInPast()])


class RelativeForm(OnceForm):
    """A relative, and what contact is wanted and safe."""

    name = LineField(_l("Name"), [InputRequired(), at_most(SHORT)])
    relation = LineField(_l("Relation"), [InputRequired(), at_most(SHORT)])
    child = BooleanField(_l("A child: the identity stays in this organisation"))
    birth_year = NumberField(_l("Year of birth"), [Optional(), NumberRange(1900, 2100)])
    cared_for_by = LineField(_l("Who cares for the child"), [Optional(), at_most(SHORT)])
    phone = CodeField(_l("Telephone"), [Optional(), at_most(SHORT)])
    address = WordsField(_l("Address"), [Optional(), at_most(500)])
    contact_wanted = BooleanField(_l("Contact is wanted"), default=True)
    safe_to_phone = BooleanField(_l("It is safe to phone"))
    safe_to_write = BooleanField(_l("It is safe to write a letter"))
    notify = BooleanField(_l("Tell this relative of a transfer, an illness or a death"))
    restriction = WordsField(_l("Restriction on contact"), [Optional(), at_most(1000)])
    version = VersionField()

    def relative(self) -> RelativeFields:
        """What was typed, as the actions take it."""
        return RelativeFields(
            name=self.name.data or "",
            relation=self.relation.data or "",
            birth_year=self.birth_year.data,
            child=self.child.data,
            cared_for_by=self.cared_for_by.data,
            phone=self.phone.data,
            address=self.address.data,
            contact_wanted=self.contact_wanted.data,
            safe_to_phone=self.safe_to_phone.data,
            safe_to_write=self.safe_to_write.data,
            notify=self.notify.data,
            restriction=self.restriction.data,
        )


class AllocateForm(Form):
    """Giving a case to a worker."""

    worker = SelectField(_l("Worker"), [InputRequired()])
    role = RadioField(_l("As"), [InputRequired()], choices=AssignmentRole.choices, default=AssignmentRole.PRIMARY.value)
    reason = LineField(_l("Reason"), [InputRequired(), at_most(SHORT)])


class RestrictForm(Form):
    """Closing a case to everybody who is not on a list."""

    users = SelectMultipleField(_l("Who may open it besides"), [Optional()])
    reason = LineField(_l("Why it is restricted"), [InputRequired(), at_most(SHORT)])


class AdmitForm(Form):
    """A further name on the list."""

    user = SelectField(_l("Colleague"), [InputRequired()])
    reason = LineField(_l("Why they need it"), [InputRequired(), at_most(SHORT)])


class ExcludeForm(Form):
    """Closing a case to one colleague."""

    user = SelectField(_l("Colleague"), [InputRequired()])
    ground = RadioField(_l("Ground"), [InputRequired()], choices=ExclusionGround.choices)
    reason = LineField(_l("In your words"), [InputRequired(), at_most(SHORT)])


class ConflictForm(Form):
    """Whom the user is related to, or in conflict with."""

    name = LineField(_l("Name in full"), [InputRequired(), at_most(SHORT)])
    ground = RadioField(_l("Ground"), [InputRequired()], choices=ExclusionGround.choices)


class EndForm(Form):
    """Ending what was decided."""

    reason = LineField(_l("Why it ends"), [InputRequired(), at_most(SHORT)])


class EmergencyForm(Form):
    """Opening a restricted case in an emergency."""

    number = CodeField(_l("Exact number of the case"), [InputRequired(), at_most(SHORT)])
    reason = WordsField(_l("What has happened, and why it cannot wait"), [InputRequired(), at_most(1000)])
    minutes = RadioField(_l("For how long"), [InputRequired()], default=str(MINUTES))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer times up to the longest that the database allows."""
        super().__init__(*args, **kwargs)
        times = (30, MINUTES, 120, MOST_MINUTES)
        self.minutes.choices = [(str(one), ngettext("%(num)d minute", "%(num)d minutes", one)) for one in times]


class ReviewForm(Form):
    """Whether an emergency access was justified."""

    justified = RadioField(
        _l("Was it justified?"),
        [InputRequired()],
        choices=lambda: [("yes", _("Yes")), ("no", _("No: it will be followed up"))],
    )
    review = WordsField(_l("What you found"), [InputRequired(), at_most(1000)])


class PhaseForm(Form):
    """Moving a case on."""

    phase = RadioField(_l("Next phase"), [InputRequired()])
    reason = LineField(_l("Reason"), [Optional(), at_most(SHORT)])


class CloseForm(Form):
    """How a case ended."""

    outcome = SelectField(
        _l("How the case ended"),
        [InputRequired()],
        choices=lambda: [
            ("", _("Choose")),
            *CaseOutcome.choices(one for one in CaseOutcome if one.value != "recorded"),
        ],
    )
    note = WordsField(_l("Closing note"), [Optional(), at_most(LONG)])


class ReopenForm(Form):
    """Taking up a closed case again."""

    phase = RadioField(_l("Phase"), [InputRequired()])
    reason = LineField(_l("Reason"), [InputRequired(), at_most(SHORT)])


class UploadForm(Form):
    """A register's file and how to read it."""

    file = FileField(_l("File (CSV or XLSX)"))
    mapping = SelectField(_l("Mapping"), [Optional()])
    own = TextAreaField(_l("Mapping of your own (TOML)"), [Optional(), at_most(100_000)])


def said(field: Any, value: Any) -> str:
    """A value of a field in words, to show two versions beside each other."""
    if isinstance(value, list | tuple):
        return ", ".join(said(field, one) for one in value)
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


def differences(form: Form) -> list[tuple[str, str, str]]:
    """After a conflict: each field that differs, as it stands now and as it was typed."""
    theirs = getattr(form, "theirs", {})
    pairs = [(form._fields[name], value) for name, value in theirs.items() if name in form._fields]
    spoken = [
        (str(one.label.text), said(one, value), said(one, one.data)) for one, value in pairs if one.name != "version"
    ]
    return [(label, now, typed) for label, now, typed in spoken if now != typed]
