"""Brings reports of our own faults, and errors of the world that nobody took, from any thread to the window."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt

from loaders.errors import WorldError
from viewer.app.crash_report import install
from viewer.main_window.main_window import MainWindow
from viewer.panels.error_dialog import ErrorDialog


class CrashWindow(QObject):
    """One dialog for all reports of a run. :meth:`close` gives Python's own hooks back."""

    def __init__(self, window: MainWindow, call_on_window_thread: Callable[[Callable[[], None]], None]) -> None:
        super().__init__(window)
        self._window = window
        self._dialog: ErrorDialog | None = None
        self._undo = install(
            lambda report: call_on_window_thread(lambda: self.show(report)),
            lambda error: call_on_window_thread(lambda: self._tell(error)),
        )

    def show(self, report: str) -> None:
        """Show a report, in the dialog that is open if there is one."""
        if self._dialog is not None:
            self._dialog.add_report(report)
            return
        self._dialog = ErrorDialog(report, self._window)
        self._dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._dialog.finished.connect(self._forget)
        self._dialog.open()

    def close(self) -> None:
        """Python's own hooks again."""
        self._undo()

    def _forget(self) -> None:
        self._dialog = None

    def _tell(self, error: WorldError) -> None:
        self._window.tell_error(error)
