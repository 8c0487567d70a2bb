"""How far the search for images is: counts, and a way to stop. It covers nothing."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QWidget

from viewer.panels.plain_text import ElidedLabel, PlainLabel, Retranslated, shown_text


@dataclass(frozen=True, slots=True)
class ScanState:
    """Counts so far. ``files_total`` is ``None`` while the folders are still being listed."""

    source: str
    files_done: int
    files_total: int | None = None
    studies: int = 0
    series: int = 0
    problems: int = 0


class ScanProgress(Retranslated):
    """One line. Signal: ``cancel_requested()``. ``set_state(None)`` hides it."""

    cancel_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state: ScanState | None = None
        self._source = ElidedLabel(parent=self, minimum_width=40)
        self._counts = PlainLabel(parent=self)
        self._counts.setProperty("quiet", True)
        self._bar = QProgressBar(self)
        self._bar.setTextVisible(False)
        self._bar.setMinimumWidth(80)
        self._cancel_button = QPushButton(self)
        self._cancel_button.clicked.connect(self._cancel)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 4, 8, 4)
        row.setSpacing(12)
        row.addWidget(self._source)
        row.addWidget(self._bar, 1)
        row.addWidget(self._counts)
        row.addWidget(self._cancel_button)
        self.hide()
        self.retranslate()

    def set_state(self, state: ScanState | None) -> None:
        """Tell how far the scan is; ``None`` when it has ended or none runs."""
        if self._state is None and state is not None:
            self._cancel_button.setEnabled(True)
        self._state = state
        self.setVisible(state is not None)
        self._tell()

    def retranslate(self) -> None:
        """Set every text anew."""
        self._cancel_button.setText(self.tr("Stop"))
        self._tell()

    def _tell(self) -> None:
        state = self._state
        if state is None:
            return
        self._source.setText(self.tr("Reading {source}").format(source=shown_text(state.source)))
        if state.files_total is None:
            files = self.tr("files: {done}").format(done=state.files_done)
        else:
            files = self.tr("files: {done} of {total}").format(done=state.files_done, total=state.files_total)
        parts = [
            files,
            self.tr("studies: {count}").format(count=state.studies),
            self.tr("series: {count}").format(count=state.series),
        ]
        if state.problems:
            parts.append(self.tr("problems: {count}").format(count=state.problems))
        self._counts.setText(" · ".join(parts))
        total = state.files_total
        self._bar.setRange(0, 1000 if total else 0)
        if total:
            # A share, not the count: Qt's range is 32 bits wide.
            self._bar.setValue(min(1000, round(1000 * state.files_done / total)))

    def _cancel(self) -> None:
        self._cancel_button.setEnabled(False)
        self.cancel_requested.emit()
