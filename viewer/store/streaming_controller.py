"""From a store to the screen and into the library: rate and remaining time, pause, a lost sign-in, the rail's marks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from compare.pairing.roles import study_key_of
from loaders.errors import WorldError
from loaders.model.stack import StackKey
from loaders.model.study import Catalogue
from loaders.progress import CancelToken, ProgressCallback
from loaders.retrieval.retrieval_status import RetrievalState, RetrievalStatus
from viewer.controllers.opening_controller import OpeningController
from viewer.jobs.job_runner import Job, JobKind, JobRunner
from viewer.panels.bottom_strip import JobLine
from viewer.panels.rail_rows import Presence, StudyState
from viewer.store.lazy_services import LazyServices
from viewer.store.record import PatientRecord

if TYPE_CHECKING:
    from viewer.store.store_services import Opened

KEEP_JOB = "store_keep"
#: The identifier of the line in the strip: no job's.
STREAM_LINE = -1
_LOOK_MS = 250


class StreamingController(QObject):
    """One patient's source at a time.

    Signals: ``line_changed(JobLine | None)`` for the strip, ``study_state(str study key, StudyState)``,
    ``sign_in_needed()`` once for each lost sign-in, ``failed(WorldError, str)``,
    ``forgotten(frozenset[StackKey])`` stacks that may not be seen any more, ``kept(bool is_whole)``.
    """

    line_changed = Signal(object)
    study_state = Signal(str, object)
    sign_in_needed = Signal()
    failed = Signal(object, str)
    forgotten = Signal(object)
    kept = Signal(bool)

    def __init__(
        self, services: LazyServices, jobs: JobRunner, opening: OpeningController, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._services, self._jobs, self._opening = services, jobs, opening
        self._record: PatientRecord | None = None
        self._opened: Opened | None = None
        self._catalogue: Catalogue | None = None
        self._keep_job: Job[bool] | None = None
        self._is_kept = self._is_paused = self._has_told_sign_in = False
        self._timer = QTimer(self)
        self._timer.setInterval(_LOOK_MS)
        self._timer.timeout.connect(self._look)

    @property
    def record(self) -> PatientRecord | None:
        """Whose studies are open from a store."""
        return self._record

    def open(self, record: PatientRecord, opened: Opened, on_error: Callable[[WorldError], None]) -> None:
        """Stream a study and its priors into the window; what another patient's source held goes."""
        self.close()
        self._record, self._opened = record, opened
        self._is_kept = self._is_paused = self._has_told_sign_in = False

        def fail(error: WorldError) -> None:
            self.close()
            on_error(error)

        self._opening.open_source(opened.source, on_known=self._take_catalogue, on_error=fail)
        self._timer.start()

    def close(self) -> None:
        """Stop streaming and take the studies off the screen."""
        self._timer.stop()
        if self._keep_job is not None:
            self._keep_job.cancel()
        opened, self._opened, self._catalogue, self._record, self._keep_job = self._opened, None, None, None, None
        if opened is not None:
            gone = self._opening.close_source(opened.source)
            self.forgotten.emit(gone)
            self._in_background("quiet store end", lambda: _end(opened))
        self.line_changed.emit(None)

    def stop(self) -> None:
        """The window closes: only the clock; sources and library are closed by their owners."""
        self._timer.stop()
        if self._opened is not None and self._opened.keeping is not None:
            self._opened.keeping.close()

    def pause(self) -> None:
        """Start no new request."""
        self._is_paused = True
        if self._opened is not None:
            self._opened.source.pause()
        if self._keep_job is not None:
            self._keep_job.cancel()
            self._keep_job = None
        self._look()

    def drop_keys(self) -> None:
        """The workstation is locked: nothing streams, and the writers' study keys go. What is missing comes later."""
        self.pause()
        keeping = self._opened.keeping if self._opened is not None else None
        if keeping is not None:
            self._in_background("quiet store keys", keeping.close)

    def resume(self) -> None:
        """Go on, after a pause or a new sign-in: what came is not fetched again."""
        self._is_paused = self._has_told_sign_in = False
        if self._opened is not None:
            self._opened.source.resume()
            self._timer.start()
        self._look()

    def toggle(self) -> None:
        """Pause, or go on."""
        if self._is_paused:
            self.resume()
        else:
            self.pause()

    def _take_catalogue(self, catalogue: Catalogue) -> None:
        opened = self._opened
        if opened is None:
            return
        self._catalogue = catalogue
        keeping = opened.keeping
        if keeping is not None:
            self._in_background("quiet store plan", lambda: keeping.plan(catalogue, opened.source.expected))
        self._look()

    def _progress(self) -> list[tuple[StackKey, RetrievalStatus]]:
        return self._opened.source.progress() if self._opened is not None else []

    def _look(self) -> None:
        """Bring strip, rail and notices up to date, four times a second."""
        opened = self._opened
        if opened is None:
            return
        progress = self._progress()
        if self._is_paused:
            opened.source.pause()
        self._tell_rail(progress)
        states = [status.state for _, status in progress]
        if RetrievalState.SIGN_IN_NEEDED in states and not self._has_told_sign_in:
            self._has_told_sign_in = True
            self.sign_in_needed.emit()
        is_done = bool(states) and all(state in {RetrievalState.DONE, RetrievalState.STOPPED} for state in states)
        self.line_changed.emit(None if is_done or not states else self._line([status for _, status in progress]))
        if (
            is_done
            and not self._is_paused
            and self._catalogue is not None
            and self._keep_job is None
            and not self._is_kept
        ):
            self._keep_rest()

    def _line(self, statuses: list[RetrievalStatus]) -> JobLine:
        total = sum(status.total for status in statuses)
        done = sum(status.received + status.failed for status in statuses)
        states = {status.state for status in statuses}
        if RetrievalState.SIGN_IN_NEEDED in states:
            text = self.tr("Sign in again to go on: {done} of {total} images are here")
        elif self._is_paused:
            text = self.tr("Paused: {done} of {total} images")
        elif RetrievalState.WAITING in states:
            text = self.tr("The image store does not answer; trying again: {done} of {total} images")
        elif any(status.remaining_s is None and status.remaining for status in statuses):
            text = self.tr("Streaming {done} of {total} images")
        else:
            text = self.tr("Streaming {done} of {total} images · {rate} MB/s · {left} s left")
        rate = sum(status.bytes_per_second for status in statuses if status.state is RetrievalState.RUNNING)
        left = max((status.remaining_s or 0.0 for status in statuses), default=0.0)
        title = text.format(done=done, total=total, rate=f"{rate / 1e6:.1f}", left=f"{left:.0f}")
        is_paused = self._is_paused
        return JobLine(STREAM_LINE, title, done / total if total else None, can_pause=True, is_paused=is_paused)

    def _tell_rail(self, progress: list[tuple[StackKey, RetrievalStatus]]) -> None:
        if self._catalogue is None:
            return
        received: Counter[str] = Counter()
        under_way = {key.study_uid for key, _ in progress}
        for key, status in progress:
            received[key.study_uid] += status.received
        for study in self._catalogue.studies:
            frames = (frame for series in study.series for stack in series.stacks for frame in stack.frames)
            total = len({frame.sop_instance_uid for frame in frames})
            if self._is_kept:
                state = StudyState(Presence.ON_DISK)
            elif study.uid in under_way or self._keep_job is not None:
                state = StudyState(Presence.LOADING, min(1.0, received[study.uid] / total) if total else None)
            else:
                state = StudyState(Presence.IN_STORE)
            self.study_state.emit(study_key_of(study), state)

    def _keep_rest(self) -> None:
        opened, record = self._opened, self._record
        if opened is None or record is None or opened.keeping is None:
            self._timer.stop()
            return

        def work(cancel: CancelToken, _progress: ProgressCallback) -> bool:
            services = self._services.get()
            session = services.session
            return session is not None and services.complete(session, record, opened, cancel)

        def take(is_whole: bool) -> None:  # noqa: FBT001 - a callback
            self._is_kept = is_whole
            self._timer.stop()
            self._look()
            self.kept.emit(is_whole)

        def fail(error: BaseException) -> None:
            self._timer.stop()
            if not isinstance(error, WorldError):
                raise error
            if error.code == "not_signed_in":
                self._keep_job = None
                self.sign_in_needed.emit()
            else:
                self.failed.emit(error, "")

        self._keep_job = self._jobs.start(JobKind.NETWORK, KEEP_JOB, work, on_result=take, on_error=fail)

    def _in_background(self, name: str, work: Callable[[], None]) -> None:
        def fail(error: BaseException) -> None:
            if not isinstance(error, WorldError):
                raise error
            self.failed.emit(error, "")

        self._jobs.start(
            JobKind.NETWORK, name, lambda _cancel, _progress: work(), on_result=lambda _none: None, on_error=fail
        )


def _end(opened: Opened) -> None:
    opened.source.close()
    if opened.keeping is not None:
        opened.keeping.close()
