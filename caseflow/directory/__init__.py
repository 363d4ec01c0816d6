"""The directory: what each organisation offers, open to all organisations."""
