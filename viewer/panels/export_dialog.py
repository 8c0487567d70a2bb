"""What is to be written, and into which folder."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QDialog, QFileDialog, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from viewer.panels.plain_text import PlainLabel


class ExportKind(StrEnum):
    """What can be written; the value is the ending of the file's name."""

    REPORT = "sr.dcm"
    STATES = "gsps.dcm"
    TABLE = "csv"
    SHEET = "pdf"
    PICTURE = "png"


@dataclass(frozen=True, slots=True)
class ExportChoice:
    """The kinds wanted and the folder."""

    kinds: tuple[ExportKind, ...]
    folder: Path


class ExportDialog(QDialog):
    """Signal: ``chosen(ExportChoice)``. Show it with ``open()``: it is modal to its window and blocks no thread."""

    chosen = Signal(object)

    def __init__(self, folder: Path, has_measurements: bool, parent: QWidget | None = None) -> None:  # noqa: FBT001
        super().__init__(parent)
        self.setWindowTitle(self.tr("Write measurements, sheet or picture"))
        self.setMinimumWidth(520)
        words = {
            ExportKind.SHEET: self.tr("Comparison sheet (PDF); names the patient"),
            ExportKind.TABLE: self.tr("Tables of measurements and lesions (CSV)"),
            ExportKind.REPORT: self.tr("Structured report (DICOM SR, TID 1500)"),
            ExportKind.STATES: self.tr("Drawings on their images (DICOM presentation states)"),
            ExportKind.PICTURE: self.tr("The pictures as they are on screen (PNG); names the patient"),
        }
        self._boxes = {kind: QCheckBox(text, self) for kind, text in words.items()}
        self._folder = QLineEdit(str(folder), self)
        self._folder.setAccessibleName(self.tr("Folder"))
        browse = QPushButton(self.tr("Choose …"), self)
        back, self._write = QPushButton(self.tr("Cancel"), self), QPushButton(self.tr("Write"), self)
        column = QVBoxLayout(self)
        for kind, box in self._boxes.items():
            is_possible = has_measurements or kind is ExportKind.PICTURE
            box.setEnabled(is_possible)
            box.setChecked(is_possible and kind in {ExportKind.SHEET, ExportKind.TABLE, ExportKind.PICTURE})
            box.toggled.connect(self._tell)
            column.addWidget(box)
        note = PlainLabel(self.tr("No file is ever replaced. File names hold the masked identifier only."), self)
        note.setProperty("quiet", True)
        note.setWordWrap(True)
        folder_row = QHBoxLayout()
        folder_row.addWidget(PlainLabel(self.tr("Folder"), self))
        folder_row.addWidget(self._folder, 1)
        folder_row.addWidget(browse)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(back)
        buttons.addWidget(self._write)
        column.addSpacing(6)
        column.addLayout(folder_row)
        column.addWidget(note)
        column.addLayout(buttons)
        self._write.setDefault(True)
        browse.clicked.connect(self._browse)
        back.clicked.connect(self.reject)
        self._write.clicked.connect(self.accept)
        self._folder.textChanged.connect(lambda _text: self._tell())
        self.accepted.connect(lambda: self.chosen.emit(ExportChoice(self._kinds(), Path(self._folder.text().strip()))))
        self._tell()

    def _kinds(self) -> tuple[ExportKind, ...]:
        return tuple(kind for kind, box in self._boxes.items() if box.isChecked())

    def _tell(self) -> None:
        self._write.setEnabled(bool(self._kinds()) and bool(self._folder.text().strip()))

    def _browse(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, self.tr("Folder"), self._folder.text())
        if folder:
            self._folder.setText(folder)
