"""What one kind of referral is: its form, its outcomes, what it needs to tell, and its rules."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from caseflow.core.i18n import Labelled
from caseflow.people.models import Case, Category
from caseflow.referrals.kinds.form import DetailsForm
from caseflow.tenancy.models import ReferralKind

Details = Mapping[str, Any]  # the kind's own fields as plain JSON: texts, numbers, truths, ISO dates


def _nothing(_details: Details, _case: Case) -> list[str]:
    return []


def _agree(_details: Details, _case: Case) -> None:
    return None


def _as_written(details: Details, _case: Case) -> dict[str, Any]:
    return dict(details)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind. `outcomes` are the codes that may be desired; `category` is where reason and details are told.

    `warnings` gives texts to think about before sending; `check` raises Refused at a field of the form; `told` turns
    the details into what the receiver reads, where an id of ours must become words.
    """

    kind: ReferralKind
    category: Category
    outcomes: type[Labelled]
    form: type[DetailsForm]
    warnings: Callable[[Details, Case], list[str]] = _nothing
    check: Callable[[Details, Case], None] = _agree
    told: Callable[[Details, Case], dict[str, Any]] = _as_written
