"""Every column that can hold words is sealed or stands on a list of what is in clear, and a dump shows none of them.

A column that is added later without that decision fails here.
"""

import uuid
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import select

from caseflow.assessments import actions as assessments
from caseflow.core import keyring, sealing
from caseflow.core.db import Coded, Model, db, today
from caseflow.people import actions as people
from caseflow.people import queries as cases
from caseflow.people.models import CaseOutcome, Category, ConsentForm, ConsentGiver, IdentifierKind, NoteKind, Phase
from caseflow.referrals.actions import access as receiving
from caseflow.referrals.actions import answering, drafts, messages, reports, sending, sessions
from caseflow.referrals.actions.reports import Findings
from caseflow.referrals.actions.sessions import Slot
from caseflow.referrals.models import Achievement, Asker, DeclineReason, Draft
from caseflow.referrals.queries import shared
from caseflow.release import actions as release
from caseflow.release.models import PathwayArea, PathwayStatus
from caseflow.rights import actions as rights
from caseflow.rights.models import Fact, HoldKind
from caseflow.supervision import actions as supervision
from caseflow.supervision.models import ConditionKind
from caseflow.tenancy.models import ReferralKind
from tests.cast import Cast
from tests.people.test_sealing import dumped
from tests.stories.access import excluded, restricted
from tests.stories.assessments import a_need
from tests.stories.people import a_case
from tests.stories.plans import a_goal, a_step
from tests.stories.received import a_planned_session, a_session, an_accepted
from tests.stories.referrals import a_draft
from tests.stories.release import a_handover, accepted, led
from tests.stories.supervision import a_contact, a_supervised_case

MARK = "zimorodok"
Environment = dict[str, str]

# Column by column: what stands in clear, and why (docs/ENCRYPTION.md).
CLEAR: dict[str, dict[str, str]] = {
    "people are found by it: names, and numbers of files": {
        "persons": "number name latin_name",
        "names": "full family given patronymic",
        "relatives": "name relation",
        "cases": "number",
        "conflicts": "name",
    },
    "codes and short facts of lists, filters, statistics and the register's comparison": {
        "persons": "gender age_group nationality languages interpreter_language",
        "cases": "authority offence_class offence_type offence_subtype release_type",
        "case_returns": "kind offence_class offence_type offence_subtype",
        "consents": "categories",
        "supervisions": "court",
        "referral_drafts": "outcomes language categories",
        "referrals": "outcomes site overdue_told",
        "referral_events": "reason",
        "referral_outcomes": "outcome",
        "disclosures": "language",
        "handovers": "categories",
        "access_parts": "part field",
        "access_requests": "language",
    },
    "keyed hashes, prints, wrapped keys": {
        "identifiers": "value_hash",
        "handovers_received": "number_hash",
        "cases": "register_print",
        "person_keys": "wrapped master_id",
        "packet_keys": "wrapped master_id",
    },
    "who wrote it: staff of the organisation, by name or address": {
        "referrals": "sender_name sender_contact",
        "referral_events": "actor_name",
        "referral_messages": "actor_name",
        "referral_reports": "written_by",
        "referral_sessions": "planned_by recorded_by called_off_by",
        "handovers": "sender_name status_by",
        "handover_readings": "reader_name",
    },
    "accounts and how they are opened; secrets among it are hashed or sealed under the master key": {
        "users": "email name phone locale provider_subject",
        "passwords": "hash",
        "account_links": "token_hash",
        "api_tokens": "name token_hash permissions",
        "devices": "token_hash address",
        "passkeys": "name credential_id public_key",
        "recovery_codes": "code_hash",
        "sign_ins": "token_hash challenge user_agent address",
        "sign_in_rules": "factor_roles",
        "single_sign_on": "issuer client_id sealed_secret domains",
        "totp_secrets": "sealed",
        "terms_acceptances": "version",
        "access_review_lines": "role site note",
    },
    "organisations, their services and texts, told to everybody": {
        "organisations": "slug name country locale timezone address phone email",
        "sites": "code name city address",
        "holidays": "name",
        "services": "name description area languages eligibility phone email",
        "agreements": "kinds",
        "terms_additions": "text",
    },
    "the audit and the news hold codes, ids and numbers of an act, and texts that name staff alone": {
        "audit_entries": "act subject detail request_id",
        "audit_checks": "first_fault",
        "audit_heads": "hash",
        "audit_reviews": "note",
        "audit_seals": "leaves previous hash",
        "notifications": "title params path",
        "outbox": "topic payload error request_id",
    },
    "not yet: a register's whole file, of many persons": {
        "register_imports": "filename content mapping errors_file problem",
    },
}

_COLUMNS = """
    SELECT c.relname, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
      AND a.atttypid::regtype::text IN ('text', 'text[]', 'character varying', 'character varying[]', 'json', 'jsonb',
        'jsonb[]', 'bytea', 'bytea[]', 'xml', 'hstore')
      AND c.relname NOT IN ('alembic_version', 'wall_key')
"""


def _sealed() -> set[tuple[str, str]]:
    places = (place.split(".") for columns in sealing.sealed_columns().values() for place in columns.values())
    return {(table, column) for table, column in places}


def test_every_column_of_words_is_sealed_or_known_to_be_clear(cast: Cast, environment: Environment) -> None:
    with psycopg.connect(environment["OWNER_DATABASE_URL"]) as connection:
        found = set(connection.execute(_COLUMNS).fetchall())
    coded = {
        (table.name, column.name)
        for table in Model.metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, Coded)  # one of a list, which the database checks
    }
    clear = [
        (table, column) for tables in CLEAR.values() for table, columns in tables.items() for column in columns.split()
    ]
    assert len(clear) == len(set(clear)), "said twice"
    assert not set(clear) & _sealed(), "sealed, and said to be clear"
    assert set(clear) <= found, "no such column"
    assert found - coded - _sealed() - set(clear) == set(), "neither sealed nor said to be clear"


def test_a_dump_after_the_walk_shows_no_text(cast: Cast, environment: Environment, redis: Any) -> None:
    """Marked words in every text that somebody writes of a person, from the intake to the end of supervision."""
    case_id = _the_prison_works(cast)
    _a_referral_is_answered(cast, case_id)
    own_case = _the_case_is_handed_over(cast, case_id)
    _the_officer_supervises(cast, own_case)
    cast.deliver(redis)
    _write_the_rest(cast, environment)
    with psycopg.connect(environment["OWNER_DATABASE_URL"]) as connection:
        for table, column in sorted(_sealed()):
            query = sql.SQL("SELECT {0}::text FROM {1} WHERE {0} IS NOT NULL AND {0}::text NOT IN ('', '{{}}')")
            held = connection.execute(query.format(sql.Identifier(column), sql.Identifier(table))).fetchall()
            assert held, f"the walk writes nothing into {table}.{column}"
            assert all(text.removeprefix('{"sealed": "').startswith(keyring.PREFIX) for (text,) in held), table
    assert {name for name, rows in dumped(environment).items() if MARK in rows} == set()


def _the_prison_works(cast: Cast) -> uuid.UUID:
    case_id = a_case(
        cast,
        phone=f"{MARK} phone",
        address=f"{MARK} address",
        accessibility=f"{MARK} accessibility",
        identifiers={IdentifierKind.NATIONAL: f"{MARK} number"},
        release_on=today(),
    )
    a_need(cast, case_id, description=f"{MARK} need")
    a_step(cast, case_id, a_goal(cast, case_id, title=f"{MARK} goal"), title=f"{MARK} step")
    excluded(cast, case_id, "daniyar")
    restricted(cast, case_id)
    with cast.acting("leader") as user:
        case = cases.opened(case_id, user)
        people.lift_restriction(case, f"{MARK} lifted", by=user)
        number = case.number
    restricted(cast, case_id)
    with cast.acting("deputy") as user:
        assert people.break_glass(number, f"{MARK} glass", 60, by=user) == case_id
    with cast.acting("leader") as user:
        [glass] = cases.to_review(user)
        people.review_glass(glass, True, f"{MARK} reviewed", by=user)
    kamqor = cast.organisation("kamqor")
    with cast.acting("aigerim") as user:
        case = cases.opened(case_id, user)
        consent = people.record_consent(
            case,
            grantee_org_id=kamqor,
            purpose=f"{MARK} purpose",
            categories=[Category.IDENTITY],
            given_by=ConsentGiver.GUARDIAN,
            guardian=f"{MARK} guardian",
            form=ConsentForm.SPOKEN,
            witness=f"{MARK} witness",
            starts_on=today(),
            by=user,
        )
        people.withdraw_consent(consent, f"{MARK} withdrawn", by=user)
        relative = dict.fromkeys(("cared_for_by", "phone", "address", "restriction"), f"{MARK} relative")
        people.add_relative(case, people.RelativeFields(name="Mother", relation="mother", **relative), by=user)  # type: ignore[arg-type]
        people.write_note(case, kind=NoteKind.CONTACT, text=f"{MARK} note", by=user)
        words = ("injuries", "urgent_needs", "dependants", "strengths", "own_words")
        answers = assessments.IntakeAnswers(**dict.fromkeys(words, f"{MARK} intake"))  # type: ignore[arg-type]
        assessments.save_intake(case, answers, by=user)
        people.change_phase(case, Phase.ASSESSMENT, reason=f"{MARK} phase", by=user)
        release.set_pathway(case, PathwayArea.HEALTH, PathwayStatus.SUPPORT_REQUIRED, f"{MARK} pathway", by=user)
        rights.set_hold(case, HoldKind.COURT, f"{MARK} hold", by=user)
        rights.object_to(case, Fact.PHONE, f"{MARK} objection", by=user)
        rights.open_access_request(case, today(), by=user)
        drafts.start(case, ReferralKind.EMPLOYMENT, by=user)
    return case_id


def _a_referral_is_answered(cast: Cast, case_id: uuid.UUID) -> None:
    referral_id = an_accepted(cast, case=case_id, reason=f"{MARK} reason")
    with cast.acting("aigerim") as user:
        messages.send_message(shared.opened(referral_id, user).referral, f"{MARK} message", by=user)
    with cast.acting("worker") as user:
        messages.write_note(shared.received(referral_id, user), f"{MARK} helper's note", by=user)
    moved, off = (a_planned_session(cast, referral_id, days=days) for days in (3, 4))
    with cast.acting("worker") as user:
        session, referral = shared.session(moved, user)
        slot = Slot(session.starts_at.replace(minute=59), place=f"{MARK} place")
        sessions.reschedule(session, referral, slot, asked_by=Asker.PERSON, reason=f"{MARK} moved", by=user)
        session, referral = shared.session(off, user)
        sessions.call_off(session, referral, asked_by=Asker.PERSON, reason=f"{MARK} off", by=user)
    a_session(cast, referral_id, concern=f"{MARK} concern")
    with cast.acting("coordinator") as user:
        referral = shared.received(referral_id, user)
        receiving.restrict(referral, [], f"{MARK} restricted", by=user)
        receiving.lift_restriction(referral, f"{MARK} lifted", by=user)
        rights.hold_received(referral, HoldKind.COURT, f"{MARK} hold", by=user)
    with cast.acting("worker") as user:
        referral = shared.received(referral_id, user)
        reached = dict.fromkeys(referral.outcomes, (Achievement.ACHIEVED, f"{MARK} outcome"))
        reports.complete(referral, Findings(reached, f"{MARK} report", f"{MARK} next"), by=user)
    draft_id = a_draft(cast, case=case_id, reason=f"{MARK} another")
    with cast.acting("leader") as user:
        draft = db.session.get_one(Draft, (user.org_id, draft_id))
        law = f"{MARK} law"
        drafts.choose_disclosure(draft, [Category.IDENTITY, Category.LEGAL], legal_basis=law, by=user)
        sending.send(draft, by=user)
    with cast.acting("coordinator") as user:
        referral = shared.received(draft_id, user)
        answering.decline(referral, DeclineReason.OTHER, text=f"{MARK} declined", by=user)


def _the_case_is_handed_over(cast: Cast, case_id: uuid.UUID) -> uuid.UUID:
    handover = a_handover(cast, case_id, ground=f"{MARK} ground", letter=f"{MARK} letter")
    return led(cast, accepted(cast, handover), released_on=None, reason=f"{MARK} lead")


def _the_officer_supervises(cast: Cast, own_case: uuid.UUID) -> None:
    supervised = a_supervised_case(cast)
    a_contact(cast, supervised)
    with cast.acting("officer") as user:
        supervision.add_condition(
            cases.opened(supervised, user),
            kind=ConditionKind.RESIDENCE,
            text=f"{MARK} condition",
            starts_on=today(),
            ends_on=None,
            explained_on=None,
            understood=False,
            by=user,
        )
        people.close_case(cases.opened(own_case, user), CaseOutcome.MOVED, f"{MARK} closing", by=user)


def _write_the_rest(cast: Cast, environment: Environment) -> None:
    """What no act above wrote is set where the application may change it."""
    with psycopg.connect(environment["OWNER_DATABASE_URL"]) as connection:
        allowed = {
            (table, column)
            for table, column in _sealed()
            if connection.execute(
                "SELECT has_column_privilege('caseflow_app', %s, %s, 'UPDATE')", (table, column)
            ).fetchone()
            == (True,)
        }
    for name in ("leader", "officer", "worker"):
        with cast.acting(name):
            for model, columns in sealing.sealed_columns().items():
                for row in db.session.scalars(select(model)).unique():
                    for attribute, place in columns.items():
                        table, column = place.split(".")
                        held = row.__dict__.get(attribute)
                        if not held and (table, column) in allowed and table != "case_access" and _mine(row):
                            kind = model.__table__.c[column].type  # type: ignore[attr-defined]
                            word = f"{MARK} {place}"
                            words: Any = {"word": word} if isinstance(kind, sealing.SealedJSON) else word
                            setattr(row, attribute, words)


def _mine(row: Any) -> bool:
    return bool(db.session().info["tenant"].org_id == getattr(row, getattr(row, "__writer__", "org_id")))
