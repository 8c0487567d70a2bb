"""The whole uptake, turned by the wheel or a drag; a click brings the planes to what shines there."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QWidget

from compare.reformat.mpr_state import edge_letters
from compare.reformat.sampled_volume import SampledVolume
from loaders.model.display import Window
from loaders.model.frame import Frame
from loaders.model.frame_plane import Vector3
from viewer.planes.plane_pane import PLANE_COLOURS, image_of
from viewer.planes.plane_words import turning_text
from viewer.rendering.plane_picture import grey_of_values
from viewer.rendering.rotating_mip import TurningProjections, hottest_on_line
from viewer.viewport import palette
from viewer.viewport.overlay_painter import paint_text
from viewer.viewport.pane_font import FontMeasure, pane_font

_DEGREES_A_NOTCH, _DEGREES_A_PIXEL = 5.0, 0.5
_WHEEL_NOTCH = 120.0
_CLICK_PX = 3.0
_MARGIN_PX = 8.0


class TurningPane(QWidget):
    """Signal: ``pointed(x, y, z)``, the brightest LPS point on the line of sight that was clicked."""

    pointed = Signal(float, float, float)

    def __init__(
        self,
        sampled: SampledVolume,
        frame: Frame,
        titles: tuple[str, ...],
        unit: str,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.projections = TurningProjections(sampled)
        self.azimuth_degrees = 0.0
        self.window_shown: Window | None = None
        self.crosshair_lps_mm: Vector3 | None = None
        self._sampled, self._frame, self._titles, self._unit = sampled, frame, titles, unit
        self._pressed: QPointF | None = None
        self._last = QPointF()
        self._has_turned = False
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(60, 60)

    def show_state(self, crosshair_lps_mm: Vector3, window: Window | None) -> None:
        """Take where the crosshair stands, in this volume's space, and the window of the uptake."""
        self.crosshair_lps_mm, self.window_shown = crosshair_lps_mm, window
        self.update()

    def work(self, milliseconds: float) -> bool:
        """Make projections for about so long; return whether there is more to make."""
        if self.projections.work(milliseconds):
            self.update()
        return not self.projections.is_complete

    def turn_to(self, azimuth_degrees: float) -> None:
        """Look from another side."""
        self.azimuth_degrees = azimuth_degrees % 360.0
        self.projections.index_of(self.azimuth_degrees)
        self.update()

    def close_projections(self) -> None:
        """Let go of the volume."""
        self.projections.close()

    # ---- the mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Begin to turn; a release at the same place is a click."""
        self._pressed = self._last = event.position()
        self._has_turned = False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """To the right: the nearer side follows the hand."""
        if self._pressed is None:
            return
        here = event.position()
        self._has_turned |= (here - self._pressed).manhattanLength() > _CLICK_PX
        if self._has_turned:
            self.turn_to(self.azimuth_degrees - _DEGREES_A_PIXEL * (here.x() - self._last.x()))
        self._last = here

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """A click without a turn points at what shines there."""
        if self._pressed is not None and not self._has_turned:
            self._point_at(event.position())
        self._pressed = None

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 - Qt's name
        """Turn by a projection a notch."""
        self.turn_to(self.azimuth_degrees + _DEGREES_A_NOTCH * event.angleDelta().y() / _WHEEL_NOTCH)
        event.accept()

    def _point_at(self, place: QPointF) -> None:
        area = self._area()
        plane = self.projections.planes[self.projections.index_of(self.azimuth_degrees)]
        column = (place.x() - area.left()) / area.width() * plane.width - 0.5
        row = (place.y() - area.top()) / area.height() * plane.height - 0.5
        point = hottest_on_line(self._sampled, plane, column, row)
        if point is not None:
            self.pointed.emit(*point)

    # ---- painting

    def _area(self) -> QRectF:
        """Where the projection lies: as large as it fits, its millimetres square."""
        plane = self.projections.planes[0]
        scale = min(self.width() / plane.width, self.height() / plane.height)
        width, height = plane.width * scale, plane.height * scale
        return QRectF((self.width() - width) / 2.0, (self.height() - height) / 2.0, width, height)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Projection, crosshair, words; words alone until it is made."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), palette.IMAGE_GROUND)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        index, area = self.projections.index_of(self.azimuth_degrees), self._area()
        values, plane = self.projections.values[index], self.projections.planes[index]
        measure = FontMeasure(pane_font(self.font(), self.width(), self.height()))
        if values is not None and self.window_shown is not None:
            grey = np.ascontiguousarray(grey_of_values(values, self._frame, self.window_shown, is_inverted=True))
            painter.drawImage(area, image_of(grey))
            left, _, right, _ = edge_letters(plane)
            for text, x in ((left, _MARGIN_PX), (right, self.width() - _MARGIN_PX - measure.width(right))):
                paint_text(painter, measure, x, self.height() / 2.0, text, palette.TEXT)
            if self.crosshair_lps_mm is not None:
                self._paint_crosshair(painter, area, plane.raster_of(np.asarray(self.crosshair_lps_mm)))
        words = (*self._titles, turning_text(self.azimuth_degrees, is_there=values is not None))
        for number, text in enumerate(words):
            paint_text(painter, measure, _MARGIN_PX, _MARGIN_PX + number * measure.line_height, text, palette.TEXT)
        bottom = self.height() - _MARGIN_PX - measure.line_height
        paint_text(painter, measure, _MARGIN_PX, bottom, self._unit, palette.QUIET_TEXT)
        painter.setPen(palette.LINE)
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def _paint_crosshair(self, painter: QPainter, area: QRectF, place: tuple[float, float, float]) -> None:
        plane = self.projections.planes[0]
        x = area.left() + (place[0] + 0.5) / plane.width * area.width()
        y = area.top() + (place[1] + 0.5) / plane.height * area.height()
        painter.setPen(QPen(PLANE_COLOURS[0], 1))
        painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
        painter.setPen(QPen(PLANE_COLOURS[2], 1))
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
