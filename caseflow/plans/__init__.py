"""The person's plan: goals, steps, and whether they agree with it."""
