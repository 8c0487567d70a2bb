"""Drives the window as a reader would and leaves pictures: open, answer, lung window, scroll, match, zoom, flicker.

Only keys, wheel and clicks are used, so that what the pictures show is what a reader gets.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QWidget

from compare.session.comparison_session import Role
from compare.viewing.canvas import CanvasTransform
from loaders.errors import WorldError
from viewer.main_window.main_window import MainWindow
from viewer.viewport.viewport_widget import ViewportWidget

#: Where to look in each examination: LPS mm, shape (3,).
Places = Mapping[Role, NDArray[np.float64]]

_SETTLE_S = 0.3
#: Longer than any word that comes and goes by itself stays ("skipping").
_COME_TO_REST_S = 1.2
_LONGEST_WAIT_S = 180.0
_CTRL = Qt.KeyboardModifier.ControlModifier
_ZOOM_NOTCHES = 5


class NothingShown(WorldError):
    """The window did not come to rest with two pictures in it."""

    code = "nothing_shown"


def wait_until_settled(window: MainWindow) -> None:
    """Let the window work until nothing more is on its way. Raises ``NothingShown`` after three minutes."""
    deadline = time.monotonic() + _LONGEST_WAIT_S
    pause(_SETTLE_S)
    while not window.is_settled:
        if time.monotonic() > deadline:
            raise NothingShown("the window is still loading after three minutes")
        pause(0.02)
    pause(_SETTLE_S)


def pause(seconds: float) -> None:
    """Let Qt work for a while."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        QApplication.processEvents()
        time.sleep(0.005)


def drive(window: MainWindow, folder: Path, places: Places | None = None) -> None:
    """Walk through the main job and save ``1-opened.png`` ... in ``folder``.

    With ``places`` both sides are scrolled to them, declared to match, and zoomed there; else they are scrolled a
    little and zoomed at the middle. Raises ``NothingShown`` where fewer than two pictures hang.
    """
    folder.mkdir(parents=True, exist_ok=True)
    window.activateWindow()
    wait_until_settled(window)
    if len([widget for widget in window.viewports() if widget.model.stack is not None]) < 2:
        raise NothingShown("fewer than two series hang: there is nothing to compare")
    _save(window, folder, "1-opened")
    _answer_identity(window)
    QTest.keyClick(window, Qt.Key.Key_2)
    _scroll(window, places)
    _save(window, folder, "2-scrolled")
    QTest.keyClick(window, Qt.Key.Key_M)
    _wheel(window.viewports()[0], _ZOOM_NOTCHES, _point_of(window.viewports()[0], places), _CTRL)
    _save(window, folder, "3-linked-and-zoomed")
    _space(window, QEvent.Type.KeyPress)
    _save(window, folder, "4-flicker-prior")
    _space(window, QEvent.Type.KeyRelease)
    _save(window, folder, "5-flicker-current")


def _save(window: MainWindow, folder: Path, name: str) -> None:
    pause(_COME_TO_REST_S)
    if not window.grab().save(str(folder / f"{name}.png")):
        raise NothingShown(f"cannot write {folder / name}.png")


def _answer_identity(window: MainWindow) -> None:
    """Answer the question whether this is one patient, where it is asked."""
    button = window.identity.findChild(QPushButton, "confirm")
    if button is not None and button.isVisible():
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        pause(_SETTLE_S)


def _scroll(window: MainWindow, places: Places | None) -> None:
    for widget in window.viewports()[:2]:
        steps = -12 if places is None else _steps_to(widget, places)
        _wheel(widget, steps, QPointF(widget.rect().center()))


def _steps_to(widget: ViewportWidget, places: Places) -> int:
    """Notches of the wheel to the nearest slice: downwards, which is negative, for later slices."""
    model = widget.model
    place = places.get(model.role)
    if place is None or model.stack is None:
        return 0
    away = [abs(frame.plane.in_plane_mm(place)[2]) if frame.plane else np.inf for frame in model.stack.frames]
    return model.viewport.view.frame_index - int(np.argmin(away))


def _point_of(widget: ViewportWidget, places: Places | None) -> QPointF:
    """Where the place lies on the widget; its middle where that is not known."""
    frame, place = widget.model.frame, (places or {}).get(widget.model.role)
    if frame is not None and place is not None:
        shown = CanvasTransform.of(widget.model.viewport.view, frame, *widget.canvas_size).lps_to_canvas(place)
        if shown is not None:
            ratio = widget.devicePixelRatioF()
            return QPointF(shown[0] / ratio, shown[1] / ratio)
    return QPointF(widget.rect().center())


def _wheel(
    target: QWidget, notches: int, at: QPointF, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
) -> None:
    for _ in range(abs(notches)):
        event = QWheelEvent(
            at,
            QPointF(target.mapToGlobal(at.toPoint())),
            QPoint(),
            QPoint(0, 120 if notches > 0 else -120),
            Qt.MouseButton.NoButton,
            modifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(target, event)
        pause(0.02)


def _space(window: MainWindow, kind: QEvent.Type) -> None:
    QApplication.sendEvent(window, QKeyEvent(kind, Qt.Key.Key_Space, Qt.KeyboardModifier.NoModifier, " "))
