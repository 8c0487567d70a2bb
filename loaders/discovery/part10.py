"""Find the data set in a file: preamble, file meta information, encoding, bounded inflating (PS3.10 7, PS3.5 A)."""

from __future__ import annotations

import struct
import zlib
from typing import NamedTuple

from loaders.discovery.element_walk import KNOWN_VRS, Encoding, MalformedHeader, MoreBytesNeeded

IMPLICIT_VR_LITTLE_ENDIAN = "1.2.840.10008.1.2"
EXPLICIT_VR_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"
DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN = "1.2.840.10008.1.2.1.99"
EXPLICIT_VR_BIG_ENDIAN = "1.2.840.10008.1.2.2"
NATIVE_SYNTAXES = frozenset(
    {
        IMPLICIT_VR_LITTLE_ENDIAN,
        EXPLICIT_VR_LITTLE_ENDIAN,
        DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
        EXPLICIT_VR_BIG_ENDIAN,
    },
)

_PREAMBLE = 128


class NotDicom(Exception):
    """The bytes do not begin like a DICOM file."""


class DataSetStart(NamedTuple):
    """Where a data set begins in the file, how it is written, and whether the file has the DICM mark."""

    position: int
    encoding: Encoding
    transfer_syntax_uid: str
    has_mark: bool


def find_data_set(head: bytes, size: int) -> DataSetStart:
    """Return the start and encoding of the data set.

    The declared transfer syntax decides what the pixels are; whether element headers carry a VR is seen from the
    first element itself, since writers get this wrong. Raises NotDicom, MoreBytesNeeded, MalformedHeader.
    """
    has_mark = head[_PREAMBLE : _PREAMBLE + 4] == b"DICM"
    position = _PREAMBLE + 4 if has_mark else 0
    if not has_mark and not _begins_like_a_data_set(head):
        raise NotDicom
    syntax, position = _read_meta(head, position, size)
    if syntax == DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN:
        return DataSetStart(position, Encoding(), syntax, has_mark)
    if position + 8 > len(head):
        if len(head) < size:
            raise MoreBytesNeeded
        raise MalformedHeader("the file ends after its meta information")
    encoding = _seen_encoding(head, position)
    if not syntax:
        syntax = _syntax_of(encoding)
    return DataSetStart(position, encoding, syntax, has_mark)


def _begins_like_a_data_set(head: bytes) -> bool:
    """Whether a file without the DICM mark starts with an element of group 0002 or 0008, in either byte order."""
    if len(head) < 8:
        return False
    group, element, length = struct.unpack_from("<HHL", head, 0)
    big_group, big_element, big_length = struct.unpack_from(">HHL", head, 0)
    if group in {0x0002, 0x0008} and element <= 0x0100:
        return head[4:6] in KNOWN_VRS or length <= 1024
    return big_group == 0x0008 and big_element <= 0x0100 and (head[4:6] in KNOWN_VRS or big_length <= 1024)


def _read_meta(head: bytes, position: int, size: int) -> tuple[str, int]:
    """Walk group 0002 by its elements, not by its stated length; return the transfer syntax and the position behind."""
    syntax = ""
    while position + 8 <= len(head):
        group, element, vr, length = struct.unpack_from("<HH2sH", head, position)
        if group != 0x0002:
            return syntax, position
        start = position + 8
        if vr in {b"OB", b"UN", b"OW", b"UT", b"UR", b"UC"}:
            if start + 4 > len(head):
                break
            length = struct.unpack_from("<L", head, start)[0]
            start += 4
        elif vr not in KNOWN_VRS:
            length = struct.unpack_from("<L", head, position + 4)[0]
        position = start + length
        if position > size:
            raise MalformedHeader(f"meta element (0002,{element:04X}) claims {length} bytes beyond the file")
        if element == 0x0010:
            syntax = head[start:position].rstrip(b"\0 ").decode("ascii", "replace").strip()
    if len(head) < size:
        raise MoreBytesNeeded
    return syntax, position


def _seen_encoding(head: bytes, position: int) -> Encoding:
    """The encoding the first element is written in."""
    group_little, group_big = struct.unpack_from("<H", head, position)[0], struct.unpack_from(">H", head, position)[0]
    is_big = group_big < group_little and group_big <= 0x0010 < group_little
    return Encoding(is_explicit=head[position + 4 : position + 6] in KNOWN_VRS, is_big_endian=is_big)


def _syntax_of(encoding: Encoding) -> str:
    if not encoding.is_explicit:
        return IMPLICIT_VR_LITTLE_ENDIAN
    return EXPLICIT_VR_BIG_ENDIAN if encoding.is_big_endian else EXPLICIT_VR_LITTLE_ENDIAN


def inflate_bounded(data: bytes, limit: int) -> tuple[bytes, bool]:
    """Inflate at most ``limit`` bytes of a deflated data set; return them and whether the stream has ended.

    Raises MalformedHeader when the stream is no raw deflate stream.
    """
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        inflated = inflater.decompress(data, limit)
    except zlib.error as error:
        raise MalformedHeader("the deflated data set cannot be inflated") from error
    return inflated, inflater.eof
