"""Headers of what is no plain file (a member of an archive), read from the first bytes alone.

The application inflates a member no further than its header takes and hands the bytes to a worker: what they mean is
found out where there are no keys and no writing.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from loaders.discovery.header_scan import (
    FIRST_READ,
    GROWTH,
    MAX_HEADER_BYTES,
    HeaderRecord,
    problem_record,
    read_header_stream,
)
from loaders.errors import SourceError
from loaders.model.pixel_format import FileLocator
from loaders.workers import attachments
from loaders.workers.shared_block import SharedBlock
from loaders.workers.task_group import TaskInput

_NEEDS_MORE = "needs_more"
_UNREADABLE = -1


@dataclass(frozen=True, slots=True)
class FileHead:
    """A file of ``size`` bytes whose beginning ``read(count)`` gives. ``count`` is how much to give next.

    ``read`` raises ``SourceError`` where the file is damaged; it is called from any thread.
    """

    file: FileLocator
    size: int
    read: Callable[[int], bytes]
    count: int = FIRST_READ

    def longer(self) -> FileHead | None:
        """The same with more of its beginning; ``None`` where all that a header may take has been given."""
        most = min(self.size, MAX_HEADER_BYTES)
        return replace(self, count=min(self.count * GROWTH, most)) if self.count < most else None


class _HeadTooShort(Exception):
    """No error, but a question: the header goes on after the bytes that were given."""


class _Beginning(io.BytesIO):
    """The first bytes of a longer file. A read past them asks for more instead of saying that the file ends."""

    def __init__(self, data: bytes, size: int) -> None:
        super().__init__(data)
        self._held, self._size = len(data), size

    def read(self, count: int | None = -1, /) -> bytes:
        if self._held < min(self._size, MAX_HEADER_BYTES) and (
            count is None or count < 0 or self.tell() + count > self._held
        ):
            raise _HeadTooShort
        return super().read(count)


def read_head(head: FileHead) -> HeaderRecord:
    """Return the header record of a head, here. Never raises for what a file contains."""
    wanted: FileHead | None = head
    while wanted is not None:
        try:
            record = _record(head.file, head.size, wanted.read(wanted.count))
        except SourceError as error:
            return _damaged(head.file, error)
        if record["status"] != _NEEDS_MORE:
            return record
        wanted = wanted.longer()
    return _endless(head.file)


def head_task_input(batch: Sequence[FileHead]) -> TaskInput:
    """Return the input of the ``heads`` task: the first bytes of some files, one behind the other in a block."""
    parts: list[bytes] = []
    facts = []
    for head in batch:
        try:
            data, offset = head.read(head.count), sum(map(len, parts))
        except SourceError:
            data, offset = b"", _UNREADABLE
        parts.append(data)
        path = os.fsdecode(head.file.path)
        facts.append([path, head.file.member, head.size, offset, len(data)])
    held = b"".join(parts)
    block = SharedBlock.create(max(1, len(held)))
    block.write(0, memoryview(held))
    payload = json.dumps({"block": block.block_id, "files": facts}).encode("ascii")
    return TaskInput(payload, (block,), (block,))


def read_heads_task(payload: bytes) -> bytes:
    """What a worker runs by the name ``heads``: one record for every head, some of them asking for more."""
    document = json.loads(payload)
    records = []
    with attachments.attached(document["block"]).readable() as mapping:
        for path, member, size, offset, length in document["files"]:
            file = FileLocator(Path(path), member)
            is_read = offset != _UNREADABLE
            records.append(_record(file, size, mapping[offset : offset + length]) if is_read else _damaged(file))
    return json.dumps(records).encode("ascii")


def asks_for_more(record: HeaderRecord, head: FileHead) -> FileHead | HeaderRecord | None:
    """Return what to try next where a record asks for more: a longer head, or the row that ends it; else ``None``."""
    return (head.longer() or _endless(head.file)) if record["status"] == _NEEDS_MORE else None


def _record(file: FileLocator, size: int, data: bytes) -> HeaderRecord:
    try:
        return read_header_stream(_Beginning(data, size), size, file)
    except _HeadTooShort:
        return {**problem_record(file, _NEEDS_MORE, ""), "status": _NEEDS_MORE}


def _damaged(file: FileLocator, error: SourceError | None = None) -> HeaderRecord:
    return problem_record(file, "unreadable", error.message if error else "this member of the archive is damaged")


def _endless(file: FileLocator) -> HeaderRecord:
    return problem_record(file, "malformed", "the header does not end within the file, or within 128 MB")
