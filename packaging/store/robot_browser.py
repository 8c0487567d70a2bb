"""A browser without a screen that signs a fictitious person in at the stand-in: ``robot_browser.py USER CA URL``."""

from __future__ import annotations

import re
import ssl
import sys
import urllib.error
import urllib.parse
import urllib.request
from html import unescape
from http.cookiejar import CookieJar


class _NoFollow(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:  # type: ignore[override]
        return None


class RobotBrowser:
    """Follows redirects by itself, so that a test sees each; keeps cookies; fills in the stand-in's forms."""

    def __init__(self, user: str, authority: str) -> None:
        self._user = user
        self._opener = urllib.request.build_opener(
            urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=authority)),
            urllib.request.HTTPCookieProcessor(CookieJar()),
            _NoFollow(),
        )

    def walk(self, url: str, *, stop_at: str = "http://127.0.0.1:") -> str:
        """Go on until an address begins with ``stop_at`` or a page has no form; return the address or the page."""
        data: bytes | None = None
        for _ in range(30):
            status, headers, body = self._ask(url, data)
            data = None
            if "location" in headers:
                url = urllib.parse.urljoin(url, headers["location"])
                if url.startswith(stop_at):
                    return url
                continue
            form = re.search(r'<form[^>]*action="([^"]*)"', body)
            if status >= 400 or form is None:
                return body
            url, data = urllib.parse.urljoin(url, unescape(form[1])), self._filled(body)
        raise RuntimeError("the sign-in goes round in circles")

    def _filled(self, body: str) -> bytes:
        fields = {}
        for tag in re.findall(r"<input[^>]*>", body):
            name = re.search(r'name="([^"]*)"', tag)
            value = re.search(r'value="([^"]*)"', tag)
            if name:
                fields[name[1]] = unescape(value[1]) if value else ""
        if "user" in fields:
            fields["user"] = self._user
        return urllib.parse.urlencode(fields).encode()

    def _ask(self, url: str, data: bytes | None) -> tuple[int, dict[str, str], str]:
        try:
            with self._opener.open(url, data, timeout=20) as answer:
                return answer.status, _lower(answer.headers.items()), answer.read().decode(errors="replace")
        except urllib.error.HTTPError as error:
            with error:
                return error.code, _lower(error.headers.items()), error.read().decode(errors="replace")


def _lower(headers: list[tuple[str, str]]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers}


def sign_in(user: str, authority: str, url: str) -> None:
    """Walk from the authorization address to the application's own redirect, and call that."""
    end = RobotBrowser(user, authority).walk(url)
    if end.startswith("http://127.0.0.1:"):
        urllib.request.urlopen(end, timeout=20).close()  # noqa: S310 - loopback, checked above


if __name__ == "__main__":
    sign_in(*sys.argv[1:4])
