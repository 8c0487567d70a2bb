"""One uncompressed frame, from its offset in a file straight into memory: no parsing, no copy, numpy only."""

from __future__ import annotations

import os
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
        and np.dtype(format_.decoded_dtype).itemsize * 8 == format_.bits_allocated
    )


def read_straight(request: FrameRequest, destination: NDArray[Any]) -> None:
    """Fill ``destination`` from the page cache: each byte of the shared memory is touched once.

    Raises ``SourceError`` (the file cannot be read) and ``TruncatedFrame`` (it ends too early).
    """
    where = request.location
    wanted = memoryview(destination).cast("B")
    if where.length < len(wanted):
        raise TruncatedFrame(f"the file holds {where.length} bytes of this frame, {len(wanted)} are needed")
    try:
        with open(where.file.path, "rb", buffering=0) as file:  # noqa: PTH123 - 1000 times a second
            file.seek(where.offset)
            done = 0
            while done < len(wanted):
                count = file.readinto(wanted[done:])
                if not count:
                    raise TruncatedFrame("the file ends before its pixel data do")
                done += count
    except OSError as error:
        raise SourceError(f"cannot read the file: {error.strerror or os.strerror(error.errno or 0)}") from error
    if request.format.transfer_syntax_uid == BIG_ENDIAN:
        destination.byteswap(inplace=True)
    settle_bits(destination, request.format)
