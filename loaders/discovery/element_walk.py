"""Walk the elements of a DICOM data set in memory, bounded in depth, count and length (PS3.5 7).

Only the elements asked for are kept, as raw bytes; all others are stepped over. Nothing is inflated, decoded or
converted here, and no length that a file claims is believed beyond the file's own size.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import NamedTuple

MAX_DEPTH = 40
MAX_ELEMENTS = 2_000_000
UNDEFINED = 0xFFFFFFFF
ITEM = 0xFFFEE000
ITEM_END = 0xFFFEE00D
SEQUENCE_END = 0xFFFEE0DD
#: Float, double float and integer pixel data (PS3.3 C.7.6.24, C.7.6.25, C.7.6.3).
PIXEL_TAGS = {0x7FE00008: "float", 0x7FE00009: "double", 0x7FE00010: "int"}

_SHORT_VRS = frozenset(
    (b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FL", b"FD", b"IS", b"LO", b"LT", b"PN", b"SH", b"SL", b"SS")
    + (b"ST", b"TM", b"UI", b"UL", b"US"),
)
_LONG_VRS = frozenset(
    (b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"),
)
KNOWN_VRS = _SHORT_VRS | _LONG_VRS


class MalformedHeader(Exception):
    """The bytes are not a data set, or not a bounded one; the message says where."""


class MoreBytesNeeded(Exception):
    """The head that was read ends before the header does."""


class WantedElement(NamedTuple):
    """An element to keep: its keyword, its VR by the dictionary and, for a sequence, what to keep of its items."""

    keyword: str
    vr: str
    children: dict[int, WantedElement] | None = None


WantedTable = dict[int, WantedElement]


class RawValue(NamedTuple):
    """Bytes of one element and the byte order they are in."""

    vr: str
    data: bytes
    is_big_endian: bool


RawElements = dict[str, "RawValue | list[RawElements]"]


class Encoding(NamedTuple):
    """How element headers are written: with or without VR, and in which byte order."""

    is_explicit: bool = True
    is_big_endian: bool = False


IMPLICIT_LITTLE = Encoding(is_explicit=False)


@dataclass(slots=True)
class PixelElement:
    """Where the pixel data element lies: ``offset`` of its value, ``length`` -1 when encapsulated."""

    kind: str
    offset: int
    length: int


@dataclass(slots=True)
class ElementWalk:
    """One walk over one buffer. ``size`` is that of the whole file, of which ``buffer`` is the beginning."""

    buffer: bytes
    size: int
    pixels: PixelElement | None = None
    elements_seen: int = 0
    last_tag: int = field(default=0)

    def top_level(self, position: int, encoding: Encoding, wanted: WantedTable) -> RawElements:
        """Walk from ``position`` to the pixel data or the end. Raises MalformedHeader, MoreBytesNeeded."""
        found: RawElements = {}
        self._elements(position, self.size, encoding, wanted, found, 0)
        return found

    def _lack(self, position: int) -> Exception:
        if len(self.buffer) < self.size:
            return MoreBytesNeeded()
        return MalformedHeader(f"the header ends within an element at byte {position}")

    def _elements(
        self,
        position: int,
        end: int,
        encoding: Encoding,
        wanted: WantedTable,
        into: RawElements,
        depth: int,
    ) -> int:
        """Walk elements until ``end`` or the end of the item; return the position behind them."""
        if depth > MAX_DEPTH:
            raise MalformedHeader(f"sequences nested deeper than {MAX_DEPTH}")
        buffer = self.buffer
        available = len(buffer)
        order = ">" if encoding.is_big_endian else "<"
        unpack = struct.Struct(order + "HH2sH").unpack_from
        unpack_length = struct.Struct(order + "L").unpack_from
        explicit = encoding.is_explicit
        while position < end:
            if position + 8 > available:
                if depth == 0 and available >= self.size and not any(buffer[position:]):
                    return available  # trailing padding shorter than an element
                raise self._lack(position)
            group, element, vr, length = unpack(buffer, position)
            tag = group << 16 | element
            self.elements_seen += 1
            if self.elements_seen > MAX_ELEMENTS:
                raise MalformedHeader(f"more than {MAX_ELEMENTS} elements")
            start = position + 8
            if explicit and vr in _SHORT_VRS:
                pass
            elif explicit and group != 0xFFFE and _looks_like_vr(vr):
                # Known long forms, and any VR yet to come (PS3.5 7.1.2), carry two reserved bytes and 32 bits.
                if start + 4 > available:
                    raise self._lack(position)
                length = unpack_length(buffer, start)[0]
                start += 4
            else:
                length = unpack_length(buffer, position + 4)[0]
                vr = b""
            if group == 0xFFFE:
                if tag in {ITEM_END, SEQUENCE_END}:
                    return start
                raise MalformedHeader(f"an item outside a sequence at byte {position}")
            if tag in PIXEL_TAGS and depth == 0:
                self._note_pixels(tag, start, length)
                return end
            wish = wanted.get(tag)
            if length == UNDEFINED or (wish is not None and wish.children is not None):
                children = wish.children if wish is not None else None
                inner = IMPLICIT_LITTLE if vr == b"UN" else encoding
                position, items = self._sequence(start, length, end, inner, children, depth + 1)
                if wish is not None and children is not None:
                    into[wish.keyword] = items
                continue
            position = start + length
            if position > end:
                raise MalformedHeader(f"element ({group:04X},{element:04X}) claims {length} bytes beyond its container")
            if wish is not None:
                if position > available:
                    raise self._lack(position)
                into[wish.keyword] = RawValue(wish.vr, buffer[start:position], encoding.is_big_endian)
        return position

    def _sequence(
        self,
        position: int,
        length: int,
        end: int,
        encoding: Encoding,
        children: WantedTable | None,
        depth: int,
    ) -> tuple[int, list[RawElements]]:
        """Walk the items of a sequence; return the position behind it and what was wanted of each item."""
        items: list[RawElements] = []
        sequence_end = end if length == UNDEFINED else position + length
        if sequence_end > end:
            raise MalformedHeader(f"a sequence at byte {position} claims {length} bytes beyond its container")
        unpack = struct.Struct((">" if encoding.is_big_endian else "<") + "HHL").unpack_from
        while position < sequence_end:
            if position + 8 > len(self.buffer):
                raise self._lack(position)
            group, element, item_length = unpack(self.buffer, position)
            tag = group << 16 | element
            position += 8
            if tag == SEQUENCE_END:
                return position, items
            if tag != ITEM:
                raise MalformedHeader(f"a sequence without an item at byte {position - 8}")
            item: RawElements = {}
            item_end = sequence_end if item_length == UNDEFINED else position + item_length
            if item_end > sequence_end:
                raise MalformedHeader(f"an item at byte {position - 8} is longer than its sequence")
            if children is None and item_length != UNDEFINED:
                position = item_end
            else:
                position = self._elements(position, item_end, encoding, children or {}, item, depth)
            if children is not None:
                items.append(item)
        return position, items

    def _note_pixels(self, tag: int, start: int, length: int) -> None:
        self.pixels = PixelElement(PIXEL_TAGS[tag], start, -1 if length == UNDEFINED else length)


def _looks_like_vr(vr: bytes) -> bool:
    return vr in _LONG_VRS or (vr.isalpha() and vr.isupper())
