"""The only place where threads meet Qt: slow work runs here, its outcome arrives on the window's thread.

A job has a name, progress (at most ten times a second), a cancel token, and exactly one outcome: a result or one error.
A cancelled or superseded job's outcome is dropped: it never paints.
"""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QObject, Qt, Signal, Slot

from loaders.errors import Cancelled
from loaders.progress import CancelToken, Progress, ProgressCallback

_LOG = logging.getLogger(__name__)
_PROGRESS_INTERVAL_S = 0.1
Result = TypeVar("Result")


class JobKind(StrEnum):
    """One bounded queue each, so that a long computation never delays the next read."""

    READ = "read"
    COMPUTE = "compute"
    #: What waits for another machine or a person: it must not hold up the reading of files.
    NETWORK = "network"
    #: Single pictures made ahead of a key: too small and too many to be told of.
    PICTURE = "picture"
    #: Alignments and what is computed from them: up to minutes, one at a time, in a process of their own.
    ALIGN = "align"
    #: Conversations with the process that draws volumes: each may take seconds, and no other picture waits for it.
    VOLUME = "volume"


_THREADS = {
    JobKind.READ: 2,
    JobKind.COMPUTE: 1,
    JobKind.NETWORK: 6,
    JobKind.PICTURE: 1,
    JobKind.ALIGN: 1,
    JobKind.VOLUME: 1,
}
_QUIET = frozenset({JobKind.PICTURE, JobKind.VOLUME})


@dataclass(eq=False)
class Job(Generic[Result]):
    """A running job as its owner sees it."""

    identifier: int
    name: str
    is_quiet: bool = False
    kind: JobKind = JobKind.COMPUTE
    cancel_token: CancelToken = field(default_factory=CancelToken)
    progress: Progress | None = None
    is_finished: bool = False

    def cancel(self) -> None:
        """Ask the work to stop; its outcome, should it still come, is dropped."""
        self.cancel_token.cancel()


@dataclass(frozen=True)
class _Outcome:
    job: Job[Any]
    result: Any = None
    error: BaseException | None = None
    on_result: Callable[[Any], None] | None = None
    on_error: Callable[[BaseException], None] | None = None


class _Relay(QObject):
    """Carries values from worker threads to the window's thread."""

    finished = Signal(object)
    progressed = Signal(object, object)
    called = Signal(object)


class JobRunner(QObject):
    """Starts jobs and reports them; lives on the window's thread."""

    job_started = Signal(object)
    job_progressed = Signal(object)
    job_ended = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._identifiers = itertools.count(1)
        self._pools = {
            kind: ThreadPoolExecutor(count, thread_name_prefix=f"job-{kind}") for kind, count in _THREADS.items()
        }
        self._running: dict[int, Job[Any]] = {}
        self._is_closed = False
        self._relay = _Relay(self)
        self._relay.finished.connect(self._finish, Qt.ConnectionType.QueuedConnection)
        self._relay.progressed.connect(self._note_progress, Qt.ConnectionType.QueuedConnection)
        self._relay.called.connect(self._call, Qt.ConnectionType.QueuedConnection)

    @property
    def running(self) -> tuple[Job[Any], ...]:
        """Jobs that have not ended, oldest first, but for the quiet ones."""
        return tuple(job for job in self._running.values() if not job.is_quiet)

    def start(
        self,
        kind: JobKind,
        name: str,
        work: Callable[[CancelToken, ProgressCallback], Result],
        *,
        on_result: Callable[[Result], None],
        on_error: Callable[[BaseException], None] | None = None,
    ) -> Job[Result]:
        """Run ``work`` on a thread of its kind; exactly one of the callbacks is called, on the window's thread.

        Without ``on_error`` an error is raised on the window's thread, where the crash report catches it.
        """
        job: Job[Result] = Job(next(self._identifiers), name, is_quiet=kind in _QUIET, kind=kind)
        self._running[job.identifier] = job
        if not job.is_quiet:
            self.job_started.emit(job)
        self._pools[kind].submit(self._run, job, work, on_result, on_error)
        return job

    def call_on_window_thread(self, function: Callable[[], None]) -> None:
        """Run a small function on the window's thread soon; safe from any thread."""
        if not self._is_closed:
            self._relay.called.emit(function)

    def close(self) -> None:
        """Cancel everything and wait for the threads; no callback runs afterwards."""
        self._is_closed = True
        for job in self._running.values():
            job.cancel()
        for pool in self._pools.values():
            pool.shutdown(wait=True, cancel_futures=True)
        self._running.clear()

    def _run(
        self,
        job: Job[Result],
        work: Callable[[CancelToken, ProgressCallback], Result],
        on_result: Callable[[Result], None],
        on_error: Callable[[BaseException], None] | None,
    ) -> None:
        try:
            job.cancel_token.raise_if_cancelled()
            outcome = _Outcome(job, result=work(job.cancel_token, self._throttled(job)), on_result=on_result)
        except BaseException as error:  # noqa: BLE001  (it is handed to the window's thread, not swallowed)
            outcome = _Outcome(job, error=error, on_error=on_error)
        if not self._is_closed:
            self._relay.finished.emit(outcome)

    def _throttled(self, job: Job[Any]) -> ProgressCallback:
        last = 0.0

        def report(progress: Progress) -> None:
            nonlocal last
            now = time.monotonic()
            if now - last >= _PROGRESS_INTERVAL_S and not self._is_closed:
                last = now
                self._relay.progressed.emit(job, progress)

        return report

    @Slot(object, object)
    def _note_progress(self, job: Job[Any], progress: Progress) -> None:
        if not job.is_finished and not job.is_quiet:
            job.progress = progress
            self.job_progressed.emit(job)

    @Slot(object)
    def _call(self, function: Callable[[], None]) -> None:
        if not self._is_closed:
            function()

    @Slot(object)
    def _finish(self, outcome: _Outcome) -> None:
        job = outcome.job
        job.is_finished = True
        self._running.pop(job.identifier, None)
        if not job.is_quiet:
            self.job_ended.emit(job)
        if self._is_closed or job.cancel_token.is_cancelled or isinstance(outcome.error, Cancelled):
            return
        if outcome.error is None:
            if outcome.on_result is not None:
                outcome.on_result(outcome.result)
        elif outcome.on_error is not None:
            outcome.on_error(outcome.error)
        else:
            raise outcome.error
