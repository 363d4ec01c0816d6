"""Users, their roles, the one page of permissions, and signing in."""
