"""Rule, Hold and Erasure: how long records are kept and how they ended; AccessRequest: what the person asks to see."""

import uuid
from datetime import date, datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ARRAY, CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, Uuid, text
from sqlalchemy.orm import Mapped, deferred, mapped_column, relationship

from caseflow.accounts.models import User
from caseflow.core.db import Coded, Model, Owned, belongs_to, now, one_of
from caseflow.core.i18n import Labelled
from caseflow.core.sealing import Sealed, SealedJSON
from caseflow.people.models import OF_PERSON, CaseOutcome
from caseflow.referrals.models import OF_REFERRAL


class RuleKind(Labelled):
    """What a rule is about: a person's records, by the age at which the first case began, or received referrals."""

    ADULT = "adult", _l("Adults")
    JUVENILE = "juvenile", _l("Under 18 when the first case began")
    RECEIVED = "received", _l("Referrals received")


PERSONAL = (RuleKind.ADULT, RuleKind.JUVENILE)


class HoldKind(Labelled):
    """Why records must be kept although they fall due."""

    COURT = "court", _l("A court needs them")
    COMPLAINT = "complaint", _l("A complaint is open")
    OTHER = "other", _l("Another reason")


class ErasureState(Labelled):
    """Where an erasure stands."""

    PROPOSED = "proposed", _l("Proposed")
    APPROVED = "approved", _l("Approved, being erased")
    REFUSED = "refused", _l("Refused")
    DONE = "done", _l("Erased")


# Years after the last case was closed, or after the received referral ended. These are starting values for an
# organisation to replace by what its law says.
FALLBACK = {RuleKind.ADULT: 10, RuleKind.JUVENILE: 3, RuleKind.RECEIVED: 5}
DEFAULTS: dict[str, dict[RuleKind, int]] = {
    "IQ": {RuleKind.ADULT: 15, RuleKind.JUVENILE: 3, RuleKind.RECEIVED: 5},
    "KG": {RuleKind.ADULT: 10, RuleKind.JUVENILE: 3, RuleKind.RECEIVED: 5},
    "KZ": {RuleKind.ADULT: 10, RuleKind.JUVENILE: 3, RuleKind.RECEIVED: 5},
    "TJ": {RuleKind.ADULT: 10, RuleKind.JUVENILE: 3, RuleKind.RECEIVED: 5},
}


class Rule(Owned, Model):
    """For how many years after the end records are kept; without an outcome, for all that no other rule names."""

    __tablename__ = "retention_rules"
    __table_args__ = (
        one_of("kind", RuleKind),
        one_of("outcome", CaseOutcome),
        CheckConstraint("years BETWEEN 0 AND 100", name="years"),
        UniqueConstraint("org_id", "kind", "outcome", postgresql_nulls_not_distinct=True),
    )

    kind: Mapped[RuleKind] = mapped_column(Coded(RuleKind))
    outcome: Mapped[CaseOutcome | None] = mapped_column(Coded(CaseOutcome))
    years: Mapped[int]


class Hold(Owned, Model):
    """That a person's records are kept for now, whatever the rules say."""

    __subject__ = OF_PERSON
    __tablename__ = "retention_holds"
    __table_args__ = (
        belongs_to("person_id", "persons"),
        belongs_to("set_by", "users"),
        belongs_to("ended_by", "users"),
        one_of("kind", HoldKind),
        Index("ix_retention_holds_live", "org_id", "person_id", postgresql_where=text("ended_at IS NULL")),
    )

    person_id: Mapped[uuid.UUID]
    kind: Mapped[HoldKind] = mapped_column(Coded(HoldKind))
    reason: Mapped[str] = mapped_column(Sealed())
    set_by: Mapped[uuid.UUID]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[uuid.UUID | None]

    setter: Mapped[User] = relationship(
        viewonly=True, primaryjoin="and_(Hold.org_id == User.org_id, foreign(Hold.set_by) == User.id)"
    )


class ReceivedHold(Owned, Model):
    """That a received referral is kept for now at its receiver (`org_id`), whatever the rules say."""

    __packet__ = OF_REFERRAL
    __writer__ = "org_id"
    __tablename__ = "received_holds"
    __table_args__ = (
        ForeignKeyConstraint(["org_id", "referral_id"], ["referrals.to_org_id", "referrals.id"]),
        belongs_to("set_by", "users"),
        belongs_to("ended_by", "users"),
        one_of("kind", HoldKind),
        Index("ix_received_holds_referral", "org_id", "referral_id"),
    )

    referral_id: Mapped[uuid.UUID]
    kind: Mapped[HoldKind] = mapped_column(Coded(HoldKind))
    reason: Mapped[str] = mapped_column(Sealed())
    set_by: Mapped[uuid.UUID]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[uuid.UUID | None]

    setter: Mapped[User] = relationship(
        viewonly=True,
        primaryjoin="and_(ReceivedHold.org_id == User.org_id, foreign(ReceivedHold.set_by) == User.id)",
    )


class Erasure(Owned, Model):
    """A proposal to erase a person's records, or a received referral at its receiver; its approval by a second person,
    and afterwards the log of it.

    It names what is erased by id alone and has no foreign key to it: it stays when that is gone, so that erasures can
    be done again after an older backup was restored.
    """

    __tablename__ = "erasures"
    __table_args__ = (
        belongs_to("proposed_by", "users"),
        belongs_to("decided_by", "users"),
        one_of("kind", RuleKind),
        one_of("state", ErasureState),
        CheckConstraint("decided_by <> proposed_by", name="second_person"),
        CheckConstraint("(state = 'proposed') = (decided_by IS NULL)", name="decided"),
        CheckConstraint("(person_id IS NULL) <> (referral_id IS NULL)", name="one"),
        CheckConstraint("(kind = 'received') = (referral_id IS NOT NULL)", name="received"),
        Index(
            "ux_erasures_live",
            "org_id",
            "person_id",
            unique=True,
            postgresql_where=text("state IN ('proposed', 'approved')"),
        ),
        Index(
            "ux_erasures_live_referral",
            "org_id",
            "referral_id",
            unique=True,
            postgresql_where=text("state IN ('proposed', 'approved')"),
        ),
        Index("ix_erasures_newest", "org_id", "created_at"),
    )

    person_id: Mapped[uuid.UUID | None]
    referral_id: Mapped[uuid.UUID | None]
    kind: Mapped[RuleKind] = mapped_column(Coded(RuleKind))
    due_on: Mapped[date]
    state: Mapped[ErasureState] = mapped_column(Coded(ErasureState), default=ErasureState.PROPOSED)
    proposed_by: Mapped[uuid.UUID]
    decided_by: Mapped[uuid.UUID | None]
    decided_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    rows_removed: Mapped[int | None]
    sealed: Mapped[bool] = mapped_column(server_default=text("false"), default=False)  # of a file that nobody sees

    proposer: Mapped[User] = relationship(
        viewonly=True, primaryjoin="and_(Erasure.org_id == User.org_id, foreign(Erasure.proposed_by) == User.id)"
    )
    decider: Mapped[User | None] = relationship(
        viewonly=True, primaryjoin="and_(Erasure.org_id == User.org_id, foreign(Erasure.decided_by) == User.id)"
    )


class AccessState(Labelled):
    """Where a request to see one's records stands."""

    ASKED = "asked", _l("Asked for")
    MARKED = "marked", _l("Waits for a second person")
    APPROVED = "approved", _l("Being put together")
    READY = "ready", _l("Ready")


class Withheld(Labelled):
    """Why a part of the records is not given out."""

    THIRD_PARTY = "third_party", _l("It is about somebody else")
    SAFETY = "safety", _l("It would endanger somebody")
    PRIVILEGE = "privilege", _l("Legal privilege")


class AccessRequest(Owned, Model):
    """The person asks what is held of them: one marks what is withheld, a second decides, a job puts it together."""

    __subject__ = OF_PERSON
    __tablename__ = "access_requests"
    __table_args__ = (
        belongs_to("person_id", "persons"),
        belongs_to("opened_by", "users"),
        belongs_to("marked_by", "users"),
        belongs_to("decided_by", "users"),
        one_of("state", AccessState),
        CheckConstraint("decided_by <> marked_by AND decided_by <> ALL (markers)", name="second_person"),
        Index("ix_access_requests_person", "org_id", "person_id"),
    )

    person_id: Mapped[uuid.UUID]
    state: Mapped[AccessState] = mapped_column(Coded(AccessState), default=AccessState.ASKED)
    asked_on: Mapped[date]
    opened_by: Mapped[uuid.UUID]
    marked_by: Mapped[uuid.UUID | None]  # the last
    # All who ever marked something or took a mark away; the database forgets none of them (migration 0045).
    markers: Mapped[list[uuid.UUID]] = mapped_column(ARRAY(Uuid), server_default=text("'{}'"), default=list)
    decided_by: Mapped[uuid.UUID | None]
    expires_at: Mapped[datetime | None]
    language: Mapped[str | None]  # BCP 47, in which the person reads the copy; none: the organisation's
    content: Mapped[dict[str, Any] | None] = deferred(mapped_column(SealedJSON()))
    pdf: Mapped[str | None] = deferred(mapped_column(Sealed()))  # the document, as base64

    def open(self) -> bool:
        """Whether the copy may be downloaded now."""
        return self.state is AccessState.READY and self.expires_at is not None and now() < self.expires_at


class AccessPart(Owned, Model):
    """A part of the records (a table), or one row of it, that a request does not give out, and why.

    With a `field`, the other way round: a column of that row that is about somebody else and is given out on purpose.
    """

    __tablename__ = "access_parts"
    __table_args__ = (
        belongs_to("request_id", "access_requests"),
        belongs_to("marked_by", "users"),
        one_of("reason", Withheld),
        UniqueConstraint("org_id", "request_id", "part", "row_id", "field", postgresql_nulls_not_distinct=True),
        CheckConstraint("(field IS NULL) = (reason IS NOT NULL)", name="decision"),
        CheckConstraint("field IS NULL OR row_id IS NOT NULL", name="one_row"),
    )

    request_id: Mapped[uuid.UUID]
    part: Mapped[str]
    row_id: Mapped[uuid.UUID | None]  # none: the whole part
    field: Mapped[str | None]
    marked_by: Mapped[uuid.UUID | None]
    reason: Mapped[Withheld | None] = mapped_column(Coded(Withheld))


class Fact(Labelled):
    """What a person may say is wrong; the values are attributes of the person, or of the case (`case.…`)."""

    NAME = "name", _l("Name")
    BIRTH_DATE = "birth_date", _l("Date of birth")
    SEX = "sex", _l("Sex")
    NATIONALITY = "nationality", _l("Nationality")
    LANGUAGES = "languages", _l("Languages")
    PHONE = "phone", _l("Telephone")
    ADDRESS = "address", _l("Address")
    LEGAL_STATUS = "case.legal_status", _l("Legal status")
    OFFENCE = "case.offence_type", _l("Offence")
    SENTENCE = "case.sentence_months", _l("Sentence in months")
    RELEASE = "case.release_on", _l("Expected release")
    OTHER = "other", _l("Something else that is written down")


class ObjectionState(Labelled):
    """What became of it."""

    OPEN = "open", _l("Not answered yet")
    CORRECTED = "corrected", _l("Corrected")
    REFUSED = "refused", _l("Not corrected; the person's words stand beside it")


class Objection(Owned, Model):
    """The person says that a fact is wrong: it is corrected and the old value kept, or their words stand beside."""

    __subject__ = OF_PERSON
    __tablename__ = "objections"
    __table_args__ = (
        belongs_to("person_id", "persons"),
        belongs_to("case_id", "cases"),
        belongs_to("written_by", "users"),
        belongs_to("answered_by", "users"),
        one_of("fact", Fact),
        one_of("state", ObjectionState),
        CheckConstraint("(state = 'open') = (answered_at IS NULL)", name="answered"),
        Index("ix_objections_case", "org_id", "case_id"),
    )

    person_id: Mapped[uuid.UUID]
    case_id: Mapped[uuid.UUID]
    fact: Mapped[Fact] = mapped_column(Coded(Fact))
    stood: Mapped[str | None] = mapped_column(Sealed())  # what was written when the person objected
    words: Mapped[str] = mapped_column(Sealed())  # the person's
    state: Mapped[ObjectionState] = mapped_column(Coded(ObjectionState), default=ObjectionState.OPEN)
    answer: Mapped[str | None] = mapped_column(Sealed())
    written_by: Mapped[uuid.UUID]
    answered_by: Mapped[uuid.UUID | None]
    answered_at: Mapped[datetime | None]

    writer: Mapped[User] = relationship(
        viewonly=True, primaryjoin="and_(Objection.org_id == User.org_id, foreign(Objection.written_by) == User.id)"
    )
