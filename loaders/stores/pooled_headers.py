"""Headers of many files read by the worker pool: hostile bytes stay out of the application's process."""

from __future__ import annotations

import queue
from collections.abc import Hashable, Iterator, Sequence
from functools import partial

from loaders.discovery.header_scan import (
    HeaderReader,
    HeaderRecord,
    decode_task_result,
    encode_task,
    problem_record,
    read_header,
)
from loaders.errors import WorldError
from loaders.model.pixel_format import FileLocator
from loaders.workers.task_group import Task, TaskInput, TaskResult
from loaders.workers.worker_pool import WorkerPool

_FILES_A_TASK = 24
#: A stick reads a hundred headers a second at worst; a directory record may name ten thousand files.
_LIMIT_S = 60.0
#: Before pixels: a catalogue that waits for a volume to fill would stall what the reader opens next.
_PRIORITY = -1


def read_headers_with(pool: WorkerPool) -> HeaderReader:
    """Return a header reader for ``LocalFolder`` that reads in the pool's workers.

    Records come in any order, one per file. A file whose header kills its worker is read alone the second time and
    becomes a record ``worker_lost``; the files beside it are not affected.
    """
    return partial(_read, pool)


def _read(pool: WorkerPool, files: Sequence[FileLocator]) -> Iterator[HeaderRecord]:
    if len(files) <= 1:
        # Not worth a round trip: one file that was dropped, and the walker itself never raises.
        yield from (read_header(file) for file in files)
        return
    answers: queue.SimpleQueue[TaskResult] = queue.SimpleQueue()
    group = pool.group(answers.put, priority=_PRIORITY)
    batches = {start: files[start : start + _FILES_A_TASK] for start in range(0, len(files), _FILES_A_TASK)}
    waiting: dict[Hashable, Sequence[FileLocator]] = dict(batches.items())
    group.add([_task(key, batch) for key, batch in batches.items()])
    try:
        while waiting:
            result = answers.get()
            batch = waiting.pop(result.key)
            if result.error is None:
                yield from _records(result.payload, batch)
            elif len(batch) > 1:
                singles: dict[Hashable, Sequence[FileLocator]] = {
                    (result.key, number): [file] for number, file in enumerate(batch)
                }
                waiting.update(singles)
                group.add([_task(key, single) for key, single in singles.items()])
            else:
                yield problem_record(batch[0], result.error.code, result.error.message)
    finally:
        pool.close_group(group)


def _task(key: Hashable, batch: Sequence[FileLocator]) -> Task:
    return Task(key, "headers", lambda _attempt: TaskInput(encode_task(batch)), weight=0.5, limit_s=_LIMIT_S)


def _records(payload: bytes, batch: Sequence[FileLocator]) -> Iterator[HeaderRecord]:
    """Yield a worker's records, if there is one for every file asked for."""
    try:
        records = decode_task_result(payload)
    except (ValueError, RecursionError):
        records = []
    if len(records) != len(batch):
        raise WorldError("a worker answered for other files than it was asked for")
    yield from records
