"""Keeping what a list shows as a view under a name, changing and deleting it (GEN-6)."""
