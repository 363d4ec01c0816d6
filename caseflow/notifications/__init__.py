"""News: the outbox that carries facts to other people after the commit, and what each user is told."""
