"""Supervision after release: the order, its conditions, and contacts."""
