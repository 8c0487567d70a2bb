"""A line to type into, on the picture itself."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

_WIDTH_PX = 220
_LONGEST = 200


class InlineEditor(QLineEdit):
    """Calls ``done`` once with what was typed (Enter, or the keyboard going elsewhere); Escape calls nothing."""

    def __init__(self, at: QPoint, text: str, done: Callable[[str], None], parent: QWidget) -> None:
        super().__init__(text, parent)
        self._done: Callable[[str], None] | None = done
        self.setMaxLength(_LONGEST)
        self.setFixedWidth(min(_WIDTH_PX, parent.width()))
        self.setAccessibleName(self.tr("Text on the picture"))
        room = parent.rect().bottomRight() - QPoint(self.width(), self.sizeHint().height())
        self.move(max(0, min(at.x(), room.x())), max(0, min(at.y(), room.y())))
        self.returnPressed.connect(self._finish)
        self.show()
        self.selectAll()
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def event(self, event: QEvent) -> bool:
        """Enter and Escape are this line's own while it is open, not the window's."""
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.key() in {Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter}
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  Qt's name
        """Escape gives up."""
        if event.key() == Qt.Key.Key_Escape:
            self._done = None
            self._close()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802  Qt's name
        """What was typed stays when the reader goes on elsewhere."""
        super().focusOutEvent(event)
        if event.reason() not in {Qt.FocusReason.PopupFocusReason, Qt.FocusReason.ActiveWindowFocusReason}:
            self._finish()

    def _finish(self) -> None:
        done, self._done = self._done, None
        if done is not None:
            self._close()
            done(self.text().strip())

    def _close(self) -> None:
        parent = self.parentWidget()
        self.hide()
        self.deleteLater()
        if parent is not None:
            parent.setFocus(Qt.FocusReason.OtherFocusReason)
