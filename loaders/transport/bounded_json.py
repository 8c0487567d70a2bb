"""JSON from outside: bounded in size before and after inflating, without NaN, never a crash for its depth."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable

from loaders.transport.store_errors import StoreAnswerUnusable

LARGEST_BYTES = 256 << 20


def bounded_body(chunks: Iterable[bytes], content_encoding: str, limit: int = LARGEST_BYTES) -> bytes:
    """Join an answer's chunks, inflating gzip, to at most ``limit`` bytes. Raises ``StoreAnswerUnusable``."""
    if content_encoding not in {"", "identity", "gzip"}:
        raise StoreAnswerUnusable(
            f"the store compressed its answer in a way that was not asked for: {content_encoding[:20]}"
        )
    inflater = zlib.decompressobj(16 + zlib.MAX_WBITS) if content_encoding == "gzip" else None
    body = bytearray()
    for chunk in chunks:
        try:
            body += inflater.decompress(chunk, limit + 1 - len(body)) if inflater else chunk
        except zlib.error as error:
            raise StoreAnswerUnusable("the store's answer cannot be inflated") from error
        if len(body) > limit:
            raise StoreAnswerUnusable(f"the store's answer is larger than {limit >> 20} MB")
    if inflater is not None and body and not inflater.eof:
        raise StoreAnswerUnusable("the store's answer ends too early")
    return bytes(body)


def parsed(body: bytes) -> object:
    """Return the document. Raises ``StoreAnswerUnusable``."""
    try:
        return json.loads(body, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise StoreAnswerUnusable("the store's answer is not sound JSON") from error


def _refuse(word: str) -> object:
    raise ValueError(f"{word} is no JSON number")
