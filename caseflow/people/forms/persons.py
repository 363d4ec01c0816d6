"""Forms of a person, of their relatives and their consent."""

from collections.abc import Iterable
from typing import Any

from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, RadioField, SelectField, SelectMultipleField
from wtforms.validators import InputRequired, NumberRange, Optional

from caseflow.core.fields import CodeField, DatePartsField, LineField, NotInFuture, NotInPast, NumberField, WordsField
from caseflow.core.forms import SHORT, Form, OnceForm, VersionField, at_most
from caseflow.people.actions import PersonFields, RelativeFields
from caseflow.people.models import Category, ConsentForm, ConsentGiver, IdentifierKind, Literacy, Sex

# Offered first; a person who speaks another language keeps it.
LANGUAGES = ("kk", "ru", "ky", "tg", "uz", "ug", "tr", "ar", "ckb", "ku", "fa", "en")


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


class ConsentFormPage(OnceForm):
    """The person's consent."""

    grantee = SelectField(_l("Who may be told"), [InputRequired()])
    purpose = LineField(_l("For what purpose"), [InputRequired(), at_most(SHORT)])
    categories = SelectMultipleField(_l("What may be told"), [InputRequired()], choices=Category.choices)
    given_by = RadioField(_l("Who gives the consent"), choices=ConsentGiver.choices, default=ConsentGiver.PERSON.value)
    guardian = LineField(_l("Name of the parent or guardian"), [Optional(), at_most(SHORT)])
    way = RadioField(_l("How it was given"), choices=ConsentForm.choices, default=ConsentForm.SIGNED.value)
    witness = LineField(_l("Name of the witness or the interpreter"), [Optional(), at_most(SHORT)])
    starts_on = DatePartsField(_l("From the day"), [InputRequired()])
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
