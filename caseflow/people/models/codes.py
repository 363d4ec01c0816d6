"""The codes of a person's file, with their words."""

from flask_babel import lazy_gettext as _l

from caseflow.core.i18n import Labelled


class Sex(Labelled):
    """Sex as the register states it; self-perceived gender stands beside it in the person's own words."""

    FEMALE = "female", _l("Female")
    MALE = "male", _l("Male")
    UNKNOWN = "unknown", _l("Not stated")


class Literacy(Labelled):
    """How well the person reads and writes."""

    UNKNOWN = "unknown", _l("Not known")
    NONE = "none", _l("Does not read or write")
    SOME = "some", _l("Reads and writes a little")
    FULL = "full", _l("Reads and writes")


class NameKind(Labelled):
    """What a name is to the person."""

    OFFICIAL = "official", _l("Official name")
    SCRIPT = "script", _l("The same name in another script")
    ALIAS = "alias", _l("Other name")


class IdentifierKind(Labelled):
    """Kinds of numbers that name a person."""

    NATIONAL = "national", _l("National number")
    PASSPORT = "passport", _l("Passport")
    PRISON = "prison", _l("Prison number")
    OTHER = "other", _l("Other number")


class Phase(Labelled):
    """Where a case stands, from intake to after release."""

    INTAKE = "intake", _l("Intake")
    ASSESSMENT = "assessment", _l("Assessment")
    PLANNING = "planning", _l("Planning")
    DELIVERY = "delivery", _l("Delivery")
    PRE_RELEASE = "pre_release", _l("Preparation for release")
    RELEASED = "released", _l("Released")
    POST_RELEASE_SUPPORT = "post_release_support", _l("Support after release")
    CLOSED = "closed", _l("Closed")


# Which phase may follow which. Return to custody (recall) goes back to delivery and keeps history; a closed case is
# reopened into the phase it fits, with a reason.
PHASES: dict[Phase, frozenset[Phase]] = {
    Phase.INTAKE: frozenset({Phase.ASSESSMENT, Phase.PLANNING, Phase.RELEASED, Phase.CLOSED}),
    Phase.ASSESSMENT: frozenset({Phase.PLANNING, Phase.RELEASED, Phase.CLOSED}),
    Phase.PLANNING: frozenset({Phase.DELIVERY, Phase.PRE_RELEASE, Phase.RELEASED, Phase.CLOSED}),
    Phase.DELIVERY: frozenset({Phase.PLANNING, Phase.PRE_RELEASE, Phase.RELEASED, Phase.CLOSED}),
    Phase.PRE_RELEASE: frozenset({Phase.DELIVERY, Phase.RELEASED, Phase.CLOSED}),
    Phase.RELEASED: frozenset({Phase.POST_RELEASE_SUPPORT, Phase.DELIVERY, Phase.CLOSED}),
    Phase.POST_RELEASE_SUPPORT: frozenset({Phase.DELIVERY, Phase.CLOSED}),
    Phase.CLOSED: frozenset({Phase.INTAKE, Phase.DELIVERY, Phase.POST_RELEASE_SUPPORT}),
}


class LegalStatus(Labelled):
    """The person's standing before the law."""

    PRE_TRIAL = "pre_trial", _l("Before trial")
    SENTENCED = "sentenced", _l("Sentenced")
    APPEAL = "appeal", _l("Appeal pending")
    COMMUNITY = "community", _l("Sentence in the community")
    RELEASED = "released", _l("Released")
    UNKNOWN = "unknown", _l("Not known")


class CaseOutcome(Labelled):
    """How a case ended."""

    COMPLETED = "completed", _l("Plan completed")
    SENTENCE_ENDED = "sentence_ended", _l("Sentence or order ended")
    HANDED_OVER = "handed_over", _l("Handed over to another organisation")
    MOVED = "moved", _l("Moved away")
    DISENGAGED = "disengaged", _l("The person no longer wants support")
    RETURNED = "returned", _l("Returned to custody")
    DIED = "died", _l("Died")
    RECORDED = "recorded", _l("Taken over from the register as ended")


class NoteKind(Labelled):
    """What a note records."""

    CONTACT = "contact", _l("Contact")
    OBSERVATION = "observation", _l("Observation")
    DECISION = "decision", _l("Decision")
    SYSTEM = "system", _l("Written by caseflow")


class AssignmentRole(Labelled):
    """What a worker is to a case."""

    PRIMARY = "primary", _l("Responsible worker")
    CO_WORKER = "co_worker", _l("Co-worker")


class PartyRole(Labelled):
    """What an organisation is to a case."""

    LEAD = "lead", _l("Lead")
    INCOMING = "incoming", _l("Incoming")
    FORMER = "former", _l("Former")


class Category(Labelled):
    """Categories of data that a consent and a disclosure name."""

    IDENTITY = "identity", _l("Identity")
    CONTACT = "contact", _l("Contact details and what is safe")
    FAMILY = "family", _l("Family")
    EDUCATION = "education", _l("Education")
    WORK = "work", _l("Work")
    LEGAL = "legal", _l("Legal matters")
    SUPPORT_NEEDS = "support_needs", _l("Support needs")
    PLAN = "plan", _l("Plan")
    CUSTODY_DATES = "custody_dates", _l("Custody and its dates")
    OFFENCE = "offence", _l("Offence")
    RISK = "risk", _l("Risk, as edited for this receiver")


class ConsentGiver(Labelled):
    """Who gives a consent."""

    PERSON = "person", _l("The person")
    GUARDIAN = "guardian", _l("A parent or guardian")


class ConsentForm(Labelled):
    """How a consent was taken."""

    SIGNED = "signed", _l("Signed")
    SPOKEN = "spoken", _l("Spoken, with a witness")
    INTERPRETED = "interpreted", _l("Through an interpreter")


class TaskKind(Labelled):
    """Where a task comes from: set by a worker, or computed."""

    OWN = "own", _l("Task")
    INTAKE = "intake", _l("Complete the intake")
    REVIEW = "review", _l("Review the plan")
    HANDOVER = "handover", _l("Prepare the handover")


class ImportState(Labelled):
    """Where the import of a register stands."""

    UPLOADED = "uploaded", _l("Uploaded")
    WAITING = "waiting", _l("Waiting")
    RUNNING = "running", _l("Running")
    DONE = "done", _l("Done")
    FAILED = "failed", _l("Failed")


class AccessKind(Labelled):
    """What a row of access does to a person's file."""

    GLASS = "glass", _l("Emergency access")
    RESTRICTED = "restricted", _l("Restricted")
    ALLOWED = "allowed", _l("May open it")
    EXCLUDED = "excluded", _l("May not open it")


class ExclusionGround(Labelled):
    """Why a user may not open a file."""

    RELATIVE = "relative", _l("Relative or close to the person")
    VICTIM = "victim", _l("Victim, or close to a victim")
    CONFLICT = "conflict", _l("Conflict of interest")
    THREAT = "threat", _l("Threat or violence between them")
    OTHER = "other", _l("Another reason")
