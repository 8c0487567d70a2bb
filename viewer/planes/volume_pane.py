"""One volume as a whole, on the screen: turned by a drag, coarse while it turns."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from viewer.planes.plane_pane import image_of
from viewer.viewport import palette
from viewer.viewport.overlay_painter import paint_text
from viewer.viewport.pane_font import FontMeasure, pane_font

_MARGIN_PX = 8.0
_DEGREES_A_PIXEL = 0.5


class VolumePane(QWidget):
    """Signals: ``turned(azimuth, elevation)``, by so many degrees; ``resized()``."""

    turned = Signal(float, float)
    resized = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.pixels: NDArray[np.uint8] | None = None
        self.words: tuple[str, ...] = ()
        self._last: QPointF | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(60, 60)

    @property
    def canvas_size(self) -> tuple[int, int]:
        """Width and height in device pixels."""
        ratio = self.devicePixelRatioF()
        return max(round(self.width() * ratio), 1), max(round(self.height() * ratio), 1)

    def show_picture(self, pixels: NDArray[np.uint8] | None, words: tuple[str, ...]) -> None:
        """Show a picture, (height, width, 3), with words over it; ``None``: words alone."""
        self.pixels, self.words = pixels, words
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Take hold."""
        self._last = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """The nearer side follows the hand."""
        if self._last is not None:
            moved, self._last = event.position() - self._last, event.position()
            self.turned.emit(-_DEGREES_A_PIXEL * moved.x(), _DEGREES_A_PIXEL * moved.y())

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Let go."""
        self._last = None

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """The volume is drawn anew at the new size."""
        super().resizeEvent(event)
        self.resized.emit()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Picture and words."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), palette.IMAGE_GROUND)
        if self.pixels is not None:
            painter.drawImage(self.rect(), image_of(self.pixels))
        measure = FontMeasure(pane_font(self.font(), self.width(), self.height()))
        for number, text in enumerate(self.words):
            paint_text(painter, measure, _MARGIN_PX, _MARGIN_PX + number * measure.line_height, text, palette.TEXT)
        painter.setPen(palette.LINE)
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()
