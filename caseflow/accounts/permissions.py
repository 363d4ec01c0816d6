"""The whole policy on one page: which role may do what, and how far each role sees."""

from flask_babel import lazy_gettext as _l

from caseflow.core.i18n import Labelled


class Role(Labelled):
    """What a user is in their organisation."""

    SOCIAL_WORKER = "social_worker", _l("Social worker")
    TEAM_LEADER = "team_leader", _l("Team leader")
    COORDINATOR = "coordinator", _l("Coordinator")
    WORKER = "worker", _l("Worker")
    PROBATION_OFFICER = "probation_officer", _l("Probation officer")
    ADMINISTRATOR = "administrator", _l("Administrator")
    AUDITOR = "auditor", _l("Auditor")
    STEWARD = "steward", _l("Steward")


class Scope(Labelled):
    """How much of the organisation's cases a role sees."""

    NONE = "none", _l("No case")
    OWN = "own", _l("Own cases")
    SITE = "site", _l("The cases of their site")
    ORGANISATION = "organisation", _l("All cases of the organisation")


class Permission(Labelled):
    """What can be asked of a page or an act. Keep the list alphabetical."""

    ALLOCATE_CASES = "cases:allocate", _l("Give cases to workers")
    ANSWER_REFERRALS = "referrals:answer", _l("Answer referrals")
    APPROVE_HANDOVERS = "handovers:answer", _l("Take over cases")
    ASSIGN_WORKERS = "referrals:assign", _l("Assign workers to referrals")
    BE_SIGNED_IN = "account:use", _l("Use their own account")
    DECIDE_ACCESS = "access:decide", _l("Decide what a person gets to see of their records")
    GUARD_CASES = "cases:guard", _l("Restrict cases and exclude users from them")
    GUARD_RECEIVED = "referrals:guard", _l("Restrict received referrals and exclude users from them")
    IMPORT_REGISTER = "register:import", _l("Import a register")
    MANAGE_AGREEMENTS = "agreements:manage", _l("Found organisations and make agreements")
    MANAGE_DIRECTORY = "directory:manage", _l("Keep the directory entry")
    MANAGE_RETENTION = "retention:manage", _l("Decide how long records are kept")
    MANAGE_USERS = "users:manage", _l("Open and close accounts")
    OPEN_CASES = "cases:open", _l("Open cases")
    READ_AUDIT = "audit:read", _l("Read the audit")
    READ_DIRECTORY = "directory:read", _l("Read the directory")
    READ_RECEIVED = "referrals:received", _l("Read received referrals")
    READ_REVIEWS = "access:read", _l("Read the reviews of access")
    RECORD_SESSIONS = "referrals:sessions", _l("Record sessions and reports")
    REVIEW_ACCESS = "access:review", _l("Review and sign who has access")
    SEND_REFERRALS = "referrals:send", _l("Send referrals")
    START_HANDOVERS = "handovers:start", _l("Hand over cases")
    SUPERVISE = "supervision:work", _l("Supervise after release")
    WORK_ON_CASES = "cases:work", _l("Write in cases")


P = Permission

_CASEWORK = frozenset({P.BE_SIGNED_IN, P.OPEN_CASES, P.WORK_ON_CASES, P.SEND_REFERRALS, P.READ_DIRECTORY})
_LEADING = frozenset({P.ALLOCATE_CASES, P.GUARD_CASES, P.IMPORT_REGISTER})
_REVIEWING = frozenset({P.READ_REVIEWS, P.REVIEW_ACCESS})
_RECEIVING = frozenset({P.BE_SIGNED_IN, P.READ_RECEIVED, P.RECORD_SESSIONS, P.READ_DIRECTORY})

ROLES: dict[Role, tuple[Scope, frozenset[Permission]]] = {
    Role.SOCIAL_WORKER: (Scope.OWN, _CASEWORK | {P.START_HANDOVERS}),
    Role.PROBATION_OFFICER: (Scope.OWN, _CASEWORK | {P.APPROVE_HANDOVERS, P.SUPERVISE}),
    Role.TEAM_LEADER: (
        Scope.SITE,
        _CASEWORK
        | _LEADING
        | _RECEIVING
        | _REVIEWING
        | {
            P.ANSWER_REFERRALS,
            P.ASSIGN_WORKERS,
            P.DECIDE_ACCESS,
            P.GUARD_RECEIVED,
            P.MANAGE_RETENTION,
            P.START_HANDOVERS,
            P.APPROVE_HANDOVERS,
            P.SUPERVISE,
        },
    ),
    Role.COORDINATOR: (
        Scope.ORGANISATION,
        _RECEIVING
        | _REVIEWING
        | {P.ANSWER_REFERRALS, P.ASSIGN_WORKERS, P.GUARD_RECEIVED, P.MANAGE_DIRECTORY, P.MANAGE_RETENTION},
    ),
    Role.WORKER: (Scope.OWN, _RECEIVING),
    Role.ADMINISTRATOR: (
        Scope.NONE,
        frozenset({P.BE_SIGNED_IN, P.MANAGE_USERS, P.READ_DIRECTORY, P.READ_REVIEWS, P.IMPORT_REGISTER}),
    ),
    Role.AUDITOR: (Scope.NONE, frozenset({P.BE_SIGNED_IN, P.READ_AUDIT, P.READ_REVIEWS})),
    Role.STEWARD: (Scope.NONE, frozenset({P.BE_SIGNED_IN, P.MANAGE_AGREEMENTS, P.READ_DIRECTORY})),
}


# Without them nobody could look after an organisation's accounts, or see what was done.
OVERSEERS = frozenset({Role.ADMINISTRATOR, Role.AUDITOR})
# Who may be the second person of an act, or make one.
POWERFUL = OVERSEERS | {Role.TEAM_LEADER, Role.COORDINATOR}


def may(role: Role, permission: Permission) -> bool:
    """Whether the role has the permission."""
    return permission in ROLES[role][1]


def scope(role: Role) -> Scope:
    """How much of its organisation's cases the role sees."""
    return ROLES[role][0]
