"""Somebody who uses the portal over plain HTTP: to sign in, and to find the addresses that a browser then opens."""

import html
import re
from http.cookiejar import CookieJar
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener
from uuid import uuid4

_HIDDEN = re.compile(r'<input type="hidden" name="(csrfmiddlewaretoken|form_key|version)" value="([^"]+)"')


class Visitor:
    """A person with their cookies. A status of 400 and more raises HTTPError."""

    def __init__(self, portal, email=None):
        """Come to the portal, and sign in where an e-mail address is given."""
        self.portal = portal
        self.cookies = CookieJar()
        self.opener = build_opener(HTTPCookieProcessor(self.cookies))
        if email:
            page, address = self.post("/accounts/login/", login=email, password=portal.password)
            assert "/accounts/login/" not in address, f"{email} could not sign in:\n{page}"

    def get(self, path, headers=None):
        """Return a page, and the address that it came from in the end."""
        with self.opener.open(Request(self.portal.url + path, headers=headers or {}), timeout=60) as answer:
            return answer.read().decode(), answer.url

    def post(self, path, **values):
        """Fill in the form on a page and send it; return what came back as `get` does. A value may be a list."""
        page, address = self.get(path)
        hidden = dict(_HIDDEN.findall(page))
        # The page's own token may be masked anew in each of its forms; any of them will do.
        data = urlencode(hidden | values, doseq=True).encode()
        headers = {"Referer": address, "Origin": self.portal.url}
        with self.opener.open(Request(address, data, headers), timeout=60) as answer:
            return answer.read().decode(), answer.url

    def upload(self, path, name, data):
        """Send a file by the form of a page; return what came back as `get` does."""
        page, address = self.get(path)
        boundary = uuid4().hex
        parts = b"".join(
            f'--{boundary}\r\nContent-Disposition: form-data; name="{one}"\r\n\r\n{value}\r\n'.encode()
            for one, value in dict(_HIDDEN.findall(page)).items()
        )
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
        body = parts + head.encode() + data + f"\r\n--{boundary}--\r\n".encode()
        headers = {
            "Referer": address,
            "Origin": self.portal.url,
            "Content-Type": f"multipart/form-data; boundary={boundary}",
        }
        with self.opener.open(Request(address, body, headers), timeout=60) as answer:
            return answer.read().decode(), answer.url

    def links(self, path, pattern):
        """Return the addresses on a page that match the whole of a regular expression, each once, in their order."""
        page, _address = self.get(path)
        found = (html.unescape(link) for link in re.findall(r'href="([^"]+)"', page))
        return list(dict.fromkeys(link for link in found if re.fullmatch(pattern, link)))

    def first(self, path, pattern):
        """Return the first such address; there must be one."""
        links = self.links(path, pattern)
        assert links, f"{path} has no link that matches {pattern}"
        return links[0]

    def speak(self, language):
        """Choose the language of the portal."""
        self.post_to("/accounts/language/", language=language, next="/livez")

    def show(self, theme):
        """Choose the theme."""
        self.post_to("/accounts/theme/", theme=theme, next="/livez")

    def post_to(self, path, **values):
        """Send values to an address that shows no form of its own."""
        token = next(cookie.value for cookie in self.cookies if cookie.name.endswith("csrf"))
        data = urlencode(values | {"csrfmiddlewaretoken": token}).encode()
        headers = {"Referer": self.portal.url + "/", "Origin": self.portal.url}
        with self.opener.open(Request(self.portal.url + path, data, headers), timeout=60) as answer:
            return answer.read().decode(), answer.url

    def browser_cookies(self):
        """Return the cookies as a browser context takes them."""
        return [{"name": one.name, "value": one.value, "url": self.portal.url} for one in self.cookies]
