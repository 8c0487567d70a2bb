"""Whether the pixel data are wholly in the file: seen from lengths alone, without reading a pixel (PS3.5 A.4)."""

from __future__ import annotations

import struct
from typing import IO, Any

from loaders.discovery.element_walk import ITEM, UNDEFINED, PixelElement

_MAX_FRAGMENTS_CHECKED = 4096


def bits_per_frame(values: dict[str, Any]) -> int | None:
    """Size of one native frame in bits, or ``None`` where the header does not say (PS3.3 C.7.6.3)."""
    needed = [values.get(keyword, [None])[0] for keyword in ("Rows", "Columns", "BitsAllocated")]
    samples = values.get("SamplesPerPixel", [1])[0]
    if not all(isinstance(number, int) and number > 0 for number in (*needed, samples)):
        return None
    rows, columns, bits = needed
    if values.get("PhotometricInterpretation", [""])[0] == "YBR_FULL_422" and samples == 3:
        samples = 2  # two luminances share one pair of chrominances
    return int(rows) * int(columns) * int(samples) * int(bits)


def whole_native_frames(values: dict[str, Any], pixels: PixelElement, file_size: int) -> int | None:
    """Number of frames that lie wholly within both the element and the file, or ``None`` where unknown."""
    bits = bits_per_frame(values)
    if bits is None:
        return None
    present = min(pixels.length, file_size - pixels.offset)
    return max(0, present * 8) // bits


def encapsulated_is_whole(stream: IO[bytes], offset: int, file_size: int) -> bool | None:
    """Step over the fragments of encapsulated pixel data; ``None`` where there are too many to step over.

    A missing sequence delimiter after the last whole fragment is forgiven: what was begun is all there.
    """
    position = offset
    for count in range(_MAX_FRAGMENTS_CHECKED):
        stream.seek(position)
        head = stream.read(8)
        if len(head) < 8:
            return position == file_size and count > 1
        group, element, length = struct.unpack("<HHL", head)
        tag = group << 16 | element
        if tag != ITEM:
            return count > 1
        position += 8 + length
        if length == UNDEFINED or position > file_size:
            return False
    return None
