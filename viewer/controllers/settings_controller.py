"""What is remembered between starts: applied when the window opens, written when it changes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QRect, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QScreen
from PySide6.QtWidgets import QWidget

from loaders.progress import CancelToken, ProgressCallback
from viewer.jobs.job_runner import JobKind, JobRunner
from viewer.settings.settings import Settings, WindowPlace, monitor_set_key, write_settings

_WRITE_AFTER_MS = 800


class SettingsController(QObject):
    """Holds the settings. Signal: ``changed(Settings)``. Without a path nothing is written (safe mode, tests)."""

    changed = Signal(object)

    def __init__(self, settings: Settings, path: Path | None, jobs: JobRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.settings = settings
        self._path = path
        self._jobs = jobs
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_WRITE_AFTER_MS)
        self._timer.timeout.connect(self._write_in_job)

    def change(self, **fields: Any) -> None:  # noqa: ANN401 - fields of Settings
        """Change some settings; they are written a moment later, several changes at once."""
        changed = replace(self.settings, **fields)
        if changed != self.settings:
            self.settings = changed
            self.changed.emit(changed)
            if self._path is not None:
                self._timer.start()

    def mark_hint_seen(self, hint: str) -> None:
        """Never show a hint again."""
        self.change(hints_seen=self.settings.hints_seen | {hint})

    def remember_place(self, window: QWidget) -> None:
        """Remember where the window stands on these monitors."""
        area = window.normalGeometry() if window.isMaximized() or window.isFullScreen() else window.geometry()
        place = WindowPlace(area.x(), area.y(), area.width(), area.height(), window.isMaximized())
        self.settings = self.settings.with_place(_monitors(), place)

    def restore_place(self, window: QWidget) -> bool:
        """Bring the window where it stood, if any of that place is on a screen; return whether it was."""
        place = self.settings.window_places.get(_monitors())
        if place is None:
            return False
        area = QRect(place.x, place.y, place.width, place.height)
        if not any(screen.availableGeometry().intersects(area) for screen in QGuiApplication.screens()):
            return False
        window.setGeometry(area)
        if place.is_maximised:
            window.showMaximized()
        return True

    def close(self) -> None:
        """Write what has not been written; jobs are over by now."""
        self._timer.stop()
        if self._path is not None:
            write_settings(self._path, self.settings)

    def _write_in_job(self) -> None:
        path, settings = self._path, self.settings

        def work(_cancel: CancelToken, _progress: ProgressCallback) -> None:
            if path is not None:
                write_settings(path, settings)

        self._jobs.start(JobKind.READ, "quiet settings", work, on_result=lambda _none: None)


def _monitors() -> str:
    return monitor_set_key([_monitor(screen) for screen in QGuiApplication.screens()])


def _monitor(screen: QScreen) -> tuple[str, int, int, int, int, float]:
    area = screen.geometry()
    return screen.name(), area.x(), area.y(), area.width(), area.height(), screen.devicePixelRatio()
