"""Paints what lies *in* the picture: strokes with a rim, crosses, reference lines, the linked cursor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from compare.linking.cursor import CursorMark
from compare.viewing.canvas import CanvasTransform
from viewer.viewport import palette
from viewer.viewport.overlay_painter import paint_text
from viewer.viewport.pane_font import FontMeasure
from viewer.viewport.viewport_model import ReferenceLine

#: The length of the cursor's arms, in logical pixels.
_CURSOR_PX = 11.0
_CURSOR_GAP_PX = 3.0


@dataclass(frozen=True, slots=True)
class Canvas:
    """Where in-plane mm lie on the widget: the transform in device pixels, and device pixels per logical pixel."""

    transform: CanvasTransform
    ratio: float

    def point(self, in_plane_mm: tuple[float, float]) -> QPointF:
        """Return the logical point of an in-plane point in mm."""
        x, y = self.transform.in_plane_mm_to_canvas(*in_plane_mm)
        return QPointF(x / self.ratio, y / self.ratio)

    def pixels(self, length_mm: float) -> float:
        """Return how many logical pixels a length in the plane takes."""
        return length_mm / self.transform.mm_per_pixel / self.ratio


def paint_reference_lines(painter: QPainter, canvas: Canvas, lines: Sequence[ReferenceLine]) -> None:
    """Paint where the active viewport's slice cuts this one, in the colour of its role."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=True)
    for line in lines:
        start, end = canvas.point(line.start_mm), canvas.point(line.end_mm)
        paint_stroke(painter, (start, end), palette.ROLE_COLOURS[line.role], Qt.PenStyle.DashLine)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)


def paint_cursor(painter: QPainter, measure: FontMeasure, canvas: Canvas, mark: CursorMark, near_mm: float) -> None:
    """Paint the linked cursor: a cross; around it the link's error as a ring; its distance when off this plane.

    ``near_mm`` is how far from the plane a point still counts as lying on it.
    """
    if mark.in_plane_mm is None:
        return
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=True)
    middle = canvas.point(mark.in_plane_mm)
    paint_cross(painter, middle, palette.CURSOR, arm=_CURSOR_PX, gap=_CURSOR_GAP_PX)
    radius = canvas.pixels(mark.error_mm) if mark.error_mm else 0.0
    if radius > 1.0:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(palette.CURSOR, 1.0, Qt.PenStyle.DotLine))
        painter.drawEllipse(middle, radius, radius)
    if mark.off_plane_mm is not None and abs(mark.off_plane_mm) > near_mm:
        text = f"{mark.off_plane_mm:+.1f} mm"
        paint_text(painter, measure, middle.x() + _CURSOR_PX + 2, middle.y() + 2, text, palette.CURSOR)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)


def paint_stroke(
    painter: QPainter, points: Sequence[QPointF], colour: QColor, style: Qt.PenStyle = Qt.PenStyle.SolidLine
) -> None:
    """Paint a chain of points with a dark rim, so that it is seen on bone as on air; dashes have none."""
    line = QPolygonF(list(points))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if style is Qt.PenStyle.SolidLine:
        painter.setPen(QPen(palette.SHADOW, 2.6))
        painter.drawPolyline(line)
    painter.setPen(QPen(colour, 1.2, style))
    painter.drawPolyline(line)


def paint_cross(painter: QPainter, middle: QPointF, colour: QColor, *, arm: float, gap: float) -> None:
    """Paint an open cross, whose middle stays in sight."""
    for pen in (QPen(palette.SHADOW, 3.0), QPen(colour, 1.3)):
        painter.setPen(pen)
        for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            painter.drawLine(middle + QPointF(dx * gap, dy * gap), middle + QPointF(dx * arm, dy * arm))
