"""What is said of a lesion: name, role, lymph node or not, organ."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from compare.following.lesion import Lesion, LesionRole
from viewer.panels.lesion_words import role_text

_LONGEST = 64


class LesionDialog(QDialog):
    """Signal: ``said(Lesion)``. Show it with ``open()``: it is modal to its window and blocks no thread."""

    said = Signal(object)

    def __init__(self, lesion: Lesion, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lesion = lesion
        self.setWindowTitle(self.tr("Lesion"))
        self.setMinimumWidth(360)
        self._label = QLineEdit(lesion.label, self)
        self._label.setMaxLength(_LONGEST)
        self._organ = QLineEdit(lesion.organ, self)
        self._organ.setMaxLength(_LONGEST)
        self._role = QComboBox(self)
        for role in LesionRole:
            self._role.addItem(role_text(role), role)
        self._role.setCurrentIndex(list(LesionRole).index(lesion.role))
        self._node = QCheckBox(self.tr("Lymph node: its short axis counts"), self)
        self._node.setChecked(lesion.is_lymph_node)
        form = QFormLayout()
        form.addRow(self.tr("Name"), self._label)
        form.addRow(self.tr("Role"), self._role)
        form.addRow(self.tr("Organ"), self._organ)
        form.addRow("", self._node)
        back, keep = QPushButton(self.tr("Cancel"), self), QPushButton(self.tr("Keep"), self)
        back.clicked.connect(self.reject)
        keep.clicked.connect(self.accept)
        keep.setDefault(True)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(back)
        buttons.addWidget(keep)
        column = QVBoxLayout(self)
        column.addLayout(form)
        column.addLayout(buttons)
        self._keep = keep
        self._label.textChanged.connect(lambda text: keep.setEnabled(bool(text.strip())))
        self._label.selectAll()
        self.accepted.connect(self._tell)

    def _tell(self) -> None:
        self.said.emit(
            replace(
                self._lesion,
                label=self._label.text().strip(),
                role=LesionRole(self._role.currentData()),
                is_lymph_node=self._node.isChecked(),
                organ=self._organ.text().strip(),
            )
        )
