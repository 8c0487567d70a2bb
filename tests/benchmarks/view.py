"""Scrolling and windowing on a real screen, beside a bare VTK slice viewer in the same run.

A frame ends when the pixel under the probe has changed *on the screen*, as the X server tells a reader of the root
window; both programs are timed with the same probe. Run it on a screen of at least 1840 x 920: ``make bench`` brings
one. ``python -m tests.benchmarks.view`` prints the rows.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QWidget
from vtkmodules.util.numpy_support import numpy_to_vtk
from vtkmodules.vtkCommonDataModel import vtkImageData
from vtkmodules.vtkRenderingCore import vtkImageSlice, vtkImageSliceMapper, vtkRenderer, vtkRenderWindow
from vtkmodules.vtkRenderingOpenGL2 import vtkOpenGLRenderWindow

from compare.session import commands
from compare.session.comparison_session import LinkedAction
from compare.viewing.canvas import fit_scale, frame_centre_mm
from compare.viewing.view_state import Presentation, ViewState
from loaders.model.display import Window
from loaders.model.volume import Volume
from tests.benchmarks.row import Row as BenchRow
from tests.benchmarks.row import row_of
from tests.render.phantoms import make_volume
from tests.support.compared_window import hang_volumes, named, wheel, window_over
from viewer.main_window.main_window import MainWindow
from viewer.rendering.choose_renderer import GlKind, probe_gl
from viewer.rendering.reference_renderer import ReferenceRenderer
from viewer.rendering.slice_renderer import SliceRenderer, SliceRequest
from viewer.tools.drag import Step

SIDE = 900
_WARM_UP = 15
#: Enough for a 95th percentile of a program that takes a tenth of a second a frame.
_PEER_SLICES = 215
_PATIENCE_S = 2.0
_CORNER = QPoint(10, 10)

Row = dict[str, Any]


def measure(slices: int = 1000, drags: int = 200) -> list[Row]:
    """Return the rows of the viewing part; ``met`` is ``None`` where there is nothing to measure on."""
    application = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(application, QGuiApplication)
    stored = _scroll_workload(slices)
    volume = make_volume(stored, spacing_mm=(0.7, 0.7))
    renderer = ReferenceRenderer()
    rows = []
    for viewports in (1, 2):
        ours = _scroll(renderer, volume, viewports)
        peer = _scroll_vtk(stored, viewports)
        name = "scroll one 900x900 viewport, p95" if viewports == 1 else "scroll two linked 900x900 viewports, p95"
        rows.append(_row(name, ours, 25.0, peer))
    rows.append(
        _row("scroll the whole window, two linked viewports of 900x900, p95", _scroll_window(volume), 1000 / 30)
    )
    del stored, volume
    rows.append(_row("window drag on 25 megapixels, p95", _window_drag(renderer, drags), 40.0))
    rows.append(_row("window drag on 25 megapixels in the whole window, p95", _drag_in_window(drags), 40.0))
    renderer.close()
    rows += _gpu_rows(slices, drags)
    return rows


def _gpu_rows(slices: int, drags: int) -> list[Row]:
    probe = probe_gl()
    if probe.kind is not GlKind.HARDWARE:
        names = ("scroll two linked 900x900 viewports on a GPU, p95", "window drag on 25 megapixels on a GPU, p95")
        return [{**_row(name, None, 16.7), "note": f"no GPU here: {probe.kind} {probe.device}"} for name in names]
    from viewer.rendering.vtk_renderer import VtkRenderer

    renderer = VtkRenderer()
    volume = make_volume(_scroll_workload(slices), spacing_mm=(0.7, 0.7))
    rows = [
        _row("scroll two linked 900x900 viewports on a GPU, p95", _scroll(renderer, volume, 2), 16.7),
        _row("window drag on 25 megapixels on a GPU, p95", _window_drag(renderer, drags), 16.7),
    ]
    renderer.close()
    return [{**row, "note": probe.device} for row in rows]


def _row(name: str, value_ms: float | None, goal_ms: float, peer_ms: float | None = None) -> Row:
    ratio = value_ms / peer_ms if value_ms is not None and peer_ms else None
    met = None if value_ms is None else value_ms <= goal_ms and (ratio is None or ratio < 1.0)
    return {
        "name": name,
        "value": None if value_ms is None else round(value_ms, 2),
        "unit": "ms",
        "peer": "vtkImageSliceMapper in an on-screen window, no multisampling" if peer_ms is not None else None,
        "peer_value": None if peer_ms is None else round(peer_ms, 2),
        "ratio": None if ratio is None else round(ratio, 3),
        "goal": f"<= {goal_ms:g} ms" + (" and faster than the peer" if peer_ms is not None else ""),
        "met": met,
    }


def _scroll_workload(slices: int) -> NDArray[np.int16]:
    """CT-like noise, each slice shifted; the middle turns from black to white and back with every slice."""
    base = np.random.default_rng(1).normal(0.0, 300.0, (512, 512)).astype(np.int16)
    stored = np.empty((slices, 512, 512), dtype=np.int16)
    for index in range(slices):
        stored[index] = np.roll(base, index * 7, axis=1)
        stored[index, 240:272, 240:272] = 2000 if index % 2 else -1000
    return stored


class _Canvas(QWidget):
    """Paints the pictures it is given side by side, one device pixel to a pixel."""

    def __init__(self, viewports: int) -> None:
        super().__init__(None, Qt.WindowType.FramelessWindowHint | Qt.WindowType.BypassWindowManagerHint)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFixedSize(SIDE * viewports, SIDE)
        self.pictures: list[NDArray[np.uint8]] = []

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802  Qt's name
        painter = QPainter(self)
        for index, picture in enumerate(self.pictures):
            height, width = picture.shape[:2]
            image = QImage(picture.data, width, height, picture.strides[0], QImage.Format.Format_Grayscale8)
            painter.drawImage(QPoint(index * SIDE, 0), image)
        painter.end()


def _probe_grey(viewport: int) -> int:
    """Grey on the screen in the middle of a viewport; the answer comes from the server, behind all drawing."""
    screen = QGuiApplication.primaryScreen()
    x = _CORNER.x() + viewport * SIDE + SIDE // 2
    grabbed = screen.grabWindow(0, x, _CORNER.y() + SIDE // 2, 1, 1).toImage()
    return int(grabbed.pixelColor(0, 0).lightness())


def _until_shown(wanted: Callable[[int], bool], viewports: int) -> None:
    """Wait until every viewport's probe shows what is wanted."""
    deadline = time.perf_counter() + _PATIENCE_S
    while not all(wanted(_probe_grey(viewport)) for viewport in range(viewports)):
        if time.perf_counter() > deadline:
            raise RuntimeError("the screen did not change: is something in front of the window?")


@contextmanager
def _shown(widget: QWidget) -> Iterator[None]:
    widget.move(_CORNER)
    widget.show()
    QApplication.processEvents()
    try:
        yield
    finally:
        widget.close()
        QApplication.processEvents()


def _percentile_95(times_s: list[float]) -> float:
    return float(np.percentile(np.asarray(times_s) * 1e3, 95))


def _is_middle(index: int) -> Callable[[int], bool]:
    return (lambda grey: grey > 200) if index % 2 else (lambda grey: grey < 50)


def _scroll(renderer: SliceRenderer, volume: Volume, viewports: int) -> float:
    """95th percentile in ms of showing the next slice in all viewports, by the widget's own paint."""
    canvas = _Canvas(viewports)
    frame = volume.frame(0)
    scale, centre = fit_scale(frame, SIDE, SIDE), frame_centre_mm(frame)
    presentation = Presentation(window=Window(40, 400))
    times = []
    with _shown(canvas):
        for index in range(len(volume.stack.frames)):
            started = time.perf_counter()
            request = SliceRequest(volume, ViewState(index, centre, scale), presentation, SIDE, SIDE)
            pictures = [renderer.render(request)]
            if viewports == 2:
                # The other examination: its own slice, so that nothing drawn for the first helps the second.
                other = (index + len(volume.stack.frames) // 2 & ~1) + index % 2
                other %= len(volume.stack.frames)
                second = SliceRequest(volume, ViewState(other, centre, scale), presentation, SIDE, SIDE)
                pictures.append(renderer.render(second))
            canvas.pictures = [picture for picture in pictures if picture is not None]
            canvas.repaint()
            _until_shown(_is_middle(index), viewports)
            times.append(time.perf_counter() - started)
    return _percentile_95(times[_WARM_UP:])


def _scroll_vtk(stored: NDArray[np.int16], viewports: int) -> float:
    """The same of a bare VTK viewer: one image over the same memory, a slice mapper for each viewport."""
    slices = stored.shape[0]
    image = vtkImageData()
    image.SetDimensions(512, 512, slices)
    image.GetPointData().SetScalars(numpy_to_vtk(stored.reshape(-1), deep=False))  # type: ignore[no-untyped-call]
    window = vtkRenderWindow()
    assert isinstance(window, vtkOpenGLRenderWindow)
    window.SetMultiSamples(0)
    window.SetBorders(False)
    window.SetPosition(_CORNER.x(), _CORNER.y())
    window.SetSize(SIDE * viewports, SIDE)
    mappers = []
    for viewport in range(viewports):
        mapper = vtkImageSliceMapper()
        mapper.SetInputData(image)
        shown = vtkImageSlice()
        shown.SetMapper(mapper)
        shown.GetProperty().SetColorWindow(400)
        shown.GetProperty().SetColorLevel(40)
        shown.GetProperty().SetInterpolationTypeToLinear()
        scene = vtkRenderer()
        scene.SetViewport(viewport / viewports, 0.0, (viewport + 1) / viewports, 1.0)
        scene.AddViewProp(shown)
        camera = scene.GetActiveCamera()
        camera.ParallelProjectionOn()
        camera.SetFocalPoint(255.5, 255.5, 0.0)
        camera.SetPosition(255.5, 255.5, 2000.0)
        camera.SetParallelScale(256.0)
        scene.ResetCameraClippingRange(0.0, 512.0, 0.0, 512.0, -2.0, slices + 2.0)
        camera.SetClippingRange(1.0, 4000.0)
        window.AddRenderer(scene)
        mappers.append(mapper)
    window.Render()
    times = []
    for index in range(min(slices, _PEER_SLICES)):
        started = time.perf_counter()
        mappers[0].SetSliceNumber(index)
        if viewports == 2:
            mappers[1].SetSliceNumber(((index + slices // 2 & ~1) + index % 2) % slices)
        window.Render()
        _until_shown(_is_middle(index), viewports)
        times.append(time.perf_counter() - started)
    window.Finalize()
    return _percentile_95(times[_WARM_UP:])


def _window_drag(renderer: SliceRenderer, drags: int) -> float:
    """95th percentile in ms of one step of a window drag on a 25-megapixel radiograph, fitted to the viewport."""
    stored = np.random.default_rng(2).integers(0, 4096, (1, 5000, 5000)).astype(np.uint16)
    stored[0, 2300:2700, 2300:2700] = 2000
    volume = make_volume(stored, spacing_mm=(0.1, 0.1))
    frame = volume.frame(0)
    view = ViewState(0, frame_centre_mm(frame), fit_scale(frame, SIDE, SIDE))
    canvas = _Canvas(1)
    times = []
    with _shown(canvas):
        for index in range(_WARM_UP + drags):
            # A little further with every step, to and fro across the middle's grey, so that the probe sees each.
            window = Window(3900 - index / 10 if index % 2 == 0 else 100 + index / 10, 1500)
            started = time.perf_counter()
            picture = renderer.render(SliceRequest(volume, view, Presentation(window=window), SIDE, SIDE))
            canvas.pictures = [picture] if picture is not None else []
            canvas.repaint()
            _until_shown(_is_middle(index), 1)
            times.append(time.perf_counter() - started)
    renderer.release(volume)
    return _percentile_95(times[_WARM_UP:])


@contextmanager
def _whole_window(*volumes: Volume) -> Iterator[MainWindow]:
    """The real window with volumes that are in memory, viewports of 900x900 where the screen allows it."""
    window = window_over(*volumes)
    window.setWindowFlags(Qt.WindowType.FramelessWindowHint | Qt.WindowType.BypassWindowManagerHint)
    window.move(0, 0)
    window.resize(2 * SIDE + window.rail.width() + 1, SIDE + window.bar.height() + window.strip.height())
    window.show()
    QApplication.processEvents()
    hang_volumes(window, volumes)
    deadline = time.perf_counter() + _PATIENCE_S
    while time.perf_counter() < deadline and not window.pictures.flicker.is_ready:
        QApplication.processEvents()
    try:
        yield window
    finally:
        window.close()
        QApplication.processEvents()


def _grey_in(widget: QWidget) -> int:
    """Grey on the screen beside the middle of a widget, where no mark is painted."""
    at = widget.mapToGlobal(widget.rect().center())
    grabbed = QGuiApplication.primaryScreen().grabWindow(0, at.x() + 6, at.y() + 6, 1, 1).toImage()
    return int(grabbed.pixelColor(0, 0).lightness())


def _until(is_done: Callable[[], bool]) -> None:
    deadline = time.perf_counter() + _PATIENCE_S
    while not is_done():
        QApplication.processEvents()
        if time.perf_counter() > deadline:
            raise RuntimeError("the screen did not change: is something in front of the window?")


def _scroll_window(volume: Volume) -> float:
    """95th percentile in ms from a notch of the wheel until both linked viewports show their next slice."""
    first, second = named(volume, "1.1", "1.9"), named(volume, "1.2", "1.9")
    times = []
    with _whole_window(first, second) as window:
        for index in range(2):
            window.session.apply(partial(commands.set_window, index=index, window=Window(40, 400)))
            window.session.apply(partial(commands.scroll_to, index=index, frame_index=0, stacks=window.session.stacks))
        QApplication.processEvents()
        shown = window.viewports()[:2]
        for index in range(1, min(len(volume.stack.frames), 400)):
            wanted = _is_middle(index)
            started = time.perf_counter()
            wheel(window, 0, -1)
            _until(lambda wanted=wanted: all(wanted(_grey_in(widget)) for widget in shown))  # type: ignore[misc]
            times.append(time.perf_counter() - started)
    return _percentile_95(times[_WARM_UP:])


def _drag_in_window(drags: int) -> float:
    """95th percentile in ms from a movement of the mouse until the picture has the new window."""
    stored = np.random.default_rng(2).integers(0, 4096, (1, 5000, 5000)).astype(np.uint16)
    stored[0, 2300:2700, 2300:2700] = 2000
    volume = named(make_volume(stored, spacing_mm=(0.1, 0.1)), "1.1", "1.9")
    times = []
    with _whole_window(volume) as window:
        widget = window.viewports()[0]
        for index in range(_WARM_UP + drags):
            level = 3900 - index / 10 if index % 2 == 0 else 100 + index / 10
            command = partial(commands.set_window, index=0, window=Window(level, 1500))
            started = time.perf_counter()
            widget.step_ready.emit(0, Step(command, (LinkedAction.WINDOW,)), "drag")
            wanted = _is_middle(index)
            _until(lambda wanted=wanted: wanted(_grey_in(widget)))  # type: ignore[misc]
            times.append(time.perf_counter() - started)
    return _percentile_95(times[_WARM_UP:])


def rows() -> list[BenchRow]:
    """The rows in the form of ``make bench``."""
    return [row_of(row) for row in measure()]


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure(), indent=1) + "\n")
