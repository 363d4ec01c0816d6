"""The forms of persons, cases, notes and access."""
