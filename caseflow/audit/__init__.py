"""Who did and saw what: entries that the application can only add."""
