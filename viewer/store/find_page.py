"""One identified patient: kind and value of the identifier, and the birth date. Never a list of everyone."""

from __future__ import annotations

import datetime as dt

from PySide6.QtCore import QRegularExpression, Signal
from PySide6.QtGui import QRegularExpressionValidator
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from viewer.panels.plain_text import PlainLabel, Retranslated

#: FHIR identifier systems; empty: whatever identifier the store holds by that value.
_SYSTEMS = ("", "urn:hkid", "urn:passport", "urn:ehr-number")


class FindPage(Retranslated):
    """Signals: ``find_requested(str identifier, str birth date as YYYY-MM-DD, str system)``, ``cancel_requested()``."""

    find_requested = Signal(str, str, str)
    cancel_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._is_waiting = False
        self._title, self._kind_label, self._number_label, self._birth_label, self._notice = (
            PlainLabel(parent=self) for _ in range(5)
        )
        self.wrong = PlainLabel(parent=self)
        self.kind, self.number, self.birth = QComboBox(self), QLineEdit(self), QLineEdit(self)
        self.button, self._cancel = QPushButton(self), QPushButton(self)
        self._build()
        self.retranslate()

    def clear(self) -> None:
        """Forget whom was asked for."""
        self.number.clear()
        self.birth.clear()

    def fill(self, identifier: str, birth_date: str, system: str = "") -> None:
        """Set whom to ask for."""
        self.number.setText(identifier)
        self.birth.setText(birth_date)
        self.kind.setCurrentIndex(_SYSTEMS.index(system) if system in _SYSTEMS else 0)

    def set_waiting(self, is_waiting: bool) -> None:  # noqa: FBT001 - a Qt slot
        """Say that the store was asked."""
        self._is_waiting = is_waiting
        self._tell()

    def retranslate(self) -> None:
        """Set every text anew."""
        self._title.setText(self.tr("Find one patient"))
        self._kind_label.setText(self.tr("Kind of identifier"))
        self._number_label.setText(self.tr("Identifier"))
        self._birth_label.setText(self.tr("Birth date"))
        self.birth.setPlaceholderText(self.tr("YYYY-MM-DD"))
        kinds = (
            self.tr("Any the store holds"),
            self.tr("Hong Kong identity card"),
            self.tr("Passport"),
            self.tr("eHealth number"),
        )
        chosen = max(0, self.kind.currentIndex())
        self.kind.clear()
        for words in kinds:
            self.kind.addItem(words)
        self.kind.setCurrentIndex(chosen)
        self.button.setText(self.tr("Find"))
        self._cancel.setText(self.tr("Cancel"))
        self._notice.setText(self.tr("The patient will be notified when a study is opened. Every query is on record."))
        self.wrong.setText(self.tr("The birth date is no day of the calendar: write it as 1961-02-03."))
        self._tell()

    def _build(self) -> None:
        self._title.setProperty("textSize", "title")
        self._notice.setWordWrap(True)
        self.wrong.set_tone("warning")
        self.wrong.hide()
        self.number.setMaxLength(64)
        self.birth.setValidator(QRegularExpressionValidator(QRegularExpression(r"[0-9-]{0,10}"), self))
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        rows = ((self._kind_label, self.kind), (self._number_label, self.number), (self._birth_label, self.birth))
        for number, (label, field) in enumerate(rows):
            label.setBuddy(field)
            grid.addWidget(label, number, 0)
            grid.addWidget(field, number, 1)
        grid.setColumnStretch(1, 1)
        buttons = QHBoxLayout()
        buttons.addWidget(self.button)
        buttons.addWidget(self._cancel)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setSpacing(14)
        column.addWidget(self._title)
        column.addLayout(grid)
        column.addWidget(self.wrong)
        column.addLayout(buttons)
        column.addWidget(self._notice)
        column.addStretch(1)
        for field in (self.number, self.birth):
            field.textChanged.connect(self._tell)
            field.returnPressed.connect(self.ask)
        self.button.clicked.connect(self.ask)
        self._cancel.clicked.connect(self.cancel_requested)

    def ask(self) -> None:
        """Ask, if what stands there can be asked for."""
        number, birth = self.number.text().strip(), self.birth.text().strip()
        if not number or not birth or self._is_waiting:
            return
        try:
            day = dt.date.fromisoformat(birth)
        except ValueError:
            self.wrong.show()
            return
        self.wrong.hide()
        self.find_requested.emit(number, day.isoformat(), _SYSTEMS[max(0, self.kind.currentIndex())])

    def _tell(self) -> None:
        is_whole = bool(self.number.text().strip()) and len(self.birth.text()) >= 8  # 19610203 or 1961-02-03
        self.button.setEnabled(is_whole and not self._is_waiting)
        self._cancel.setVisible(self._is_waiting)
