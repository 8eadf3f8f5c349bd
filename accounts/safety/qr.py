"""A QR code as the path of an SVG picture, drawn in the page itself: no script, no image request, no inline style."""

from __future__ import annotations

from dataclasses import dataclass

import qrcode

QUIET = 4


@dataclass(frozen=True, slots=True)
class Picture:
    """A square picture: its side in modules, and one path of all dark ones."""

    side: int
    path: str


def paths(text: str) -> Picture:
    """Return the QR code of a text, with the quiet margin that readers need."""
    code = qrcode.QRCode(border=QUIET)
    code.add_data(text)
    code.make(fit=True)
    rows = code.get_matrix()
    dark = [f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, on in enumerate(row) if on]
    return Picture(len(rows), "".join(dark))
