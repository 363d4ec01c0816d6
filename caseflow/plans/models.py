"""Plan, Goal and Step."""

import uuid
from datetime import date, datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from caseflow.assessments.models import NeedArea
from caseflow.core.db import Coded, Model, Owned, belongs_to, one_of
from caseflow.core.i18n import Labelled


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

    __tablename__ = "plans"
    __table_args__ = (
        belongs_to("case_id", "cases"),
        UniqueConstraint("org_id", "case_id"),
        one_of("agreement", Agreement),
    )

    case_id: Mapped[uuid.UUID]
    agreement: Mapped[Agreement] = mapped_column(Coded(Agreement), default=Agreement.DRAFT)
    agreed_on: Mapped[date | None]
    own_words: Mapped[str | None]  # the person's
    version: Mapped[int] = mapped_column(default=1)

    goals: Mapped[list["Goal"]] = relationship(
        viewonly=True,
        primaryjoin="and_(Plan.org_id == Goal.org_id, Plan.id == foreign(Goal.plan_id))",
        order_by="Goal.created_at",
    )

    __mapper_args__ = {"version_id_col": version}


class Goal(Owned, Model):
    """What the person wants to reach in one area of need."""

    __tablename__ = "goals"
    __table_args__ = (
        belongs_to("plan_id", "plans"),
        belongs_to("case_id", "cases"),
        belongs_to("need_id", "needs"),
        one_of("area", NeedArea),
        one_of("status", GoalStatus),
        Index("ix_goals_plan", "org_id", "plan_id"),
        Index("ix_goals_case", "org_id", "case_id"),
    )

    plan_id: Mapped[uuid.UUID]
    case_id: Mapped[uuid.UUID]
    need_id: Mapped[uuid.UUID | None]
    area: Mapped[NeedArea] = mapped_column(Coded(NeedArea))
    title: Mapped[str]
    target_on: Mapped[date | None]  # none: a goal for later
    status: Mapped[GoalStatus] = mapped_column(Coded(GoalStatus), default=GoalStatus.ACTIVE)
    status_note: Mapped[str | None]
    status_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    steps: Mapped[list["Step"]] = relationship(
        viewonly=True,
        primaryjoin="and_(Goal.org_id == Step.org_id, Goal.id == foreign(Step.goal_id))",
        order_by="Step.created_at",
    )

    __mapper_args__ = {"version_id_col": version}


class Step(Owned, Model):
    """One thing to do towards a goal, and who does it."""

    __tablename__ = "steps"
    __table_args__ = (
        belongs_to("goal_id", "goals"),
        one_of("actor", StepActor),
        one_of("status", StepStatus),
        Index("ix_steps_goal", "org_id", "goal_id"),
    )

    goal_id: Mapped[uuid.UUID]
    title: Mapped[str]
    actor: Mapped[StepActor] = mapped_column(Coded(StepActor))
    due_on: Mapped[date | None]
    status: Mapped[StepStatus] = mapped_column(Coded(StepStatus), default=StepStatus.NOT_STARTED)
    status_note: Mapped[str | None]
    status_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}
