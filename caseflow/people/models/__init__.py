"""The tables of this room, and its codes."""

from caseflow.people.models.access import Access
from caseflow.people.models.case import (
    Assignment,
    Case,
    CaseParty,
    CaseReturn,
    Note,
    PhaseChange,
    Stay,
    Task,
)
from caseflow.people.models.codes import (
    PHASES,
    AccessKind,
    AssignmentRole,
    CaseOutcome,
    Category,
    ConsentForm,
    ConsentGiver,
    ExclusionGround,
    IdentifierKind,
    ImportState,
    LegalStatus,
    Literacy,
    NameKind,
    NoteKind,
    PartyRole,
    Phase,
    Sex,
    TaskKind,
)
from caseflow.people.models.conflict import Conflict
from caseflow.people.models.key import PersonKey
from caseflow.people.models.part import OF_CASE, OF_PERSON
from caseflow.people.models.person import Consent, Identifier, Name, NameKey, Person, Relative
from caseflow.people.models.register import RegisterImport

__all__ = [
    "OF_CASE",
    "OF_PERSON",
    "PHASES",
    "Access",
    "AccessKind",
    "Assignment",
    "AssignmentRole",
    "Case",
    "CaseOutcome",
    "CaseParty",
    "CaseReturn",
    "Category",
    "Conflict",
    "Consent",
    "ConsentForm",
    "ConsentGiver",
    "ExclusionGround",
    "Identifier",
    "IdentifierKind",
    "ImportState",
    "LegalStatus",
    "Literacy",
    "Name",
    "NameKey",
    "NameKind",
    "Note",
    "NoteKind",
    "PartyRole",
    "Person",
    "PersonKey",
    "Phase",
    "PhaseChange",
    "RegisterImport",
    "Relative",
    "Sex",
    "Stay",
    "Task",
    "TaskKind",
]
