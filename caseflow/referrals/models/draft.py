"""Draft and Origin: the rows of a referral that only its sender has."""

import uuid
from datetime import date
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from caseflow.core.db import Coded, Model, Owned, belongs_to, one_of
from caseflow.core.sealing import Sealed, SealedJSON
from caseflow.directory.models import Service
from caseflow.people.models import OF_CASE, Case
from caseflow.referrals.models.codes import Location, Urgency
from caseflow.tenancy.models import ReferralKind


class Draft(Owned, Model):
    """A referral that is being written; it becomes a Referral of the same id when it is sent."""

    __subject__ = OF_CASE
    __tablename__ = "referral_drafts"
    __table_args__ = (
        belongs_to("case_id", "cases"),
        belongs_to("need_id", "needs"),
        belongs_to("step_id", "steps"),
        belongs_to("written_by", "users"),
        belongs_to("consent_id", "consents"),
        belongs_to("approved_by", "users"),
        ForeignKeyConstraint(["service_org_id", "service_id"], ["services.org_id", "services.id"]),
        one_of("kind", ReferralKind),
        one_of("urgency", Urgency),
        one_of("location", Location),
        Index("ix_referral_drafts_case", "org_id", "case_id"),
    )

    case_id: Mapped[uuid.UUID]
    need_id: Mapped[uuid.UUID | None]
    step_id: Mapped[uuid.UUID | None]
    written_by: Mapped[uuid.UUID]
    kind: Mapped[ReferralKind] = mapped_column(Coded(ReferralKind))
    service_org_id: Mapped[uuid.UUID | None]
    service_id: Mapped[uuid.UUID | None]
    reason: Mapped[str | None] = mapped_column(Sealed())
    urgency: Mapped[Urgency] = mapped_column(Coded(Urgency), default=Urgency.STANDARD)
    outcomes: Mapped[list[str]] = mapped_column(default=list)  # desired, from the kind's list
    location: Mapped[Location] = mapped_column(Coded(Location), default=Location.CUSTODY)
    complete_by: Mapped[date | None]
    language: Mapped[str | None]
    interpreter: Mapped[bool] = mapped_column(default=False)
    accessibility: Mapped[str | None] = mapped_column(Sealed())
    clashes: Mapped[str | None] = mapped_column(Sealed())  # caring or work hours
    details: Mapped[dict[str, Any]] = mapped_column(SealedJSON(), default=dict)  # the kind's own fields
    details_done: Mapped[bool] = mapped_column(default=False)
    categories: Mapped[list[str]] = mapped_column(default=list)  # to be disclosed
    disclosure_done: Mapped[bool] = mapped_column(default=False)
    disclosure_reason: Mapped[str | None] = mapped_column(Sealed())  # why offence or risk is told
    risk_text: Mapped[str | None] = mapped_column(Sealed())  # risk as edited for this receiver
    consent_id: Mapped[uuid.UUID | None]
    legal_basis: Mapped[str | None] = mapped_column(Sealed())  # where the law allows telling without consent, in words
    approved_by: Mapped[uuid.UUID | None]  # the team leader who approved that
    previous_id: Mapped[uuid.UUID | None]  # the declined referral that this one tries again
    version: Mapped[int] = mapped_column(default=1)

    case: Mapped[Case] = relationship(
        viewonly=True, primaryjoin="and_(Draft.org_id == Case.org_id, foreign(Draft.case_id) == Case.id)"
    )
    service: Mapped[Service | None] = relationship(
        viewonly=True,
        primaryjoin="and_(foreign(Draft.service_org_id) == Service.org_id, foreign(Draft.service_id) == Service.id)",
    )

    __mapper_args__ = {"version_id_col": version}


class Origin(Owned, Model):
    """What the sender alone knows of a sent referral: whose case it is, and the need and step it serves. Same id."""

    __tablename__ = "referral_origins"
    __table_args__ = (
        ForeignKeyConstraint(["org_id", "id"], ["referrals.org_id", "referrals.id"]),
        belongs_to("case_id", "cases"),
        belongs_to("need_id", "needs"),
        belongs_to("step_id", "steps"),
        belongs_to("sent_by", "users"),
        Index("ix_referral_origins_case", "org_id", "case_id"),
    )

    case_id: Mapped[uuid.UUID]
    need_id: Mapped[uuid.UUID | None]
    step_id: Mapped[uuid.UUID | None]
    sent_by: Mapped[uuid.UUID]

    case: Mapped[Case] = relationship(
        viewonly=True, primaryjoin="and_(Origin.org_id == Case.org_id, foreign(Origin.case_id) == Case.id)"
    )
