"""Person, Name, Identifier, Relative and Consent."""

import uuid
from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, Integer, PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from caseflow.core.db import Coded, Model, Owned, belongs_to, one_of
from caseflow.core.sealing import Sealed
from caseflow.people.models.codes import Category, ConsentForm, ConsentGiver, IdentifierKind, Literacy, NameKind, Sex
from caseflow.people.models.part import OF_PERSON, Part


class Person(Owned, Model):
    """A person as this organisation knows them; another organisation that helps them has a row of its own."""

    __subject__ = ("id",)
    __tablename__ = "persons"
    __noun__ = "person"
    __table_args__ = (UniqueConstraint("org_id", "number"), one_of("sex", Sex), one_of("literacy", Literacy))

    number: Mapped[str]  # the register's number for the person
    name: Mapped[str]  # as written, in the script of the register
    latin_name: Mapped[str | None]  # for readers of another script
    sex: Mapped[Sex] = mapped_column(Coded(Sex), default=Sex.UNKNOWN)
    gender: Mapped[str | None]  # self-perceived, in the person's own words
    birth_date: Mapped[date | None]
    birth_estimated: Mapped[bool] = mapped_column(default=False)
    age_group: Mapped[str | None]  # where the register knows no more
    nationality: Mapped[str | None]  # ISO 3166-1 alpha-2
    languages: Mapped[list[str]] = mapped_column(default=list)  # BCP 47, best first
    literacy: Mapped[Literacy] = mapped_column(Coded(Literacy), default=Literacy.UNKNOWN)
    interpreter_language: Mapped[str | None]
    accessibility: Mapped[str | None] = mapped_column(Sealed())
    phone: Mapped[str | None] = mapped_column(Sealed())
    address: Mapped[str | None] = mapped_column(Sealed())
    safe_to_phone: Mapped[bool] = mapped_column(default=False)
    safe_to_text: Mapped[bool] = mapped_column(default=False)
    safe_to_write: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=1)

    names: Mapped[list["Name"]] = relationship(
        viewonly=True,
        primaryjoin="and_(Person.org_id == Name.org_id, Person.id == foreign(Name.person_id))",
        order_by="Name.created_at",
    )

    __mapper_args__ = {"version_id_col": version}

    def age(self, on: date) -> int | None:
        """Full years on that day; None where the date of birth is not known."""
        born = self.birth_date
        return None if born is None else on.year - born.year - ((on.month, on.day) < (born.month, born.day))


class Name(Part, Model):
    """One way in which the person's name is written."""

    __tablename__ = "names"
    __table_args__ = (
        belongs_to("person_id", "persons"),
        one_of("kind", NameKind),
        Index("ix_names_person", "org_id", "person_id"),
    )

    person_id: Mapped[uuid.UUID]
    kind: Mapped[NameKind] = mapped_column(Coded(NameKind))
    full: Mapped[str]
    family: Mapped[str | None]
    given: Mapped[str | None]
    patronymic: Mapped[str | None]
    of_register: Mapped[bool] = mapped_column(default=False)  # written by the importer, which may replace it


class NameKey(Model):
    """A search key of one of the person's names (`core.search`); many persons share a key.

    An index, in effect, of some eight rows a person: it is read together with the person only, and has no foreign key,
    which would be half the cost of a register's import.
    """

    __tablename__ = "name_keys"
    __audited__ = False
    __table_args__ = (PrimaryKeyConstraint("org_id", "key", "person_id"),)

    org_id: Mapped[uuid.UUID]
    key: Mapped[int] = mapped_column(Integer)
    person_id: Mapped[uuid.UUID]


class Identifier(Part, Model):
    """A number by which the person is known elsewhere."""

    __subject__ = OF_PERSON
    __hashed__ = (("value_hash", "value", str),)
    __tablename__ = "identifiers"
    __table_args__ = (
        belongs_to("person_id", "persons"),
        one_of("kind", IdentifierKind),
        UniqueConstraint("org_id", "kind", "value"),
        UniqueConstraint("org_id", "value_hash", "kind"),
        Index("ix_identifiers_person", "org_id", "person_id"),
    )

    person_id: Mapped[uuid.UUID]
    kind: Mapped[IdentifierKind] = mapped_column(Coded(IdentifierKind))
    value: Mapped[str] = mapped_column(Sealed())
    value_hash: Mapped[str | None]  # none only where the value is not sealed yet


class Relative(Owned, Model):
    """Somebody of the person's family, and what contact with them is wanted and safe."""

    __subject__ = OF_PERSON
    __tablename__ = "relatives"
    __table_args__ = (belongs_to("person_id", "persons"), Index("ix_relatives_person", "org_id", "person_id"))

    person_id: Mapped[uuid.UUID]
    name: Mapped[str]
    relation: Mapped[str]
    birth_year: Mapped[int | None]
    child: Mapped[bool] = mapped_column(default=False)
    cared_for_by: Mapped[str | None] = mapped_column(Sealed())
    phone: Mapped[str | None] = mapped_column(Sealed())
    address: Mapped[str | None] = mapped_column(Sealed())
    contact_wanted: Mapped[bool] = mapped_column(default=True)
    safe_to_phone: Mapped[bool] = mapped_column(default=False)
    safe_to_write: Mapped[bool] = mapped_column(default=False)
    notify: Mapped[bool] = mapped_column(default=False)  # of transfer, illness or death
    restriction: Mapped[str | None] = mapped_column(Sealed())  # a protection order, a victim's wish
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class Consent(Owned, Model):
    """What the person agrees may be told to whom, for what, until when; withdrawn at any time with effect at once."""

    __subject__ = OF_PERSON
    __tablename__ = "consents"
    __table_args__ = (
        belongs_to("person_id", "persons"),
        belongs_to("case_id", "cases"),
        belongs_to("recorded_by", "users"),
        one_of("given_by", ConsentGiver),
        one_of("form", ConsentForm),
        Index("ix_consents_case", "org_id", "case_id"),
    )

    person_id: Mapped[uuid.UUID]
    case_id: Mapped[uuid.UUID]
    grantee_org_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organisations.id"))
    purpose: Mapped[str] = mapped_column(Sealed())
    categories: Mapped[list[str]]
    given_by: Mapped[ConsentGiver] = mapped_column(Coded(ConsentGiver))
    guardian: Mapped[str | None] = mapped_column(Sealed())
    form: Mapped[ConsentForm] = mapped_column(Coded(ConsentForm))
    witness: Mapped[str | None] = mapped_column(Sealed())  # the witness or the interpreter
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    withdrawn_at: Mapped[datetime | None]
    withdrawal_note: Mapped[str | None] = mapped_column(Sealed())
    recorded_by: Mapped[uuid.UUID]

    def live(self, on: date) -> bool:
        """Whether it holds on that day."""
        return self.withdrawn_at is None and self.starts_on <= on and (self.ends_on is None or on <= self.ends_on)

    def covers(self, category: Category, on: date) -> bool:
        """Whether it allows this category to be told on that day."""
        return self.live(on) and category.value in self.categories
