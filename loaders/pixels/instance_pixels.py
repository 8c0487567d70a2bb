"""A parsed DICOM instance in the worker: where its pixel data lie, and its palette.

The parser meets hostile bytes here, in a confined process: sizes are bounded before anything is allocated.
"""

from __future__ import annotations

import io
import os
import struct
import zipfile
import zlib
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset

from loaders.errors import DecodeError, SourceError
from loaders.model.pixel_format import FileLocator, PixelFormat
from loaders.pixels.codestream_header import TruncatedFrame
from loaders.pixels.decoder_table import BIG_ENDIAN, DEFLATED, IMPLICIT_LITTLE_ENDIAN, NATIVE
from loaders.pixels.encapsulation import FragmentIndex, index_fragments
from loaders.pixels.sample_conversion import Palette, expand_segmented

#: A deflated dataset, or a member of an archive, may not grow beyond this.
LARGEST_INFLATED_BYTES = 512 << 20
_PIXEL_TAGS = frozenset({0x7FE00008, 0x7FE00009, 0x7FE00010})
_UNDEFINED = 0xFFFFFFFF
_LONG_LENGTH_VRS = frozenset({b"OB", b"OW", b"OF", b"OD", b"OL", b"OV", b"UN"})
_PALETTE = ("Red", "Green", "Blue")


@dataclass(slots=True)
class InstancePixels:
    """An open instance: ``source`` stands on nothing in particular, ``pixel_start`` is the first byte of the value."""

    source: BinaryIO
    dataset: Dataset
    pixel_start: int
    pixel_length: int
    end: int
    index: FragmentIndex | None
    frame_count: int
    is_little_endian: bool = True
    #: 8-bit samples in 16-bit words of the other byte order (PS3.5 8.1.2 with OW): neighbours are swapped.
    has_swapped_bytes: bool = False
    transfer_syntax_uid: str = ""

    def close(self) -> None:
        """Close the file."""
        self.source.close()

    def native_bytes(self, start: int, length: int) -> bytes:
        """Return bytes of uncompressed pixel data; raises ``TruncatedFrame`` when they are not all there."""
        if start + length > self.pixel_length:
            raise TruncatedFrame(f"pixel data end after {self.pixel_length} bytes, {start + length} are needed")
        self.source.seek(self.pixel_start + start)
        data = self.source.read(length)
        if len(data) < length:
            raise TruncatedFrame("the file ends before its pixel data do")
        return data

    def byte_samples(self, start: int, length: int) -> bytes:
        """Return bytes of 8-bit samples in their own order, also from 16-bit words in big endian."""
        if not self.has_swapped_bytes:
            return self.native_bytes(start, length)
        first, last = start - start % 2, start + length + (start + length) % 2
        words = np.frombuffer(self.native_bytes(first, last - first), dtype=">u2")
        return words.astype("<u2").tobytes()[start - first :][:length]

    def codestream(self, frame_index: int) -> bytes:
        """Return one frame's fragments as one codestream."""
        if self.index is None or frame_index >= len(self.index.frames):
            raise DecodeError("there is no such frame in the file")
        parts = []
        for position, length in self.index.frames[frame_index]:
            self.source.seek(position)
            parts.append(self.source.read(length))
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def palette(self) -> Palette:
        """Return the palette colour lookup table as 8-bit RGB (PS3.3 C.7.6.3.1.5, C.7.9)."""
        descriptor = [int(number) for number in self.dataset["RedPaletteColorLookupTableDescriptor"].value]
        entries, first, bits = descriptor[0] or 65536, descriptor[1], descriptor[2]
        if first >= 0x8000 and self.dataset.get("PixelRepresentation", 0) == 1:
            first -= 0x10000
        channels = [self._palette_channel(colour, entries, bits) for colour in _PALETTE]
        table = np.stack(channels, axis=-1)
        # Some writers keep 8-bit values in 16-bit entries whatever the descriptor says.
        if bits > 8 and table.max(initial=0) > 255:
            table >>= 8
        return Palette(first, table.astype(np.uint8))

    def _palette_channel(self, colour: str, entries: int, bits: int) -> np.ndarray[Any, np.dtype[np.int64]]:
        order = "<" if self.is_little_endian else ">"
        segmented = self.dataset.get(f"Segmented{colour}PaletteColorLookupTableData")
        if segmented:
            return expand_segmented(np.frombuffer(segmented, dtype=f"{order}u2"), entries)
        data = self.dataset[f"{colour}PaletteColorLookupTableData"].value
        if bits == 8 and len(data) in (entries, entries + entries % 2):
            values = np.frombuffer(data, dtype=np.uint8)
        else:
            values = np.frombuffer(data, dtype=f"{order}u2")
        if values.size < entries:
            raise DecodeError("a palette shorter than its descriptor says")
        return values[:entries].astype(np.int64)


def open_instance(locator: FileLocator, blob: bytes | None, format_: PixelFormat) -> InstancePixels:
    """Parse an instance up to its pixel data. Raises ``SourceError``, ``DecodeError``, ``TruncatedFrame``."""
    source, end = _open_source(locator, blob)
    try:
        return _parse(source, end, format_)
    except BaseException:
        source.close()
        raise


def _open_source(locator: FileLocator, blob: bytes | None) -> tuple[BinaryIO, int]:
    if blob is not None:
        return io.BytesIO(blob), len(blob)
    try:
        if locator.member:
            data = _read_member(locator)
            return io.BytesIO(data), len(data)
        source = locator.path.open("rb")
        return source, os.fstat(source.fileno()).st_size
    except OSError as error:
        raise SourceError(f"cannot read the file: {error.strerror or type(error).__name__}") from error


def _read_member(locator: FileLocator) -> bytes:
    """Read a member of an archive into memory, bounded whatever its directory claims."""
    try:
        with zipfile.ZipFile(locator.path) as archive, archive.open(locator.member) as member:
            data = member.read(LARGEST_INFLATED_BYTES + 1)
    except (zipfile.BadZipFile, KeyError, RuntimeError, NotImplementedError, zlib.error) as error:
        raise SourceError(f"cannot read a member of the archive: {type(error).__name__}") from error
    if len(data) > LARGEST_INFLATED_BYTES:
        raise DecodeError(f"a member of the archive is larger than {LARGEST_INFLATED_BYTES} bytes")
    return data


def _parse(source: BinaryIO, end: int, format_: PixelFormat) -> InstancePixels:
    start, syntax = _skip_meta(source)
    if syntax and format_.transfer_syntax_uid and syntax != format_.transfer_syntax_uid:
        raise DecodeError("the file is no longer what its header scan found")
    # A store's metadata may not name the transfer syntax: then the instance does, else nobody.
    syntax = format_.transfer_syntax_uid or syntax
    if not syntax:
        raise DecodeError("neither the store nor the instance names its transfer syntax")
    source.seek(start)
    if syntax == DEFLATED:
        if format_.decoded_bytes > LARGEST_INFLATED_BYTES:
            raise DecodeError(f"one deflated frame of {format_.decoded_bytes} bytes")
        source, end = _inflate(source)
    is_implicit = syntax == IMPLICIT_LITTLE_ENDIAN
    is_little = syntax != BIG_ENDIAN
    dataset = read_dataset(source, is_implicit, is_little, stop_when=lambda tag, _vr, _length: int(tag) in _PIXEL_TAGS)
    _check_unchanged(dataset, format_)
    length, vr = _pixel_element(source, is_implicit, is_little)
    position = source.tell()
    frames = max(1, int(dataset.get("NumberOfFrames", 1) or 1))
    if length != _UNDEFINED:
        is_swapped = not is_little and vr == b"OW" and format_.bits_allocated == 8
        held = min(length, end - position)
        return InstancePixels(source, dataset, position, held, end, None, frames, is_little, is_swapped, syntax)
    if syntax in NATIVE:
        raise DecodeError("uncompressed pixel data of undefined length")
    offsets = bytes(dataset.get("ExtendedOffsetTable", b"") or b"")
    lengths = bytes(dataset.get("ExtendedOffsetTableLengths", b"") or b"")
    index = index_fragments(source, frames, end, offsets, lengths)
    return InstancePixels(source, dataset, position, end - position, end, index, frames, transfer_syntax_uid=syntax)


def _skip_meta(source: BinaryIO) -> tuple[int, str]:
    """Return where the dataset begins and the transfer syntax of the file meta information, empty without any.

    Group 2 is always explicit little endian (PS3.10 7.1); a preamble may be missing.
    """
    head = source.read(132)
    at = 132 if head[128:132] == b"DICM" else 0
    syntax = ""
    for _ in range(64):
        source.seek(at)
        element = source.read(8)
        if len(element) < 8:
            break
        group, number, vr, short = struct.unpack("<HH2sH", element)
        if group != 2:
            break
        if vr in _LONG_LENGTH_VRS:
            (length,) = struct.unpack("<I", source.read(4))
            value_at = at + 12
        else:
            length, value_at = short, at + 8
        if number == 0x0010:
            syntax = source.read(min(length, 64)).rstrip(b"\0 ").decode("ascii", "replace")
        at = value_at + length
    return at, syntax


def _inflate(source: BinaryIO) -> tuple[BinaryIO, int]:
    """Inflate the rest, bounded (PS3.5 A.5). The whole is in memory: a worker's own limit is the second bound."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        data = inflater.decompress(source.read(), LARGEST_INFLATED_BYTES + 1)
    except zlib.error as error:
        raise DecodeError("a deflated dataset that cannot be inflated") from error
    if len(data) > LARGEST_INFLATED_BYTES:
        raise DecodeError(f"a deflated dataset inflates to more than {LARGEST_INFLATED_BYTES} bytes")
    if not inflater.eof:
        raise TruncatedFrame("a deflated dataset that ends too early")
    source.close()
    return io.BytesIO(data), len(data)


def _check_unchanged(dataset: Dataset, format_: PixelFormat) -> None:
    found = (dataset.get("Rows"), dataset.get("Columns"), dataset.get("SamplesPerPixel", 1))
    if found != (format_.rows, format_.columns, format_.samples_per_pixel):
        raise DecodeError("the file is no longer what its header scan found")


def _pixel_element(source: BinaryIO, is_implicit: bool, is_little: bool) -> tuple[int, bytes]:  # noqa: FBT001
    """Read the pixel data element's head; return length and VR. The source then stands on its value."""
    order = "<" if is_little else ">"
    head = source.read(8)
    if len(head) < 8:
        raise DecodeError("the file has no pixel data")
    group, number = struct.unpack(f"{order}HH", head[:4])
    if (group << 16 | number) not in _PIXEL_TAGS:
        raise DecodeError("the file has no pixel data")
    if is_implicit:
        return int(struct.unpack(f"{order}I", head[4:])[0]), b"OW"
    rest = source.read(4)
    if head[4:6] not in _LONG_LENGTH_VRS or len(rest) < 4:
        raise DecodeError("pixel data of an impossible value representation")
    return int(struct.unpack(f"{order}I", rest)[0]), head[4:6]
