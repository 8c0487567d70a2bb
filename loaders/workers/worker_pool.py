"""The pool: groups of tasks in, results out on one dispatcher thread, workers replaced when they fail."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable
from typing import Self

from loaders.workers.confinement import WorkerLimits
from loaders.workers.shared_block import SharedBlock
from loaders.workers.task_group import OnResult, Task, TaskGroup, TaskInput, TaskResult
from loaders.workers.task_table import WARM_UP
from loaders.workers.worker_seat import WorkerSeat

_IDLE_CHECK_S = 0.25
_BATCH_WEIGHT = 1.0
_SMALLEST_POOL, _LARGEST_POOL = 2, 6


def usable_cores() -> int:
    """Processors this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def default_worker_count() -> int:
    """One worker a core; from four cores on, one core is left to the window.

    At least two, so that one that hangs does not stop everything; at most six, for the memory each takes.
    """
    cores = usable_cores()
    return max(_SMALLEST_POOL, min(_LARGEST_POOL, cores if cores < 4 else cores - 1))


class WorkerPool:
    """Worker processes started ahead. Thread-safe and Qt-free.

    Results come one after the other on a single dispatcher thread: a callback must be short. Start the pool as early
    as possible (:meth:`start` returns at once) and :meth:`close` it before the interpreter ends. If the application is
    killed its workers see their socket close, and on Linux are killed with it.
    """

    def __init__(
        self,
        worker_count: int | None = None,
        *,
        limits: WorkerLimits | None = None,
        warm_up: tuple[str, ...] = WARM_UP,
    ) -> None:
        self._changed = threading.Condition()
        self._groups: list[TaskGroup] = []
        self._turn = 0
        self._closing = False
        self._results: queue.SimpleQueue[tuple[TaskGroup, TaskResult] | None] = queue.SimpleQueue()
        count = worker_count if worker_count is not None else default_worker_count()
        self._seats = [WorkerSeat(self, limits or WorkerLimits(), warm_up, number) for number in range(count)]
        self._seat_of_thread: dict[int, WorkerSeat] = {}
        self._dispatcher = threading.Thread(target=self._dispatch, name="worker-results", daemon=True)
        #: Called with what a callback raised; by default the thread's own excepthook has it.
        self.on_callback_error: Callable[[BaseException], None] | None = None

    def start(self) -> WorkerPool:
        """Begin to start the workers; tasks may be submitted before they are up."""
        self._dispatcher.start()
        for seat in self._seats:
            seat.thread.start()
            if seat.thread.ident is not None:
                self._seat_of_thread[seat.thread.ident] = seat
        return self

    def wait_ready(self, timeout_s: float = 20.0) -> bool:
        """Wait until every worker has answered an echo. For tests and measurements; nobody else needs to."""
        done = threading.Semaphore(0)
        group = self.group(lambda _result: done.release())
        for number, _ in enumerate(self._seats):
            group.add([Task(number, "echo", lambda _attempt: TaskInput(b"up"))])
        return all(done.acquire(timeout=timeout_s) for _ in self._seats)

    def group(self, on_result: OnResult, *, priority: int = 0) -> TaskGroup:
        """Open a group of tasks; it is forgotten once it was cancelled or closed and nothing is in flight."""
        group = TaskGroup(on_result, priority, self._wake)
        with self._changed:
            self._groups.append(group)
        return group

    def close_group(self, group: TaskGroup) -> None:
        """Cancel a group and forget it."""
        group.cancel()
        with self._changed:
            if group in self._groups:
                self._groups.remove(group)

    def detach(self, block: SharedBlock) -> None:
        """Have all workers let go of a block, so that its memory can go."""
        for seat in self._seats:
            seat.detach(block.block_id)
        self._wake()

    @property
    def worker_count(self) -> int:
        """Number of workers."""
        return len(self._seats)

    @property
    def process_ids(self) -> tuple[int, ...]:
        """The workers' process numbers at this moment."""
        return tuple(number for seat in self._seats if (number := seat.process_id) is not None)

    @property
    def confinement(self) -> tuple[str, ...]:
        """What confines every worker that has reported so far (only what all of them said)."""
        reports = [set(seat.confinement) for seat in self._seats if seat.confinement]
        return tuple(sorted(set.intersection(*reports))) if reports else ()

    @property
    def is_closing(self) -> bool:
        """Whether the pool is being closed."""
        return self._closing

    def take(self, *, wait: bool) -> tuple[TaskGroup, list[tuple[Task, int]]] | None:
        """Hand the calling seat its next batch: lowest priority number first, equals in turn."""
        with self._changed:
            while not self._closing:
                group = self._next_group()
                if group is not None:
                    taken = group.take(_BATCH_WEIGHT)
                    if taken:
                        return group, taken
                    continue
                if not wait:
                    return None
                seat = self._seat_of_thread.get(threading.get_ident())
                if seat is not None and seat.has_errand():
                    return None
                self._changed.wait(_IDLE_CHECK_S)
        return None

    def finish(self, group: TaskGroup, result: TaskResult) -> None:
        """Pass a result to the dispatcher thread."""
        self._results.put((group, result))

    def close(self) -> None:
        """Kill the workers, join all threads. Tasks that had not come back never will."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        for seat in self._seats:
            seat.kill()
        for seat in self._seats:
            if seat.thread.ident is not None:
                seat.thread.join()
        self._results.put(None)
        if self._dispatcher.ident is not None and self._dispatcher is not threading.current_thread():
            self._dispatcher.join()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _next_group(self) -> TaskGroup | None:
        waiting = [group for group in self._groups if group.has_pending()]
        if not waiting:
            return None
        best = min(waiting, key=lambda group: (group.priority, group.served))
        self._turn += 1
        best.served = self._turn
        return best

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _dispatch(self) -> None:
        while (item := self._results.get()) is not None:
            group, result = item
            try:
                group.finish(result)
            except Exception as error:  # noqa: BLE001 - one owner's fault must not silence the others; it is reported
                if self.on_callback_error is None:
                    threading.excepthook(
                        threading.ExceptHookArgs((type(error), error, error.__traceback__, threading.current_thread()))
                    )
                else:
                    self.on_callback_error(error)
