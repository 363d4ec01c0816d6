"""What the person needs and brings: the intake and the record of needs."""
