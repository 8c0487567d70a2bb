"""Three honest levels of the prior, in its own viewport: its own slices, rigidly resampled, deformed to fit.

The prior's own slices are what is shown unless the reader asks otherwise, and what a measurement is drawn on. A
resampled picture says so in its badges, stands on the current's canvas, and takes no measurement.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QTimer

from compare.linking.frame_graph import LinkBasis, SpaceLink
from compare.linking.same_place import PlaceLink, flicker_pair
from compare.linking.scroll import focal_point_lps
from loaders.model.frame_validity import FrameState
from loaders.model.volume import Volume
from loaders.progress import CancelToken, ProgressCallback
from viewer.controllers.prior_picture import PriorPicture, PriorWanted, captions_of, picture_of
from viewer.controllers.registration_controller import RegistrationController
from viewer.controllers.session_controller import SessionController
from viewer.controllers.viewport_presenter import badge_of_place
from viewer.jobs.job_runner import Job, JobKind, JobRunner
from viewer.rendering.presentation_grey import presentation_pixels, presentation_table
from viewer.rendering.reference_renderer import ReferenceRenderer
from viewer.viewport.viewport_model import ViewportModel
from viewer.viewport.viewport_widget import ViewportWidget

if TYPE_CHECKING:
    from compare.registration.register import Aligned

_REST_MS = 30


class PriorLevel(StrEnum):
    """How the prior is shown, from what was acquired to what was computed."""

    NATIVE = "native"
    RIGID = "rigid"
    DEFORMED = "deformed"


_BASES = {PriorLevel.RIGID: LinkBasis.RIGID, PriorLevel.DEFORMED: LinkBasis.DEFORMABLE}


class AlignedViewController(QObject):
    """``viewports`` gives the widgets in the session's order; :meth:`refresh` is to follow every change of them."""

    def __init__(
        self,
        session: SessionController,
        registration: RegistrationController,
        jobs: JobRunner,
        viewports: Callable[[], Sequence[ViewportWidget]],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._registration, self._jobs, self._viewports = session, registration, jobs, viewports
        self._renderer = ReferenceRenderer(presentation_table, presentation_pixels)
        self.level = PriorLevel.NATIVE
        self._ready: PriorPicture | None = None
        self._job: Job[PriorPicture] | None = None
        self._making: PriorWanted | None = None
        self._shown_on: ViewportWidget | None = None
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self._make)

    def deeds(self) -> Mapping[str, Callable[[], None]]:
        """What this controller can do, by the words of the key table."""
        return {"next_level": self.next_level, "native_prior": self.show_native}

    def next_level(self) -> None:
        """Go to the next level there is; from the last back to the prior's own slices."""
        levels = [PriorLevel.NATIVE, *self._aligned()]
        if len(levels) == 1:
            self._session.refused.emit("no_level")
        position = levels.index(self.level) if self.level in levels else 0
        self._take_level(levels[(position + 1) % len(levels)])

    def show_native(self) -> None:
        """Show the prior's own slices."""
        self._take_level(PriorLevel.NATIVE)

    def refresh(self) -> None:
        """Follow what is shown; without an alignment that may be used the prior's own slices come back at once."""
        if self.level is PriorLevel.NATIVE:
            return
        if self.level not in self._aligned():
            self.show_native()
        else:
            self._rest.start()

    def release(self, volume: Volume) -> None:
        """Forget a volume that is given up."""
        ready = self._ready
        if ready is not None and any(one.volume is volume for one in (ready.wanted.current, ready.wanted.prior)):
            self.show_native()

        def forget(_cancel: CancelToken, _progress: ProgressCallback) -> None:
            # On the thread that draws: a renderer is never used from two.
            self._renderer.release(volume)

        self._jobs.start(JobKind.PICTURE, "release", forget, on_result=lambda _none: None)

    def close(self) -> None:
        """Stop, and let go of every picture; after the jobs have ended."""
        self.show_native()
        self._renderer.close()

    def _take_level(self, level: PriorLevel) -> None:
        self.level = level
        self._rest.stop()
        if self._job is not None:
            self._job.cancel()
        self._job, self._making, self._ready = None, None, None
        if level is PriorLevel.NATIVE:
            self._go_back()
        else:
            self._make()

    def _pair(self) -> tuple[int, int] | None:
        pair = flicker_pair(self._session.session, self._session.stacks)
        return pair if pair is not None and max(pair) < len(self._viewports()) else None

    def _aligned(self) -> dict[PriorLevel, Aligned]:
        """The levels that the pair on screen has, with their alignments."""
        pair = self._pair()
        alignment = self._registration.alignment_between(*pair) if pair is not None else None
        if alignment is None:
            return {}
        deformable = alignment.outcome.deformable if alignment.outcome is not None else None
        both = {PriorLevel.RIGID: alignment.rigid, PriorLevel.DEFORMED: deformable}
        return {level: aligned for level, aligned in both.items() if aligned is not None}

    def _wanted(self) -> PriorWanted | None:
        pair, aligned = self._pair(), self._aligned().get(self.level)
        if pair is None or aligned is None:
            return None
        widgets = self._viewports()
        widget, current, prior = widgets[pair[1]], widgets[pair[0]].model, widgets[pair[1]].model
        if not widget.isVisible() or current.volume is None or prior.volume is None or current.frame is None:
            return None
        link = SpaceLink(_BASES[self.level], aligned.current_to_prior, aligned.typical_error_mm, aligned.error)
        states = prior.volume.validity
        loaded = states.count(FrameState.LOADED) + states.count(FrameState.PREVIEW)
        return PriorWanted(widget, current, prior, widget.canvas_size, PlaceLink(link), loaded)

    def _make(self) -> None:
        wanted = self._wanted()
        if wanted is None:
            self._go_back()
            return
        if wanted.is_same(self._making) or (self._ready is not None and wanted.is_same(self._ready.wanted)):
            return
        if self._shown_on is not None and self._shown_on is not wanted.widget:
            self._go_back()
        if self._job is not None:
            self._job.cancel()
        self._making = wanted

        def work(_cancel: CancelToken, _progress: ProgressCallback) -> PriorPicture:
            return picture_of(wanted, self._renderer)

        self._job = self._jobs.start(JobKind.PICTURE, "level", work, on_result=self._take)

    def _take(self, ready: PriorPicture) -> None:
        self._job = self._making = None
        self._ready = ready
        wanted = ready.wanted
        self._shown_on = wanted.widget
        if ready.picture is None:
            # The prior's own slice stays, and says that the place shown beside it lies beyond.
            wanted.widget.show_instead(replace(wanted.prior, flicker=ready.plan.basis))
        else:
            wanted.widget.show_instead(_words(wanted, ready), ready.picture.pixels)
        self._make()  # the view may have moved on meanwhile

    def _go_back(self) -> None:
        self._ready = None
        if self._shown_on is not None:
            self._shown_on.show_instead(None)
            self._shown_on = None


def _words(wanted: PriorWanted, ready: PriorPicture) -> ViewportModel:
    """The prior's words in its own cell, with the error of the alignment at the place that is shown."""
    assert ready.picture is not None and wanted.place is not None  # noqa: S101, PT018 - a made picture of an alignment
    model = captions_of(wanted, ready.picture.plan)
    current, link = wanted.current, wanted.place.link
    focal = focal_point_lps(current.viewport, current.stack) if current.stack is not None else None
    error_mm = link.error_mm if focal is None else link.error_at(np.array(focal))
    badge = replace(badge_of_place(wanted.place), error_mm=error_mm)
    return replace(model, index=wanted.prior.index, is_active=wanted.prior.is_active, link=badge)
