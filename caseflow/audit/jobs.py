"""What the audit does by itself: it hears of changes and readings from the first row on."""

from caseflow.audit import changes, readings

__all__ = ["changes", "readings"]
