"""Production: from an order in the queue to the card maker and back (FUL-1 to FUL-4)."""
