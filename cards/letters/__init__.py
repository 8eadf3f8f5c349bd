"""Code letters: codes that go out by post once more, ordered from the card maker or printed here (PIN-4, PIN-5)."""
