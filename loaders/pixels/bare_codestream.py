"""The only frame of an encapsulated file, from the offset of its items: no parsing of the dataset around it."""

from __future__ import annotations

import io
from io import RawIOBase

from loaders.errors import DecodeError, SourceError
from loaders.pixels.encapsulation import index_fragments
from loaders.pixels.frame_request import FrameRequest

#: What follows the first item of a file of one frame: its fragments, and whatever stands behind them.
_LARGEST_REST = 1 << 30


def can_read_bare(request: FrameRequest) -> bool:
    """Whether the frame's fragments can be found without the dataset: it has no palette to look up there."""
    return (
        request.location.items_offset >= 0
        and not request.blob_block
        and not request.location.file.member
        and request.format.photometric_interpretation != "PALETTE COLOR"
    )


def read_bare(request: FrameRequest) -> tuple[bytes, str]:
    """Return the frame's fragments as one codestream, and a flaw to be said.

    Raises ``SourceError`` (the file cannot be read), ``DecodeError`` (no items there), ``TruncatedFrame``.
    """
    where = request.location
    try:
        with open(where.file.path, "rb", buffering=0) as file:  # noqa: PTH123 - a thousand times a second
            length = file.seek(0, 2) - where.items_offset
            if length > _LARGEST_REST:
                raise DecodeError(f"{length} bytes of pixel data for one frame")
            file.seek(where.items_offset)
            items = _whole(file, length)
    except OSError as error:
        raise SourceError(f"cannot read the file: {error.strerror or type(error).__name__}") from error
    index = index_fragments(io.BytesIO(items), 1, len(items))
    parts = [items[start : start + size] for start, size in index.frames[0]]
    return (parts[0] if len(parts) == 1 else b"".join(parts)), index.note


def _whole(file: RawIOBase, length: int) -> bytes:
    """Read to the end in one piece; a file that has shrunk since gives what it has."""
    data = file.read(length) or b""
    while len(data) < length:
        more = file.read(length - len(data))
        if not more:
            break
        data += more
    return data
