"""Case, with the organisations, stays, assignments, notes and tasks that belong to it."""

import uuid
from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from caseflow.accounts.models import User
from caseflow.core.db import Coded, Model, Owned, belongs_to, one_of
from caseflow.core.sealing import Sealed
from caseflow.people.models.codes import (
    AssignmentRole,
    CaseOutcome,
    LegalStatus,
    NoteKind,
    PartyRole,
    Phase,
    TaskKind,
)
from caseflow.people.models.part import OF_CASE, OF_PERSON, Part
from caseflow.people.models.person import Person
from caseflow.tenancy.models import Site


class Case(Part, Model):
    """One stretch of work with a person, from intake to after release. Its phase is held here and nowhere else."""

    __subject__ = OF_PERSON
    __tablename__ = "cases"
    __noun__ = "case"
    __table_args__ = (
        belongs_to("person_id", "persons"),
        belongs_to("site_id", "sites"),
        UniqueConstraint("org_id", "number"),
        one_of("phase", Phase),
        one_of("legal_status", LegalStatus),
        one_of("outcome", CaseOutcome),
        Index("ix_cases_person", "org_id", "person_id"),
        Index("ix_cases_site", "org_id", "site_id", "phase"),
        Index("ix_cases_guarded", "org_id", "person_id", postgresql_include=["id"], postgresql_where=text("guarded")),
        Index(  # with what the policy asks, so that open cases are counted without reading them
            "ix_cases_open",
            "org_id",
            "release_on",
            postgresql_include=["id", "guarded"],
            postgresql_where=text("phase <> 'closed'"),
        ),
    )

    person_id: Mapped[uuid.UUID]
    number: Mapped[str]
    phase: Mapped[Phase] = mapped_column(Coded(Phase), default=Phase.INTAKE)
    site_id: Mapped[uuid.UUID | None]
    opened_on: Mapped[date]
    admitted_at: Mapped[datetime | None]
    commitment_order: Mapped[str | None] = mapped_column(Sealed())  # no admission without a valid one
    authority: Mapped[str | None]
    legal_status: Mapped[LegalStatus] = mapped_column(Coded(LegalStatus), default=LegalStatus.UNKNOWN)
    offence_class: Mapped[str | None]
    offence_type: Mapped[str | None]
    offence_subtype: Mapped[str | None]
    sentence_months: Mapped[int | None]
    release_on: Mapped[date | None]  # expected
    release_unknown_reason: Mapped[str | None] = mapped_column(Sealed())
    conditional_release_on: Mapped[date | None]
    released_on: Mapped[date | None]
    release_year: Mapped[int | None]  # where the register knows no day
    release_type: Mapped[str | None]
    closed_on: Mapped[date | None]
    outcome: Mapped[CaseOutcome | None] = mapped_column(Coded(CaseOutcome))
    closing_note: Mapped[str | None] = mapped_column(Sealed())
    register_print: Mapped[bytes | None] = mapped_column(LargeBinary)  # of the register's row, to know an unchanged one
    # Whether somebody's access to the person's file is decided apart; only the database's triggers on Access write it.
    guarded: Mapped[bool] = mapped_column(server_default=text("false"), default=False)
    version: Mapped[int] = mapped_column(default=1)

    person: Mapped[Person] = relationship(
        viewonly=True, primaryjoin="and_(Case.org_id == Person.org_id, foreign(Case.person_id) == Person.id)"
    )
    site: Mapped[Site | None] = relationship(
        viewonly=True, primaryjoin="and_(Case.org_id == Site.org_id, foreign(Case.site_id) == Site.id)"
    )
    assignments: Mapped[list["Assignment"]] = relationship(
        viewonly=True,
        primaryjoin="and_(Case.org_id == Assignment.org_id, Case.id == foreign(Assignment.case_id), "
        "Assignment.until.is_(None))",
    )

    __mapper_args__ = {"version_id_col": version}

    def open(self) -> bool:
        """Whether work goes on."""
        return self.phase is not Phase.CLOSED

    def in_custody(self) -> bool:
        """Whether the person is held."""
        return self.phase not in (Phase.RELEASED, Phase.POST_RELEASE_SUPPORT, Phase.CLOSED)

    @property
    def primary_worker(self) -> User | None:
        """Who is responsible now."""
        return next((a.user for a in self.assignments if a.role is AssignmentRole.PRIMARY), None)


class CaseReturn(Part, Model):
    """That the person came back to prison after the release this case records."""

    __tablename__ = "case_returns"
    __table_args__ = (belongs_to("case_id", "cases"), UniqueConstraint("org_id", "case_id"))

    case_id: Mapped[uuid.UUID]
    days: Mapped[int | None]  # from release to return
    within_years: Mapped[int | None]  # how long the person was followed
    kind: Mapped[str | None]
    offence_class: Mapped[str | None]
    offence_type: Mapped[str | None]
    offence_subtype: Mapped[str | None]


class CaseParty(Owned, Model):
    """What another organisation (or this one) is to the case, since when; history kept."""

    __tablename__ = "case_parties"
    __table_args__ = (
        belongs_to("case_id", "cases"),
        one_of("role", PartyRole),
        Index("ix_case_parties_case", "org_id", "case_id"),
    )

    case_id: Mapped[uuid.UUID]
    party_org_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organisations.id"))
    role: Mapped[PartyRole] = mapped_column(Coded(PartyRole))
    since: Mapped[datetime]
    until: Mapped[datetime | None]


class Stay(Part, Model):
    """Where the person was held, and from when to when."""

    __subject__ = OF_CASE
    __tablename__ = "stays"
    __table_args__ = (
        belongs_to("case_id", "cases"),
        belongs_to("site_id", "sites"),
        Index("ix_stays_case", "org_id", "case_id"),
    )

    case_id: Mapped[uuid.UUID]
    site_id: Mapped[uuid.UUID]
    since: Mapped[datetime]
    until: Mapped[datetime | None]
    reason: Mapped[str | None] = mapped_column(Sealed())


class Assignment(Owned, Model):
    """Who works on the case, since when; the ended ones are its history."""

    __subject__ = OF_CASE
    __tablename__ = "assignments"
    __table_args__ = (
        belongs_to("case_id", "cases"),
        belongs_to("user_id", "users"),
        one_of("role", AssignmentRole),
        Index("ix_assignments_caseload", "org_id", "user_id", postgresql_where=text("until IS NULL")),
        Index("ux_assignments_role", "org_id", "case_id", "role", unique=True, postgresql_where=text("until IS NULL")),
        Index("ix_assignments_case", "org_id", "case_id"),
    )

    case_id: Mapped[uuid.UUID]
    user_id: Mapped[uuid.UUID]
    role: Mapped[AssignmentRole] = mapped_column(Coded(AssignmentRole))
    since: Mapped[datetime]
    until: Mapped[datetime | None]
    reason: Mapped[str | None] = mapped_column(Sealed())
    ended_reason: Mapped[str | None] = mapped_column(Sealed())

    user: Mapped[User] = relationship(
        viewonly=True,
        primaryjoin="and_(Assignment.org_id == User.org_id, foreign(Assignment.user_id) == User.id)",
    )


class PhaseChange(Owned, Model):
    """A move of the case from one phase to another."""

    __subject__ = OF_CASE
    __tablename__ = "phase_changes"
    __table_args__ = (
        belongs_to("case_id", "cases"),
        belongs_to("user_id", "users"),
        one_of("phase", Phase),
        one_of("before", Phase),
        Index("ix_phase_changes_case", "org_id", "case_id"),
    )

    case_id: Mapped[uuid.UUID]
    user_id: Mapped[uuid.UUID | None]
    before: Mapped[Phase | None] = mapped_column(Coded(Phase))
    phase: Mapped[Phase] = mapped_column(Coded(Phase))
    reason: Mapped[str | None] = mapped_column(Sealed())


class Note(Owned, Model):
    """What a worker wrote; never changed: an amendment is a note that points to the first."""

    __subject__ = OF_CASE
    __tablename__ = "notes"
    __table_args__ = (
        belongs_to("case_id", "cases"),
        belongs_to("written_by", "users"),
        belongs_to("amends_id", "notes"),
        one_of("kind", NoteKind),
        Index("ix_notes_case", "org_id", "case_id", "occurred_at"),
    )

    case_id: Mapped[uuid.UUID]
    kind: Mapped[NoteKind] = mapped_column(Coded(NoteKind))
    text: Mapped[str] = mapped_column(Sealed())  # up to 12,000 characters
    sensitive: Mapped[bool] = mapped_column(default=False)
    occurred_at: Mapped[datetime]
    written_by: Mapped[uuid.UUID]
    amends_id: Mapped[uuid.UUID | None]

    author: Mapped[User] = relationship(
        viewonly=True, primaryjoin="and_(Note.org_id == User.org_id, foreign(Note.written_by) == User.id)"
    )


class Task(Owned, Model):
    """Something to be done for a case by a day."""

    __subject__ = OF_CASE
    __tablename__ = "tasks"
    __table_args__ = (
        belongs_to("case_id", "cases"),
        belongs_to("user_id", "users"),
        one_of("kind", TaskKind),
        Index("ix_tasks_open", "org_id", "user_id", "due_on", postgresql_where=text("done_at IS NULL")),
        Index("ix_tasks_case", "org_id", "case_id"),
    )

    case_id: Mapped[uuid.UUID]
    user_id: Mapped[uuid.UUID]
    kind: Mapped[TaskKind] = mapped_column(Coded(TaskKind), default=TaskKind.OWN)
    title: Mapped[str] = mapped_column(Sealed())
    due_on: Mapped[date]
    done_at: Mapped[datetime | None]

    case: Mapped[Case] = relationship(
        viewonly=True, primaryjoin="and_(Task.org_id == Case.org_id, foreign(Task.case_id) == Case.id)"
    )
    user: Mapped[User] = relationship(
        viewonly=True, primaryjoin="and_(Task.org_id == User.org_id, foreign(Task.user_id) == User.id)"
    )

    @property
    def label(self) -> str:
        """What is to be done: the worker's own words, or those of the kind in the reader's language."""
        return self.title if self.kind is TaskKind.OWN else self.kind.label
