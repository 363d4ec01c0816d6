"""Preparing a release, handing a case over, and taking one over."""

from caseflow.release.actions.custody import confirm_release, follow_handover
from caseflow.release.actions.sending import cancel_handover, start_handover, tell_release_date
from caseflow.release.actions.taking import (
    accept_handover,
    change_officer,
    decline_handover,
    record_meeting,
    take_lead,
)
from caseflow.release.actions.ways import set_pathway

__all__ = [
    "accept_handover",
    "cancel_handover",
    "change_officer",
    "confirm_release",
    "decline_handover",
    "follow_handover",
    "record_meeting",
    "set_pathway",
    "start_handover",
    "take_lead",
    "tell_release_date",
]
