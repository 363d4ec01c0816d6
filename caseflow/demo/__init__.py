"""Fictional people and organisations, to show and to try caseflow."""
