"""What of a person's records is theirs to have: decided here, table by table and column by column.

The person's is what is written about them, when, and by which office or role. What is about somebody else, or leads to
them (a relative's telephone, the name of a colleague), is held back from every copy until one decides so on purpose and
a second approves. Who may open the file, who may not and why never goes out at all: somebody could be hurt for it.
What stands in no list goes to nobody, and tests/rights/test_giving.py names it.
"""

import uuid
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any

from caseflow.accounts.permissions import Permission, Role

Roles = Mapping[uuid.UUID, Role]

# Never in a copy, nor on the pages where one is marked.
NEVER = {
    "case_access": "who may open the file and who may not: excluded victims and relatives, with reasons and reviews",
    "referral_access": "the same of a referral",
    "received_holds": "of what a receiver holds: who sent it, and copies what it holds of the person, has none",
    "person_keys": "keys",
    "name_keys": "search keys",
    "erasures": "of records that are gone",
    "access_requests": "copies of copies, and who marked and decided them",
    "access_parts": "what was withheld from them",
}
# The same decisions as the audit tells them: acts on files, by the first word of the act.
GUARDING = {"access", "glass", "conflict"}

# What the ordinary page of a part asks for beyond work on the case.
ASKS = {
    "conditions": Permission.SUPERVISE,
    "contacts": Permission.SUPERVISE,
    "supervisions": Permission.SUPERVISE,
    "handovers_received": Permission.APPROVE_HANDOVERS,
}


class Giving(Enum):
    """What becomes of a column in a copy."""

    GIVEN = "given"
    ROLE = "role"  # the id of a colleague: their role is given
    OTHERS = "others"  # about somebody else: held back, given on purpose alone
    MIXED = "mixed"  # JSON, given as far as INSIDE goes; the whole of it on purpose alone
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of one table by what becomes of them, as words."""

    given: str = ""
    role: str = ""
    others: str = ""
    mixed: str = ""
    never: str = ""

    def of(self, column: str) -> Giving | None:
        """What was decided on a column; None where nobody has."""
        return next((one for one in Giving if column in getattr(self, one.value).split()), None)


EVERYWHERE = Columns(given="id created_at", never="org_id version")

DECIDED: dict[str, Columns] = {
    # Why a worker came and went is about the worker: illness, leave, a conflict.
    "assignments": Columns(given="case_id role since until", role="user_id", others="reason ended_reason"),
    # Summed up by day and role (`copying._summed_up`); its rows name users.
    "audit_entries": Columns(never="user_id act subject subject_id case_id detail request_id about xact"),
    "case_parties": Columns(given="case_id party_org_id role since until"),
    "case_returns": Columns(given="case_id days within_years kind offence_class offence_type offence_subtype"),
    "cases": Columns(
        given=(
            "person_id number phase site_id opened_on admitted_at commitment_order authority legal_status offence_class"
            " offence_type offence_subtype sentence_months release_on release_unknown_reason conditional_release_on"
            " released_on release_year release_type closed_on outcome closing_note"
        ),
        never="guarded register_print",  # that somebody is excluded
    ),
    "conditions": Columns(given="supervision_id case_id kind text starts_on ends_on explained_on understood ended_at"),
    "consents": Columns(
        given=(
            "person_id case_id grantee_org_id purpose categories given_by form starts_on ends_on withdrawn_at"
            " withdrawal_note"
        ),
        role="recorded_by",
        others="guardian witness",
    ),
    "contacts": Columns(
        given="case_id starts_at form place outcome reason response note recorded_at called_off_at", role="user_id"
    ),
    "disclosures": Columns(
        given="to_org_id referral_id category language consent_id legal_basis expires_at revoked_at",
        role="approved_by",
        mixed="content",
    ),
    "goals": Columns(
        given="plan_id case_id need_id area title target_on status status_note status_at", role="added_by status_by"
    ),
    "handover_letters": Columns(given="text"),
    "handovers": Columns(
        given=(
            "to_org_id case_id categories ground consent_id release_on released_on opens_on closes_on status status_at"
            " reason met_on"
        ),
        role="started_by",
        others="sender_name status_by",
    ),
    "handovers_received": Columns(given="case_id", role="officer_id", mixed="content", never="number_hash"),
    "identifiers": Columns(given="person_id kind value", never="value_hash"),
    "intakes": Columns(
        given=(
            "case_id order_seen rights_explained family_told injuries urgent_needs dependants strengths own_words"
            " completed_at"
        ),
        role="completed_by",
    ),
    "names": Columns(given="person_id kind full family given patronymic of_register"),
    "needs": Columns(
        given="case_id area description priority status status_note status_at", role="status_by recorded_by"
    ),
    "notes": Columns(given="case_id kind text sensitive occurred_at amends_id", role="written_by"),
    "objections": Columns(
        given="person_id case_id fact stood words state answer answered_at", role="written_by answered_by"
    ),
    "pathways": Columns(given="case_id area status note status_at"),
    "persons": Columns(
        given=(
            "number name latin_name sex gender birth_date birth_estimated age_group nationality languages literacy"
            " interpreter_language accessibility phone address safe_to_phone safe_to_text safe_to_write"
        )
    ),
    "phase_changes": Columns(given="case_id before phase reason", role="user_id"),
    "plans": Columns(
        given="case_id agreement changed_at agreement_note agreement_at agreed_on own_words", role="agreement_by"
    ),
    "referral_drafts": Columns(
        given=(
            "case_id need_id step_id kind service_org_id service_id reason urgency outcomes location complete_by"
            " language interpreter accessibility clashes details_done categories disclosure_done disclosure_reason"
            " risk_text consent_id legal_basis previous_id"
        ),
        role="written_by approved_by",
        mixed="details",
    ),
    "referral_events": Columns(
        given="to_org_id referral_id actor_org_id before status reason text suggested_service_id", others="actor_name"
    ),
    "referral_helpers": Columns(given="referral_id is_primary since until", role="user_id"),
    "referral_messages": Columns(given="to_org_id referral_id actor_org_id text", others="actor_name"),
    "referral_notes": Columns(given="referral_id text", role="written_by"),
    "referral_origins": Columns(given="case_id need_id step_id", role="sent_by"),
    "referral_outcomes": Columns(given="to_org_id referral_id outcome achievement text"),
    "referral_reports": Columns(given="to_org_id referral_id text next_steps", others="written_by"),
    "referral_sessions": Columns(
        given=(
            "to_org_id referral_id starts_at minutes form place in_group attendance absence absence_reason summary"
            " concern recorded_at replaced_by_id rescheduled_for rescheduled_reason called_off_at called_off_for"
            " called_off_reason"
        ),
        others="planned_by recorded_by called_off_by",
    ),
    "referrals": Columns(
        given=(
            "to_org_id kind service_id urgency outcomes location site complete_by previous_id sent_at status status_at"
            " answer_by first_session_by report_by former_org_id receiver_erased_at"
        ),
        others="sender_name sender_contact",
        never="overdue_told",
    ),
    # Who they are to the person is the person's; how to reach them, and what they want, is theirs.
    "relatives": Columns(
        given="person_id name relation child notify",
        others="birth_year cared_for_by phone address contact_wanted safe_to_phone safe_to_write restriction",
    ),
    # That records are kept, and for what kind of reason; the words may be of somebody's complaint.
    "retention_holds": Columns(given="person_id kind ended_at", role="set_by ended_by", others="reason"),
    "stays": Columns(given="case_id site_id since until reason"),
    "steps": Columns(given="goal_id title actor due_on status status_note status_at", role="status_by"),
    "supervisions": Columns(given="case_id order_number court starts_on ends_on level ended_at"),
    "tasks": Columns(given="case_id kind title due_on done_at", role="user_id"),
}

# The names that JSON may hold in a copy; all others are held back with what they hold: relatives, an opposing party.
_INSIDE = (
    "identity contact family education work legal support_needs plan custody_dates offence risk letter"
    " name latin_name other_names number sex gender birth_date birth_estimated age_group nationality languages literacy"
    " interpreter_language accessibility phone address safe_to_phone safe_to_text safe_to_write"
    " needs goals steps area text title description status priority target_on"
    " site admitted_on admitted_at legal_status release_on release_unknown_reason conditional_release_on released_on"
    " release_type sentence_months class type subtype why_told"
    " instruction level learning_needs course trades experience licences wishes limits right_to_work employer_told"
    " matter court case_number limitation_date travel"
)
INSIDE = set(_INSIDE.split())


def decided(table: str, column: str) -> Giving:
    """What becomes of a column; what nobody decided on is never given."""
    columns = DECIDED.get(table, Columns())
    return columns.of(column) or EVERYWHERE.of(column) or Giving.NEVER


def without_others(value: object) -> object:
    """What JSON says of the person alone."""
    match value:
        case dict():
            return {key: without_others(one) for key, one in value.items() if key in INSIDE}
        case list():
            return [without_others(one) for one in value]
    return value


def as_json(row: Any, roles: Roles, chosen: Collection[str] = ()) -> dict[str, Any]:
    """What of a row is given out, as JSON can hold it: of colleagues their roles, of others what was `chosen`."""
    return {column: _json(value) for column, value in (*given(row, roles), *others(row, chosen))}


def given(row: Any, roles: Roles) -> Iterator[tuple[str, Any]]:
    """What a row says of the person, column by column, with sealed texts opened; of colleagues their roles."""
    for column, value, giving in columns(row):
        match giving:
            case Giving.GIVEN:
                yield column, value
            case Giving.ROLE:
                yield column, roles.get(value)
            case Giving.MIXED:
                yield column, without_others(value)


def others(row: Any, chosen: Collection[str] | None = None) -> Iterator[tuple[str, Any]]:
    """What it says of somebody else, where it does; with `chosen`, those columns alone."""
    for column, value, giving in columns(row):
        if chosen is not None and column not in chosen:
            continue
        more = giving is Giving.MIXED and value != without_others(value)
        if more or (giving is Giving.OTHERS and value not in (None, "")):
            yield column, value


def columns(row: Any) -> Iterator[tuple[str, Any, Giving]]:
    """The columns of a row with their values, and what becomes of each in a copy."""
    for one in row.__mapper__.column_attrs:
        column = one.columns[0].name
        yield column, getattr(row, one.key), decided(row.__tablename__, column)


def _json(value: Any) -> Any:
    match value:
        case Enum():
            return value.value
        case uuid.UUID():
            return str(value)
        case datetime() | date():
            return value.isoformat()
        case bytes():
            return None
        case list():
            return [_json(one) for one in value]
    return value
