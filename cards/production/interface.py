"""The one interface to card makers; files and the demonstration's simulator carry it out (FUL-3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from cards.models import Batch
from cards.production.files import FileMaker
from cards.production.format import LetterRow, ProductionRow, Sent
from cards.production.simulator import Simulator


class Maker(Protocol):
    """A card maker: batches go out, answers come in."""

    def send(self, batch: Batch, rows: Sequence[ProductionRow], now: datetime) -> Sent:
        """Order the plastics of a batch; called again for the same batch, it has no second effect."""
        ...

    def send_letters(self, batch: Batch, rows: Sequence[LetterRow], now: datetime) -> Sent:
        """Order the code letters of a batch; called again for the same batch, it has no second effect (PIN-4)."""
        ...

    def collect(self, now: datetime) -> int:
        """Find what the card maker answered, promise the reading of each answer, and return how many there were."""
        ...


def maker(name: str = "") -> Maker:
    """Return the card maker of that name, or the one in the setting CARD_MAKER.

    Raises ImproperlyConfigured for a name that there is not.
    """
    name = name or settings.CARD_MAKER
    if name == "files":
        return FileMaker(Path(settings.PRODUCTION_DIR))
    if name == "simulator":
        return Simulator()
    raise ImproperlyConfigured(f"CARD_MAKER must be files or simulator, not {name!r}.")
