"""DICOM's run length encoding (PS3.5 G), decoded by imagecodecs' PackBits segment by segment."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loaders.errors import DecodeError
from loaders.model.pixel_format import PixelFormat


def decode_rle(data: bytes, layout: PixelFormat) -> NDArray[Any]:
    """Return (rows, columns[, samples]) unsigned, native byte order. Raises ``DecodeError`` for a short segment.

    Each segment is one byte plane, the most significant first, sample by sample.
    """
    import imagecodecs  # noqa: PLC0415  half a second that uncompressed files need not wait for

    count, *offsets = struct.unpack_from("<16L", data)
    ends = [*offsets[1:count], len(data)]
    pixels = layout.rows * layout.columns
    width = (layout.bits_allocated + 7) // 8
    planes = np.empty((count, pixels), dtype=np.uint8)
    for index in range(count):
        packed = data[offsets[index] : ends[index]]
        try:
            segment = imagecodecs.packbits_decode(packed)
        except imagecodecs.ImcdError:
            segment = _unpack(packed, pixels)
        if len(segment) < pixels:
            raise DecodeError(f"RLE segment {index + 1} holds {len(segment)} of {pixels} bytes")
        planes[index] = np.frombuffer(segment, dtype=np.uint8, count=pixels)
    samples = planes.reshape(layout.samples_per_pixel, width, layout.rows, layout.columns)
    value = np.zeros((layout.samples_per_pixel, layout.rows, layout.columns), dtype=f"u{width}")
    for byte in range(width):
        value <<= np.array(8 if width > 1 else 0, dtype=value.dtype)
        value |= samples[:, byte].astype(value.dtype)
    return value[0] if layout.samples_per_pixel == 1 else np.ascontiguousarray(np.moveaxis(value, 0, -1))


def _unpack(packed: bytes, limit: int) -> bytes:
    """Unpack until ``limit`` bytes are there: some encoders leave rubbish behind the last run of a segment."""
    out = bytearray()
    position = 0
    while position < len(packed) and len(out) < limit:
        control = packed[position]
        if control < 128:
            out += packed[position + 1 : position + 2 + control]
            position += 2 + control
        elif control > 128:
            out += packed[position + 1 : position + 2] * (257 - control)
            position += 2
        else:
            position += 1
    return bytes(out[:limit])
