"""Where the pictures are: the grid, the empty window over it, and what floats above its lower edge."""

from __future__ import annotations

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from viewer.panels.empty_state import EmptyState

_ABOVE_BOTTOM_PX = 120
_MARGIN_PX = 24


class PictureArea(QWidget):
    """Lays the empty window over the grid, so that the grid has its size before the first picture comes."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid: QWidget | None = None
        self._empty: EmptyState | None = None
        self._covers: list[QWidget] = []
        self._floating: list[QWidget] = []

    @property
    def canvas_size(self) -> tuple[int, int]:
        """Width and height of the whole in device pixels, at least 1."""
        ratio = self.devicePixelRatioF()
        return (max(round(self.width() * ratio), 1), max(round(self.height() * ratio), 1))

    def fill(self, grid: QWidget, empty: EmptyState) -> None:
        """Take the grid and the empty window."""
        self._grid, self._empty = grid, empty
        for part in (grid, empty):
            part.setParent(self)
        empty.raise_()
        self._place()

    def cover(self, widget: QWidget) -> None:
        """Take what may stand over the whole grid, while it is shown."""
        widget.setParent(self)
        self._covers.append(widget)
        self._place()

    def add_floating(self, widget: QWidget) -> None:
        """Let a notice float above the lower edge, over the pictures and out of the way of their words."""
        widget.setParent(self)
        self._floating.append(widget)
        self._place()

    def place_floating(self) -> None:
        """Give floating notices their size anew, after their words have changed."""
        bottom = self.height() - _ABOVE_BOTTOM_PX
        for widget in self._floating:
            width = min(widget.sizeHint().width(), max(self.width() - 2 * _MARGIN_PX, 120))
            height = widget.heightForWidth(width) if widget.hasHeightForWidth() else widget.sizeHint().height()
            widget.setGeometry((self.width() - width) // 2, max(bottom - height, 0), width, height)
            if widget.isVisible():
                widget.raise_()
                bottom -= height + 6

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Everything follows."""
        super().resizeEvent(event)
        self._place()

    def _place(self) -> None:
        for part in (self._grid, self._empty, *self._covers):
            if part is not None:
                part.setGeometry(self.rect())
        self.place_floating()
