"""Windows on a case: the home page, the person's page, the timeline and search."""
