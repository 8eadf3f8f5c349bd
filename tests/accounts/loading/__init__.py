"""Tests of what is loaded from files."""
