"""The walk: one person's way from the register to the end of supervision, played by all who work with him."""

import csv
import uuid
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from caseflow.core.db import today
from caseflow.tenancy.models import ReferralKind
from tests.browser.conftest import Enter
from tests.browser.stranger import Stranger
from tests.browser.walker import PHONE, Walker
from tests.cast import Cast
from tests.stories.received import a_planned_session, an_accepted, past, sent_days_ago
from tests.stories.referrals import a_referral, a_service

pytestmark = pytest.mark.browser

ALMATY = ZoneInfo("Asia/Almaty")
FAMILY_NAME = "Сатыбалды"
NAME = "Ермек Болатұлы"
SECRET = "He fears another prisoner and asks for another cell."
REASON = "Needs a lawyer for the appeal before it is too late."


def day(name: str, when: date) -> dict[str, str]:
    """A date as the three inputs of a field."""
    return {f"{name}__day": str(when.day), f"{name}__month": str(when.month), f"{name}__year": str(when.year)}


def register(folder: Path) -> Path:
    """A prison's register as it exports it, with semicolons: three people."""
    path = folder / "register.csv"
    columns = "Личное дело;Фамилия;Имя;Отчество;Name (Latin);Пол;Дата рождения;Гражданство;Язык;ИИН;Паспорт;Поступил;"
    columns += "Статус;Статья;Срок (мес.);Конец срока;Код учреждения;Учреждение"
    end = f"{today() + timedelta(days=20):%d.%m.%Y}"
    rows = [
        ["D-101", FAMILY_NAME, *NAME.split(), "Ermek Satybaldy", "м", "05.03.1990", "Казахстан", "казахский"],
        ["D-102", "Иванов", "Пётр", "", "Petr Ivanov", "м", "11.07.1985", "Казахстан", "русский"],
        ["D-103", "Серікова", "Айнұр", "", "Ainur Serikova", "ж", "30.01.1996", "Казахстан", "казахский"],
    ]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(columns.split(";"))
        for row in rows:
            rest = ["", "", "03.11.2025", "осужден", "ст. 188", "13", end, "1", "almaty 1"]
            writer.writerow([*row, *rest])
    return path


@pytest.mark.long
def test_the_walk(enter: Enter, cast: Cast, environment: dict[str, str], tmp_path: Path) -> None:
    """One story, told in the order in which it happens; at each step the stranger sees nothing."""
    strangers = [
        Stranger(enter("stranger"), environment, cast.organisation("stranger")),
        Stranger(enter("stranger_cso"), environment, cast.organisation("stranger-cso")),
    ]
    paths: list[str] = []

    def nobody_else_sees(*more: str) -> None:
        paths.extend(more)
        for one, lists in zip(strangers, (["/", "/caseload"], ["/", "/inbox?status=all"]), strict=True):
            one.sees_nothing(paths, [FAMILY_NAME, "Satybaldy"], lists)

    case_id = the_register_is_imported(enter("leader"), tmp_path)
    case = f"/cases/{case_id}"
    nobody_else_sees(case, f"{case}/timeline", f"{case}/notes")

    aigerim = enter("aigerim")
    the_social_worker_gets_to_know_him(aigerim, case_id)
    nobody_else_sees(f"{case}/intake", f"{case}/needs", f"{case}/plan")
    coordinator = enter("coordinator")
    the_coordinator_offers_a_service(coordinator)
    draft, referral = a_referral_is_sent(aigerim, case_id)
    nobody_else_sees(draft, referral, f"{case}/consents", f"{case}/referrals")

    the_coordinator_accepts(coordinator, referral)
    a_service(cast, ReferralKind.EMPLOYMENT)
    declined = f"/referrals/{a_referral(cast, case=case_id, kind=ReferralKind.EMPLOYMENT)}"
    another_is_declined(coordinator, declined)
    nobody_else_sees(declined)

    worker = enter("worker")
    session = the_worker_helps(worker, referral, environment["OWNER_DATABASE_URL"])
    nobody_else_sees(session)
    the_prison_sees_it_at_once(aigerim, case_id, declined)

    officer = enter("officer")
    handover, own_case = the_case_is_handed_over(aigerim, enter("probation_leader"), officer, case_id)
    nobody_else_sees(handover, own_case, f"{own_case}/timeline", f"{case}/release")
    own_referral = the_officer_supervises(officer, own_case)
    nobody_else_sees(f"{own_case}/supervision", own_referral)
    the_service_helps_again(coordinator, worker, own_referral, environment["OWNER_DATABASE_URL"])
    the_officer_closes_the_case(officer, own_case)
    nobody_else_sees()


def the_register_is_imported(leader: Walker, folder: Path) -> uuid.UUID:
    """The leader imports the register, after a preview and a dry run, and gives a case to the social worker."""
    leader.go("/register-imports")
    leader.look("01-register-imports")
    leader.fill(file=register(folder), mapping="example")
    leader.press("Upload and look at it")
    leader.reads("semicolon", FAMILY_NAME)
    leader.look("02-register-preview")
    leader.press("Dry run")
    leader.waits_for("The dry run is done. Nothing was kept.")
    leader.press("Import")
    leader.waits_for("The register is imported.")
    leader.look("03-register-imported")
    leader.go("/")
    leader.look("04-leader-home")
    leader.go("/caseload")
    leader.look("05-leader-caseload")
    leader.follow(FAMILY_NAME)
    leader.follow("Give to a worker")
    leader.look("06-allocate")
    leader.fill(worker=_option(leader, "worker", "Айгерім"), reason="First case")
    leader.press("Give the case")
    case_id = uuid.UUID(leader.id)
    leader.look_again_in_arabic()
    return case_id


def _option(walker: Walker, name: str, text: str) -> str:
    """The value of the choice with this text in it."""
    found = walker.main.locator(f'select[name="{name}"] option', has_text=text).first.get_attribute("value")
    assert found is not None
    return found


def the_social_worker_gets_to_know_him(aigerim: Walker, case_id: uuid.UUID) -> None:
    """Caseload, person, intake, a note, a need, a goal with a step."""
    aigerim.go("/")
    aigerim.waits_for(FAMILY_NAME)
    aigerim.look("10-home")
    aigerim.go("/caseload")
    aigerim.look("11-caseload")
    aigerim.follow(FAMILY_NAME)
    aigerim.look("12-overview-new")

    aigerim.go(f"/cases/{case_id}/intake")
    aigerim.look("13-intake")
    aigerim.look_again_in_arabic()
    aigerim.go(f"/cases/{case_id}/intake")
    aigerim.fill(order_seen=True, rights_explained=True, family_told=True)
    aigerim.fill(urgent_needs="The appeal must be lodged this month.", strengths="Welder, his mother stands by him.")
    aigerim.press("Complete the intake")

    aigerim.go(f"/cases/{case_id}/notes/new")
    aigerim.look("14-new-note")
    aigerim.fill(kind="contact", text=SECRET)
    aigerim.press("Save the note")
    aigerim.reads(SECRET)
    aigerim.look("15-notes")

    aigerim.go(f"/cases/{case_id}/needs")
    aigerim.look("16-needs-empty")
    aigerim.go(f"/cases/{case_id}/needs/new")
    aigerim.look("17-new-need")
    aigerim.fill(area="legal", description="Help with the appeal", priority="now")
    aigerim.press("Save")
    aigerim.look("18-needs")

    aigerim.follow("Set a goal", within="main")
    aigerim.look("19-new-goal")
    aigerim.fill(title="The appeal is heard", when="now", **day("target_on", today() + timedelta(days=90)))
    aigerim.press("Save")
    aigerim.look("20-new-step")
    aigerim.fill(title="Find a lawyer", actor="cso", **day("due_on", today() + timedelta(days=14)))
    aigerim.press("Save")
    aigerim.reads("Find a lawyer")
    aigerim.look("21-plan")

    aigerim.go(f"/cases/{case_id}/plan/agreement")
    aigerim.look("22-agreement")
    aigerim.fill(agreement="agreed")
    aigerim.press("Save the answer")
    aigerim.look_again_in_arabic()


def the_coordinator_offers_a_service(coordinator: Walker) -> None:
    """A service in the directory."""
    coordinator.go("/directory/mine")
    coordinator.look("30-our-services-empty")
    coordinator.follow("Add a service", within="main")
    coordinator.look("31-new-service")
    coordinator.fill(kind="legal_aid", name="Free legal advice", description="Lawyers for appeals and papers.")
    coordinator.press("Save")
    coordinator.look("32-our-services")
    coordinator.look_again_in_arabic()


def a_referral_is_sent(aigerim: Walker, case_id: uuid.UUID) -> tuple[str, str]:
    """A consent, then the referral from the plan's step: details, service, what is told, the check, and off it goes."""
    aigerim.go(f"/cases/{case_id}/consents/new")
    aigerim.look("40-new-consent")
    aigerim.fill(grantee=_option(aigerim, "grantee", "Kamqor"), purpose="Legal help with the appeal", way="signed")
    aigerim.fill(categories=["identity", "contact", "legal", "support_needs", "custody_dates"])
    aigerim.fill(**day("starts_on", today()))
    aigerim.press("Record the consent")
    aigerim.look("41-consents")
    aigerim.go("/directory")
    aigerim.look("42-directory")

    aigerim.go(f"/cases/{case_id}/plan")
    aigerim.follow("Refer to a service Find a lawyer")
    aigerim.look("43-referral-start")
    aigerim.fill(kind="legal_aid")
    aigerim.press("Begin")
    draft = aigerim.path
    aigerim.look("44-draft")
    aigerim.follow("Write the details")
    aigerim.look("45-draft-details")
    aigerim.fill(reason=REASON, outcomes=["advice", "represented"], matter="appeal", opposing_party="None")
    aigerim.press("Save")
    aigerim.follow("Choose a service")
    aigerim.look("46-draft-service")
    aigerim.press("Choose Free legal advice")
    aigerim.follow("Choose what is told")
    aigerim.look("47-draft-told")
    aigerim.press("Save")
    aigerim.look("48-draft-ready")
    aigerim.follow("Check and send")
    aigerim.reads(REASON, "What Kamqor Foundation will see")
    aigerim.misses(SECRET)
    aigerim.look("49-check-and-send")
    aigerim.look_again_in_arabic()
    aigerim.go(f"{draft}/check")
    aigerim.press("Send the referral")
    aigerim.look("50-referral-sent")
    return draft, aigerim.path


def the_coordinator_accepts(coordinator: Walker, referral: str) -> None:
    """The news comes by itself; the referral shows what was told and nothing else; a worker gets it."""
    coordinator.go("/notifications")
    seconds = coordinator.waits_for("Free legal advice")
    assert seconds < 15
    coordinator.look("60-news")
    coordinator.go("/inbox")
    coordinator.look("61-inbox")
    coordinator.follow(FAMILY_NAME)
    assert coordinator.path == referral
    coordinator.reads(REASON)
    coordinator.misses(SECRET, "ст. 188", "Welder")
    coordinator.look("62-received")
    coordinator.look_again_in_arabic()
    coordinator.go(referral)
    coordinator.fill(answer="accept")
    coordinator.press("Send the answer")
    coordinator.follow("Assign workers")
    coordinator.look("63-assign")
    coordinator.fill(workers=[_box(coordinator, "Олег Ким")])
    coordinator.press("Assign")
    coordinator.reads("Олег Ким")
    coordinator.look("64-accepted")
    coordinator.look_again_in_arabic()


def _box(walker: Walker, text: str) -> str:
    """The value of the box with this label."""
    found = walker.main.get_by_label(text, exact=True).get_attribute("value")
    assert found is not None
    return found


def another_is_declined(coordinator: Walker, referral: str) -> None:
    """A second referral is declined with a reason."""
    coordinator.go("/")
    coordinator.waits_for(FAMILY_NAME)
    coordinator.look("65-coordinator-home")
    coordinator.go(referral)
    coordinator.fill(answer="decline")
    coordinator.press("Send the answer", status=422)
    coordinator.look("66-decline-without-reason")
    coordinator.seen.clear()
    coordinator.fill(answer="decline", reason="no_capacity", text="Our workshop is full until spring.")
    coordinator.press("Send the answer")
    coordinator.reads("Declined")
    coordinator.look("67-declined")
    coordinator.look_again_in_arabic()


def the_worker_helps(worker: Walker, referral: str, owner_url: str) -> str:
    """Two sessions with attendance, one put down afterwards and one planned; then the end report."""
    worker.go("/")
    worker.look("70-worker-home")
    worker.go(referral)
    worker.look("71-worker-referral")
    sent_days_ago(owner_url, uuid.UUID(worker.id), 3)
    worker.follow("Add a session")
    worker.look("72-new-session")
    worker.fill(**day("starts_at", today() - timedelta(days=1)), starts_at__hour="10", starts_at__minute="30")
    worker.main.get_by_text("If it was held already").click()
    worker.fill(attendance="yes", summary="Session 1: we read the judgment together.")
    worker.press("Save")
    worker.follow("Add a session")
    worker.fill(**day("starts_at", today() + timedelta(days=2)), starts_at__hour="10", starts_at__minute="30")
    worker.press("Save")
    worker.reads("Planned")
    worker.look("73-session-planned")
    planned = worker.main.locator("[id^=session-]", has_text="Planned").get_attribute("id") or ""
    past(owner_url, uuid.UUID(planned.removeprefix("session-")))
    worker.go("/")
    worker.look("74-worker-home-outcome-missing")
    worker.go(referral)
    worker.follow("Record how it went")
    session = worker.path
    worker.look("75-record-session")
    worker.look_again_in_arabic()
    worker.go(session)
    worker.fill(attendance="late", summary="Session 2: the appeal is written.")
    worker.press("Save")
    worker.reads("Session 1", "Session 2", "Came late")
    worker.look("76-sessions")
    worker.follow("Write the end report")
    worker.look("77-report")
    worker.look_again_in_arabic()
    worker.go(f"{referral}/report")
    worker.fill(achieved_advice="achieved", words_advice="The appeal is written.")
    worker.fill(achieved_represented="partly_achieved", words_represented="A lawyer took the case.")
    worker.fill(text="The appeal was lodged in time.", next_steps="The hearing in spring.")
    worker.press("Send the report and complete")
    worker.reads("Completed", "The appeal was lodged in time.")
    worker.look("78-completed")
    worker.look_again_in_arabic()
    return session


def the_prison_sees_it_at_once(aigerim: Walker, case_id: uuid.UUID, declined: str) -> None:
    """The timeline tells all of it, and the plan's step is updated."""
    aigerim.go(f"/cases/{case_id}/timeline")
    aigerim.waits_for("Legal aid: end report")
    aigerim.reads("Employment: Declined", "session, Came", "session, Came late", "Find a lawyer – Completed")
    aigerim.look("80-timeline")
    aigerim.go(f"/cases/{case_id}/plan")
    aigerim.waits_for("Completed")
    aigerim.look("81-plan-after")
    aigerim.go(f"/cases/{case_id}/referrals")
    aigerim.look("82-referrals-of-case")
    aigerim.go("/referrals")
    aigerim.look("83-referrals-sent")
    aigerim.go(declined)
    aigerim.reads("Our workshop is full until spring.")
    aigerim.look("84-declined-sender")
    aigerim.go(f"/cases/{case_id}")
    aigerim.look("85-overview")
    aigerim.go(f"/search?q={FAMILY_NAME}")
    aigerim.look("86-search")
    aigerim.go("/notifications")
    aigerim.look("87-news")
    aigerim.look_again_in_arabic()


def the_case_is_handed_over(aigerim: Walker, leader: Walker, officer: Walker, case_id: uuid.UUID) -> tuple[str, str]:
    """The probation service is invited, becomes incoming party, meets him, and leads from the release on."""
    aigerim.go(f"/cases/{case_id}/release")
    aigerim.look("90-release")
    aigerim.follow("Start a handover", within="main")
    aigerim.look("91-start-handover")
    aigerim.fill(receiver=_option(aigerim, "receiver", "Probation"), ground="Law on probation, article 15")
    aigerim.fill(letter="He should not be housed in his old street.")
    aigerim.press("Start the handover")
    aigerim.look("92-handover-started")
    aigerim.look_again_in_arabic()

    leader.go("/handovers")
    leader.waits_for("H-")
    leader.misses(FAMILY_NAME)
    leader.look("93-handovers")
    leader.follow("H-", within="main")
    leader.reads(FAMILY_NAME, "He should not be housed in his old street.")
    handover = leader.path
    leader.misses(SECRET)
    leader.look("94-handover")
    leader.follow("Accept", within="main")
    leader.look("95-accept-handover")
    leader.look_again_in_arabic()
    leader.go(f"{handover}/accept")
    leader.fill(officer=_option(leader, "officer", "Тимур Бек"))
    leader.press("Accept")

    officer.go("/")
    officer.go(handover)
    officer.look("96-handover-officer")
    officer.follow("Record a meeting")
    officer.look("97-meeting")
    officer.press("Save")
    officer.follow("Take the lead")
    officer.look("98-take-the-lead")
    officer.look_again_in_arabic()
    officer.go(f"{handover}/lead")
    officer.fill(**day("released_on", today()))
    officer.press("Take the lead")
    return handover, officer.path


def the_officer_supervises(officer: Walker, case: str) -> str:
    """The order, a condition, contacts, and a referral of the officer's own."""
    officer.look("100-officer-overview")
    officer.go("/")
    officer.look("101-officer-home")
    officer.go(f"{case}/supervision")
    officer.look("102-supervision-empty")
    officer.go(f"{case}/supervision/order")
    officer.look("103-order")
    officer.fill(order_number="188/2026", court="Medeu district court", level="weekly", **day("starts_on", today()))
    officer.press("Save the order")
    officer.follow("Add a condition")
    officer.look("104-condition")
    officer.fill(kind="residence", text="Live at his mother's flat.", **day("starts_on", today()))
    officer.fill(understood=True, **day("explained_on", today()))
    officer.press("Add the condition")
    officer.follow("Record a contact")
    officer.look("105-contact")
    at = datetime.now(ALMATY)
    officer.fill(**day("starts_at", at.date()), starts_at__hour=str(at.hour), starts_at__minute=str(at.minute))
    officer.fill(way="in_person")
    officer.fill(outcome="complied", note="Came in time; looks for work.")
    officer.press("Save")
    officer.follow("Plan a contact")
    officer.look("106-plan-contact")
    later = today() + timedelta(days=3)
    officer.fill(**day("starts_at", later), starts_at__hour="10", starts_at__minute="0", way="phone")
    officer.press("Save")
    officer.look("107-supervision")
    officer.go("/week")
    officer.look("108-week")
    officer.look_again_in_arabic()

    officer.go(f"{case}/referrals/new")
    officer.fill(kind="legal_aid")
    officer.press("Begin")
    officer.follow("Write the details")
    officer.fill(reason="The hearing is in spring.", outcomes=["advice"], matter="appeal", location="community")
    officer.press("Save")
    officer.follow("Choose a service")
    officer.press("Choose Free legal advice")
    officer.follow("Choose what is told")
    officer.follow("Record a consent now")
    officer.look("109-draft-consent")
    officer.look_again_in_arabic()
    officer.press("Save and go on")
    officer.press("Save")
    officer.follow("Check and send")
    officer.press("Send the referral")
    return officer.path


def the_service_helps_again(coordinator: Walker, worker: Walker, referral: str, owner_url: str) -> None:
    """The CSO accepts, holds a session and reports."""
    coordinator.go("/inbox")
    coordinator.waits_for(FAMILY_NAME)
    coordinator.go(referral)
    coordinator.fill(answer="accept")
    coordinator.press("Send the answer")
    coordinator.go(f"{referral}/workers")
    coordinator.fill(workers=[_box(coordinator, "Олег Ким")])
    coordinator.press("Assign")
    sent_days_ago(owner_url, uuid.UUID(coordinator.id), 3)
    worker.go(f"{referral}/sessions/new")
    worker.fill(**day("starts_at", today() - timedelta(days=1)), starts_at__hour="10", starts_at__minute="30")
    worker.main.get_by_text("If it was held already").click()
    worker.fill(attendance="yes", summary="We prepared the hearing.")
    worker.press("Save")
    worker.follow("Write the end report")
    worker.fill(achieved_advice="achieved", text="He is ready for the hearing.")
    worker.press("Send the report and complete")
    worker.reads("Completed")


def the_officer_closes_the_case(officer: Walker, case: str) -> None:
    """The officer follows up, and the case ends with its outcome."""
    officer.go(f"{case}/timeline")
    officer.waits_for("Legal aid: end report")
    officer.look("110-officer-timeline")
    officer.go(f"{case}/supervision")
    officer.follow("Close the case", within="main")
    officer.look("111-close")
    officer.look_again_in_arabic()
    officer.go(f"{case}/supervision/close")
    officer.fill(outcome="sentence_ended", note="Works as a welder; lives with his mother.")
    officer.press("Close the case")
    officer.go(case)
    officer.reads("Closed")
    officer.look("112-closed")
    officer.look_again_in_arabic()


def test_a_session_is_recorded_without_javascript(enter: Enter, cast: Cast, environment: dict[str, str]) -> None:
    """The walk's key act on an old telephone: three taps and a line, with nothing but HTML."""
    referral = an_accepted(cast)
    session = a_planned_session(cast, referral)
    past(environment["OWNER_DATABASE_URL"], session)
    worker = enter("worker", javascript=False)
    worker.page.set_viewport_size(PHONE)
    worker.go("/")
    worker.follow("Record it", within="main")
    worker.press("Save", status=422)
    worker.reads("Say whether the person came.")
    worker.main.get_by_text("Came", exact=True).click()
    worker.fill(summary="We spoke about papers.")
    worker.press("Save")
    worker.reads("The session is recorded; the sender is told.", "We spoke about papers.")
    assert not worker.trouble
