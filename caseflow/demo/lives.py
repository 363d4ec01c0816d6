"""The lives that the demo tells: how far each case has come, what was asked for the person, and how it was answered."""

import uuid
from dataclasses import dataclass, field
from random import Random
from typing import Any

from caseflow.demo.clock import Calendar
from caseflow.demo.countries.country import Country
from caseflow.demo.founding import Founded, Post
from caseflow.demo.names import FullName
from caseflow.people.models import CaseOutcome, Phase
from caseflow.referrals.models import Status
from caseflow.release.models import HandoverStatus
from caseflow.tenancy.models import ReferralKind

P, S, H = Phase, Status, HandoverStatus


@dataclass(frozen=True, slots=True)
class Life:
    """How far a case comes. A referral of None is a draft that was left; `again` tries a declined one once more."""

    phase: Phase
    referrals: tuple[Status | None, ...] = ()
    handover: HandoverStatus | None = None
    consent_withdrawn: bool = False
    again: bool = False
    outcome: CaseOutcome | None = None


# The first thirteen show every phase, every status and every way a handover goes: a small demo is whole, too.
PRISON_LIVES = (
    Life(P.DELIVERY, (S.IN_PROGRESS, S.COMPLETED)),
    Life(P.INTAKE),
    Life(P.PRE_RELEASE, (S.ACCEPTED,), H.PREPARING),
    Life(P.DELIVERY, (S.DECLINED, S.SENT), again=True),
    Life(P.ASSESSMENT),
    Life(P.RELEASED, (S.COMPLETED,), H.LED),
    Life(P.PLANNING, (None,)),
    Life(P.PRE_RELEASE, (S.ON_HOLD,), H.INVITED, consent_withdrawn=True),
    Life(P.DELIVERY, (S.INFO_REQUESTED, S.ENDED_EARLY)),
    Life(P.POST_RELEASE_SUPPORT, (S.IN_PROGRESS,), H.LED),
    Life(P.PRE_RELEASE, (S.WAITLISTED,), H.CANCELLED),
    Life(P.CLOSED, (S.COMPLETED,), outcome=CaseOutcome.COMPLETED),
    Life(P.PRE_RELEASE, (S.WITHDRAWN,), H.DECLINED),
    Life(P.DELIVERY, (S.SENT,)),
    Life(P.DELIVERY, (S.IN_PROGRESS,), consent_withdrawn=True),
    Life(P.INTAKE),
    Life(P.DELIVERY),
    Life(P.ASSESSMENT),
    Life(P.DELIVERY, (S.COMPLETED, S.IN_PROGRESS)),
    Life(P.RELEASED, (S.IN_PROGRESS,), H.LED),
    Life(P.DELIVERY, (S.ACCEPTED,)),
    Life(P.PLANNING),
    Life(P.PRE_RELEASE, (S.COMPLETED,), H.PREPARING),
    Life(P.DELIVERY, (S.SENT, None)),
    Life(P.DELIVERY),
    Life(P.CLOSED, outcome=CaseOutcome.SENTENCE_ENDED),
    Life(P.RELEASED, (S.ACCEPTED,)),
    Life(P.DELIVERY, (S.DECLINED,)),
    Life(P.PLANNING, (S.SENT,)),
    Life(P.PRE_RELEASE, (), H.INVITED),
    Life(P.DELIVERY),
    Life(P.RELEASED, (), H.LED),
    Life(P.DELIVERY, (S.WAITLISTED,)),
    Life(P.ASSESSMENT),
    Life(P.DELIVERY, (S.IN_PROGRESS,)),
    Life(P.CLOSED, (S.ENDED_EARLY,), outcome=CaseOutcome.HANDED_OVER),
    Life(P.DELIVERY),
)
PROBATION_LIVES = (
    Life(P.RELEASED, (S.IN_PROGRESS,)),
    Life(P.RELEASED, (S.SENT,)),
    Life(P.POST_RELEASE_SUPPORT, (S.COMPLETED,)),
    Life(P.CLOSED, (S.COMPLETED,), outcome=CaseOutcome.COMPLETED),
    Life(P.RELEASED),
    Life(P.RELEASED, (S.ACCEPTED,)),
    Life(P.CLOSED, outcome=CaseOutcome.RETURNED),
    Life(P.INTAKE),
    Life(P.RELEASED, (S.DECLINED,)),
    Life(P.RELEASED),
    Life(P.RELEASED, (S.WAITLISTED,)),
)


@dataclass(slots=True, eq=False)
class Asked:
    """A referral of a tale: what shall become of it, and where it went."""

    tale: "Tale"
    kind: ReferralKind
    status: Status | None
    sent: int  # day
    receiver: Founded
    service_id: uuid.UUID
    outcomes: tuple[str, ...]
    talk: tuple[str, str] | None = None  # what the receiver writes, and the answer
    id: uuid.UUID | None = None
    helper: Post | None = None
    step_id: uuid.UUID | None = None
    consent_id: uuid.UUID | None = None

    @property
    def key(self) -> tuple[uuid.UUID, uuid.UUID]:
        """The referral's primary key, once it was sent."""
        if self.id is None:
            raise LookupError("a draft is no referral yet")
        return self.tale.service.org_id, self.id


@dataclass(slots=True, eq=False)
class Tale:
    """One person's case in one organisation, as it is being told; days count from today."""

    number: int
    random: Random
    calendar: Calendar
    service: Founded
    worker: Post
    site: uuid.UUID | None
    life: Life
    name: FullName
    female: bool
    admitted: int
    release: int | None
    language: str
    case_id: uuid.UUID | None = None
    relatives: list[uuid.UUID] = field(default_factory=list)
    steps: list[uuid.UUID] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    handover_id: uuid.UUID | None = None
    officer: Post | None = None

    @property
    def country(self) -> Country:
        """The country it happens in."""
        return self.service.country

    @property
    def key(self) -> tuple[uuid.UUID, uuid.UUID]:
        """The case's primary key, once it was opened."""
        if self.case_id is None:
            raise LookupError("the case is not opened yet")
        return self.service.org_id, self.case_id

    def pick(self, texts: Any) -> Any:
        """One of several."""
        return self.random.choice(texts)

    def chance(self, share: float) -> bool:
        """True in that share of cases."""
        return self.random.random() < share


_SENT = {
    None: (-9, -2),
    S.SENT: (-9, -1),
    S.INFO_REQUESTED: (-12, -5),
    S.WAITLISTED: (-30, -10),
    S.ACCEPTED: (-10, -5),
    S.DECLINED: (-60, -14),
    S.IN_PROGRESS: (-65, -28),
    S.ON_HOLD: (-60, -35),
    S.COMPLETED: (-140, -70),
    S.ENDED_EARLY: (-110, -50),
    S.WITHDRAWN: (-70, -20),
}
_ADMITTED = {
    P.INTAKE: (-10, -2),
    P.ASSESSMENT: (-35, -13),
    P.PLANNING: (-75, -48),
}
_LONG_AGO = (-440, -190)


def began(life: Life, random: Random) -> int:
    """The day of admission."""
    return random.randint(*_ADMITTED.get(life.phase, _LONG_AGO))


def released(life: Life, random: Random) -> int | None:
    """The day of release, expected or past; None where nobody can know it yet."""
    if life.handover is H.LED:
        return random.randint(-34, -6)
    match life.phase:
        case P.INTAKE | P.ASSESSMENT:
            return None if random.random() < 0.5 else random.randint(200, 1500)
        case P.PRE_RELEASE:
            return random.randint(-5, -1) if random.random() < 0.08 else random.randint(4, 80)
        case P.RELEASED:
            return random.randint(-35, -6)
        case P.POST_RELEASE_SUPPORT:
            return random.randint(-120, -50)
        case P.CLOSED:
            return random.randint(-45, -15)
    return random.randint(95, 900)


def sent(status: Status | None, earliest: int, latest: int, random: Random) -> int:
    """The day on which a referral of this fate was sent, or its draft begun."""
    first, last = _SENT[status]
    if status is S.SENT and random.random() < 0.15:
        first, last = -26, -20  # nobody answered in time
    return max(min(random.randint(first, last), latest), min(earliest, -1))
