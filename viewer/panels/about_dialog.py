"""What the program is for and what it is not for."""

from __future__ import annotations

from PySide6.QtWidgets import QDialog, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from viewer.panels.plain_text import PlainLabel


class AboutDialog(QDialog):
    """Shown from the menu, and once at the very first start (``is_first_start``), where it asks to be understood."""

    def __init__(self, version: str, *, is_first_start: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("About Diptych"))
        self.setMinimumWidth(520)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(10)
        title = PlainLabel(f"◧ Diptych {version}", self)
        title.setProperty("textSize", "title")
        column.addWidget(title)
        for text, tone in self._paragraphs():
            label = PlainLabel(text, self)
            label.setWordWrap(True)
            label.set_tone(tone)
            column.addWidget(label)
        column.addSpacing(6)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        button = QPushButton(self.tr("I understand") if is_first_start else self.tr("Close"), self)
        button.setDefault(True)
        button.clicked.connect(self.accept)
        buttons.addWidget(button)
        column.addLayout(buttons)

    def _paragraphs(self) -> tuple[tuple[str, str], ...]:
        return (
            (self.tr("Puts earlier and present examinations of one patient side by side, for review."), ""),
            (self.tr("Not for primary diagnosis."), "warning"),
            (self.tr("Not a medical device, and not listed in any register of medical devices."), ""),
            (
                self.tr(
                    "The screen it runs on has not been verified. Read the formal report, and decide at the reporting "
                    "workstation of your institution."
                ),
                "",
            ),
            (self.tr("This is not the official eHealth viewer."), ""),
            (self.tr("Licensed under the Apache License 2.0."), ""),
        )
