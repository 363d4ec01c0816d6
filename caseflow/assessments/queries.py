"""Reading the intake and the needs of a case; the case itself was opened, and so authorised, before."""

import uuid
from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import joinedload

from caseflow.assessments.models import Intake, Need, NeedArea, NeedPriority, NeedStatus
from caseflow.core.db import db, one_or_404
from caseflow.people.models import Case
from caseflow.people.queries import Happening

# The most pressing first; what is answered comes after what is open.
_ORDER = (
    case({NeedStatus.OPEN.value: 0}, value=Need.status, else_=1),
    case({priority.value: place for place, priority in enumerate(NeedPriority)}, value=Need.priority),
    Need.created_at,
)

TONES = {
    NeedStatus.OPEN: "info",
    NeedStatus.MET: "good",
    NeedStatus.NOTHING_NEEDED: "good",
    NeedStatus.DECLINED: "neutral",
}


@dataclass(frozen=True, slots=True)
class Area:
    """One area of need with everything recorded in it: open needs first, then answers, the newest last."""

    area: NeedArea
    needs: list[Need]

    @property
    def open_needs(self) -> list[Need]:
        """What still wants an answer."""
        return [need for need in self.needs if need.status is NeedStatus.OPEN]

    @property
    def urgency(self) -> int:
        """The place of the most pressing open need in the order of priorities; past the end where none is open."""
        order = list(NeedPriority)
        return min((order.index(need.priority) for need in self.open_needs), default=len(order))

    @property
    def asked(self) -> bool:
        """Whether the area was talked about at all; "nothing needed" is an answer."""
        return bool(self.needs)


def intake(case: Case) -> Intake | None:
    """The intake of a case as it stands now, where one was begun."""
    query = select(Intake).where(Intake.org_id == case.org_id, Intake.case_id == case.id)
    query = query.options(joinedload(Intake.completer)).execution_options(populate_existing=True)
    return db.session.scalars(query).unique().one_or_none()


def needs(case: Case) -> list[Need]:
    """All needs of a case, the most pressing first."""
    return list(db.session.scalars(_of(case).order_by(*_ORDER)))


def open_needs(case: Case) -> list[Need]:
    """The needs that want an answer, the most pressing first."""
    return list(db.session.scalars(_of(case).where(Need.status == NeedStatus.OPEN).order_by(*_ORDER)))


def count_open(case: Case) -> int:
    """How many needs want an answer."""
    query = select(func.count()).select_from(Need)
    query = query.where(Need.org_id == case.org_id, Need.case_id == case.id, Need.status == NeedStatus.OPEN)
    return db.session.scalar(query) or 0


def need(case: Case, id: uuid.UUID) -> Need:
    """One need of the case, or 404."""
    return one_or_404(_of(case).where(Need.id == id))


def areas(case: Case) -> list[Area]:
    """Every area with its needs, in the order of the list of areas."""
    found: dict[NeedArea, list[Need]] = {area: [] for area in NeedArea}
    for one in needs(case):
        found[one.area].append(one)
    return [Area(area, held) for area, held in found.items()]


def happenings(case: Case) -> list[Happening]:
    """What the timeline tells: the intake, needs recorded, and how they were answered."""
    told = []
    held = intake(case)
    if held is not None and held.completed_at is not None:
        told.append(
            Happening(
                at=held.completed_at,
                kind="intake",
                title=_("Intake completed"),
                text=held.urgent_needs,
                who=None if held.completer is None else held.completer.name,
                url=f"/cases/{case.id}/intake",
                tone="good",
            )
        )
    query = _of(case).options(joinedload(Need.recorder), joinedload(Need.answerer))
    for one in db.session.scalars(query).unique():
        told.extend(_told(one))
    return told


def _told(need: Need) -> list[Happening]:
    url = f"/cases/{need.case_id}/needs"
    first = Happening(
        at=need.created_at,
        kind="need",
        title=_("Need recorded: %(area)s", area=need.area.label),
        text=need.description,
        who=need.recorder.name,
        url=url,
        tone="info",
    )
    if need.status_at is None:
        return [first]
    answer = Happening(
        at=need.status_at,
        kind="need",
        title=_("%(area)s: %(status)s", area=need.area.label, status=need.status.label),
        text=need.status_note,
        who=None if need.answerer is None else need.answerer.name,
        url=url,
        tone=TONES[need.status],
    )
    return [first, answer] if need.description else [answer]


def _of(case: Case) -> Select[Need]:
    return select(Need).where(Need.org_id == case.org_id, Need.case_id == case.id)
