"""One uncompressed frame, from its offset in a file into memory: no parsing, numpy only."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from loaders.errors import SourceError
from loaders.pixels.codestream_header import TruncatedFrame
from loaders.pixels.frame_request import FrameRequest
from loaders.pixels.sample_conversion import settle_bits

BIG_ENDIAN = "1.2.840.10008.1.2.2"


def can_read_straight(request: FrameRequest) -> bool:
    """Whether the frame's bytes in the file are, but for byte order and unused bits, what the volume keeps."""
    format_ = request.format
    return (
        request.location.offset >= 0
        and not request.blob_block
        and not request.location.file.member
        and not format_.is_colour
        and format_.samples_per_pixel == 1
        and format_.bits_allocated in (8, 16, 32, 64)
        # In big endian, 8-bit samples may be swapped in pairs: only the element's head tells.
        and not (format_.bits_allocated == 8 and format_.transfer_syntax_uid == BIG_ENDIAN)
        and np.dtype(format_.decoded_dtype).itemsize * 8 == format_.bits_allocated
    )


def read_straight(request: FrameRequest) -> NDArray[Any]:
    """Return one frame of the format's decoded shape and type, in a buffer that the next call uses again.

    The buffer stays in the processor's cache between reading, looking for the extremes and handing over. Raises
    ``SourceError`` (the file cannot be read) and ``TruncatedFrame`` (it ends too early).
    """
    where, format_ = request.location, request.format
    needed = format_.decoded_bytes
    if where.length < needed:
        raise TruncatedFrame(f"the file holds {where.length} bytes of this frame, {needed} are needed")
    if len(_scratch) < needed:
        _scratch.extend(bytes(needed - len(_scratch)))
    buffer = memoryview(_scratch)[:needed]
    try:
        with open(where.file.path, "rb", buffering=0) as file:  # noqa: PTH123 - a thousand times a second
            file.seek(where.offset)
            done = 0
            while done < needed:
                count = file.readinto(buffer[done:])
                if not count:
                    raise TruncatedFrame("the file ends before its pixel data do")
                done += count
    except OSError as error:
        raise SourceError(f"cannot read the file: {error.strerror or type(error).__name__}") from error
    frame: NDArray[Any] = np.frombuffer(buffer, dtype=format_.decoded_dtype).reshape(format_.decoded_shape)
    if format_.transfer_syntax_uid == BIG_ENDIAN:
        frame.byteswap(inplace=True)
    settle_bits(frame, format_)
    return frame


#: One worker is one process with one thread at work.
_scratch = bytearray()
