"""Who has access: what users are told of their own accounts, and the periodic review."""
