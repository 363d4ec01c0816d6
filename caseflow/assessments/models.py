"""Intake and Need."""

import uuid
from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from caseflow.accounts.models import User
from caseflow.core.db import Coded, Model, Owned, belongs_to, one_of
from caseflow.core.i18n import Labelled
from caseflow.core.sealing import Sealed
from caseflow.people.models import OF_CASE


class NeedArea(Labelled):
    """Areas of need."""

    ACCOMMODATION = "accommodation", _l("Accommodation")
    EDUCATION = "education", _l("Education and literacy")
    EMPLOYMENT = "employment", _l("Employment and skills")
    FINANCE = "finance", _l("Finance and identity papers")
    FAMILY = "family", _l("Family and relationships")
    HEALTH = "health", _l("Health support")
    ALCOHOL = "alcohol", _l("Alcohol")
    DRUGS = "drugs", _l("Drugs")
    THINKING = "thinking", _l("Thinking, attitudes and behaviour")
    LIFESTYLE = "lifestyle", _l("Lifestyle and associates")
    LEGAL = "legal", _l("Legal matters")
    FAITH = "faith", _l("Faith and meaning")


class NeedPriority(Labelled):
    """How soon a need wants an answer."""

    NOW = "now", _l("Now")
    SOON = "soon", _l("Soon")
    LATER = "later", _l("Later")


class NeedStatus(Labelled):
    """Where a need stands; that nothing is needed is an answer."""

    OPEN = "open", _l("Open")
    MET = "met", _l("Met")
    NOTHING_NEEDED = "nothing_needed", _l("Nothing needed")
    DECLINED = "declined", _l("The person does not want support")


class Intake(Owned, Model):
    """The first conversation at admission: one for a case, saved as it grows, completed once."""

    __subject__ = OF_CASE
    __tablename__ = "intakes"
    __table_args__ = (
        belongs_to("case_id", "cases"),
        belongs_to("completed_by", "users"),
        UniqueConstraint("org_id", "case_id"),
    )

    case_id: Mapped[uuid.UUID]
    order_seen: Mapped[bool] = mapped_column(default=False)  # a valid commitment order was seen
    rights_explained: Mapped[bool] = mapped_column(default=False)
    family_told: Mapped[bool] = mapped_column(default=False)
    injuries: Mapped[str | None] = mapped_column(Sealed())  # injuries seen and complaints of ill-treatment
    urgent_needs: Mapped[str | None] = mapped_column(Sealed())
    dependants: Mapped[str | None] = mapped_column(
        Sealed()
    )  # children and others who depend on the person, and who cares for them now
    strengths: Mapped[str | None] = mapped_column(Sealed())
    own_words: Mapped[str | None] = mapped_column(Sealed())  # what the person wants, in their words
    completed_at: Mapped[datetime | None]
    completed_by: Mapped[uuid.UUID | None]
    version: Mapped[int] = mapped_column(default=1)

    completer: Mapped[User | None] = relationship(
        viewonly=True, primaryjoin="and_(Intake.org_id == User.org_id, foreign(Intake.completed_by) == User.id)"
    )

    __mapper_args__ = {"version_id_col": version}


class Need(Owned, Model):
    """One need of the person in one area."""

    __subject__ = OF_CASE
    __tablename__ = "needs"
    __table_args__ = (
        belongs_to("case_id", "cases"),
        belongs_to("recorded_by", "users"),
        belongs_to("status_by", "users"),
        one_of("area", NeedArea),
        one_of("priority", NeedPriority),
        one_of("status", NeedStatus),
        Index("ix_needs_case", "org_id", "case_id"),
    )

    case_id: Mapped[uuid.UUID]
    area: Mapped[NeedArea] = mapped_column(Coded(NeedArea))
    description: Mapped[str] = mapped_column(Sealed())  # empty where the answer is that nothing is needed in this area
    priority: Mapped[NeedPriority] = mapped_column(Coded(NeedPriority), default=NeedPriority.SOON)
    status: Mapped[NeedStatus] = mapped_column(Coded(NeedStatus), default=NeedStatus.OPEN)
    status_note: Mapped[str | None] = mapped_column(Sealed())
    status_at: Mapped[datetime | None]
    status_by: Mapped[uuid.UUID | None]
    recorded_by: Mapped[uuid.UUID]
    version: Mapped[int] = mapped_column(default=1)

    recorder: Mapped[User] = relationship(
        viewonly=True, primaryjoin="and_(Need.org_id == User.org_id, foreign(Need.recorded_by) == User.id)"
    )
    answerer: Mapped[User | None] = relationship(
        viewonly=True, primaryjoin="and_(Need.org_id == User.org_id, foreign(Need.status_by) == User.id)"
    )

    __mapper_args__ = {"version_id_col": version}
