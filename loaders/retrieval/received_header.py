"""The header of an instance that lies in memory, read by the bounded walk, without copying its pixels."""

from __future__ import annotations

import io
from pathlib import Path

from loaders.discovery.header_scan import HeaderRecord, read_header_stream
from loaders.model.pixel_format import FileLocator


class _View(io.RawIOBase):
    """A memory view as a file to read from."""

    def __init__(self, data: memoryview) -> None:
        super().__init__()
        self._data, self._at = data, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        end = len(self._data) if size is None or size < 0 else self._at + size
        found = bytes(self._data[self._at : end])
        self._at += len(found)
        return found

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at}.get(whence, len(self._data))
        return self._at

    def tell(self) -> int:
        return self._at


def header_of(data: memoryview) -> HeaderRecord:
    """Return the header record. Never raises for what the instance contains; offsets count from its first byte."""
    return read_header_stream(_View(data), len(data), FileLocator(Path("-")))  # type: ignore[arg-type]
