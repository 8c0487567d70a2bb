"""Flicker: while its key is held the current's viewport shows the prior at the same place and scale.

The prior's picture is made while the reader rests, in a job, for the very view he looks at; the key only exchanges two
finished pictures. While a new one is in the making the last one stays, under its own captions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from PySide6.QtCore import QObject, QTimer

from compare.linking.same_place import flicker_pair, place_link
from loaders.model.frame_validity import FrameState
from loaders.model.volume import Volume
from loaders.progress import CancelToken, ProgressCallback
from viewer.controllers.prior_picture import PriorPicture, PriorWanted, captions_of, picture_of
from viewer.controllers.session_controller import SessionController
from viewer.jobs.job_runner import Job, JobKind, JobRunner
from viewer.rendering.presentation_grey import presentation_pixels, presentation_table
from viewer.rendering.reference_renderer import ReferenceRenderer
from viewer.viewport.viewport_widget import ViewportWidget

#: The view must have been still for so long before the prior is made for it; a held key does not wait.
_REST_MS = 60


class FlickerController(QObject):
    """``viewports`` gives the widgets in the session's order; :meth:`prepare` is to follow every change of them."""

    def __init__(
        self,
        session: SessionController,
        jobs: JobRunner,
        viewports: Callable[[], Sequence[ViewportWidget]],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._jobs = jobs
        self._viewports = viewports
        self._renderer = ReferenceRenderer(presentation_table, presentation_pixels)
        self._ready: PriorPicture | None = None
        self._making: PriorWanted | None = None
        self._job: Job[PriorPicture] | None = None
        self._shown_on: ViewportWidget | None = None
        self.is_held = False
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self._make)

    @property
    def is_ready(self) -> bool:
        """Whether the prior's picture for the present view is made, or known not to exist."""
        wanted = self._wanted()
        return wanted is None or (self._ready is not None and wanted.is_same(self._ready.wanted))

    def hold(self, is_held: bool) -> None:  # noqa: FBT001 - a key is down or up
        """Show the prior, or go back."""
        self.is_held = is_held
        if is_held:
            self._show()
            self._make()
        else:
            self._go_back()

    def prepare(self) -> None:
        """Make the prior's picture for the view as it is now, once it rests; at once while the key is held."""
        if self.is_held:
            self._make()
        else:
            self._rest.start()

    def release(self, volume: Volume) -> None:
        """Forget a volume that is given up."""
        ready = self._ready
        if ready is not None and any(one.volume is volume for one in (ready.wanted.current, ready.wanted.prior)):
            self._go_back()
            self._ready = None

        def forget(_cancel: CancelToken, _progress: ProgressCallback) -> None:
            # On the thread that draws: a renderer is never used from two.
            self._renderer.release(volume)

        self._jobs.start(JobKind.PICTURE, "release", forget, on_result=lambda _none: None)

    def close(self) -> None:
        """Stop, and let go of every picture."""
        self._rest.stop()
        if self._job is not None:
            self._job.cancel()
        self._go_back()
        self._ready = self._making = None
        self._renderer.close()

    def _wanted(self) -> PriorWanted | None:
        session, widgets = self._session.session, self._viewports()
        pair = flicker_pair(session, self._session.stacks)
        if pair is None or max(pair) >= len(widgets):
            return None
        widget = widgets[pair[0]]
        current, prior = widget.model, widgets[pair[1]].model
        if not widget.isVisible() or current.volume is None or prior.volume is None or current.frame is None:
            return None
        one, other = session.viewports[pair[0]], session.viewports[pair[1]]
        place = place_link(one, other, session.offsets, self._session.stacks, self._session.graph)
        states = prior.volume.validity
        loaded = states.count(FrameState.LOADED) + states.count(FrameState.PREVIEW)
        return PriorWanted(widget, current, prior, widget.canvas_size, place, loaded)

    def _make(self) -> None:
        wanted = self._wanted()
        if wanted is None:
            self._ready = None
            self._go_back()
            return
        if wanted.is_same(self._making) or (self._ready is not None and wanted.is_same(self._ready.wanted)):
            return
        if self._job is not None:
            self._job.cancel()
        self._making = wanted

        def work(_cancel: CancelToken, _progress: ProgressCallback) -> PriorPicture:
            return picture_of(wanted, self._renderer)

        self._job = self._jobs.start(JobKind.PICTURE, "flicker", work, on_result=self._take)

    def _take(self, ready: PriorPicture) -> None:
        self._job = None
        self._making = None
        self._ready = ready
        if self.is_held:
            self._show()
        self._make()  # the view may have moved on meanwhile

    def _show(self) -> None:
        """Show what is ready, if it is of the view as it is now."""
        ready, wanted = self._ready, self._wanted()
        if ready is None or wanted is None or not wanted.is_same(ready.wanted):
            return
        if self._shown_on is not wanted.widget:
            self._go_back()
        self._shown_on = wanted.widget
        if ready.picture is None:
            # Nothing of the prior lies here: the current stays, and says so.
            wanted.widget.show_instead(replace(wanted.current, flicker=ready.plan.basis))
            return
        wanted.widget.show_instead(captions_of(wanted, ready.picture.plan), ready.picture.pixels)

    def _go_back(self) -> None:
        if self._shown_on is not None:
            self._shown_on.show_instead(None)
            self._shown_on = None
