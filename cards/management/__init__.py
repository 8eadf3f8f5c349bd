"""The commands of the cards app."""
