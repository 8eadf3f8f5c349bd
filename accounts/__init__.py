"""Companies, customer numbers, divisions, users and what they may do."""
