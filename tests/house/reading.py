"""What somebody reads on a page or hears from it: texts, and the attributes that stand for texts."""

from __future__ import annotations

from html.parser import HTMLParser

_SPOKEN = {"alt", "aria-label", "content", "data-label", "placeholder", "title"}
_UNREAD = {"script", "style", "template", "code"}
_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: list[str] = []
        # The elements around, each with whether it is to be read.
        self.around: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        # A name of a language stands in that language on every page.
        read = tag not in _UNREAD and not (tag != "html" and "lang" in given)
        if tag not in _VOID:
            self.around.append((tag, read))
        if not read or (tag == "meta" and given.get("name") != "description"):
            return
        self._note(*(value for name, value in attrs if name in _SPOKEN))
        if tag == "input" and given.get("type") in {"submit", "button", "reset"}:
            self._note(given.get("value"))

    def handle_endtag(self, tag: str) -> None:
        while self.around and self.around.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if all(read for _tag, read in self.around):
            self._note(data)

    def _note(self, *texts: str | None) -> None:
        self.texts += [said for text in texts if text and (said := " ".join(text.split()))]


def texts(html: str) -> list[str]:
    """Return the texts of a page in their order, white space folded; those in the tags of a sentence are apart."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.texts
