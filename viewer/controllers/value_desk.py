"""The values of measurements for the window: small ones at once, large regions in a quiet job, each computed once."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal

from compare.measuring.region import Region
from compare.measuring.values import MeasuredValue, values_of, values_on_frame
from compare.session.measurement import REGIONS, Measurement
from loaders.model.frame import Frame
from loaders.model.frame_validity import FrameState
from loaders.model.volume import Volume
from loaders.progress import CancelToken, ProgressCallback
from viewer.jobs.job_runner import Job, JobKind, JobRunner

Values = tuple[MeasuredValue, ...]
#: Above so many pixels in its box a region is counted in a job: both computations of it take longer than a paint may.
_LARGE_PIXELS = 4000


class ValueDesk(QObject):
    """Signal: ``values_ready()``, a job has brought values that were missing. Lives on the window's thread."""

    values_ready = Signal()

    def __init__(self, jobs: JobRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._known: dict[str, tuple[Measurement, Frame, FrameState, Values | None]] = {}
        self._running: dict[str, Job[Values]] = {}

    def keep(self, measurements: Sequence[Measurement]) -> None:
        """Forget the values of all other measurements."""
        kept = {one.identifier for one in measurements}
        self._known = {key: known for key, known in self._known.items() if key in kept}

    def values(self, one: Measurement, frame_index: int, frame: Frame, volume: Volume | None) -> Values | None:
        """Return the values of a measurement on its frame, or ``None`` while a job computes them.

        Without a volume those that the header gives. A half-drawn one (without identifier) never starts a job.
        """
        if volume is None:
            return values_on_frame(one, frame)
        state = volume.validity[frame_index]
        known = self._known.get(one.identifier)
        if known is not None and known[0] == one and known[1] is frame and known[2] is state:
            return known[3]
        is_large = one.kind in REGIONS and _pixels(one, frame) > _LARGE_PIXELS
        if not is_large:
            values = values_of(one, volume)
            if one.identifier:
                self._known[one.identifier] = (one, frame, state, values)
            return values
        if one.identifier:
            self._known[one.identifier] = (one, frame, state, None)
            self._compute(one, frame, state, volume)
        return None

    def _compute(self, one: Measurement, frame: Frame, state: FrameState, volume: Volume) -> None:
        def work(_cancel: CancelToken, _progress: ProgressCallback) -> Values:
            return values_of(one, volume)

        def take(values: Values) -> None:
            known = self._known.get(one.identifier)
            if known is not None and known[:3] == (one, frame, state):
                self._known[one.identifier] = (one, frame, state, values)
                self._running.pop(one.identifier, None)
                self.values_ready.emit()

        before = self._running.get(one.identifier)
        if before is not None:
            before.cancel()  # an area that is being pulled wants its newest values only
        self._running[one.identifier] = self._jobs.start(JobKind.PICTURE, "values", work, on_result=take)


def _pixels(one: Measurement, frame: Frame) -> float:
    left, top, right, bottom = Region.of(one).box_mm
    return (right - left) / frame.spacing.column_mm * (bottom - top) / frame.spacing.row_mm
