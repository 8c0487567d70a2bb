"""Small volumes and a hand on mouse and keys, for tests of what a reader does to pictures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from compare.viewing.canvas import CanvasTransform
from loaders.model.frame_plane import Vector3
from loaders.model.units import PixelSpacing, SpacingBasis, ValueUnit
from loaders.model.volume import Volume
from tests.render.phantoms import make_volume
from tests.support.compared_window import (
    named,
)
from viewer.main_window.main_window import MainWindow
from viewer.viewport.viewport_widget import ViewportWidget

SAGITTAL: tuple[Vector3, Vector3] = ((0.0, 1.0, 0.0), (0.0, 0.0, -1.0))


def volume(
    name: str,
    *,
    slices: int = 12,
    spacing_mm: tuple[float, float] = (1.0, 1.0),
    basis: SpacingBasis = SpacingBasis.GEOMETRY,
    frame_time_ms: float | None = None,
    frame_of_reference_uid: str = "1.9",
    unit: ValueUnit = ValueUnit.HOUNSFIELD,
    slice_mm: float = 2.0,
    axes: tuple[Vector3, Vector3] = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)),
    origin: Vector3 = (-50.0, -50.0, 0.0),
) -> Volume:
    stored = np.random.default_rng(3).integers(0, 800, (slices, 100, 100)).astype(np.int16)
    made = make_volume(stored, spacing_mm=spacing_mm, slice_mm=slice_mm, axes=axes, origin_lps_mm=origin)
    frames = tuple(
        replace(
            frame,
            spacing=PixelSpacing(*spacing_mm, basis),
            frame_time_ms=frame_time_ms,
            values=replace(frame.values, unit=unit),
        )
        for frame in made.stack.frames
    )
    return named(replace(made, stack=replace(made.stack, frames=frames)), name, frame_of_reference_uid)


def at_pixel(widget: ViewportWidget, column: float, row: float) -> QPoint:
    """The widget's point over an image pixel."""
    model = widget.model
    assert model.frame is not None
    x, y = CanvasTransform.of(model.viewport.view, model.frame, *widget.canvas_size).image_to_canvas(column, row)
    ratio = widget.devicePixelRatioF()
    return QPoint(round(x / ratio), round(y / ratio))


def drag(widget: ViewportWidget, start: QPoint, end: QPoint, keys: Qt.KeyboardModifier | None = None) -> None:
    modifiers = keys or Qt.KeyboardModifier.NoModifier
    QTest.mousePress(widget, Qt.MouseButton.LeftButton, modifiers, start)
    for share in (0.3, 0.7, 1.0):
        move(widget, start + (end - start) * share, modifiers, Qt.MouseButton.LeftButton)
    QTest.mouseRelease(widget, Qt.MouseButton.LeftButton, modifiers, end)


def move(
    widget: ViewportWidget,
    to: QPoint,
    keys: Qt.KeyboardModifier,
    buttons: Qt.MouseButton = Qt.MouseButton.NoButton,
) -> None:
    place = QPointF(to)
    event = QMouseEvent(
        QMouseEvent.Type.MouseMove, place, QPointF(widget.mapToGlobal(to)), Qt.MouseButton.NoButton, buttons, keys
    )
    QApplication.sendEvent(widget, event)


def press(window: MainWindow, key: Qt.Key, keys: Qt.KeyboardModifier | None = None) -> None:
    QTest.keyClick(window, key, keys or Qt.KeyboardModifier.NoModifier)
    QApplication.processEvents()
