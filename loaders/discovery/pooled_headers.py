"""Read headers in worker processes: hostile files are parsed where there are no keys, no network and no writing."""

from __future__ import annotations

import queue
from collections.abc import Iterator, Sequence
from itertools import count

from loaders.discovery.header_scan import HeaderReader, HeaderRecord, decode_task_result, encode_task, problem_record
from loaders.model.pixel_format import FileLocator
from loaders.workers.task_group import Task, TaskGroup, TaskInput, TaskResult
from loaders.workers.worker_pool import WorkerPool

#: The first batches are small, so that the first series is there at once; then larger ones cost less in between.
_FIRST_BATCH, _BATCH = 4, 24
_SMALL_BATCHES = 8
_BATCH_LIMIT_S = 60.0


def pooled_header_reader(pool: WorkerPool) -> HeaderReader:
    """Return a header reader that spreads batches of files over a pool's workers.

    Records come batch by batch in any order, one for every file. Where a batch kills its worker or takes too long, its
    files are tried one by one, so that only the guilty one becomes a row. Closing the iterator cancels the rest.
    """

    def read(files: Sequence[FileLocator]) -> Iterator[HeaderRecord]:
        results: queue.SimpleQueue[TaskResult] = queue.SimpleQueue()
        batches = dict(enumerate(_batches(files)))
        numbers = count(len(batches))
        group = pool.group(results.put)
        try:
            group.add([_task(number, batch) for number, batch in batches.items()])
            while batches:
                result = results.get()
                batch = batches.pop(result.key)  # type: ignore[call-overload]  # keys are the numbers given above
                yield from _records(result, batch, batches, numbers, group)
        finally:
            pool.close_group(group)

    return read


def _records(
    result: TaskResult,
    batch: Sequence[FileLocator],
    batches: dict[int, Sequence[FileLocator]],
    numbers: Iterator[int],
    group: TaskGroup,
) -> Iterator[HeaderRecord]:
    if result.error is None:
        yield from decode_task_result(result.payload)
    elif len(batch) == 1:
        yield problem_record(batch[0], "unreadable", f"reading its header failed: {result.error.message}")
    else:
        singles = {next(numbers): (file,) for file in batch}
        batches.update(singles)
        group.add([_task(number, single) for number, single in singles.items()])


def _batches(files: Sequence[FileLocator]) -> Iterator[Sequence[FileLocator]]:
    position = 0
    for number in count():
        if position >= len(files):
            return
        size = _FIRST_BATCH if number < _SMALL_BATCHES else _BATCH
        yield files[position : position + size]
        position += size


def _task(number: int, batch: Sequence[FileLocator]) -> Task:
    payload = encode_task(batch)
    return Task(number, "headers", lambda _attempt: TaskInput(payload), limit_s=_BATCH_LIMIT_S)
