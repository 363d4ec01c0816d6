"""The codes of a referral, and its one table of allowed moves."""

from dataclasses import dataclass
from enum import StrEnum

from flask_babel import lazy_gettext as _l

from caseflow.core.i18n import Labelled


class Status(Labelled):
    """Where a referral stands. A draft is no referral yet: it is a row of its own that the receiver can never see."""

    SENT = "sent", _l("Sent")
    INFO_REQUESTED = "info_requested", _l("Information asked for")
    WAITLISTED = "waitlisted", _l("On the waiting list")
    ACCEPTED = "accepted", _l("Accepted")
    DECLINED = "declined", _l("Declined")
    IN_PROGRESS = "in_progress", _l("In progress")
    ON_HOLD = "on_hold", _l("On hold")
    COMPLETED = "completed", _l("Completed")
    ENDED_EARLY = "ended_early", _l("Ended early")
    WITHDRAWN = "withdrawn", _l("Withdrawn")


class Side(StrEnum):
    """Which organisation may make a move."""

    SENDER = "sender"
    RECEIVER = "receiver"


@dataclass(frozen=True, slots=True)
class Move:
    """What a move needs: whose it is, and whether a reason or the end report goes with it."""

    side: Side
    reason: bool = False
    report: bool = False


_R, _S = Side.RECEIVER, Side.SENDER
_WITHDRAW = Move(_S, reason=True)
_ANSWERS = {
    Status.INFO_REQUESTED: Move(_R, reason=True),
    Status.WAITLISTED: Move(_R),
    Status.ACCEPTED: Move(_R),
    Status.DECLINED: Move(_R, reason=True),
    Status.WITHDRAWN: _WITHDRAW,
}
_ENDS = {
    Status.COMPLETED: Move(_R, report=True),
    Status.ENDED_EARLY: Move(_R, reason=True, report=True),
    Status.WITHDRAWN: _WITHDRAW,
}

MOVES: dict[Status, dict[Status, Move]] = {
    Status.SENT: _ANSWERS,
    Status.INFO_REQUESTED: {Status.SENT: Move(_S), Status.WITHDRAWN: _WITHDRAW},  # the answer is a message
    Status.WAITLISTED: {s: _ANSWERS[s] for s in (Status.ACCEPTED, Status.DECLINED, Status.WITHDRAWN)},
    Status.ACCEPTED: {Status.IN_PROGRESS: Move(_R), Status.ON_HOLD: Move(_R, reason=True), **_ENDS},
    Status.IN_PROGRESS: {Status.ON_HOLD: Move(_R, reason=True), **_ENDS},
    Status.ON_HOLD: {Status.IN_PROGRESS: Move(_R), **_ENDS},
    Status.DECLINED: {},
    Status.COMPLETED: {},
    Status.ENDED_EARLY: {},
    Status.WITHDRAWN: {},
}

UNANSWERED = frozenset({Status.SENT, Status.INFO_REQUESTED, Status.WAITLISTED})
RUNNING = frozenset({Status.ACCEPTED, Status.IN_PROGRESS, Status.ON_HOLD})
OPEN = UNANSWERED | RUNNING


class Urgency(Labelled):
    """How soon the receiver answers."""

    STANDARD = "standard", _l("Standard: answer within 10 working days")
    SHORT_NOTICE = "short_notice", _l("Short notice: answer within 5 working days")
    URGENT = "urgent", _l("Urgent: answer within 1 working day")


ANSWER_DAYS = {Urgency.STANDARD: 10, Urgency.SHORT_NOTICE: 5, Urgency.URGENT: 1}
FIRST_SESSION_DAYS = 10
END_REPORT_DAYS = 5


class Location(Labelled):
    """Where the person will be helped."""

    CUSTODY = "custody", _l("In custody")
    COMMUNITY = "community", _l("In the community")


class DeclineReason(Labelled):
    """Why a receiver says no."""

    NO_CAPACITY = "no_capacity", _l("No capacity")
    OUTSIDE_AREA = "outside_area", _l("Outside our area")
    OUTSIDE_SERVICE = "outside_service", _l("The need is outside our service")
    NOT_SAFE = "not_safe", _l("Cannot be met safely")
    INFORMATION_MISSING = "information_missing", _l("Information is missing")
    INFORMATION_OLD = "information_old", _l("Information is out of date")
    TOO_EARLY = "too_early", _l("Too early")
    TOO_LATE = "too_late", _l("Too late to be useful")
    ALREADY_HELPED = "already_helped", _l("Already helped by us or another")
    NO_CONSENT = "no_consent", _l("The person does not consent")
    CONFLICT = "conflict", _l("Conflict of interest")
    OTHER = "other", _l("Another reason")


class WithdrawReason(Labelled):
    """Why a sender takes a referral back."""

    DUPLICATE = "duplicate", _l("Sent in error or twice")
    NOT_ELIGIBLE = "not_eligible", _l("Not eligible")
    MET_ELSEWHERE = "met_elsewhere", _l("Needs met elsewhere")
    PERSON_WITHDREW = "person_withdrew", _l("The person withdrew")
    NOT_ENGAGING = "not_engaging", _l("The person does not take part")
    MOVED = "moved", _l("Moved")
    RELEASED_EARLY = "released_early", _l("Released early")
    RETURNED = "returned", _l("Returned to custody")
    SENTENCE_ENDED = "sentence_ended", _l("Sentence ended")
    DIED = "died", _l("Died")
    OTHER = "other", _l("Another reason")


class SessionForm(Labelled):
    """How a session is held."""

    IN_PERSON = "in_person", _l("In person")
    PHONE = "phone", _l("By phone")
    VIDEO = "video", _l("By video")


class Asker(Labelled):
    """Who asked for another time, or called a session off."""

    PERSON = "person", _l("The person")
    RECEIVER = "receiver", _l("Our service")
    SENDER = "sender", _l("The organisation that referred")
    OTHER = "other", _l("Somebody else")


class Attendance(Labelled):
    """Whether the person came."""

    YES = "yes", _l("Came")
    LATE = "late", _l("Came late")
    NO = "no", _l("Did not come")


class Absence(Labelled):
    """Whose absence it was."""

    ACCEPTABLE = "acceptable", _l("Acceptable: court, illness, family, work")
    UNACCEPTABLE = "unacceptable", _l("Without an acceptable reason")
    SERVICE_SIDE = "service_side", _l("The service or the prison could not hold it")


class Achievement(Labelled):
    """How far a desired outcome was reached."""

    ACHIEVED = "achieved", _l("Achieved")
    PARTLY_ACHIEVED = "partly_achieved", _l("Partly achieved")
    NOT_ACHIEVED = "not_achieved", _l("Not achieved")


class ReceiverAccess(Labelled):
    """What a row of access does to a received referral."""

    RESTRICTED = "restricted", _l("Restricted")
    ALLOWED = "allowed", _l("May open it")
    EXCLUDED = "excluded", _l("May not open it")
