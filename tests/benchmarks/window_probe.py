"""Start the real window, drop a folder on it, and say when it was usable, when the first image showed, and its stalls.

``python -m tests.benchmarks.window_probe FOLDER STARTED`` with the time at which the process was started; prints JSON.
The program's own start is used, with Qt's event loop replaced by one that watches.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

_PATIENCE_S = 90.0


class _Stalls:
    """Ticks from within the event loop; the longest time between two is the longest stall."""

    def __init__(self) -> None:
        from PySide6.QtCore import Qt, QTimer

        self.longest_s = 0.0
        self._last = time.perf_counter()
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._timer.start(1)

    def _tick(self) -> None:
        now = time.perf_counter()
        self.longest_s = max(self.longest_s, now - self._last)
        self._last = now

    def restart(self) -> None:
        """Forget what was before."""
        self.longest_s, self._last = 0.0, time.perf_counter()


def _watch(folder: Path, started: float) -> int:
    from PySide6.QtWidgets import QApplication

    from viewer.main_window.main_window import MainWindow

    QApplication.processEvents()
    start_s = time.time() - started
    window = next(widget for widget in QApplication.topLevelWidgets() if isinstance(widget, MainWindow))
    stalls = _Stalls()
    _work_until(lambda: False, 2.0)  # workers start beside the window; a reader needs longer than this to find a folder
    stalls.restart()
    dropped = time.perf_counter()
    window.open_paths([folder])
    _work_until(lambda: _shows_an_image(window), _PATIENCE_S)
    first_image_s = time.perf_counter() - dropped
    _work_until(lambda: window.is_settled, _PATIENCE_S)
    answer = {"start_s": start_s, "first_image_s": first_image_s, "longest_stall_ms": stalls.longest_s * 1e3}
    sys.stdout.write(json.dumps(answer) + "\n")
    window.close()
    return 0


def _work_until(is_done: Any, patience_s: float) -> None:
    from PySide6.QtCore import QEventLoop
    from PySide6.QtWidgets import QApplication

    deadline = time.perf_counter() + patience_s
    while not is_done() and time.perf_counter() < deadline:
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents, 5)


def _shows_an_image(window: Any) -> bool:
    """Whether the middle of the first viewport is no longer the black of an empty pane, as the screen has it."""
    from PySide6.QtGui import QGuiApplication

    from loaders.model.frame_validity import FrameState

    widget = window.viewports()[0]
    if widget.model.frame_state is not FrameState.LOADED:
        return False
    middle = widget.mapToGlobal(widget.rect().center())
    around = 60
    grabbed = QGuiApplication.primaryScreen().grabWindow(
        0, middle.x() - around, middle.y() - around, 2 * around, 2 * around
    )
    image = grabbed.toImage()
    greys = {image.pixelColor(x, y).lightness() for x in range(0, 2 * around, 8) for y in range(0, 2 * around, 8)}
    return len(greys) > 8


def main() -> int:
    """Replace the event loop and start the window as ``main.py`` does."""
    folder, started = Path(sys.argv[1]), float(sys.argv[2])
    from viewer.app import window_app

    def patched(*_arguments: object) -> int:
        return _watch(folder, started)

    from PySide6.QtWidgets import QApplication

    QApplication.exec = patched  # type: ignore[method-assign]
    return window_app.run_window([])


if __name__ == "__main__":
    sys.exit(main())
