"""The right drawer: closed at first, one panel at a time."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from viewer.main_window.icons import Icon, dress
from viewer.panels.plain_text import ElidedLabel, Retranslated

WIDTH_PX = 360


@dataclass(frozen=True, slots=True)
class _Page:
    panel: Retranslated
    position: int


class Drawer(Retranslated):
    """Holds panels by name; each panel names itself by its ``windowTitle``, kept in the reader's language.

    Signal: ``panel_changed(str)``, the open panel's name or empty.
    """

    panel_changed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("drawer")
        self.setFixedWidth(WIDTH_PX)
        self._pages: dict[str, _Page] = {}
        self._open_name = ""
        self._title = ElidedLabel(parent=self)
        self._title.setProperty("textSize", "heading")
        self._close_button = QToolButton(self)
        self._close_button.clicked.connect(self.close_panel)
        self._stack = QStackedWidget(self)
        head = QHBoxLayout()
        head.setContentsMargins(10, 6, 6, 4)
        head.addWidget(self._title, 1)
        head.addWidget(self._close_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self._stack, 1)
        self.retranslate()
        self.hide()

    @property
    def open_name(self) -> str:
        """The open panel's name, or empty."""
        return self._open_name

    def add_panel(self, name: str, panel: Retranslated) -> None:
        """Put a panel into the drawer, closed."""
        self._pages[name] = _Page(panel, self._stack.addWidget(panel))
        panel.windowTitleChanged.connect(self._tell_title)

    def open_panel(self, name: str) -> None:
        """Open a panel in the place of any other. Raises ``KeyError`` for a name that was never added."""
        page = self._pages[name]
        self._stack.setCurrentIndex(page.position)
        changed = name != self._open_name
        self._open_name = name
        self._tell_title()
        self.show()
        if changed:
            self.panel_changed.emit(name)

    def toggle_panel(self, name: str) -> None:
        """Open a panel, or close the drawer when that one is open."""
        if self._open_name == name:
            self.close_panel()
        else:
            self.open_panel(name)

    def close_panel(self) -> None:
        """Close the drawer."""
        if self._open_name:
            self._open_name = ""
            self.hide()
            self.panel_changed.emit("")

    def retranslate(self) -> None:
        """Set every text anew."""
        dress(self._close_button, Icon.CLOSE, self.tr("Close"), "Esc")
        self._tell_title()

    def _tell_title(self) -> None:
        if self._open_name:
            self._title.setText(self._pages[self._open_name].panel.windowTitle())

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Escape inside the drawer closes it."""
        if event.key() == Qt.Key.Key_Escape and self._open_name:
            self.close_panel()
            return
        super().keyPressEvent(event)
