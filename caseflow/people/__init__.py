"""The person and their case: identity, names in every script, consents, assignments, notes, tasks, and the register."""
