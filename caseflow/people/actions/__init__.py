"""Writing in persons and cases."""

from caseflow.people.actions.cases import (
    CaseFields,
    add_task,
    allocate,
    change_facts,
    change_phase,
    close_case,
    finish_task,
    open_case,
    release_from,
    reopen_case,
    transfer,
    write_note,
)
from caseflow.people.actions.consents import record_consent, withdraw_consent
from caseflow.people.actions.once import hold, sent_before
from caseflow.people.actions.persons import (
    PersonFields,
    RelativeFields,
    add_person,
    add_relative,
    change_relative,
    edit_person,
)

__all__ = [
    "CaseFields",
    "PersonFields",
    "RelativeFields",
    "add_person",
    "add_relative",
    "add_task",
    "allocate",
    "change_facts",
    "change_phase",
    "change_relative",
    "close_case",
    "edit_person",
    "finish_task",
    "hold",
    "open_case",
    "record_consent",
    "release_from",
    "reopen_case",
    "sent_before",
    "transfer",
    "withdraw_consent",
    "write_note",
]
