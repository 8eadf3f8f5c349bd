"""Demonstration data: two companies with a history, one that begins, and cards by the million (decision 36)."""
