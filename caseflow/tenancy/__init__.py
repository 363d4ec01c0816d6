"""Organisations, their sites and calendars, and who may refer to whom."""
