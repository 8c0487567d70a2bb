"""Headers of many files read by the worker pool: hostile files are parsed where there are no keys and no writing."""

from __future__ import annotations

import queue
from collections.abc import Callable, Hashable, Iterator, Sequence
from functools import partial

from loaders.discovery.file_heads import FileHead, asks_for_more, head_task_input, read_head
from loaders.discovery.header_scan import (
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

#: The first batches are small, so that the first series is there at once; then larger ones cost less in between.
_FIRST_BATCH, _BATCH = 4, 24
_SMALL_BATCHES = 8
#: A stick reads a hundred headers a second at worst; a directory record may name ten thousand files.
_LIMIT_S = 60.0
#: Before pixels: a catalogue that waits for a volume to fill would stall what the reader opens next.
_PRIORITY = -1


#: A plain file, or the beginning of what is none.
HeaderSource = FileLocator | FileHead
#: Reads headers of many files, in any order, perhaps in other processes: one record per file, none left out.
HeaderReader = Callable[[Sequence[HeaderSource]], Iterator[HeaderRecord]]


def read_headers_in_process(files: Sequence[HeaderSource]) -> Iterator[HeaderRecord]:
    """The header reader without workers: one file after the other, in order."""
    for file in files:
        yield read_head(file) if isinstance(file, FileHead) else read_header(file)


def pooled_header_reader(pool: WorkerPool) -> HeaderReader:
    """Return a header reader for ``LocalFolder`` that spreads batches of files over a pool's workers.

    Records come batch by batch in any order, one for every file. Where a batch kills its worker or takes too long, its
    files are tried one by one, so that only the guilty one becomes a row (``worker_lost``). Closing the iterator
    cancels the rest.
    """
    return partial(_read, pool)


def _read(pool: WorkerPool, files: Sequence[HeaderSource]) -> Iterator[HeaderRecord]:
    answers: queue.SimpleQueue[TaskResult] = queue.SimpleQueue()
    waiting: dict[Hashable, Sequence[HeaderSource]] = dict(enumerate(_batches(files)))
    group = pool.group(answers.put, priority=_PRIORITY)
    try:
        group.add([_task(key, batch) for key, batch in waiting.items()])
        while waiting:
            result = answers.get()
            batch = waiting.pop(result.key)
            again: list[HeaderSource] = []
            if result.error is None:
                for source, record in zip(batch, _records(result.payload, batch), strict=True):
                    wanted = asks_for_more(record, source) if isinstance(source, FileHead) else None
                    if isinstance(wanted, FileHead):
                        again.append(wanted)
                    else:
                        yield wanted or record
            elif len(batch) > 1:
                again = list(batch)
            else:
                yield problem_record(_file(batch[0]), result.error.code, result.error.message)
            singles: dict[Hashable, Sequence[HeaderSource]] = {
                (result.key, number): (source,) for number, source in enumerate(again)
            }
            waiting.update(singles)
            group.add([_task(key, single) for key, single in singles.items()])
    finally:
        pool.close_group(group)


def _file(source: HeaderSource) -> FileLocator:
    return source.file if isinstance(source, FileHead) else source


def _batches(files: Sequence[HeaderSource]) -> Iterator[Sequence[HeaderSource]]:
    position = 0
    while position < len(files):
        size = _FIRST_BATCH if position < _FIRST_BATCH * _SMALL_BATCHES else _BATCH
        yield files[position : position + size]
        position += size


def _task(key: Hashable, batch: Sequence[HeaderSource]) -> Task:
    """One kind of source fills a batch: an archive's members, or plain files."""
    heads = [source for source in batch if isinstance(source, FileHead)]
    if heads:
        return Task(key, "heads", lambda _attempt: head_task_input(heads), weight=0.5, limit_s=_LIMIT_S)
    plain = [source for source in batch if isinstance(source, FileLocator)]
    return Task(key, "headers", lambda _attempt: TaskInput(encode_task(plain)), weight=0.5, limit_s=_LIMIT_S)


def _records(payload: bytes, batch: Sequence[HeaderSource]) -> list[HeaderRecord]:
    """Return a worker's records, if there is one for every file asked for."""
    try:
        records = decode_task_result(payload)
    except (ValueError, RecursionError):
        records = []
    if len(records) != len(batch):
        raise WorldError("a worker answered for other files than it was asked for")
    return records
