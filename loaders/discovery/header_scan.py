"""Read the header of one file into a record of plain values, bounded in time and memory, whatever the file is.

A record is a JSON-serialisable dictionary, since it may come from a worker process; nothing is ever unpickled.
``{"file": {"path", "member"}, "status": "image" | "object" | "directory" | "not_dicom" | "problem", "code", "message",
"size", "syntax", "elements": {...}, "guessed", "pixels": {"kind", "offset", "items", "length", "frames_whole"}}``
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any, BinaryIO, NamedTuple

from loaders.discovery.element_values import SCAN_LIMITS, ValueLimits, values_of
from loaders.discovery.element_walk import ElementWalk, MalformedHeader, MoreBytesNeeded, PixelElement, WantedTable
from loaders.discovery.part10 import (
    DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
    NATIVE_SYNTAXES,
    DataSetStart,
    NotDicom,
    find_data_set,
    inflate_bounded,
)
from loaders.discovery.pixel_extent import encapsulated_is_whole, whole_native_frames
from loaders.discovery.wanted_elements import DIRECTORY_ELEMENTS, IMAGE_ELEMENTS
from loaders.model.pixel_format import FileLocator

HeaderRecord = dict[str, Any]

#: How much of a file is read first, and how many times as much each time that is not enough.
FIRST_READ = 1 << 15
GROWTH = 8
MAX_HEADER_BYTES = 1 << 27
_MEDIA_DIRECTORY = "1.2.840.10008.1.3.10"


class Wish(NamedTuple):
    """What to keep of a file: which elements, and how much of each. Without a table: what a scan needs."""

    table: WantedTable | None = None
    limits: ValueLimits = SCAN_LIMITS


_SCAN = Wish()


class _Head:
    """The beginning of a file, read further only when the header asks for it."""

    def __init__(self, stream: IO[bytes], size: int) -> None:
        self._stream = stream
        self.size = size
        self.data = stream.read(min(FIRST_READ, size))

    def grow(self) -> None:
        """Read on, or raise MalformedHeader when the header is larger than any real one."""
        target = min(len(self.data) * GROWTH, MAX_HEADER_BYTES, self.size)
        more = self._stream.read(max(0, target - len(self.data)))
        if not more:
            raise MalformedHeader("the header does not end within the file, or within 128 MB")
        self.data += more


def read_header(source: FileLocator | bytes, wish: Wish = _SCAN) -> HeaderRecord:
    """Return the header record of a plain file, or of a file's bytes. Never raises for what a file contains.

    Archive members are read by their archive and come as a stream through :func:`read_header_stream`.
    """
    if isinstance(source, bytes):
        import io  # noqa: PLC0415 (only for bytes)

        return read_header_stream(io.BytesIO(source), len(source), FileLocator(Path("-")), wish)
    try:
        with _open_regular(source.path) as stream:
            return read_header_stream(stream, os.fstat(stream.fileno()).st_size, source, wish)
    except PermissionError:
        return problem_record(source, "no_permission", "no permission to read this file")
    except FileNotFoundError:
        return problem_record(source, "vanished", "the file is no longer there")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "it cannot be opened"
        return problem_record(source, "unreadable", f"the file cannot be read: {reason}")


def _open_regular(path: Path) -> BinaryIO:
    """Open a regular file only: a pipe or device would block for ever or never end."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(0, "not a regular file")
    return os.fdopen(descriptor, "rb", buffering=0)


def read_header_stream(stream: IO[bytes], size: int, file: FileLocator, wish: Wish = _SCAN) -> HeaderRecord:
    """Return the header record of a stream of ``size`` bytes, read from its beginning as far as needed."""
    if size == 0:
        return problem_record(file, "empty_file", "the file has no bytes")
    not_dicom = {**_base(file, size), "status": "not_dicom"}
    start = None
    try:
        head = _Head(stream, size)
        start = _find_start(head)
        return _read_data_set(head, start, stream, file, wish)
    except NotDicom:
        return not_dicom
    except (MalformedHeader, MoreBytesNeeded) as error:
        # Without the DICM mark only a header that reads well makes a file DICOM.
        return not_dicom if start is not None and not start.has_mark else _malformed(file, size, str(error))
    except RecursionError:
        return _malformed(file, size, "sequences nested too deeply")


def _find_start(head: _Head) -> DataSetStart:
    while True:
        try:
            return find_data_set(head.data, head.size)
        except MoreBytesNeeded:
            head.grow()


def _read_data_set(head: _Head, start: DataSetStart, stream: IO[bytes], file: FileLocator, wish: Wish) -> HeaderRecord:
    wanted = _wanted(head.data) if wish.table is None else wish.table
    if start.transfer_syntax_uid == DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN:
        walk, raw = _walk_deflated(head, start, wanted)
    else:
        walk, raw = _walk_plain(head, start, wanted)
    values, guessed = values_of(raw, wish.limits)
    record = {
        **_base(file, head.size),
        "syntax": start.transfer_syntax_uid,
        "elements": values,
        "guessed": guessed,
    }
    sop_class = values.get("SOPClassUID", [""])[0]
    if sop_class == _MEDIA_DIRECTORY or "DirectoryRecordSequence" in values:
        return {**record, "status": "directory"}
    if not start.has_mark and not ("Rows" in values or str(sop_class).startswith("1.2.840.10008.")):
        return {**_base(file, head.size), "status": "not_dicom"}
    if walk.pixels is None:
        return {**record, "status": "object"}
    return {**record, "status": "image", "pixels": _pixel_record(walk, values, start, stream, file)}


def _walk_plain(head: _Head, start: DataSetStart, wanted: WantedTable) -> tuple[ElementWalk, dict[str, Any]]:
    while True:
        walk = ElementWalk(head.data, head.size)
        try:
            return walk, walk.top_level(start.position, start.encoding, wanted)
        except MoreBytesNeeded:
            head.grow()


def _wanted(data: bytes) -> dict[int, Any]:
    """A media directory is told by its SOP class, which stands in the first bytes of the file."""
    return {**IMAGE_ELEMENTS, **DIRECTORY_ELEMENTS} if _MEDIA_DIRECTORY.encode() in data[:1024] else IMAGE_ELEMENTS


def _walk_deflated(head: _Head, start: DataSetStart, wanted: WantedTable) -> tuple[ElementWalk, dict[str, Any]]:
    """Inflate only as much as the header takes, and never more than ``MAX_HEADER_BYTES``."""
    limit = FIRST_READ * 2
    while True:
        data, is_ended = inflate_bounded(head.data[start.position :], limit)
        walk = ElementWalk(data, len(data) if is_ended else max(len(data) + 1, MAX_HEADER_BYTES * 16))
        try:
            return walk, walk.top_level(0, start.encoding, wanted)
        except MoreBytesNeeded:
            if len(data) >= limit:
                limit *= GROWTH
                if limit > MAX_HEADER_BYTES:
                    raise MalformedHeader("the deflated header is larger than 128 MB") from None
            else:
                head.grow()


def _pixel_record(
    walk: ElementWalk,
    values: dict[str, Any],
    start: DataSetStart,
    stream: IO[bytes],
    file: FileLocator,
) -> dict[str, Any]:
    """Where the pixels lie and how many frames are wholly there; ``offset`` -1 where they cannot be read directly."""
    pixels: PixelElement = walk.pixels  # type: ignore[assignment]  # the caller has seen that it is there
    is_deflated = start.transfer_syntax_uid == DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN
    if pixels.length < 0:
        is_plain = not (is_deflated or file.member)
        whole = encapsulated_is_whole(stream, pixels.offset, walk.size) if is_plain else None
        return {
            "kind": pixels.kind,
            "offset": -1,
            "items": pixels.offset if is_plain else -1,
            "length": -1,
            "frames_whole": None if whole in {None, True} else 0,
        }
    is_native = start.transfer_syntax_uid in NATIVE_SYNTAXES
    frames = whole_native_frames(values, pixels, walk.size) if is_native else None
    return {
        "kind": pixels.kind,
        "offset": -1 if is_deflated or file.member or not is_native else pixels.offset,
        "length": pixels.length,
        "frames_whole": frames,
    }


def _base(file: FileLocator, size: int) -> HeaderRecord:
    return {"file": {"path": os.fsdecode(file.path), "member": file.member}, "size": size}


def problem_record(file: FileLocator, code: str, message: str) -> HeaderRecord:
    """Return a record that says why a file cannot be read."""
    return {**_base(file, 0), "status": "problem", "code": code, "message": message}


def _malformed(file: FileLocator, size: int, message: str) -> HeaderRecord:
    return {**_base(file, size), "status": "problem", "code": "malformed", "message": message}


def locator_of(record: HeaderRecord) -> FileLocator:
    """Return the file a record is of."""
    file = record["file"]
    return FileLocator(Path(file["path"]), file["member"])


def encode_task(files: Iterable[FileLocator]) -> bytes:
    """Return the payload of :func:`read_headers_task` for some plain files."""
    return json.dumps([os.fsdecode(file.path) for file in files]).encode("ascii")


def read_headers_task(payload: bytes) -> bytes:
    """Read the headers of a batch of plain files: JSON list of paths in, JSON list of records out.

    This is what a worker process runs by name. A path that is no valid UTF-8 crosses as surrogate escapes in ASCII.
    """
    paths = json.loads(payload)
    return json.dumps([read_header(FileLocator(Path(path))) for path in paths]).encode("ascii")


def decode_task_result(result: bytes) -> list[HeaderRecord]:
    """Return the records that a worker sent back."""
    records: list[HeaderRecord] = json.loads(result)
    return records
