"""One sentence, once, at the moment it helps."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolButton, QWidget

from viewer.main_window.icons import Icon, dress
from viewer.panels.plain_text import PlainLabel

_SHOWN_MS = 9000
_ABOVE_BOTTOM_PX = 120


class Hint(QFrame):
    """Floats above the lower edge of its parent, takes no focus and goes by itself. Signal: ``dismissed(str name)``."""

    dismissed = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("hint")
        self._host = parent
        self._name = ""
        self._words = PlainLabel(parent=self)
        self._close_button = QToolButton(self)
        self._close_button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._close_button.clicked.connect(self.dismiss)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SHOWN_MS)
        self._timer.timeout.connect(self.dismiss)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 6, 6, 6)
        row.addWidget(self._words)
        row.addWidget(self._close_button)
        parent.installEventFilter(self)
        self.hide()

    def show_hint(self, name: str, words: str) -> None:
        """Show a hint, in words already translated, in the place of any other."""
        self._name = name
        self._words.setText(words)
        dress(self._close_button, Icon.CLOSE, self.tr("Close"))
        self._place()
        self.show()
        self.raise_()
        self._timer.start()

    def dismiss(self) -> None:
        """Go away for good."""
        self._timer.stop()
        if self.isVisible() or self._name:
            self.hide()
            name, self._name = self._name, ""
            if name:
                self.dismissed.emit(name)

    def _place(self) -> None:
        self.adjustSize()
        left = (self._host.width() - self.width()) // 2
        self.move(max(left, 0), max(self._host.height() - self.height() - _ABOVE_BOTTOM_PX, 0))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Follow the parent's size."""
        if event.type() == QEvent.Type.Resize and watched is self._host and self.isVisible():
            self._place()
        return False
