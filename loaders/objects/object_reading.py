"""Bring an object's values here: a worker walks the file, the application gets plain values."""

from __future__ import annotations

import io
import json
import os
import queue
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from loaders.discovery.element_values import Elements
from loaders.discovery.header_scan import HeaderRecord, read_header, read_header_stream
from loaders.errors import WorldError
from loaders.model.pixel_format import FileLocator
from loaders.objects.every_element import WHOLE_OBJECT
from loaders.workers import attachments
from loaders.workers.shared_block import SharedBlock
from loaders.workers.task_group import Task, TaskInput, TaskResult
from loaders.workers.worker_pool import WorkerPool

_LIMIT_S = 30.0
#: Before pixels: what a reader asked for by name is short.
_PRIORITY = -1


class UnreadableObject(WorldError):
    """An object beside the images cannot be read, or is not what it says."""

    code = "object_unreadable"


class ObjectBytes(Protocol):
    """A source that gives the bytes of an instance which is no plain file (a ZIP member), ``None`` for a plain one."""

    def __call__(self, file: FileLocator) -> bytes | None:
        """Return the bytes, or ``None``."""
        ...


class ObjectReader:
    """Reads objects in the workers of a pool. Blocks its caller: for jobs, never for the window's thread."""

    def __init__(self, pool: WorkerPool, file_bytes: ObjectBytes | None = None) -> None:
        self._pool = pool
        self._file_bytes = file_bytes

    def record(self, file: FileLocator) -> HeaderRecord:
        """Return the record of an object, in the form of ``header_scan``, with all its elements.

        Raises ``UnreadableObject``, or what the worker said.
        """
        record: HeaderRecord = _parsed(self.ask("object", file, {}))
        status = record.get("status")
        if status not in {"image", "object"}:
            raise UnreadableObject(str(record.get("message") or f"{file.path.name} is no DICOM object"))
        if not isinstance(record.get("elements"), dict) or not isinstance(record.get("guessed"), bool):
            raise UnreadableObject("an unreadable answer from a worker")
        return record

    def elements(self, file: FileLocator) -> Elements:
        """Return an object's elements. Raises ``UnreadableObject``, or what the worker said."""
        return Elements(self.record(file)["elements"])

    def ask(self, task: str, file: FileLocator, options: dict[str, Any]) -> bytes:
        """Run a task of the worker's table on a file and return its answer. Raises the worker's ``WorldError``."""
        data = self._file_bytes(file) if self._file_bytes is not None else None

        def make_input(_attempt: int) -> TaskInput:
            facts = {"path": os.fsdecode(file.path), "member": file.member, "block": 0, "size": 0, **options}
            if data is None:
                return TaskInput(json.dumps(facts).encode("ascii"))
            block = SharedBlock.create(max(1, len(data)))
            block.write(0, memoryview(data))
            facts |= {"block": block.block_id, "size": len(data)}
            return TaskInput(json.dumps(facts).encode("ascii"), (block,), (block,))

        answers: queue.SimpleQueue[TaskResult] = queue.SimpleQueue()
        group = self._pool.group(answers.put, priority=_PRIORITY)
        try:
            group.add([Task(0, task, make_input, limit_s=_LIMIT_S)])
            result = answers.get()
        finally:
            self._pool.close_group(group)
        if result.error is not None:
            raise result.error
        return result.payload


def _parsed(payload: bytes) -> dict[str, Any]:
    try:
        document = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise UnreadableObject("an unreadable answer from a worker") from error
    if not isinstance(document, dict):
        raise UnreadableObject("an unreadable answer from a worker")
    return document


def with_task_bytes(payload: bytes, work: Callable[[FileLocator, bytes | None, dict[str, Any]], bytes]) -> bytes:
    """Unpack what :meth:`ObjectReader.ask` sent, in the worker: the file, its bytes if they came along, the options."""
    facts = json.loads(payload)
    file = FileLocator(Path(facts["path"]), facts["member"])
    data = None
    if facts["block"]:
        with attachments.attached(facts["block"]).readable() as mapping:
            data = mapping[: facts["size"]]
    return work(file, data, facts)


def read_object_task(payload: bytes) -> bytes:
    """The ``object`` task: walk one file, keep all its elements but bulk."""
    return with_task_bytes(payload, _read_object)


def _read_object(file: FileLocator, data: bytes | None, _facts: dict[str, Any]) -> bytes:
    return json.dumps(read_object(file, data)).encode("ascii")


def read_object(file: FileLocator, data: bytes | None = None) -> HeaderRecord:
    """Return the record of a file, or of its bytes, with all its elements. Never raises for what a file contains."""
    if data is None:
        return read_header(file, WHOLE_OBJECT)
    return read_header_stream(io.BytesIO(data), len(data), file, WHOLE_OBJECT)
