"""The one origin a store's token may go to: every address the store hands out is measured against it."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

from loaders.transport.store_errors import ForeignAddress

_DEFAULT_PORT = 443
_CLIMBING = frozenset({"..", "%2e%2e", ".%2e", "%2e."})


def _origin(url: str) -> tuple[str, str, int]:
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError as error:
        raise ForeignAddress("an address with an impossible port") from error
    return parts.scheme.lower(), (parts.hostname or "").lower().rstrip("."), port or _DEFAULT_PORT


def same_origin(url: str, base: str) -> str:
    """Return ``url`` made absolute against ``base``. Raises ``ForeignAddress`` unless scheme, host and port agree.

    Control characters, backslashes, user names and anything but https are refused before they are compared: parsers
    disagree about them.
    """
    if any(ord(letter) <= 0x20 or letter == "\\" or ord(letter) == 0x7F for letter in url):
        raise ForeignAddress("an address with characters that no address has")
    try:
        absolute = urljoin(base, url)
        parts = urlsplit(absolute)
    except ValueError as error:
        raise ForeignAddress("an address that cannot be read") from error
    if parts.scheme.lower() != "https" or "@" in parts.netloc or _origin(absolute) != _origin(base):
        raise ForeignAddress("the store names an address outside itself: not followed")
    if any(segment in _CLIMBING for path in (url, parts.path) for segment in path.lower().split("?")[0].split("/")):
        raise ForeignAddress("the store names an address that climbs out of itself: not followed")
    return absolute
