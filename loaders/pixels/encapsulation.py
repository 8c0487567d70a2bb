"""Where the fragments of each frame lie in encapsulated pixel data (PS3.5 A.4), without reading the frames."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

from loaders.errors import DecodeError
from loaders.pixels.codestream_header import TruncatedFrame

_ITEM = 0xFFFEE000
_SEQUENCE_END = 0xFFFEE0DD
_MOST_FRAGMENTS = 1 << 20

#: (offset in the file, length) of the fragments of one frame.
Fragments = list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class FragmentIndex:
    """Fragments of all frames of an instance. ``note`` tells a flaw that does not hide pixels."""

    frames: list[Fragments]
    note: str = ""


def index_fragments(
    source: BinaryIO, frame_count: int, end: int, extended_offsets: bytes = b"", extended_lengths: bytes = b""
) -> FragmentIndex:
    """Walk the items from the position of ``source`` (just behind the pixel data's length) and part them into frames.

    The extended offset table (7FE0,0001) goes before the basic one; a table that does not fit the items found is not
    believed. Without a table: one fragment a frame, or all of one frame, or parted at end-of-image markers. Raises
    ``DecodeError`` where that does not give ``frame_count`` frames, ``TruncatedFrame`` where items run past ``end``.
    """
    table, fragments, is_closed = _walk_items(source, end)
    note = "" if is_closed else "pixel data without a sequence delimiter"
    if extended_offsets and len(extended_offsets) == 8 * frame_count:
        offsets = np.frombuffer(extended_offsets, dtype="<u8").tolist()
        frames = _by_offsets(fragments, offsets)
        if frames:
            if len(extended_lengths) == 8 * frame_count:
                frames = _cut_to_lengths(frames, np.frombuffer(extended_lengths, dtype="<u8").tolist())
            return FragmentIndex(frames, note)
    if frame_count == 1:
        return FragmentIndex([fragments], note)
    if len(table) == 4 * frame_count:
        frames = _by_offsets(fragments, np.frombuffer(table, dtype="<u4").tolist())
        if frames:
            return FragmentIndex(frames, note)
    if len(fragments) == frame_count:
        return FragmentIndex([[fragment] for fragment in fragments], note)
    frames = _by_end_markers(source, fragments)
    if len(frames) != frame_count:
        raise DecodeError(f"{len(fragments)} fragments cannot be parted into {frame_count} frames")
    return FragmentIndex(frames, note)


def _walk_items(source: BinaryIO, end: int) -> tuple[bytes, Fragments, bool]:
    """Return the basic offset table's bytes, the fragments, and whether the sequence was closed."""
    table: bytes | None = None
    fragments: Fragments = []
    while True:
        head = source.read(8)
        if len(head) < 8:
            is_closed = False
            break
        group, element, length = struct.unpack("<HHI", head)
        tag = group << 16 | element
        if tag == _SEQUENCE_END:
            is_closed = True
            break
        if tag != _ITEM and fragments:
            # The next element of the dataset, after a sequence that was not closed: frames that lack are told below.
            is_closed = False
            break
        if tag != _ITEM:
            raise DecodeError("encapsulated pixel data with something other than items")
        position = source.tell()
        if position + length > end:
            raise TruncatedFrame("a fragment reaches beyond the end of the file")
        if table is None:
            table = source.read(length)
        else:
            fragments.append((position, length))
            source.seek(length, 1)
        if len(fragments) > _MOST_FRAGMENTS:
            raise DecodeError("too many fragments")
    if table is None or not fragments:
        raise DecodeError("encapsulated pixel data without a fragment")
    return table, fragments, is_closed


def _by_offsets(fragments: Fragments, offsets: list[int]) -> list[Fragments]:
    """Part fragments at the offsets of a table; empty when an offset is not the start of an item."""
    base = fragments[0][0] - 8
    number_at = {position - 8 - base: index for index, (position, _) in enumerate(fragments)}
    starts = [number_at.get(offset) for offset in offsets]
    known = [start for start in starts if start is not None]
    if len(known) != len(starts) or known != sorted(set(known)) or known[0] != 0:
        return []
    return [fragments[first:last] for first, last in zip(known, [*known[1:], len(fragments)], strict=True)]


def _cut_to_lengths(frames: list[Fragments], lengths: list[int]) -> list[Fragments]:
    """The extended lengths leave out the byte of padding; only single fragments can have them (PS3.3 C.7.6.3.1.8)."""
    return [
        [(frame[0][0], length)] if len(frame) == 1 and frame[0][1] - 1 <= length <= frame[0][1] else frame
        for frame, length in zip(frames, lengths, strict=True)
    ]


def _by_end_markers(source: BinaryIO, fragments: Fragments) -> list[Fragments]:
    """Part fragments where one ends with the marker that ends JPEG, JPEG-LS and JPEG 2000 codestreams alike."""
    frames: list[Fragments] = [[]]
    for position, length in fragments:
        frames[-1].append((position, length))
        source.seek(position + max(0, length - 16))
        if source.read(min(16, length)).rstrip(b"\0").endswith(b"\xff\xd9"):
            frames.append([])
    return frames if frames[-1] else frames[:-1]
