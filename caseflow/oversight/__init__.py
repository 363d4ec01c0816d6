"""The window of those who watch over the others: the audit page. It owns no tables."""
