"""One cell of the grid: a viewport, the red banner of an overridden conflict above it, and a place to drop a series."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from viewer.panels.plain_text import ElidedLabel, Retranslated, shown_text
from viewer.panels.stack_mime import stack_from_mime


class ViewportCell(Retranslated):
    """Signal: ``stack_dropped(StackKey)``, a series of the time rail was dropped here."""

    stack_dropped = Signal(object)

    def __init__(self, viewport: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.viewport = viewport
        self._reason = ""
        self.banner = ElidedLabel(parent=self, minimum_width=40)
        self.banner.setObjectName("conflictBanner")
        self.banner.hide()
        self.setAcceptDrops(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.banner)
        column.addWidget(viewport, 1)

    def set_conflict(self, reason: str) -> None:
        """Show why a conflict of identities was overridden; empty takes the banner away."""
        if reason != self._reason:
            self._reason = reason
            self.retranslate()

    def retranslate(self) -> None:
        """Set the text anew."""
        text = self.tr("PATIENTS DO NOT MATCH. Opened by the reader: {reason}")
        self.banner.setText(text.format(reason=shown_text(self._reason)))
        self.banner.setVisible(bool(self._reason))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 - Qt's name
        """Take series of the time rail; files are for the window."""
        if stack_from_mime(event.mimeData()) is not None:
            event.acceptProposedAction()
        else:
            event.ignore()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        """Hand the series on."""
        key = stack_from_mime(event.mimeData())
        if key is not None:
            event.acceptProposedAction()
            self.stack_dropped.emit(key)
