"""What a compressed frame says of itself, read before any codec runs.

A 4 kB JPEG 2000 frame with an edited size marker decodes "successfully" into gigabytes; so the codestream's own
dimensions must agree with the data set first, and a stream that does not reach its end mark is never taken as whole.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from loaders.errors import DecodeError
from loaders.model.pixel_format import PixelFormat

JPEG_2000 = frozenset(
    {
        "1.2.840.10008.1.2.4.90",
        "1.2.840.10008.1.2.4.91",
        "1.2.840.10008.1.2.4.201",
        "1.2.840.10008.1.2.4.202",
        "1.2.840.10008.1.2.4.203",
    },
)
RLE = "1.2.840.10008.1.2.5"

_SOI, _EOI, _SOS = 0xD8, 0xD9, 0xDA
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD8)})
#: Start-of-frame markers of JPEG (C4, C8 and CC are others') and of JPEG-LS (F7).
_FRAMES = frozenset({*range(0xC0, 0xD0), 0xF7}) - {0xC4, 0xC8, 0xCC}


@dataclass(frozen=True, slots=True)
class CodestreamHeader:
    """Dimensions a codestream declares. ``is_whole`` tells whether its end mark is there."""

    rows: int
    columns: int
    samples: int
    bits: int
    is_whole: bool


def read_codestream_header(data: bytes, transfer_syntax_uid: str) -> CodestreamHeader:
    """Return what the codestream declares. Raises ``DecodeError`` when it does not begin like one."""
    if transfer_syntax_uid in JPEG_2000:
        return _jpeg_2000(data)
    return _jpeg(data)


def require_agreement(data: bytes, layout: PixelFormat) -> CodestreamHeader | None:
    """Compare a frame's codestream with its data set before decoding; ``None`` for RLE, which declares no dimensions.

    Raises ``DecodeError`` where they disagree, or where the stream is cut short: half a picture is worse than none.
    """
    if layout.transfer_syntax_uid == RLE:
        _require_rle_table(data, layout)
        return None
    header = read_codestream_header(data, layout.transfer_syntax_uid)
    if (header.rows, header.columns) != (layout.rows, layout.columns):
        raise DecodeError(
            f"the compressed frame says {header.rows} x {header.columns}, the file {layout.rows} x {layout.columns}"
        )
    if header.samples != layout.samples_per_pixel:
        raise DecodeError(
            f"the compressed frame has {header.samples} samples per pixel, the file says {layout.samples_per_pixel}"
        )
    if header.bits > layout.bits_allocated:
        raise DecodeError(f"the compressed frame has {header.bits} bits, the file allocates {layout.bits_allocated}")
    if not header.is_whole:
        raise DecodeError("the compressed frame is cut short: its end mark is missing")
    return header


def _jpeg(data: bytes) -> CodestreamHeader:
    if data[:2] != b"\xff\xd8":
        raise DecodeError("the frame does not begin like a JPEG stream")
    position = 2
    while position + 4 <= len(data):
        if data[position] != 0xFF:
            raise DecodeError("a marker is missing in the header of the JPEG stream")
        marker = data[position + 1]
        if marker == 0xFF:
            position += 1
            continue
        if marker in _STANDALONE:
            position += 2
            continue
        length = struct.unpack_from(">H", data, position + 2)[0]
        if marker in _FRAMES:
            if position + 10 > len(data):
                break
            bits, rows, columns, samples = struct.unpack_from(">BHHB", data, position + 4)
            return CodestreamHeader(rows, columns, samples, bits, _ends_with(data, b"\xff\xd9"))
        if marker in {_SOS, _EOI}:
            break
        position += 2 + length
    raise DecodeError("the JPEG stream declares no frame")


def _jpeg_2000(data: bytes) -> CodestreamHeader:
    position = data.find(b"\xff\x4f\xff\x51", 0, 4096)  # SOC, SIZ: also behind the boxes of a JP2 file
    if position < 0 or position + 44 > len(data):
        raise DecodeError("the frame does not begin like a JPEG 2000 stream")
    width, height, left, top = struct.unpack_from(">4L", data, position + 8)
    components = struct.unpack_from(">H", data, position + 40)[0]
    precision = (data[position + 42] & 0x7F) + 1
    return CodestreamHeader(height - top, width - left, components, precision, _ends_with(data, b"\xff\xd9"))


def _ends_with(data: bytes, mark: bytes) -> bool:
    """Whether the end mark is there; what follows it is padding of a few bytes, not always zeros.

    Inside entropy-coded data the mark cannot occur: JPEG stuffs a zero after FF, JPEG-LS a zero bit, and JPEG 2000
    keeps its packets below FF90.
    """
    return mark in data.rstrip(b"\0")[-16:]


def _require_rle_table(data: bytes, layout: PixelFormat) -> None:
    """PS3.5 G.5: sixteen longs, the number of segments and their offsets, ascending and inside the fragment."""
    if len(data) < 64:
        raise DecodeError("the RLE frame is shorter than its header")
    count, *offsets = struct.unpack_from("<16L", data)
    expected = layout.samples_per_pixel * ((layout.bits_allocated + 7) // 8)
    if count != expected:
        raise DecodeError(f"the RLE frame has {count} segments, {expected} are expected")
    used = offsets[:count]
    if used[0] != 64 or any(b <= a for a, b in zip(used, [*used[1:], len(data) + 1], strict=True)):
        raise DecodeError("the RLE frame's segment table does not fit the frame")
