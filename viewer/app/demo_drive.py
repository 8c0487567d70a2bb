"""Drives the window as a reader would and leaves pictures: open, scroll, zoom, flicker."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget

from loaders.errors import WorldError
from viewer.main_window.main_window import MainWindow

_SETTLE_S = 0.3
_LONGEST_WAIT_S = 180.0


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


def drive(window: MainWindow, folder: Path) -> None:
    """Walk through the main job and save ``1-compare.png`` ... in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    wait_until_settled(window)
    steps: tuple[tuple[str, Callable[[], None]], ...] = (
        ("1-compare", lambda: None),
        ("2-scroll", lambda: _wheel(window, notches=-12)),
        ("3-zoom", lambda: _wheel(window, notches=4, modifier=Qt.KeyboardModifier.ControlModifier)),
        ("4-flicker-prior", lambda: _space(window, QEvent.Type.KeyPress)),
        ("5-flicker-current", lambda: _space(window, QEvent.Type.KeyRelease)),
    )
    for name, act in steps:
        act()
        pause(_SETTLE_S)
        if not window.grab().save(str(folder / f"{name}.png")):
            raise NothingShown(f"cannot write {folder / name}.png")


def _wheel(window: MainWindow, *, notches: int, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    target: QWidget = window.viewports()[0]
    middle = QPointF(target.rect().center())
    for _ in range(abs(notches)):
        event = QWheelEvent(
            middle,
            QPointF(target.mapToGlobal(middle.toPoint())),
            QPoint(),
            QPoint(0, 120 if notches > 0 else -120),
            Qt.MouseButton.NoButton,
            modifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(target, event)
        pause(0.03)


def _space(window: MainWindow, kind: QEvent.Type) -> None:
    QApplication.sendEvent(window, QKeyEvent(kind, Qt.Key.Key_Space, Qt.KeyboardModifier.NoModifier, " "))
