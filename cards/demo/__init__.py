"""Demonstration data: two companies with a history, and cards by the million (decision 36)."""
