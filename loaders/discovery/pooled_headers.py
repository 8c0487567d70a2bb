"""Headers of many files read by the worker pool: hostile files are parsed where there are no keys and no writing."""

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
)
from loaders.errors import WorldError
from loaders.model.pixel_format import FileLocator
from loaders.workers.task_group import Task, TaskInput, TaskResult
from loaders.workers.worker_pool import WorkerPool

#: The first batches are small, so that the first series is there at once; then larger ones cost less in between.
_FIRST_BATCH, _BATCH = 4, 24
_SMALL_BATCHES = 8
#: A stick reads a hundred headers a second at worst; a directory record may name ten thousand files.
_LIMIT_S = 60.0
#: Before pixels: a catalogue that waits for a volume to fill would stall what the reader opens next.
_PRIORITY = -1


def pooled_header_reader(pool: WorkerPool) -> HeaderReader:
    """Return a header reader for ``LocalFolder`` that spreads batches of files over a pool's workers.

    Records come batch by batch in any order, one for every file. Where a batch kills its worker or takes too long, its
    files are tried one by one, so that only the guilty one becomes a row (``worker_lost``). Closing the iterator
    cancels the rest.
    """
    return partial(_read, pool)


def _read(pool: WorkerPool, files: Sequence[FileLocator]) -> Iterator[HeaderRecord]:
    answers: queue.SimpleQueue[TaskResult] = queue.SimpleQueue()
    waiting: dict[Hashable, Sequence[FileLocator]] = dict(enumerate(_batches(files)))
    group = pool.group(answers.put, priority=_PRIORITY)
    try:
        group.add([_task(key, batch) for key, batch in waiting.items()])
        while waiting:
            result = answers.get()
            batch = waiting.pop(result.key)
            if result.error is None:
                yield from _records(result.payload, batch)
            elif len(batch) > 1:
                singles: dict[Hashable, Sequence[FileLocator]] = {
                    (result.key, number): (file,) for number, file in enumerate(batch)
                }
                waiting.update(singles)
                group.add([_task(key, single) for key, single in singles.items()])
            else:
                yield problem_record(batch[0], result.error.code, result.error.message)
    finally:
        pool.close_group(group)


def _batches(files: Sequence[FileLocator]) -> Iterator[Sequence[FileLocator]]:
    position = 0
    while position < len(files):
        size = _FIRST_BATCH if position < _FIRST_BATCH * _SMALL_BATCHES else _BATCH
        yield files[position : position + size]
        position += size


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
