"""Fuel cards: orders, issues, requests, limits and controls, production and blocks."""
