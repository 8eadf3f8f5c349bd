"""The forms of a card: ordering, changing, blocking."""
