"""The volumes beside the planes: one pane an examination, all seen from the same side, drawn in another process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from compare.reformat.sampled_volume import SampledVolume
from compare.session.planes_view import VolumeCamera
from compare.viewing.volume_presets import volume_presets
from loaders.errors import WorldError
from loaders.model.display import Window
from loaders.progress import CancelToken, ProgressCallback
from viewer.jobs.job_runner import JobKind, JobRunner
from viewer.planes.plane_words import loading_text, preparing_text, preset_text, thinned_text, undrawn_text
from viewer.planes.planes_row import PlanesRow
from viewer.planes.volume_pane import VolumePane
from viewer.rendering.plane_picture import automatic_window
from viewer.rendering.volume_process import VolumeOrder, VolumeProcess

_STILL_MS = 200
_STEEPEST_DEGREES = 90.0
#: Every so many voxels are enough to find a window by.
_SPARSE = 4


@dataclass(slots=True, eq=False)
class _View:
    """One examination: its pane, whether the other process has its volume, and what its picture shows."""

    row: PlanesRow
    pane: VolumePane
    given: SampledVolume | None = None
    stride: int = 1
    shown: VolumeOrder | None = None


class VolumeViews(QObject):
    """Made when volumes are first asked for. Signal: ``turned(VolumeCamera)``, the reader has turned one of them."""

    turned = Signal(object)

    def __init__(self, jobs: JobRunner, parent: QWidget) -> None:
        super().__init__(parent)
        self._jobs, self._parent = jobs, parent
        self._process = VolumeProcess()
        self._views: list[_View] = []
        self.camera = VolumeCamera()
        self._is_busy = False
        self._still = QTimer(self)
        self._still.setSingleShot(True)
        self._still.setInterval(_STILL_MS)
        self._still.timeout.connect(self._go_on)

    @property
    def panes(self) -> list[VolumePane]:
        """The panes, in the order of the rows."""
        return [view.pane for view in self._views]

    @property
    def is_settled(self) -> bool:
        """Whether every pane shows its full picture, or says why it has none."""
        return not self._is_busy and not self._still.isActive()

    def show_rows(self, rows: Sequence[PlanesRow]) -> None:
        """Make a pane for each of these examinations."""
        for row in rows:
            pane = VolumePane(self._parent)
            pane.turned.connect(self._turn)
            pane.resized.connect(self.refresh)
            self._views.append(_View(row, pane))

    def look(self, camera: VolumeCamera) -> None:
        """See the volumes from here."""
        if camera != self.camera:
            self.camera = camera
            self.refresh()

    def refresh(self) -> None:
        """Draw coarse now, in full when nothing moves."""
        self._still.start()
        self._go_on()

    def clear(self) -> None:
        """Let go of panes, volumes and the other process."""
        self._still.stop()
        for view in self._views:
            view.pane.setParent(None)
            view.pane.deleteLater()
        self._views.clear()
        self._process.close()
        # An answer that is still on its way belongs to the process that was.
        self._process = VolumeProcess()
        self._is_busy = False

    def _turn(self, azimuth: float, elevation: float) -> None:
        steep = min(max(self.camera.elevation_degrees + elevation, -_STEEPEST_DEGREES), _STEEPEST_DEGREES)
        turned = replace(
            self.camera, azimuth_degrees=(self.camera.azimuth_degrees + azimuth) % 360.0, elevation_degrees=steep
        )
        self.look(turned)
        self.turned.emit(turned)

    def _go_on(self) -> None:
        """Draw the next picture that is out of date, if none is being drawn."""
        if self._is_busy:
            return
        for view in self._views:
            whole = view.row.whole
            if whole is None or whole.absent is not None:
                percent = 0 if whole is None or whole.absent is None else round(100.0 * (1.0 - whole.absent.mean()))
                view.pane.show_picture(None, (*view.row.titles, loading_text(percent)))
                continue
            order = self._order(view)
            if view.pane.isVisible() and (view.given is not whole or order != view.shown):
                self._draw(view, whole, order)
                return

    def _order(self, view: _View) -> VolumeOrder:
        preset = volume_presets().get(self.camera.preset, volume_presets()["mip"])
        if preset.unit not in {None, view.row.volume.unit} or (preset.unit is not None and view.row.factor != 1.0):
            preset = volume_presets()["mip"]
        width, height = view.pane.canvas_size
        window = view.row.window
        return VolumeOrder(
            preset.code,
            self.camera.azimuth_degrees,
            self.camera.elevation_degrees,
            width,
            height,
            (window.center, window.width) if window is not None and preset.unit is None else None,
            is_coarse=self._still.isActive(),
        )

    def _draw(self, view: _View, whole: SampledVolume, order: VolumeOrder) -> None:
        process, number = self._process, self._views.index(view)
        is_given = view.given is whole
        if not is_given:
            view.pane.show_picture(None, (*view.row.titles, preparing_text()))
        self._is_busy = True

        def work(_cancel: CancelToken, _progress: ProgressCallback) -> tuple[int, NDArray[np.uint8]]:
            stride = view.stride if is_given else process.give(number, whole)
            return stride, process.draw(number, _with_window(order, view.row, whole))

        def done(drawn: tuple[int, NDArray[np.uint8]]) -> None:
            if process is self._process:
                view.given, view.shown, view.stride = whole, order, drawn[0]
                self._show(view, drawn[1], order)
                self._is_busy = False
                self._go_on()

        def failed(error: BaseException) -> None:
            if process is self._process:
                if not isinstance(error, WorldError):
                    raise error
                view.given, view.shown = whole, order
                view.pane.show_picture(None, (*view.row.titles, undrawn_text()))
                self._is_busy = False

        self._jobs.start(JobKind.VOLUME, "volume", work, on_result=done, on_error=failed)

    def _show(self, view: _View, picture: NDArray[np.uint8], order: VolumeOrder) -> None:
        words = [*view.row.titles, preset_text(order.preset)]
        if view.stride > 1:
            words.append(thinned_text(view.stride))
        view.pane.show_picture(picture, tuple(words))


def _with_window(order: VolumeOrder, row: PlanesRow, whole: SampledVolume) -> VolumeOrder:
    """A preset without a unit needs a window: the row's, the file's, or one from the values."""
    if order.window is not None or volume_presets()[order.preset].unit is not None:
        return order
    windows = row.volume.frame(len(row.volume.stack.frames) // 2).display.windows
    window: Window = (
        windows[0]
        if windows
        else automatic_window(
            np.asarray(whole.array[::_SPARSE, ::_SPARSE, ::_SPARSE], dtype=np.float32) * whole.slope + whole.intercept
        )
    )
    return replace(order, window=(window.center, window.width))
