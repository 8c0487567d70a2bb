"""Our own fault: a report the reader can read and copy. Nothing is sent."""

from __future__ import annotations

from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from viewer.main_window.icons import Icon, icon
from viewer.panels.plain_text import PlainLabel


class ErrorDialog(QDialog):
    """``report`` comes from ``viewer.app.crash_report.report_of``: it holds no patient data. Show it with ``open()``.

    Further reports while it stands open are added to the same text with :meth:`add_report`.
    """

    def __init__(self, report: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("A fault in Diptych"))
        self.resize(640, 420)
        self._count = 1
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(10)
        title = PlainLabel(self.tr("Diptych has made a mistake."), self)
        title.setProperty("textSize", "heading")
        title.set_tone("danger")
        advice = PlainLabel(
            self.tr(
                "What is on the screen may be incomplete. Close the program and start it again before you rely on it. "
                "The report below holds no patient data and is sent to nobody; copy it if you want to report the fault."
            ),
            self,
        )
        advice.setWordWrap(True)
        self._text = QPlainTextEdit(self)
        self._text.setReadOnly(True)
        self._text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self._text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self._text.setPlainText(report)
        column.addWidget(title)
        column.addWidget(advice)
        column.addWidget(self._text, 1)
        buttons = QHBoxLayout()
        copy = QPushButton(icon(Icon.COPY), self.tr("Copy the report"), self)
        copy.setAutoDefault(False)
        copy.clicked.connect(self._copy)
        close = QPushButton(self.tr("Close"), self)
        close.setDefault(True)
        close.clicked.connect(self.accept)
        buttons.addWidget(copy)
        buttons.addStretch(1)
        buttons.addWidget(close)
        column.addLayout(buttons)

    def add_report(self, report: str) -> None:
        """Add another report; beyond twenty they say nothing new and are left out."""
        if self._count < 20:
            self._count += 1
            self._text.appendPlainText(f"\n{report}")

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._text.toPlainText())
