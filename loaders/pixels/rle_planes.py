"""RLE frames, byte plane by byte plane (PS3.5 annex G), each of its own length.

Decoding all segments at one go is no faster and lets a segment that is too long make up for one that is too short: the
picture that comes out is shifted, and nothing is said.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loaders.pixels.codestream_header import TruncatedFrame


def decode_planes(data: bytes, pixels: int, samples: int, width: int) -> NDArray[Any]:
    """Return (samples, pixels) unsigned integers of ``width`` bytes; the segment table was checked before.

    Raises ``TruncatedFrame`` for a segment that is too short. What one has beyond its plane is left out: some writers
    fill up their segments.
    """
    count = samples * width
    starts = struct.unpack_from(f"<{count}I", data, 4)
    ends = (*starts[1:], len(data))
    planes: NDArray[Any] = np.empty((samples, pixels), dtype=f"<u{width}")
    for number, (start, end) in enumerate(zip(starts, ends, strict=True)):
        plane, byte = planes[number // width], number % width
        segment = _segment(data[start:end], pixels)
        if byte == 0:  # the most significant one
            plane[:] = segment
            continue
        np.left_shift(plane, 8, out=plane)
        np.bitwise_or(plane, segment, out=plane)
    return planes


def _segment(data: bytes, pixels: int) -> NDArray[np.uint8]:
    from imagecodecs import PackbitsError, packbits_decode  # noqa: PLC0415 - lazy, in the worker only

    try:
        decoded = packbits_decode(data, out=_scratch(pixels + 1))
    except PackbitsError:
        # Longer than the plane: as much as 64 times its own size, which the file's size bounds.
        decoded = packbits_decode(data)
    if len(decoded) < pixels:
        raise TruncatedFrame(f"an RLE segment of {len(decoded)} bytes, {pixels} are needed")
    return np.frombuffer(decoded, dtype=np.uint8, count=pixels)


def _scratch(size: int) -> memoryview[int]:
    """One worker is one process with one thread at work: pages that are there already are twice as fast."""
    kept = _kept.get(size)
    if kept is None:
        _kept.clear()
        kept = _kept[size] = memoryview(bytearray(size))
    return kept


_kept: dict[int, memoryview[int]] = {}
