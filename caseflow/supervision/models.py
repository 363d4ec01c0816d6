"""Supervision, Condition and Contact."""

import uuid
from datetime import date, datetime, timedelta

from flask_babel import lazy_gettext as _l
from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from caseflow.accounts.models import User
from caseflow.core.db import Coded, Model, Owned, belongs_to, now, one_of
from caseflow.core.i18n import Labelled
from caseflow.core.sealing import Sealed
from caseflow.people.models import OF_CASE, Case


class ContactLevel(Labelled):
    """How often officer and person meet."""

    WEEKLY = "weekly", _l("Every week")
    TWO_WEEKS = "two_weeks", _l("Every 2 weeks")
    FOUR_WEEKS = "four_weeks", _l("Every 4 weeks")
    EIGHT_WEEKS = "eight_weeks", _l("Every 8 weeks")


LEVEL_WEEKS = {
    ContactLevel.WEEKLY: 1,
    ContactLevel.TWO_WEEKS: 2,
    ContactLevel.FOUR_WEEKS: 4,
    ContactLevel.EIGHT_WEEKS: 8,
}


class ConditionKind(Labelled):
    """Kinds of conditions of an order."""

    RESIDENCE = "residence", _l("Residence")
    CONTACT = "contact", _l("Contact")
    PROGRAMME = "programme", _l("Programme")
    CURFEW = "curfew", _l("Curfew")
    REPORTING = "reporting", _l("Reporting")
    WORK = "work", _l("Work")
    TRAVEL = "travel", _l("Travel")
    OTHER = "other", _l("Other")


class ContactForm(Labelled):
    """How a contact is held."""

    IN_PERSON = "in_person", _l("In person")
    PHONE = "phone", _l("By phone")
    HOME_VISIT = "home_visit", _l("Visit at home")
    REMOTE = "remote", _l("Remote check-in")


class ContactOutcome(Labelled):
    """What came of a contact."""

    COMPLIED = "complied", _l("Attended and complied")
    NOT_COMPLIED = "not_complied", _l("Attended, did not comply")
    SENT_AWAY = "sent_away", _l("Sent away")
    ACCEPTABLE_ABSENCE = "acceptable_absence", _l("Acceptable absence")
    UNACCEPTABLE_ABSENCE = "unacceptable_absence", _l("Unacceptable absence")


HELD = frozenset({ContactOutcome.COMPLIED, ContactOutcome.NOT_COMPLIED})  # these set off the time to the next contact
ABSENCES = frozenset({ContactOutcome.ACCEPTABLE_ABSENCE, ContactOutcome.UNACCEPTABLE_ABSENCE})


class Response(Labelled):
    """How the officer responds; helping steps come first."""

    NONE = "none", _l("No response needed")
    TALK = "talk", _l("A talk")
    FIRST_WARNING = "first_warning", _l("First warning")
    FINAL_WARNING = "final_warning", _l("Final warning")
    REVIEW = "review", _l("Review of conditions")
    COURT = "court", _l("Report to the court")


# Where the order was not kept, the officer says how they respond; from a warning on, also why help will not do.
NEEDS_RESPONSE = frozenset({ContactOutcome.NOT_COMPLIED, ContactOutcome.UNACCEPTABLE_ABSENCE})
NEEDS_WHY = frozenset({Response.FIRST_WARNING, Response.FINAL_WARNING, Response.REVIEW, Response.COURT})


class Supervision(Owned, Model):
    """The order under which a person is supervised: one for a case."""

    __subject__ = OF_CASE
    __tablename__ = "supervisions"
    __table_args__ = (
        belongs_to("case_id", "cases"),
        UniqueConstraint("org_id", "case_id"),
        one_of("level", ContactLevel),
    )

    case_id: Mapped[uuid.UUID]
    order_number: Mapped[str | None] = mapped_column(Sealed())
    court: Mapped[str | None]
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    level: Mapped[ContactLevel] = mapped_column(Coded(ContactLevel), default=ContactLevel.TWO_WEEKS)
    ended_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}

    def next_contact(self, last: date | None) -> date:
        """By when officer and person meet next, given the day of the last contact that was held."""
        return (last or self.starts_on) + timedelta(weeks=LEVEL_WEEKS[self.level])


class Condition(Owned, Model):
    """A condition of the order, and whether it was explained and understood."""

    __subject__ = OF_CASE
    __tablename__ = "conditions"
    __table_args__ = (
        belongs_to("supervision_id", "supervisions"),
        belongs_to("case_id", "cases"),
        one_of("kind", ConditionKind),
        Index("ix_conditions_case", "org_id", "case_id"),
    )

    supervision_id: Mapped[uuid.UUID]
    case_id: Mapped[uuid.UUID]
    kind: Mapped[ConditionKind] = mapped_column(Coded(ConditionKind))
    text: Mapped[str] = mapped_column(Sealed())  # in plain words
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    explained_on: Mapped[date | None]
    understood: Mapped[bool] = mapped_column(default=False)
    ended_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class Contact(Owned, Model):
    """A planned or held contact between officer and person."""

    __subject__ = OF_CASE
    __tablename__ = "contacts"
    __table_args__ = (
        belongs_to("case_id", "cases"),
        belongs_to("user_id", "users"),
        one_of("form", ContactForm),
        one_of("outcome", ContactOutcome),
        one_of("response", Response),
        Index("ix_contacts_case", "org_id", "case_id", "starts_at"),
        Index("ix_contacts_user", "org_id", "user_id", "starts_at"),
    )

    case_id: Mapped[uuid.UUID]
    user_id: Mapped[uuid.UUID]
    starts_at: Mapped[datetime]
    form: Mapped[ContactForm] = mapped_column(Coded(ContactForm))
    place: Mapped[str | None] = mapped_column(Sealed())
    outcome: Mapped[ContactOutcome | None] = mapped_column(Coded(ContactOutcome))
    reason: Mapped[str | None] = mapped_column(Sealed())  # of an absence
    response: Mapped[Response | None] = mapped_column(Coded(Response))
    note: Mapped[str | None] = mapped_column(Sealed())
    recorded_at: Mapped[datetime | None]
    called_off_at: Mapped[datetime | None]  # with the reason: the contact stays on record and is expected no more
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}

    user: Mapped[User] = relationship(
        viewonly=True, primaryjoin="and_(Contact.org_id == User.org_id, foreign(Contact.user_id) == User.id)"
    )
    case: Mapped[Case] = relationship(
        viewonly=True, primaryjoin="and_(Contact.org_id == Case.org_id, foreign(Contact.case_id) == Case.id)"
    )

    def open(self) -> bool:
        """Whether it is planned, with nothing recorded yet."""
        return self.outcome is None and self.called_off_at is None

    @property
    def passed(self) -> bool:
        """Whether its time has come and gone."""
        return self.starts_at <= now()
