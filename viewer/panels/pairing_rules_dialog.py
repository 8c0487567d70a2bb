"""Which pairs of series the reader has joined or parted, to look at and to take back."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QListWidget, QPushButton, QVBoxLayout, QWidget

from compare.pairing.pairing_rule import PairingRule
from viewer.panels.plain_text import PlainLabel, shown_text


class PairingRulesDialog(QDialog):
    """Signal: ``removed(PairingRule)``."""

    removed = Signal(object)

    def __init__(self, rules: Sequence[PairingRule], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Remembered pairs of series"))
        self.setMinimumWidth(620)
        self._rules = list(rules)
        self.list = QListWidget(self)
        for rule in self._rules:
            self.list.addItem(self._line(rule))
        self._remove_button = QPushButton(self.tr("Forget"), self)
        self._remove_button.clicked.connect(self.remove_chosen)
        close = QPushButton(self.tr("Close"), self)
        close.clicked.connect(self.accept)
        column = QVBoxLayout(self)
        words = PlainLabel(self.tr("Made when you hung series side by side yourself, or answered a question."), self)
        words.setWordWrap(True)
        column.addWidget(words)
        column.addWidget(self.list)
        buttons = QHBoxLayout()
        buttons.addWidget(self._remove_button)
        buttons.addStretch(1)
        buttons.addWidget(close)
        column.addLayout(buttons)
        self._remove_button.setEnabled(bool(self._rules))
        self.list.setCurrentRow(0)

    def remove_chosen(self) -> None:
        """Take back the chosen rule."""
        row = self.list.currentRow()
        if 0 <= row < len(self._rules):
            self.list.takeItem(row)
            self.removed.emit(self._rules.pop(row))
            self._remove_button.setEnabled(bool(self._rules))

    def _line(self, rule: PairingRule) -> str:
        text = self.tr("{first}  with  {second}") if rule.is_pair else self.tr("{first}  never with  {second}")
        return text.format(first=shown_text(rule.current_description), second=shown_text(rule.prior_description))
