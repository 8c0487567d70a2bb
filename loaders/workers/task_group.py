"""Tasks, their groups, and the order in which what is not yet in flight will be done."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from loaders.errors import WorldError
from loaders.workers.shared_block import SharedBlock


@dataclass(frozen=True, slots=True)
class TaskInput:
    """What goes to the worker. ``blocks`` are shared with it first; those in ``owned`` are closed when the task ends.

    Bytes too large for a socket travel in an owned block, whose number the payload names.
    """

    payload: bytes
    blocks: tuple[SharedBlock, ...] = ()
    owned: tuple[SharedBlock, ...] = ()


@dataclass(frozen=True, slots=True)
class Task:
    """One piece of work. ``make_input(attempt)`` runs on a pool thread just before sending (attempt 0, then 1).

    ``weight`` is the expected cost in units of one batch: tasks are sent together until their weights reach 1.
    ``limit_s`` is the longest it may run before its worker is killed.
    """

    key: Hashable
    name: str
    make_input: Callable[[int], TaskInput]
    weight: float = 1.0
    limit_s: float = 10.0
    uses_codec: bool = False


@dataclass(frozen=True, slots=True)
class TaskResult:
    """The answer to one task: ``payload``, or the error that says why there is none."""

    key: Hashable
    payload: bytes = b""
    error: WorldError | None = None


OnResult = Callable[[TaskResult], None]


class TaskGroup:
    """Tasks that belong together: ordered, re-ordered and cancelled as one. Thread-safe.

    ``priority``: lower goes first; groups of equal priority take turns.
    """

    def __init__(self, on_result: OnResult, priority: int, wake: Callable[[], None]) -> None:
        self._lock = threading.Lock()
        self._on_result = on_result
        self._priority = priority
        self._wake = wake
        self._pending: list[tuple[Task, int]] = []  # in reverse: the next one is last
        self._order: Callable[[Hashable], float] | None = None
        self._needs_sorting = False
        self._in_flight = 0
        self._cancelled = False
        self._failures = 0
        self.served = 0

    @property
    def priority(self) -> int:
        """Lower goes first."""
        return self._priority

    @priority.setter
    def priority(self, value: int) -> None:
        self._priority = value
        self._wake()

    @property
    def is_cancelled(self) -> bool:
        """Whether results of this group are dropped."""
        return self._cancelled

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits and nothing is in flight."""
        with self._lock:
            return not self._pending and not self._in_flight

    def has_pending(self) -> bool:
        """Whether a worker could take something."""
        return bool(self._pending)

    def add(self, tasks: list[Task]) -> None:
        """Queue tasks behind those that wait already, or where the order puts them."""
        with self._lock:
            if self._cancelled:
                return
            self._pending = [(task, 0) for task in reversed(tasks)] + self._pending
            self._needs_sorting = self._order is not None
        self._wake()

    def withdraw(self, key: Hashable | None = None) -> list[Task]:
        """Take back what waits under this key, or all that waits, for another group to do."""
        with self._lock:
            taken = [item for item in self._pending if key is None or item[0].key == key]
            self._pending = [item for item in self._pending if key is not None and item[0].key != key]
            return [task for task, _ in reversed(taken)]

    def reorder(self, order: Callable[[Hashable], float]) -> None:
        """Take what is not yet in flight by ascending ``order(key)`` from now on. Cheap: sorted at the next take."""
        with self._lock:
            self._order = order
            self._needs_sorting = True

    def cancel(self) -> None:
        """Drop what waits, and the results of what is in flight."""
        with self._lock:
            self._cancelled = True
            self._pending.clear()
            # The callback's owner holds gigabytes: they must go at once, not with the next round of garbage collection.
            self._on_result = _drop
            self._order = None
        self._wake()

    def take(self, weight: float) -> list[tuple[Task, int]]:
        """Hand out the next tasks, at least one if there is any, until their weights reach ``weight``."""
        with self._lock:
            if self._needs_sorting and self._order is not None:
                order = self._order
                self._pending.sort(key=lambda item: order(item[0].key), reverse=True)
                self._needs_sorting = False
            taken: list[tuple[Task, int]] = []
            total = 0.0
            while self._pending and total < weight:
                taken.append(self._pending.pop())
                total += taken[-1][0].weight
            self._in_flight += len(taken)
            return taken

    def give_back(self, items: list[tuple[Task, int]]) -> None:
        """Return tasks whose worker ended before it came to them: they go first."""
        with self._lock:
            self._in_flight -= len(items)
            if not self._cancelled:
                self._pending.extend(reversed(items))
                self._needs_sorting = self._order is not None
        self._wake()

    def may_retry(self) -> bool:
        """Whether another attempt is worth a fresh worker: not once many of these tasks have failed for good."""
        return self._failures < _FAILURES_BEFORE_GIVING_UP_RETRIES

    def finish(self, result: TaskResult) -> None:
        """Note that a task is done, and tell the owner unless the group was cancelled."""
        with self._lock:
            self._in_flight -= 1
            self._failures += result.error is not None
            on_result = self._on_result
        on_result(result)


def _drop(_result: TaskResult) -> None:
    """What a cancelled group does with results that are still on their way."""


#: A series of a thousand broken frames must not cost two thousand new workers.
_FAILURES_BEFORE_GIVING_UP_RETRIES = 8
