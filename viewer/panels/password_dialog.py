"""Asks for the password of an encrypted archive. It is handed on once and kept nowhere."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QDialog, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from viewer.panels.plain_text import PlainLabel, shown_text


class PasswordDialog(QDialog):
    """Signal: ``password_given(str)``. Show it with ``open()``; ``was_wrong`` says that the last one did not fit."""

    password_given = Signal(str)

    def __init__(self, archive_name: str, *, was_wrong: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Password"))
        self.setMinimumWidth(420)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(10)
        question = PlainLabel(self.tr("This archive is encrypted:"), self)
        name = PlainLabel(shown_text(archive_name), self)
        name.setWordWrap(True)
        column.addWidget(question)
        column.addWidget(name)
        if was_wrong:
            wrong = PlainLabel(self.tr("That password does not open it."), self)
            wrong.set_tone("warning")
            column.addWidget(wrong)
        self._field = QLineEdit(self)
        self._field.setEchoMode(QLineEdit.EchoMode.Password)
        self._field.setAccessibleName(self.tr("Password"))
        self._field.textChanged.connect(self._tell)
        self._field.returnPressed.connect(self._give)
        shown = QCheckBox(self.tr("Show the password"), self)
        shown.toggled.connect(self._show)
        note = PlainLabel(self.tr("It is used for this archive and not stored."), self)
        note.setProperty("quiet", True)
        column.addWidget(self._field)
        column.addWidget(shown)
        column.addWidget(note)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        cancel = QPushButton(self.tr("Cancel"), self)
        cancel.setAutoDefault(False)
        cancel.clicked.connect(self.reject)
        self._open_button = QPushButton(self.tr("Open"), self)
        self._open_button.setDefault(True)
        self._open_button.clicked.connect(self._give)
        buttons.addWidget(cancel)
        buttons.addWidget(self._open_button)
        column.addLayout(buttons)
        # Closed by any way, the field must not keep what was typed.
        self.finished.connect(self._field.clear)
        self._tell()

    def _show(self, is_shown: bool) -> None:  # noqa: FBT001 - a Qt slot
        modes = QLineEdit.EchoMode
        self._field.setEchoMode(modes.Normal if is_shown else modes.Password)

    def _tell(self) -> None:
        self._open_button.setEnabled(bool(self._field.text()))

    def _give(self) -> None:
        password = self._field.text()
        if password:
            self.accept()
            self.password_given.emit(password)
