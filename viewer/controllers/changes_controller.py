"""Changed places of the pair on screen: looked for when the reader asks, listed, gone to by a click."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject

from compare.change.comparability import comparability
from compare.errors import Refused
from compare.linking.same_place import flicker_pair
from compare.registration.registration_image import registration_image
from loaders.errors import WorldError
from loaders.model.volume import Volume
from loaders.progress import CancelToken, ProgressCallback
from viewer.controllers.registration_controller import Alignment, AlignmentStage, RegistrationController
from viewer.controllers.session_controller import SessionController
from viewer.controllers.volume_store import VolumeStore
from viewer.jobs.job_runner import Job, JobKind, JobRunner
from viewer.panels.changes_panel import ChangesPanel, ChangesState

if TYPE_CHECKING:
    from compare.registration.register import Aligned
    from viewer.jobs.registration_process import ChangeList

CHANGES_JOB = "changes"
#: Small nodules and lesions want finer pixels than registration does.
_DETAIL_MM = 0.6


class ChangesController(QObject):
    """``go_to`` brings a viewport, and those linked to it, to a patient point in LPS mm."""

    def __init__(
        self,
        session: SessionController,
        registration: RegistrationController,
        volumes: VolumeStore,
        jobs: JobRunner,
        *,
        go_to: Callable[[int, NDArray[np.float64]], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._registration, self._volumes, self._jobs = session, registration, volumes, jobs
        self._go_to = go_to
        self.panel = ChangesPanel()
        self.panel.find_requested.connect(self.find)
        self.panel.go_to_requested.connect(self._show)
        #: What was found, and under which alignment: with another one it says nothing any more.
        self._found: tuple[Alignment, ChangeList] | None = None
        self._job: Job[ChangeList] | None = None
        self._asked: Alignment | None = None
        jobs.job_ended.connect(self._note_end)

    def refresh(self) -> None:
        """Follow what is shown: another pair, or another alignment, has other changes."""
        pair = self._pair()
        if pair is None:
            self.panel.set_state(ChangesState.NOT_ALIGNED)
            return
        alignment = pair[2]
        if self._asked is not None and self._asked is not alignment and self._job is not None:
            self._job.cancel()
        found = self._found[1] if self._found is not None and self._found[0] is alignment else None
        state = ChangesState.READY if found is None else ChangesState.LISTED
        state = ChangesState.LOOKING if self._job is not None else state
        series = [self._session.index.series_of(stack.key) for stack in (alignment.pair.current, alignment.pair.prior)]
        differences = comparability(series[0], series[1]) if series[0] is not None and series[1] is not None else ()
        self.panel.set_state(state, found, differences)

    def find(self) -> None:
        """Look for changes in the pair on screen, in a process of its own."""
        pair = self._pair()
        if pair is None or self._job is not None:
            return
        alignment = pair[2]
        current, prior = self._volumes.volume(alignment.pair.current), self._volumes.volume(alignment.pair.prior)
        aligned = _alignment_for(alignment)
        if current is None or prior is None or aligned is None:
            return
        modality = alignment.pair.modality

        def work(cancel: CancelToken, _progress: ProgressCallback) -> ChangeList:
            return _listed((current, prior), modality, aligned, cancel)

        self._asked = alignment
        self._job = self._jobs.start(
            JobKind.ALIGN,
            CHANGES_JOB,
            work,
            on_result=partial(self._take, alignment),
            on_error=self._fail,
        )
        self.refresh()

    def _pair(self) -> tuple[int, int, Alignment] | None:
        pair = flicker_pair(self._session.session, self._session.stacks)
        alignment = self._registration.alignment_between(*pair) if pair is not None else None
        if pair is None or alignment is None or alignment.stage is not AlignmentStage.ACCEPTED:
            return None
        return (*pair, alignment)

    def _take(self, alignment: Alignment, found: ChangeList) -> None:
        self._found = alignment, found
        self.refresh()

    def _fail(self, error: BaseException) -> None:
        self.panel.set_state(ChangesState.FAILED)
        if not isinstance(error, (WorldError, Refused)):
            raise error

    def _note_end(self, job: Job[object]) -> None:
        """Told before the outcome, and of a cancelled job there is none."""
        if job is self._job:
            self._job = self._asked = None
            self.refresh()

    def _show(self, position: int) -> None:
        pair = self._pair()
        if pair is not None and self._found is not None and self._found[0] is pair[2]:
            self._go_to(pair[0], np.array(self._found[1].candidates[position].centre_lps_mm))


def _alignment_for(alignment: Alignment) -> Aligned | None:
    """Brains are compared rigidly: what a deformation takes away may be what has grown."""
    is_brain = alignment.pair.modality == "MR" and alignment.rigid is not None
    return alignment.rigid if is_brain else alignment.best


def _listed(volumes: tuple[Volume, Volume], modality: str, aligned: Aligned, cancel: CancelToken) -> ChangeList:
    current, prior = (registration_image(volume, modality, detail_mm=_DETAIL_MM) for volume in volumes)
    from viewer.jobs.registration_process import changes_apart  # noqa: PLC0415 - as registration: heavy, in a job

    return changes_apart(current, prior, aligned, cancel=cancel)
