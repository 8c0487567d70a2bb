"""What a compressed frame says of itself, read before any codec runs and held against the dataset.

A 4 kB JPEG 2000 frame with an edited size marker decodes "successfully" into gigabytes, and several decoders draw half
a truncated frame without an error. So sizes must agree, and the end of the codestream must be there.
Sources: ITU-T T.81 B (JPEG), T.87 C (JPEG-LS), T.800 A (JPEG 2000), T.814 (HTJ2K), PS3.5 annex G (RLE).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from itertools import pairwise

from loaders.errors import DecodeError
from loaders.model.pixel_format import PixelFormat

#: One decoded frame never needs more.
LARGEST_FRAME_BYTES = 1 << 30

_SOI, _EOI, _SOS = 0xD8, 0xD9, 0xDA
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD8)})
_JPEG_SOF = frozenset({0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})
_JPEG_LS_SOF = 0xF7
_APP0, _APP14 = 0xE0, 0xEE
_LARGEST_JP2_BOXES = 64
_MOST_TILES = 65_535  # Isot is a 16-bit number
_SOT, _EOC = b"\xff\x90", b"\xff\xd9"


class TruncatedFrame(DecodeError):
    """The codestream ends before its end marker: part of the picture is not there."""

    code = "truncated"


class HeaderMismatch(DecodeError):
    """Codestream and dataset disagree on size, samples or depth."""

    code = "codestream_mismatch"


@dataclass(frozen=True, slots=True)
class CodestreamHeader:
    """Size and kind of one compressed frame. ``process`` is the SOF marker's low byte, 0x51 for JPEG 2000, 0 for RLE.

    ``colour_transform``: what the codestream itself says of its three components: ``"ycc"``, ``"rgb"``, or empty when
    it says nothing. For JPEG 2000 ``"rgb"`` means that its own component transform yields RGB.
    ``note`` is a flaw that does not hide pixels; ``repair`` are the bytes, at an offset, that let a strict decoder
    pass over it.
    """

    rows: int
    columns: int
    samples: int
    precision: int
    is_signed: bool = False
    process: int = 0
    colour_transform: str = ""
    note: str = ""
    repair: tuple[int, bytes] | None = None


def read_header(codestream: bytes, format_: PixelFormat) -> CodestreamHeader:
    """Read and check one frame's codestream. Raises :class:`HeaderMismatch`, :class:`TruncatedFrame`, ``DecodeError``.

    ``format_`` tells the transfer syntax and what the dataset promises.
    """
    syntax = format_.transfer_syntax_uid
    try:
        if syntax == RLE_LOSSLESS:
            header = _read_rle(codestream, format_)
        elif codestream[:2] == b"\xff\x4f" or codestream[4:8] in (b"jP  ", b"jP\x1a\x1a"):
            header = _read_jpeg2000(codestream)
        elif codestream[:2] == b"\xff\xd8":
            header = _read_jpeg(codestream)
        else:
            raise DecodeError("the frame does not begin like any known codestream")
    except (struct.error, IndexError) as error:
        raise TruncatedFrame("the codestream ends inside its header") from error
    check_agreement(header, format_)
    return header


def check_agreement(header: CodestreamHeader, format_: PixelFormat) -> None:
    """Raise :class:`HeaderMismatch` unless the codestream is of the size the dataset promises."""
    found = (header.rows, header.columns, header.samples)
    promised = (format_.rows, format_.columns, format_.samples_per_pixel)
    if found != promised:
        raise HeaderMismatch(f"codestream is {found} (rows, columns, samples), the dataset says {promised}")
    if header.precision > format_.bits_allocated:
        raise HeaderMismatch(f"codestream has {header.precision} bits, the dataset allocates {format_.bits_allocated}")
    if format_.decoded_bytes > LARGEST_FRAME_BYTES:
        raise HeaderMismatch(f"one frame of {format_.decoded_bytes} bytes")


RLE_LOSSLESS = "1.2.840.10008.1.2.5"


def _ends_with_marker(data: bytes, marker: bytes) -> bool:
    """Whether the codestream's last bytes are ``marker``, after the padding DICOM and some encoders add."""
    # One byte makes the length even, and is not always 0; some writers fill up to their block size.
    return data[-3:-1] == marker or data.rstrip(b"\0").endswith(marker) or data.rstrip(b"\0\xff").endswith(marker)


def _read_jpeg(data: bytes) -> CodestreamHeader:
    at, transform, has_jfif = 2, "", False
    while True:
        while data[at] != 0xFF:
            at += 1  # T.81 B.1.1.2 has none here, some encoders do; bounded by the frame
        while data[at] == 0xFF:
            at += 1
        marker = data[at]
        at += 1
        if marker in _STANDALONE:
            continue
        if marker in (_EOI, _SOS):
            raise DecodeError("a scan before any frame header")
        (length,) = struct.unpack_from(">H", data, at)
        if marker == _APP0 and data[at + 2 : at + 6] == b"JFIF":
            has_jfif = True
        if marker == _APP14 and data[at + 2 : at + 7] == b"Adobe":
            transform = "ycc" if data[at + 13] == 1 else "rgb"
        if marker in _JPEG_SOF or marker == _JPEG_LS_SOF:
            break
        at += length
    precision, rows, columns, samples = struct.unpack_from(">BHHB", data, at + 2)
    if not transform and samples == 3:
        identifiers = bytes(data[at + 8 + 3 * index] for index in range(3))
        transform = "ycc" if has_jfif else "rgb" if identifiers == b"RGB" else ""
    if not _ends_with_marker(data, b"\xff\xd9"):
        raise TruncatedFrame("no end-of-image marker")
    return CodestreamHeader(rows, columns, samples, precision, process=marker, colour_transform=transform)


def _read_jpeg2000(data: bytes) -> CodestreamHeader:
    if data[:2] != b"\xff\x4f":
        data = _codestream_of_jp2(data)
    if data[2:4] != b"\xff\x51":
        raise DecodeError("no SIZ marker after the start of the JPEG 2000 codestream")
    x_size, y_size, x_origin, y_origin = struct.unpack_from(">IIII", data, 8)
    (components,) = struct.unpack_from(">H", data, 40)
    if not 1 <= components <= 4:
        raise HeaderMismatch(f"JPEG 2000 with {components} components")
    parts = [struct.unpack_from(">BBB", data, 42 + 3 * index) for index in range(components)]
    if any(part != parts[0] for part in parts) or parts[0][1:] != (1, 1):
        raise DecodeError("JPEG 2000 components of different depth or sampling are not supported")
    precision, is_signed = (parts[0][0] & 0x7F) + 1, bool(parts[0][0] & 0x80)
    transformed, (note, repair) = _jpeg2000_transform(data), _jpeg2000_end(data)
    return CodestreamHeader(
        y_size - y_origin,
        x_size - x_origin,
        components,
        precision,
        is_signed,
        process=0x51,
        colour_transform="rgb" if transformed else "",
        note=note,
        repair=repair,
    )


def _codestream_of_jp2(data: bytes) -> bytes:
    """Return the contiguous codestream inside a JP2 file (T.800 I.5.4), which some encoders wrongly embed."""
    at = 0
    for _ in range(_LARGEST_JP2_BOXES):
        length, kind = struct.unpack_from(">I4s", data, at)
        if kind == b"jp2c":
            return data[at + 8 :] if length == 0 else data[at + (16 if length == 1 else 8) : at + length or None]
        if length < 8:
            break
        at += length
    raise DecodeError("a JP2 file without a codestream")


def _jpeg2000_main_header(data: bytes) -> tuple[int, bool]:
    """Return where the first tile-part begins, and whether a component transform is in use."""
    at, transformed = 2, False
    while data[at : at + 2] != _SOT:
        marker, length = struct.unpack_from(">HH", data, at)
        if marker < 0xFF00 or length < 2:
            raise DecodeError("a broken JPEG 2000 main header")
        if marker == 0xFF52:
            transformed = data[at + 8] == 1
        at += 2 + length
    return at, transformed


def _jpeg2000_transform(data: bytes) -> bool:
    return _jpeg2000_main_header(data)[1]


def _jpeg2000_end(data: bytes) -> tuple[str, tuple[int, bytes] | None]:
    """Follow the tile-parts to the end; return a note on it and the bytes that repair it.

    A missing end marker is only a note when the last tile-part is exactly complete (its Psot reaches the last byte). A
    last tile-part that claims more than there is, in a codestream that has its end marker, gets its real length.
    """
    at, _ = _jpeg2000_main_header(data)
    body = data.rstrip(b"\0")
    is_closed = _ends_with_marker(data, _EOC)
    end = data.rfind(_EOC) if is_closed else len(data)
    tiles: set[int] = set()
    note: tuple[str, tuple[int, bytes] | None] = ("", None)
    while data[at : at + 2] == _SOT:
        tile, part_length = struct.unpack_from(">HI", data, at + 4)
        tiles.add(tile)
        if part_length == 0:
            break  # until the end of the codestream
        if part_length < 14:
            raise DecodeError("a JPEG 2000 tile-part of an impossible length")
        if is_closed and at + part_length > end:
            note = "a tile-part claims more bytes than there are", (at + 6, struct.pack(">I", end - at))
            break
        at += part_length
        if not is_closed and at in (len(data), len(body)):
            note = "no end-of-codestream marker; all tile-parts are complete", (at, _EOC)
            break
    if not is_closed and not note[0]:
        raise TruncatedFrame("no end-of-codestream marker")
    _check_tiles(data, tiles)
    return note


def _check_tiles(data: bytes, tiles: set[int]) -> None:
    """Raise ``TruncatedFrame`` unless every tile has a part: decoders leave the place of one that lacks black."""
    x_size, y_size, _, _, x_tile, y_tile, x_first, y_first = struct.unpack_from(">8I", data, 8)
    if not x_tile or not y_tile:
        raise DecodeError("JPEG 2000 tiles of no size")
    count = -(-(x_size - x_first) // x_tile) * -(-(y_size - y_first) // y_tile)
    if count > _MOST_TILES or tiles != set(range(count)):
        raise TruncatedFrame(f"{len(tiles)} of {count} JPEG 2000 tiles are there")


def _read_rle(data: bytes, format_: PixelFormat) -> CodestreamHeader:
    """Check the segment table: as many segments as sample bytes, ascending, inside the frame (PS3.5 G.5)."""
    count, *offsets = struct.unpack_from("<16I", data, 0)
    bytes_per_sample = max(1, format_.bits_allocated // 8)
    expected = format_.samples_per_pixel * bytes_per_sample
    if count != expected:
        raise HeaderMismatch(f"RLE has {count} segments, the dataset needs {expected}")
    used = offsets[:count]
    if used[0] != 64 or any(later <= earlier for earlier, later in pairwise(used)):
        raise DecodeError("a broken RLE segment table")
    if used[-1] >= len(data):
        raise TruncatedFrame("RLE segments lie beyond the frame")
    return CodestreamHeader(format_.rows, format_.columns, format_.samples_per_pixel, format_.bits_allocated)
