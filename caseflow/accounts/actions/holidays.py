"""The holidays of an organisation, which its administrator keeps."""

from datetime import date, timedelta

from flask_babel import gettext as _

from caseflow.accounts.models import User
from caseflow.audit.actions import record
from caseflow.core.errors import Refused
from caseflow.core.formats import date_text
from caseflow.tenancy import actions as tenancy
from caseflow.tenancy.models import Holiday

AT_ONCE = 14  # days
YEARS_BACK, YEARS_AHEAD = 1, 5  # the last year's still count in how long something is overdue


def add_holidays(first: date, last: date | None, name: str, *, by: User) -> int:
    """Add the days from the first to the last, or the first alone, one row each; gives how many they are."""
    last = last or first
    year = by.organisation.today().year
    earliest, latest = date(year - YEARS_BACK, 1, 1), date(year + YEARS_AHEAD, 12, 31)
    for field, day in (("day", first), ("until", last)):
        if not earliest <= day <= latest:
            span = {"first": date_text(earliest), "last": date_text(latest)}
            raise Refused(_("Enter a day from %(first)s to %(last)s.", **span), field=field)
    if last < first:
        raise Refused(_("The last day lies before the first."), field="until")
    count = (last - first).days + 1
    if count > AT_ONCE:
        raise Refused(_("Add at most %(number)s days at once.", number=AT_ONCE), field="until")
    made = [tenancy.add_holiday(first + timedelta(days=number), name, by=by) for number in range(count)]
    record("holiday.add", by=by, on=made[0], day=first.isoformat(), days=count)
    return count


def remove_holiday(holiday: Holiday, *, by: User) -> None:
    """Take a day away; who took it, and which it was, stays in the audit."""
    record("holiday.remove", by=by, on=holiday, day=holiday.day.isoformat())
    tenancy.remove_holiday(holiday, by=by)
