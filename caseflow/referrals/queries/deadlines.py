"""What is due on a referral, by when, and how many working days of the receiver are left."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy import ColumnElement, Date, and_, case, cast, func, null, select

from caseflow.core.db import db
from caseflow.core.i18n import Labelled
from caseflow.referrals.models import Referral, Status
from caseflow.tenancy.models import Holiday, Organisation

NEAR = 2  # working days left from which a deadline is told in a warning colour


class Due(Labelled):
    """What the receiver owes next."""

    ANSWER = "answer", _l("Answer")
    FIRST_SESSION = "first_session", _l("First session")
    REPORT = "report", _l("End report")


@dataclass(frozen=True, slots=True)
class Deadline:
    """Something due; `left` are working days from today, 0 today, below 0 when it is overdue."""

    due: Due
    day: date
    left: int

    @property
    def overdue(self) -> bool:
        """Whether the day has passed."""
        return self.left < 0

    @property
    def tone(self) -> str:
        """The colour of the tag."""
        return "bad" if self.overdue else "warn" if self.left <= NEAR else "neutral"

    @property
    def text(self) -> str:
        """The distance in words."""
        if self.left == 0:
            return _("due today")
        if self.overdue:
            return ngettext("%(num)d working day overdue", "%(num)d working days overdue", -self.left)
        return ngettext("%(num)d working day left", "%(num)d working days left", self.left)


# Asked by the CASE for those alone whose receiver asked for information: as `asked_late`, by the receiver's day.
_ZONE = select(Organisation.timezone).where(Organisation.id == Referral.to_org_id).correlate(Referral).scalar_subquery()

# The same rule as `_owed`, for lists: the day by which the receiver owes something, null where nothing is owed.
DEADLINE: ColumnElement[date | None] = case(
    (Referral.status == Status.SENT, Referral.answer_by),
    (
        and_(
            Referral.status == Status.INFO_REQUESTED,
            cast(func.timezone(_ZONE, Referral.status_at), Date) > Referral.answer_by,
        ),
        Referral.answer_by,
    ),
    (Referral.status == Status.ACCEPTED, Referral.first_session_by),
    (Referral.status.in_([Status.IN_PROGRESS, Status.ON_HOLD]), Referral.report_by),
    else_=null(),
)


def overdue(on: date) -> ColumnElement[bool]:
    """The condition that something is overdue on a day."""
    return and_(DEADLINE.is_not(None), on > DEADLINE)


def of(referrals: Iterable[Referral]) -> dict[UUID, Deadline]:
    """The deadlines of these referrals by id; those that owe nothing are left out."""
    owed = [(referral, due) for referral in referrals if (due := _owed(referral))]
    if not owed:
        return {}
    receivers = {referral.to_org_id: referral.receiver for referral, _due in owed}
    holidays: dict[UUID, set[date]] = {org_id: set() for org_id in receivers}
    for org_id, day in db.session.execute(select(Holiday.org_id, Holiday.day).where(Holiday.org_id.in_(receivers))):
        holidays[org_id].add(day)
    return {
        referral.id: Deadline(due, day, working_days(receivers[referral.to_org_id], day, holidays[referral.to_org_id]))
        for referral, (due, day) in owed
    }


def _owed(referral: Referral) -> tuple[Due, date] | None:
    if referral.status is Status.SENT:
        return Due.ANSWER, referral.answer_by
    if referral.status is Status.INFO_REQUESTED and asked_late(referral):
        return Due.ANSWER, referral.answer_by  # a question does not hide what was overdue already
    if referral.status is Status.ACCEPTED and referral.first_session_by:
        return Due.FIRST_SESSION, referral.first_session_by
    if referral.status in (Status.IN_PROGRESS, Status.ON_HOLD) and referral.report_by:
        return Due.REPORT, referral.report_by
    return None


def asked_late(referral: Referral) -> bool:
    """Whether the receiver asked for information only after the answer was due."""
    return referral.receiver.day_of(referral.status_at) > referral.answer_by


def working_days(organisation: Organisation, until: date, holidays: set[date]) -> int:
    """Working days of the organisation from its today to a day; negative, at least by one, when the day has passed."""
    start = organisation.today()
    first, last = min(start, until), max(start, until)
    days = (first + timedelta(days=number) for number in range(1, (last - first).days + 1))
    count = sum(day.isoweekday() not in organisation.rest_days and day not in holidays for day in days)
    return count if until >= start else -max(count, 1)
