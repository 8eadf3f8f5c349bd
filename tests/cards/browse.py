"""A browser without JavaScript: follows redirects, reads what a user reads, sends a form as it stands on the page."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

from django.test import Client

from accounts.models import Company, User

_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
_UNREAD = {"script", "style", "template", "datalist", "option"}


@dataclass
class Node:
    """An element of a page, or the page itself."""

    name: str
    attrs: dict[str, str] = field(default_factory=dict)
    children: list[Any] = field(default_factory=list)

    @property
    def classes(self) -> list[str]:
        return self.attrs.get("class", "").split()

    def all(self, name: str = "", /, **attrs: str) -> list[Node]:
        """Every element below this one with that name and those attributes (`class_` is one of its classes)."""
        found = []
        for child in self.children:
            if isinstance(child, Node):
                if (not name or child.name == name) and child._fits(attrs):
                    found.append(child)
                found += child.all(name, **attrs)
        return found

    def first(self, name: str = "", /, **attrs: str) -> Node | None:
        return next(iter(self.all(name, **attrs)), None)

    def _fits(self, attrs: dict[str, str]) -> bool:
        for key, value in attrs.items():
            if key == "class_":
                if value not in self.classes:
                    return False
            elif self.attrs.get(key) != value:
                return False
        return True

    @property
    def text(self) -> str:
        """What stands there to be read, in one line."""
        return " ".join(self._words().split())

    def _words(self) -> str:
        parts = []
        for child in self.children:
            if isinstance(child, str):
                parts.append(child)
            elif child.name not in _UNREAD:
                space = "" if child.name in {"span", "strong", "a", "small", "em"} else " "
                parts.append(f"{space}{child._words()}{space}")
        return "".join(parts)


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.page = Node("")
        self.open = [self.page]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(node)
        if tag not in _VOID:
            self.open.append(node)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].children.append(Node(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID:
            assert self.open[-1].name == tag, f"</{tag}> closes <{self.open[-1].name}>"
            self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


class Seen:
    """A page as it came back, at the address where the redirects ended."""

    def __init__(self, response: Any, path: str) -> None:
        chain = getattr(response, "redirect_chain", [])
        self.response = response
        self.status = response.status_code
        self.redirects = [url for url, _status in chain]
        self.path = urljoin(path, chain[-1][0]) if chain else path
        self.place = urlsplit(self.path).path
        self.html = response.content.decode() if not response.streaming else ""
        builder = _Builder()
        builder.feed(self.html)
        builder.close()
        self.page = builder.page

    @property
    def title(self) -> str:
        """The heading of the page."""
        heading = self.page.first("h1")
        return heading.text if heading else ""

    @property
    def main(self) -> Node:
        return self.page.first("main") or self.page

    @property
    def text(self) -> str:
        """What is read in the middle of the page."""
        return self.main.text

    @property
    def messages(self) -> list[str]:
        """What came of the last action."""
        place = self.page.first(id="messages")
        return [one.text for one in place.all("p", class_="notice")] if place else []

    @property
    def warnings(self) -> list[str]:
        return [one.text for one in self.main.all("p", class_="notice-warning")]

    @property
    def errors(self) -> dict[str, str]:
        """The sentence at each field; that of the form as a whole stands under ''."""
        found = {
            one.attrs["id"].removeprefix("id_").removesuffix("_error"): one.text
            for one in self.main.all("ul", class_="field-errors")
        }
        summary = self.page.first(id="error-summary")
        if summary:
            whole = [line.text for line in summary.all("li") if not line.all("a")]
            if whole:
                found[""] = " ".join(whole)
        return found

    @property
    def facts(self) -> dict[str, str]:
        """Labels with their values; what stands in tables is in `rows`."""
        return {div.first("dt").text: div.first("dd").text for div in self.main.all("div") if div.first("dt")}

    @property
    def rows(self) -> list[dict[str, str]]:
        """The rows of tables, each cell under its column's head."""
        return [
            {cell.attrs["data-label"]: cell.text for cell in row.all("td") if "data-label" in cell.attrs}
            for row in self.main.all("tr")
            if row.all("td")
        ]

    @property
    def history(self) -> list[str]:
        """The titles of the history, newest first."""
        timeline = self.page.first("ol", class_="timeline")
        return [one.text for one in timeline.all("p", class_="timeline-head")] if timeline else []

    @property
    def offers(self) -> list[str]:
        """What the head of the page offers to do."""
        head = self.page.first(class_="page-head")
        acts = head.first("div", class_="acts") if head else None
        return [one.text for one in acts.all("a") + acts.all("button")] if acts else []

    @property
    def form(self) -> Node:
        """The form in the middle of the page."""
        return next(form for form in self.main.all("form") if form.attrs.get("method") == "post")

    @property
    def values(self) -> dict[str, list[str]]:
        """What a browser would send of the form as it stands; no button."""
        sent: dict[str, list[str]] = {}
        for one in self.form.all():
            name = one.attrs.get("name")
            if not name or "disabled" in one.attrs or one.name == "button":
                continue
            if one.name == "select":
                chosen = [option for option in one.all("option") if "selected" in option.attrs]
                value = (chosen or one.all("option"))[:1]
                sent.setdefault(name, []).extend(option.attrs.get("value", "") for option in value)
            elif one.name == "textarea":
                sent.setdefault(name, []).append(one.text)
            elif one.attrs.get("type") in {"checkbox", "radio"}:
                if "checked" in one.attrs:
                    sent.setdefault(name, []).append(one.attrs.get("value", "on"))
            elif one.name == "input":
                sent.setdefault(name, []).append(one.attrs.get("value", ""))
        sent.pop("csrfmiddlewaretoken", None)
        return sent

    def inputs(self, name: str) -> list[Node]:
        return [one for one in self.main.all() if one.attrs.get("name") == name]

    def link(self, text: str) -> str:
        """The address behind the first link with that text."""
        return next(one.attrs["href"] for one in self.page.all("a") if one.text == text)


class Browser:
    """One person at one company's pages (or at the operator's, without a company)."""

    def __init__(self, person: User, company: Company | None = None, **client: Any) -> None:
        self.person = person
        self.client = Client(**client)
        self.client.force_login(person)
        self.home = f"/{company.identifier}/" if company else "/operator/"

    def url(self, path: str) -> str:
        return path if path.startswith("/") else f"{self.home}{path}"

    def get(self, path: str, **data: Any) -> Seen:
        url = self.url(path)
        return Seen(self.client.get(url, data, follow=True), url)

    def post(self, path: str, data: dict[str, Any] | None = None, **more: Any) -> Seen:
        url = self.url(path)
        return Seen(self.client.post(url, {**(data or {}), **more}, follow=True), url)

    def send(self, seen: Seen, **changes: Any) -> Seen:
        """Send the form of a page; `changes` are typed over what stands there, None takes a field out."""
        data = {**seen.values, **changes}
        return self.post(seen.path, {name: value for name, value in data.items() if value is not None})

    def fill(self, path: str, **changes: Any) -> Seen:
        """Open a form, type, and send it."""
        return self.send(self.get(path), **changes)

    def do(self, path: str) -> Seen:
        """Open a confirmation and confirm it."""
        return self.send(self.get(path))


def numbers_in(text: str) -> list[str]:
    """The numbers of requests that a text names."""
    return re.findall(r"\bR\d{8}\b", text)
