"""Everything by which the reader opens something: buttons, file dialogs, the demo patient, passwords."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QObject, Qt
from PySide6.QtWidgets import QFileDialog, QWidget

from viewer.controllers.demo_controller import DemoController
from viewer.controllers.opening_controller import OpeningController
from viewer.panels.empty_state import EmptyState
from viewer.panels.password_dialog import PasswordDialog
from viewer.panels.top_bar import TopBar

translate = QCoreApplication.translate


class OpeningDesk(QObject):
    """Between the panels that ask for something to be opened and the controller that opens it."""

    def __init__(
        self, opening: OpeningController, demo: DemoController, empty: EmptyState, bar: TopBar, window: QWidget
    ) -> None:
        super().__init__(window)
        self._opening = opening
        self._window = window
        opening.password_needed.connect(self._ask_password)
        opening.scan_progressed.connect(empty.set_scan)
        opening.scan_ended.connect(lambda _is_whole: empty.set_scan(None))
        empty.cancel_requested.connect(opening.cancel)
        empty.paths_dropped.connect(opening.open_paths)
        empty.open_folder_requested.connect(self.choose_folder)
        empty.open_files_requested.connect(self.choose_files)
        empty.demo_requested.connect(demo.make)
        demo.ready.connect(opening.open_paths)
        bar.open_requested.connect(self.choose_folder)

    def deeds(self) -> Mapping[str, Callable[[], None]]:
        """What can be done here, by the words of the key table."""
        return {"open_folder": self.choose_folder}

    def choose_folder(self) -> None:
        """Ask for a folder or disc, and open it."""
        folder = QFileDialog.getExistingDirectory(self._window, translate("MainWindow", "Open folder or disc"))
        if folder:
            self._opening.open_paths([Path(folder)])

    def choose_files(self) -> None:
        """Ask for files or archives, and open them."""
        names, _ = QFileDialog.getOpenFileNames(self._window, translate("MainWindow", "Open files or a ZIP"))
        if names:
            self._opening.open_paths([Path(name) for name in names])

    def _ask_password(self, archive: Path, was_wrong: bool) -> None:  # noqa: FBT001 - a Qt slot
        dialog = PasswordDialog(archive.name, was_wrong=was_wrong, parent=self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.password_given.connect(lambda password: self._opening.give_password(archive, password))
        dialog.rejected.connect(lambda: self._opening.leave_out(archive))
        dialog.open()
