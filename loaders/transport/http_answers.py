"""What an HTTP status means here, whoever made the request."""

from __future__ import annotations

import json

from loaders.transport.store_errors import (
    AccessRefused,
    ForeignAddress,
    NotFound,
    NotSignedIn,
    StoreAnswerUnusable,
    StoreBusy,
    StoreError,
    StoreUnreachable,
    StoreUntrusted,
)

_PROBLEM_BYTES = 16 << 10


def raise_for_status(status: int, headers: dict[str, str], body: bytes) -> None:
    """Raise the error that a status stands for; return for 200, 201, 204 and 206. Header names are lower case."""
    if status in {200, 201, 204, 206}:
        return
    raise _error(status, headers, body[:_PROBLEM_BYTES])


def _error(status: int, headers: dict[str, str], body: bytes) -> StoreError:
    if status == 403:
        return AccessRefused(_problem_code(body))
    if status in {429, 503}:
        return StoreBusy(f"the store asks to wait (HTTP {status})", _seconds(headers.get("retry-after", "")))
    if 300 <= status < 400:
        return ForeignAddress("the store redirects to another address: not followed")
    if status == 400 and b"certificate" in body.lower():
        return StoreUntrusted("this workstation is not registered with the store: certificate missing or unknown")
    kind, words = _KINDS.get(status, (StoreAnswerUnusable, "the store refuses the request"))
    return kind(f"{words} (HTTP {status})")


_KINDS: dict[int, tuple[type[StoreError], str]] = {
    401: (NotSignedIn, "the store does not accept the sign-in (any more)"),
    404: (NotFound, "the store has no such object, or may not say so"),
    407: (StoreUntrusted, "a proxy in between asks for a password: ask IT to let this workstation through"),
    500: (StoreUnreachable, "the store has a fault of its own"),
    502: (StoreUnreachable, "the store cannot be reached behind its gateway"),
    504: (StoreUnreachable, "the store cannot be reached behind its gateway"),
}


def _problem_code(body: bytes) -> str:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    code = document.get("code", "") if isinstance(document, dict) else ""
    return code if isinstance(code, str) else ""


def _seconds(text: str) -> float | None:
    return float(text) if text.isascii() and text.isdigit() and len(text) < 7 else None
