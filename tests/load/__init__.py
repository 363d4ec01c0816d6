"""The product under load: a crowd of users at real processes, the faults that strike them, and the long soak."""
