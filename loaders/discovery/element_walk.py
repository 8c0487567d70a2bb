"""Walk the elements of a DICOM data set in memory, bounded in depth, count and length (PS3.5 7).

Only the elements asked for are kept, as raw bytes; all others are stepped over. Nothing is inflated, decoded or
converted here, and no length that a file claims is believed beyond the file's own size.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
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
    vr.encode()
    for vr in [
        "AE",
        "AS",
        "AT",
        "CS",
        "DA",
        "DS",
        "DT",
        "FL",
        "FD",
        "IS",
        "LO",
        "LT",
        "PN",
        "SH",
        "SL",
        "SS",
        "ST",
        "TM",
        "UI",
        "UL",
        "US",
    ]
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


class _Place(NamedTuple):
    """Where a walk is: how elements are written there, which of them to keep, how deep it is."""

    encoding: Encoding
    wanted: WantedTable
    depth: int


class _ElementHead(NamedTuple):
    """Tag, VR (empty where none is written), length of the value and its position."""

    tag: int
    vr: bytes
    length: int
    start: int


class _Unpackers(NamedTuple):
    """Element heads in one byte order: with a VR and 16 bits of length, with 32 bits, and the 32 bits alone."""

    short: Callable[[bytes, int], tuple[int, int, bytes, int]]
    long: Callable[[bytes, int], tuple[int, int, int]]
    length: Callable[[bytes, int], tuple[int]]


def _unpackers(order: str) -> _Unpackers:
    short, long, length = (struct.Struct(order + layout).unpack_from for layout in ("HH2sH", "HHL", "L"))
    return _Unpackers(short, long, length)


_LITTLE, _BIG = _unpackers("<"), _unpackers(">")
_DELIMITERS = frozenset({ITEM_END, SEQUENCE_END})


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

    def top_level(self, position: int, encoding: Encoding, wanted: WantedTable) -> RawElements:
        """Walk from ``position`` to the pixel data or the end. Raises MalformedHeader, MoreBytesNeeded."""
        found: RawElements = {}
        self._elements(position, self.size, _Place(encoding, wanted, 0), found)
        return found

    def _lack(self, position: int) -> Exception:
        if len(self.buffer) < self.size:
            return MoreBytesNeeded()
        return MalformedHeader(f"the header ends within an element at byte {position}")

    def _elements(
        self,
        position: int,
        end: int,
        place: _Place,
        into: RawElements,
    ) -> int:
        """Walk elements until ``end`` or the end of the item; return the position behind them."""
        if place.depth > MAX_DEPTH:
            raise MalformedHeader(f"sequences nested deeper than {MAX_DEPTH}")
        read_head = self._read_explicit if place.encoding.is_explicit else self._read_implicit
        unpack = _BIG if place.encoding.is_big_endian else _LITTLE
        while position < end:
            if place.encoding.is_explicit:
                position = self._short_forms(position, end, unpack.short, place, into)
                if position >= end:
                    break
            if position + 8 > len(self.buffer) and place.depth == 0 and self._is_padding(position):
                return end
            head = read_head(position, unpack)
            if head.tag in _DELIMITERS:
                return head.start
            if head.tag == ITEM:
                raise MalformedHeader(f"an item outside a sequence at byte {position}")
            if head.tag in PIXEL_TAGS and place.depth == 0:
                length = -1 if head.length == UNDEFINED else head.length
                self.pixels = PixelElement(PIXEL_TAGS[head.tag], head.start, length)
                return end
            position = self._take(head, end, place, into)
        return position

    def _short_forms(
        self,
        position: int,
        end: int,
        unpack: Callable[[bytes, int], tuple[int, int, bytes, int]],
        place: _Place,
        into: RawElements,
    ) -> int:
        """Take the elements of the short form, which most are; return the first that needs a closer look."""
        buffer, find, is_big = self.buffer, place.wanted.get, place.encoding.is_big_endian
        last = min(end, len(buffer))
        while position + 8 <= last:
            group, element, vr, length = unpack(buffer, position)
            behind = position + 8 + length
            if vr not in _SHORT_VRS or group == 0xFFFE or behind > last:
                break
            wish = find(group << 16 | element)
            if wish is not None:
                if wish.children is not None:
                    break
                into[wish.keyword] = RawValue(wish.vr, buffer[position + 8 : behind], is_big)
            self.elements_seen += 1
            position = behind
        return position

    def _take(self, head: _ElementHead, end: int, place: _Place, into: RawElements) -> int:
        """Keep an element where it is wanted, walk it where it is a sequence; return the position behind it."""
        wish = place.wanted.get(head.tag)
        if head.length == UNDEFINED or (wish is not None and wish.children is not None):
            position, items = self._sequence(head.start, head.length, end, _inside(place, head.vr, wish))
            if wish is not None and wish.children is not None:
                into[wish.keyword] = items
            return position
        position = head.start + head.length
        if position > end:
            where = f"({head.tag >> 16:04X},{head.tag & 0xFFFF:04X})"
            raise MalformedHeader(f"element {where} claims {head.length} bytes beyond its container")
        if wish is not None:
            if position > len(self.buffer):
                raise self._lack(position)
            into[wish.keyword] = RawValue(wish.vr, self.buffer[head.start : position], place.encoding.is_big_endian)
        return position

    def _read_explicit(self, position: int, unpack: _Unpackers) -> _ElementHead:
        """Read the head of an element that carries its VR."""
        self._count(position)
        group, element, vr, length = unpack.short(self.buffer, position)
        if vr in _SHORT_VRS:
            return _ElementHead(group << 16 | element, vr, length, position + 8)
        if group != 0xFFFE and (vr in _LONG_VRS or (vr.isalpha() and vr.isupper())):
            # Known long forms, and any VR yet to come (PS3.5 7.1.2), carry two reserved bytes and 32 bits.
            if position + 12 > len(self.buffer):
                raise self._lack(position)
            return _ElementHead(group << 16 | element, vr, unpack.length(self.buffer, position + 8)[0], position + 12)
        return _ElementHead(group << 16 | element, b"", unpack.length(self.buffer, position + 4)[0], position + 8)

    def _read_implicit(self, position: int, unpack: _Unpackers) -> _ElementHead:
        """Read the head of an element without a VR."""
        self._count(position)
        group, element, length = unpack.long(self.buffer, position)
        return _ElementHead(group << 16 | element, b"", length, position + 8)

    def _count(self, position: int) -> None:
        if position + 8 > len(self.buffer):
            raise self._lack(position)
        self.elements_seen += 1
        if self.elements_seen > MAX_ELEMENTS:
            raise MalformedHeader(f"more than {MAX_ELEMENTS} elements")

    def _is_padding(self, position: int) -> bool:
        """Whether the file ends in zeros too few for an element."""
        return len(self.buffer) >= self.size and not any(self.buffer[position:])

    def _sequence(self, position: int, length: int, end: int, inside: _Place) -> tuple[int, list[RawElements]]:
        """Walk the items of a sequence; return the position behind it and what was wanted of each item."""
        items: list[RawElements] = []
        sequence_end = end if length == UNDEFINED else position + length
        if sequence_end > end:
            raise MalformedHeader(f"a sequence at byte {position} claims {length} bytes beyond its container")
        unpack = _BIG if inside.encoding.is_big_endian else _LITTLE
        while position < sequence_end:
            tag, _, item_length, position = self._read_implicit(position, unpack)
            if tag == SEQUENCE_END:
                return position, items
            if tag != ITEM:
                raise MalformedHeader(f"a sequence without an item at byte {position - 8}")
            item: RawElements = {}
            item_end = sequence_end if item_length == UNDEFINED else position + item_length
            if item_end > sequence_end:
                raise MalformedHeader(f"an item at byte {position - 8} is longer than its sequence")
            if not inside.wanted and item_length != UNDEFINED:
                position = item_end
            else:
                position = self._elements(position, item_end, inside, item)
            if inside.wanted:
                items.append(item)
        return position, items


def _inside(place: _Place, vr: bytes, wish: WantedElement | None) -> _Place:
    """What holds within a sequence: one deeper, and without VR where the sequence is of unknown VR (PS3.5 6.2.2)."""
    children = wish.children if wish is not None and wish.children is not None else {}
    return _Place(IMPLICIT_LITTLE if vr == b"UN" else place.encoding, children, place.depth + 1)
