"""The one error of the engines: a sentence for the person at the keyboard."""

from __future__ import annotations


class EngineError(Exception):
    """Something outside the code is missing or in the way; the text is one sentence that says what to do about it."""
