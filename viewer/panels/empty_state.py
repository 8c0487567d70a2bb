"""The first minute: one sentence, a place to drop, and what can be done."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from viewer.main_window.icons import Icon, icon
from viewer.panels.dropped_paths import dropped_paths
from viewer.panels.plain_text import PlainLabel, Retranslated, repolish
from viewer.panels.scan_progress import ScanProgress, ScanState


class EmptyState(Retranslated):
    """Fills the window while nothing is open.

    Signals: ``paths_dropped(tuple[Path, ...])``, ``open_folder_requested()``, ``open_files_requested()``,
    ``demo_requested()``, ``store_requested()``, ``cancel_requested()`` (of the scan whose progress it shows).
    """

    paths_dropped = Signal(object)
    open_folder_requested = Signal()
    open_files_requested = Signal()
    demo_requested = Signal()
    store_requested = Signal()
    cancel_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("emptyState")
        self.setAcceptDrops(True)
        self._sentence = PlainLabel(parent=self)
        self._sentence.setProperty("textSize", "title")
        self._drop_words = PlainLabel(parent=self)
        self._note = PlainLabel(parent=self)
        self._note.setProperty("quiet", True)
        for label in (self._sentence, self._drop_words, self._note):
            label.setWordWrap(True)
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._zone = QFrame(self)
        self._zone.setObjectName("dropZone")
        self._zone.setMinimumSize(320, 150)
        self._folder_button = QPushButton(self)
        self._files_button = QPushButton(self)
        self._demo_button = QPushButton(self)
        self._store_button = QPushButton(self)
        self._progress = ScanProgress(self)
        self._progress.cancel_requested.connect(self.cancel_requested)
        self._build()
        self.retranslate()

    def set_scan(self, state: ScanState | None) -> None:
        """Show how far a scan is, ``None`` when none runs."""
        self._progress.set_state(state)

    def retranslate(self) -> None:
        """Set every text anew."""
        self._sentence.setText(self.tr("Open two examinations of one patient to see them side by side."))
        self._drop_words.setText(self.tr("Drop a folder, a disc, files or a ZIP here"))
        self._folder_button.setText(self.tr("Open folder or disc"))
        self._files_button.setText(self.tr("Open files or a ZIP"))
        self._demo_button.setText(self.tr("Try the demo patient"))
        self._store_button.setText(self.tr("Sign in to the store"))
        self._note.setText(self.tr("Files are read where they are. Nothing is copied, changed or sent."))

    def _build(self) -> None:
        zone = QVBoxLayout(self._zone)
        zone.addStretch(1)
        zone.addWidget(self._drop_words)
        zone.addStretch(1)
        zone.addWidget(self._progress)
        buttons = QHBoxLayout()
        buttons.setSpacing(10)
        buttons.addStretch(1)
        pictures = (
            (self._folder_button, Icon.FOLDER),
            (self._files_button, Icon.DISC),
            (self._store_button, Icon.STORE),
            (self._demo_button, Icon.DEMO),
        )
        for button, picture in pictures:
            button.setIcon(icon(picture))
            button.setIconSize(QSize(16, 16))
            buttons.addWidget(button)
        buttons.addStretch(1)
        self._folder_button.clicked.connect(self.open_folder_requested)
        self._files_button.clicked.connect(self.open_files_requested)
        self._demo_button.clicked.connect(self.demo_requested)
        self._store_button.clicked.connect(self.store_requested)
        middle = QVBoxLayout()
        middle.setSpacing(18)
        for part in (self._sentence, self._zone):
            middle.addWidget(part)
        middle.addLayout(buttons)
        middle.addWidget(self._note)
        outer = QHBoxLayout()
        outer.addStretch(1)
        outer.addLayout(middle, 4)
        outer.addStretch(1)
        column = QVBoxLayout(self)
        column.addStretch(1)
        column.addLayout(outer)
        column.addStretch(1)

    def _set_hovered(self, is_hovered: bool) -> None:  # noqa: FBT001
        self._zone.setProperty("hovered", is_hovered)
        repolish(self._zone)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 - Qt's name
        """Welcome files and folders anywhere on the empty window."""
        if dropped_paths(event.mimeData()):
            event.acceptProposedAction()
            self._set_hovered(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:  # noqa: ARG002, N802 - Qt's name
        """Gone again."""
        self._set_hovered(False)

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        """Hand the paths on."""
        self._set_hovered(False)
        paths = dropped_paths(event.mimeData())
        if paths:
            event.acceptProposedAction()
            self.paths_dropped.emit(paths)
