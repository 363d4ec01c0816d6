"""Plan, Goal and Step."""

import uuid
from datetime import date, datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from caseflow.accounts.models import User
from caseflow.assessments.models import Need, NeedArea
from caseflow.core.db import Coded, Model, Owned, belongs_to, one_of
from caseflow.core.i18n import Labelled
from caseflow.core.sealing import Sealed
from caseflow.people.models import OF_CASE


class Agreement(Labelled):
    """Whether the person agrees with the plan."""

    DRAFT = "draft", _l("Draft")
    AGREED = "agreed", _l("Agreed")
    NOT_AGREED = "not_agreed", _l("The person does not agree")
    COULD_NOT_ANSWER = "could_not_answer", _l("The person could not answer")


class GoalStatus(Labelled):
    """Where a goal stands."""

    ACTIVE = "active", _l("Active")
    FUTURE = "future", _l("For later")
    ACHIEVED = "achieved", _l("Achieved")
    REMOVED = "removed", _l("Removed")


class StepStatus(Labelled):
    """Where a step stands."""

    NOT_STARTED = "not_started", _l("Not started")
    IN_PROGRESS = "in_progress", _l("In progress")
    COMPLETED = "completed", _l("Completed")
    CANNOT_BE_DONE_YET = "cannot_be_done_yet", _l("Cannot be done yet")
    NO_LONGER_NEEDED = "no_longer_needed", _l("No longer needed")


class StepActor(Labelled):
    """Who does a step."""

    PERSON = "person", _l("The person")
    WORKER = "worker", _l("The worker")
    CSO = "cso", _l("A civil society organisation")
    FAMILY = "family", _l("The family")
    OTHER = "other", _l("Somebody else")


class Plan(Owned, Model):
    """The one plan of a case."""

    __subject__ = OF_CASE
    __tablename__ = "plans"
    __table_args__ = (
        belongs_to("case_id", "cases"),
        belongs_to("agreement_by", "users"),
        UniqueConstraint("org_id", "case_id"),
        one_of("agreement", Agreement),
    )

    case_id: Mapped[uuid.UUID]
    agreement: Mapped[Agreement] = mapped_column(Coded(Agreement), default=Agreement.DRAFT)
    changed_at: Mapped[datetime | None]  # the last goal or step that was added or changed
    agreement_note: Mapped[str | None] = mapped_column(
        Sealed()
    )  # what the person does not agree with, or why they could not answer
    agreement_at: Mapped[datetime | None]  # when their answer was written down
    agreement_by: Mapped[uuid.UUID | None]
    agreed_on: Mapped[date | None]  # kept when the plan changes afterwards and is a draft again
    own_words: Mapped[str | None] = mapped_column(Sealed())  # the person's
    version: Mapped[int] = mapped_column(default=1)

    goals: Mapped[list["Goal"]] = relationship(
        viewonly=True,
        primaryjoin="and_(Plan.org_id == Goal.org_id, Plan.id == foreign(Goal.plan_id))",
        order_by="Goal.created_at",
    )
    answerer: Mapped[User | None] = relationship(
        viewonly=True, primaryjoin="and_(Plan.org_id == User.org_id, foreign(Plan.agreement_by) == User.id)"
    )

    __mapper_args__ = {"version_id_col": version}


class Goal(Owned, Model):
    """What the person wants to reach in one area of need."""

    __subject__ = OF_CASE
    __tablename__ = "goals"
    __table_args__ = (
        belongs_to("plan_id", "plans"),
        belongs_to("case_id", "cases"),
        belongs_to("need_id", "needs"),
        belongs_to("added_by", "users"),
        belongs_to("status_by", "users"),
        one_of("area", NeedArea),
        one_of("status", GoalStatus),
        Index("ix_goals_plan", "org_id", "plan_id"),
        Index("ix_goals_case", "org_id", "case_id"),
    )

    plan_id: Mapped[uuid.UUID]
    case_id: Mapped[uuid.UUID]
    need_id: Mapped[uuid.UUID | None]
    added_by: Mapped[uuid.UUID | None]
    area: Mapped[NeedArea] = mapped_column(Coded(NeedArea))
    title: Mapped[str] = mapped_column(Sealed())
    target_on: Mapped[date | None]  # none: a goal for later
    status: Mapped[GoalStatus] = mapped_column(Coded(GoalStatus), default=GoalStatus.ACTIVE)
    status_note: Mapped[str | None] = mapped_column(Sealed())
    status_at: Mapped[datetime | None]
    status_by: Mapped[uuid.UUID | None]
    version: Mapped[int] = mapped_column(default=1)

    steps: Mapped[list["Step"]] = relationship(
        viewonly=True,
        primaryjoin="and_(Goal.org_id == Step.org_id, Goal.id == foreign(Step.goal_id))",
        order_by="Step.created_at",
    )
    need: Mapped[Need | None] = relationship(
        viewonly=True, primaryjoin="and_(Goal.org_id == Need.org_id, foreign(Goal.need_id) == Need.id)"
    )
    adder: Mapped[User | None] = relationship(
        viewonly=True, primaryjoin="and_(Goal.org_id == User.org_id, foreign(Goal.added_by) == User.id)"
    )
    answerer: Mapped[User | None] = relationship(
        viewonly=True, primaryjoin="and_(Goal.org_id == User.org_id, foreign(Goal.status_by) == User.id)"
    )

    __mapper_args__ = {"version_id_col": version}

    def open(self) -> bool:
        """Whether the goal is still to be reached, now or later."""
        return self.status in (GoalStatus.ACTIVE, GoalStatus.FUTURE)

    def live_steps(self) -> list["Step"]:
        """The steps that count: those that are still needed or are done."""
        return [step for step in self.steps if step.status is not StepStatus.NO_LONGER_NEEDED]

    def progress(self) -> tuple[int, int]:
        """How many steps are completed, of how many that count."""
        live = self.live_steps()
        return sum(step.status is StepStatus.COMPLETED for step in live), len(live)


class Step(Owned, Model):
    """One thing to do towards a goal, and who does it."""

    __subject__ = ("goal_id", "goals.case_id", "cases.person_id")
    __tablename__ = "steps"
    __table_args__ = (
        belongs_to("goal_id", "goals"),
        belongs_to("status_by", "users"),
        one_of("actor", StepActor),
        one_of("status", StepStatus),
        Index("ix_steps_goal", "org_id", "goal_id"),
    )

    goal_id: Mapped[uuid.UUID]
    title: Mapped[str] = mapped_column(Sealed())
    actor: Mapped[StepActor] = mapped_column(Coded(StepActor))
    due_on: Mapped[date | None]
    status: Mapped[StepStatus] = mapped_column(Coded(StepStatus), default=StepStatus.NOT_STARTED)
    status_note: Mapped[str | None] = mapped_column(Sealed())
    status_at: Mapped[datetime | None]
    status_by: Mapped[uuid.UUID | None]
    version: Mapped[int] = mapped_column(default=1)

    goal: Mapped[Goal] = relationship(
        viewonly=True, primaryjoin="and_(Step.org_id == Goal.org_id, foreign(Step.goal_id) == Goal.id)"
    )
    answerer: Mapped[User | None] = relationship(
        viewonly=True, primaryjoin="and_(Step.org_id == User.org_id, foreign(Step.status_by) == User.id)"
    )

    __mapper_args__ = {"version_id_col": version}

    def open(self) -> bool:
        """Whether something is still to be done."""
        return self.status not in (StepStatus.COMPLETED, StepStatus.NO_LONGER_NEEDED)
