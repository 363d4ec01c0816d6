"""The demo's handovers: the prison invites, the probation service answers, prepares and takes the lead."""

from caseflow.accounts.models import User
from caseflow.accounts.permissions import Role
from caseflow.core.db import db
from caseflow.demo.clock import told_at
from caseflow.demo.founding import Founded, Post
from caseflow.demo.lives import Tale
from caseflow.people import actions as people
from caseflow.people.models import Case, Category, Phase
from caseflow.release import actions as release
from caseflow.release.models import Handover, HandoverStatus, PathwayArea, PathwayStatus
from caseflow.tenancy import queries as organisations

TOLD = (Category.IDENTITY, Category.CONTACT, Category.CUSTODY_DATES, Category.SUPPORT_NEEDS, Category.PLAN)


def prepare(tale: Tale, probation: Founded, user: User) -> None:
    """What the prison does before a release: pathways, the invitation, and where it comes to that, its cancelling."""
    release_day = tale.release
    if release_day is None or (tale.life.phase not in (Phase.PRE_RELEASE, Phase.RELEASED) and not tale.life.handover):
        return
    case = db.session.get_one(Case, tale.key)
    _pathways(tale, case, release_day, user)
    if tale.life.handover is None:
        return
    started = tale.calendar.working(_started(tale))
    receiver = organisations.organisation(probation.org_id)
    with told_at(tale.calendar.at(started, 12)):
        by_consent = tale.chance(0.5)
        consent = None
        if by_consent:
            consent = people.record_consent(
                case,
                grantee_org_id=receiver.id,
                purpose=tale.country.words.handover_purpose,
                categories=TOLD,
                starts_on=tale.calendar.day(started - 1),
                ends_on=tale.calendar.day(max(release_day, 0) + 60),
                by=user,
            )
        handover = release.start_handover(
            case,
            receiver,
            categories=TOLD,
            ground=tale.country.words.grounds[0 if by_consent else 1],
            consent=consent,
            letter=tale.pick(tale.country.words.letters),
            by=user,
        )
        tale.handover_id = handover.id
    if tale.life.handover is HandoverStatus.CANCELLED:
        with told_at(tale.calendar.at(min(-1, started + 6))):
            release.cancel_handover(case, handover, tale.country.words.handover_cancelled, by=user)


def _started(tale: Tale) -> int:
    recent = -tale.random.randint(3, 9)
    if tale.life.handover is HandoverStatus.INVITED:
        return recent
    return min((tale.release or 0) - 40, -16)


def _pathways(tale: Tale, case: Case, release_day: int, user: User) -> None:
    words, far = tale.country.words, release_day < 0
    for place, area in enumerate(PathwayArea):
        if tale.chance(0.2 if far else 0.5):
            continue
        going = (PathwayStatus.IN_PROGRESS, PathwayStatus.SUPPORT_REQUIRED, PathwayStatus.DONE)
        ended = (PathwayStatus.DONE, PathwayStatus.SUPPORT_NOT_REQUIRED, PathwayStatus.SUPPORT_DECLINED)
        with told_at(tale.calendar.at(min(-1, release_day - 60 + place * 4))):
            status = tale.pick(ended if far or tale.chance(0.4) else going)
            release.set_pathway(case, area, status, note=tale.pick(words.pathways), by=user)


def receive(tale: Tale, probation: Founded, user: User) -> None:
    """What the leader of the probation service does: gives the handover to an officer, or declines."""
    if tale.handover_id is None or tale.life.handover in (HandoverStatus.INVITED, HandoverStatus.CANCELLED):
        return
    handover = db.session.get_one(Handover, (tale.service.org_id, tale.handover_id))
    with told_at(tale.calendar.at(min(-1, _day_of(handover, tale) + 3))):
        if tale.life.handover is HandoverStatus.DECLINED:
            release.decline_handover(handover, tale.country.words.handover_declined, by=user)
            return
        tale.officer = _officer(tale, probation)
        officer = db.session.get_one(User, (tale.officer.org_id, tale.officer.user_id))
        release.accept_handover(handover, officer, by=user)


def _officer(tale: Tale, probation: Founded) -> Post:
    officers = probation.holding(Role.PROBATION_OFFICER)
    return officers[tale.number % len(officers)]


def _day_of(handover: Handover, tale: Tale) -> int:
    return (handover.opens_on - tale.calendar.today).days


def take_over(tale: Tale, user: User) -> None:
    """What the officer does: meets the person, and takes the lead at the release."""
    handover = db.session.get_one(Handover, (tale.service.org_id, tale.handover_id))
    started = _day_of(handover, tale)
    if tale.life.handover is HandoverStatus.LED or tale.number % 2 == 0:
        met = tale.calendar.working(min(-2, started + 14))
        with told_at(tale.calendar.at(met, 15)):
            release.record_meeting(handover, tale.calendar.day(met), by=user)
    if tale.life.handover is HandoverStatus.LED and tale.release is not None:
        with told_at(tale.calendar.at(tale.release + 1, 10)):
            release.take_lead(handover, released_on=tale.calendar.day(tale.release), by=user)
