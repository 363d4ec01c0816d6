"""The texts that a language's file must hold; fictional, plain and respectful."""

from dataclasses import dataclass

from caseflow.assessments.models import NeedArea
from caseflow.people.models import CaseOutcome
from caseflow.plans.models import StepActor
from caseflow.referrals.models import Achievement
from caseflow.supervision.models import ConditionKind
from caseflow.tenancy.models import ReferralKind

Texts = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Aim:
    """A goal with its steps and who does each."""

    title: str
    steps: tuple[tuple[str, StepActor], ...]


@dataclass(frozen=True, slots=True)
class Kin:
    """How a relative is called; `child` and `woman` tell which name and year of birth fit."""

    relation: str
    woman: bool
    older: int  # years older than the person; negative for children


@dataclass(frozen=True, slots=True)
class Words:
    """All texts of a language."""

    # the file
    contacts: Texts
    observations: Texts
    decisions: Texts
    sensitive: Texts
    amendments: Texts
    injuries: Texts
    urgent: Texts
    dependants: Texts
    strengths: Texts
    own_words: Texts
    needs: dict[NeedArea, Texts]
    nothing_needed: Texts
    need_declined: str
    aims: dict[NeedArea, tuple[Aim, ...]]
    tasks: Texts
    kin: tuple[Kin, ...]
    carers: Texts
    restriction: str
    order: str  # of commitment, with {number} and {year}
    authorities: Texts
    offences: tuple[tuple[str, str], ...]  # class, type
    accessibility: Texts
    streets: Texts
    release_unknown: str
    allocation: str
    # consent
    purposes: dict[ReferralKind, str]
    handover_purpose: str
    withdrawn: Texts
    # referrals
    reasons: dict[ReferralKind, Texts]
    details: dict[ReferralKind, tuple[dict[str, str], ...]]
    why_told: str
    risk: str
    questions: Texts
    answers: Texts
    accepted: Texts
    waitlisted: Texts
    declined: Texts
    paused: Texts
    ended: Texts
    withdrawals: Texts
    sessions: Texts
    absences: Texts
    concerns: Texts
    reports: dict[ReferralKind, Texts]
    next_steps: Texts
    achievements: dict[Achievement, Texts]
    messages: tuple[tuple[str, str], ...]  # from the receiver, the sender's answer
    own_notes: Texts
    # release and after
    pathways: Texts
    grounds: Texts
    letters: Texts
    handover_declined: str
    handover_cancelled: str
    courts: Texts
    conditions: dict[ConditionKind, Texts]
    meetings: Texts
    missed: Texts
    responses: Texts
    closings: dict[CaseOutcome, Texts]
