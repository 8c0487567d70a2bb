"""Multipart/related answers (PS3.18 8.6.1.2, RFC 2046 5.1) part by part; what has a length is not scanned.

A part with Content-Length is exactly that long and must be followed by a boundary: a boundary's bytes within its
payload are payload. Only a part without one is searched for the boundary. An answer that ends before its closing
boundary raises: its last part is never handed out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from loaders.transport.store_errors import StoreAnswerUnusable

_MAX_HEADER_BYTES = 16 << 10
_MAX_PREAMBLE_BYTES = 64 << 10
_CHUNK = 64 << 10
_PARAMETER = re.compile(r';\s*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))')
#: Allocates room for a payload of so many bytes.
Allocate = Callable[[int], memoryview]


class BrokenMultipart(StoreAnswerUnusable):
    """The answer is not the multipart it says it is, or ends too early."""

    code = "store_answer_broken"


class ByteStream(Protocol):
    """Where bytes come from: fills at most the whole buffer, returns 0 at the end."""

    def readinto(self, buffer: memoryview, /) -> int:
        """Read some bytes into the buffer and return how many; 0 at the end."""
        ...


@dataclass(frozen=True, slots=True)
class Part:
    """One part: lower-case header names, and the payload (of the buffer that was allocated for it)."""

    payload: memoryview
    headers: dict[str, str] = field(default_factory=dict)


def boundary_of(content_type: str) -> bytes | None:
    """Return the boundary of a multipart content type, ``None`` when it is another type. Raises ``BrokenMultipart``."""
    if not content_type.strip().lower().startswith("multipart/"):
        return None
    text = ""
    for match in _PARAMETER.finditer(content_type):  # one after the other: a quoted value may hold anything
        if match[1].lower() == "boundary":
            text = match[3] if match[2] is None else re.sub(r"\\(.)", r"\1", match[2])
    if not text or len(text) > 200:
        raise BrokenMultipart("a multipart answer without a usable boundary")
    try:
        return text.encode("ascii")
    except UnicodeEncodeError as error:
        raise BrokenMultipart("a multipart answer without a usable boundary") from error


class MultipartReader:
    """Iterates over the parts of one answer.

    Parameters
    ----------
    stream
        The answer's body.
    boundary
        As returned by :func:`boundary_of`; ``None`` reads the whole body as one part (a single-part answer).
    largest_part
        A part that is, or says it is, larger than this many bytes raises ``BrokenMultipart``.
    allocate
        Gives room for a payload whose length is known. The reader keeps no reference to it.
    """

    def __init__(
        self,
        stream: ByteStream,
        boundary: bytes | None,
        *,
        largest_part: int = 4 << 30,
        allocate: Allocate | None = None,
    ) -> None:
        self._stream, self._boundary, self._largest = stream, boundary, largest_part
        self._allocate = allocate or _fresh_room
        self._room = bytearray(_CHUNK)
        self._buffer = bytearray()

    def __iter__(self) -> Iterator[Part]:
        """Yield parts until the closing boundary. Raises ``BrokenMultipart`` and what the stream raises."""
        if self._boundary is None:
            payload = self._rest()
            if payload:
                yield Part(memoryview(payload))
            return
        if not self._find_first_boundary():
            return
        while self._boundary_line_goes_on():
            headers = self._headers()
            length = headers.get("content-length", "")
            yield Part(self._sized_payload(length) if length else self._searched_payload(), headers)

    def _fill(self) -> bool:
        count = self._stream.readinto(memoryview(self._room))
        self._buffer += memoryview(self._room)[:count]
        return count > 0

    def _need(self, size: int) -> None:
        while len(self._buffer) < size:
            if not self._fill():
                raise BrokenMultipart("the answer ends before its closing boundary")

    def _rest(self) -> bytearray:
        while self._fill():
            if len(self._buffer) > self._largest:
                raise BrokenMultipart("the answer is larger than any object that was asked for")
        return self._buffer

    def _find_first_boundary(self) -> bool:
        """Skip a preamble; ``False`` for an answer without a single byte."""
        mark = b"--" + (self._boundary or b"")
        while True:
            at = 0 if self._buffer.startswith(mark) else self._buffer.find(b"\r\n" + mark)
            if at == 0 and self._buffer.startswith(mark):
                del self._buffer[: len(mark)]
                return True
            if at >= 0:
                del self._buffer[: at + 2 + len(mark)]
                return True
            if len(self._buffer) > _MAX_PREAMBLE_BYTES:
                raise BrokenMultipart("the answer does not begin with its boundary")
            if not self._fill():
                if not self._buffer:
                    return False
                raise BrokenMultipart("the answer does not hold its boundary")

    def _boundary_line_goes_on(self) -> bool:
        """After a boundary: ``False`` at the closing one, ``True`` once its line end is read."""
        self._need(2)
        if self._buffer[:2] == b"--":
            return False
        while self._buffer[:1] == b" " or self._buffer[:1] == b"\t":  # transport padding
            del self._buffer[:1]
            self._need(2)
        if self._buffer[:2] != b"\r\n":
            raise BrokenMultipart("a boundary is followed by something else than a line end")
        del self._buffer[:2]
        return True

    def _headers(self) -> dict[str, str]:
        self._need(2)
        if self._buffer[:2] == b"\r\n":  # no header at all
            del self._buffer[:2]
            return {}
        while (end := self._buffer.find(b"\r\n\r\n", 0, _MAX_HEADER_BYTES + 4)) < 0:
            if len(self._buffer) > _MAX_HEADER_BYTES or not self._fill():
                raise BrokenMultipart("a part's headers do not end")
        block = bytes(self._buffer[:end])
        del self._buffer[: end + 4]
        headers = {}
        for line in block.split(b"\r\n"):
            name, colon, value = line.partition(b":")
            if not colon:
                raise BrokenMultipart("a part's header is none")
            headers[name.decode("latin-1").strip().lower()] = value.decode("latin-1").strip()
        return headers

    def _sized_payload(self, length: str) -> memoryview:
        if not (length.isascii() and length.isdigit()) or int(length) > self._largest:
            raise BrokenMultipart("a part of an impossible length")
        size = int(length)
        payload = self._allocate(size)
        held = min(size, len(self._buffer))
        payload[:held] = memoryview(self._buffer)[:held]
        del self._buffer[:held]
        while held < size:
            count = self._stream.readinto(payload[held:size])
            if not count:
                raise BrokenMultipart("the answer ends within a part")
            held += count
        mark = b"\r\n--" + (self._boundary or b"")
        self._need(len(mark))
        if not self._buffer.startswith(mark):
            raise BrokenMultipart("a part is not as long as its header says")
        del self._buffer[: len(mark)]
        return payload[:size]

    def _searched_payload(self) -> memoryview:
        mark = b"\r\n--" + (self._boundary or b"")
        searched = 0
        if self._starts_with_boundary(mark[2:]):
            return memoryview(b"")
        while True:
            at = self._buffer.find(mark, searched)
            if at >= 0:
                self._need(at + len(mark) + 2)
                follow = self._buffer[at + len(mark) : at + len(mark) + 2]
                if bytes(follow) in {b"--", b"\r\n"} or bytes(follow[:1]) in {b" ", b"\t"}:
                    payload = bytes(self._buffer[:at])
                    del self._buffer[: at + len(mark)]
                    return memoryview(payload)
                searched = at + 1  # the boundary's bytes, but no boundary
                continue
            if len(self._buffer) > self._largest:
                raise BrokenMultipart("a part is larger than any object that was asked for")
            searched = max(searched, len(self._buffer) - len(mark) + 1)
            if not self._fill():
                raise BrokenMultipart("the answer ends before its closing boundary")

    def _starts_with_boundary(self, mark: bytes) -> bool:
        """Whether a part is empty: its boundary follows the blank line at once."""
        while len(self._buffer) < len(mark) + 2 and mark.startswith(bytes(self._buffer[: len(mark)])):
            if not self._fill():
                return False
        if not self._buffer.startswith(mark) or bytes(self._buffer[len(mark) : len(mark) + 2]) not in {b"--", b"\r\n"}:
            return False
        del self._buffer[: len(mark)]
        return True


def _fresh_room(size: int) -> memoryview:
    return memoryview(bytearray(size))
