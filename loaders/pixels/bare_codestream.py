"""The only frame of an encapsulated file, from the offset of its items: no parsing of the dataset around it."""

from __future__ import annotations

from loaders.errors import SourceError
from loaders.pixels.encapsulation import index_fragments
from loaders.pixels.frame_request import FrameRequest

_READ_AHEAD = 1 << 20


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
        with where.file.path.open("rb", buffering=_READ_AHEAD) as file:
            end = file.seek(0, 2)
            file.seek(where.items_offset)
            index = index_fragments(file, 1, end)
            parts = []
            for position, length in index.frames[0]:
                file.seek(position)
                parts.append(file.read(length))
    except OSError as error:
        raise SourceError(f"cannot read the file: {error.strerror or type(error).__name__}") from error
    return (parts[0] if len(parts) == 1 else b"".join(parts)), index.note
