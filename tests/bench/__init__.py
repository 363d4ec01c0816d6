"""Measurements of speed and size at a country's scale; never a timed test: `python -m tests.bench`."""
