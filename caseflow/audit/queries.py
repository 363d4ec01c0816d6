"""What rooms above may read of the audit's own workings."""

from caseflow.audit.heads import Told

__all__ = ["Told"]
