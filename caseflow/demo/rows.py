"""Rows for COPY: which columns each table gets, in the order in which keys ask for the tables."""

from collections.abc import Iterable

Value = str | int | bool | bytes | None
Row = tuple[Value, ...]

COLUMNS: dict[str, tuple[str, ...]] = {
    table: tuple(columns.split())
    for table, columns in {
        "sites": "org_id id created_at code name kind active city capacity",
        "users": "org_id id created_at email name role active mail_news site_id",
        "passwords": "org_id id created_at hash changed_at",
        "terms_acceptances": "org_id id created_at user_id version",
        "person_keys": "org_id id created_at wrapped master_id",
        "packet_keys": "org_id id to_org_id created_at wrapped master_id packet_id actor_org_id",
        "persons": "org_id id created_at number name sex birth_estimated languages literacy safe_to_phone safe_to_text"
        " safe_to_write version latin_name birth_date nationality",
        "names": "org_id id created_at person_id kind full of_register",
        "name_keys": "org_id key person_id",
        "cases": "org_id id created_at person_id number phase opened_on legal_status version site_id admitted_at"
        " commitment_order authority offence_class offence_type sentence_months release_on release_unknown_reason",
        "case_parties": "org_id id created_at case_id party_org_id role since",
        "stays": "org_id id created_at case_id site_id since",
        "assignments": "org_id id created_at case_id user_id role since",
        "phase_changes": "org_id id created_at case_id phase user_id",
        "notes": "org_id id created_at case_id kind text sensitive occurred_at written_by",
        "needs": "org_id id created_at case_id area description priority status recorded_by version",
        "tasks": "org_id id created_at case_id user_id kind title due_on done_at",
        "consents": "org_id id created_at person_id case_id grantee_org_id purpose categories given_by form starts_on"
        " recorded_by ends_on",
        "referrals": "org_id id to_org_id created_at kind service_id sender_name urgency outcomes location sent_at"
        " status status_at answer_by version site first_session_by",
        "referral_origins": "org_id id created_at case_id sent_by",
        "referral_events": "org_id id to_org_id created_at referral_id actor_org_id actor_name status before reason",
        "disclosures": "org_id id to_org_id created_at referral_id category content consent_id expires_at revoked_at"
        " language",
    }.items()
}


class Rows:
    """Rows that wait to be written, by table."""

    def __init__(self) -> None:
        self._held: dict[str, list[Row]] = {table: [] for table in COLUMNS}

    def add(self, table: str, row: Row) -> None:
        """One row, its values in the order of the table's columns."""
        self._held[table].append(row)

    def extend(self, table: str, rows: Iterable[Row]) -> None:
        """Several rows."""
        self._held[table].extend(rows)

    def of(self, table: str) -> list[Row]:
        """The rows of a table."""
        return self._held[table]
