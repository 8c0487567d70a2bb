"""Paints what lies *in* the picture: lengths with their handles, reference lines, the linked cursor."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from compare.linking.cursor import CursorMark
from compare.measuring.length import length_of
from compare.session.measurement import Measurement, MeasurementKind
from compare.viewing.canvas import CanvasTransform
from loaders.model.frame import Frame
from viewer.viewport import palette
from viewer.viewport.length_text import length_label
from viewer.viewport.overlay_painter import paint_text
from viewer.viewport.pane_font import FontMeasure
from viewer.viewport.viewport_model import ReferenceLine

#: Half the length of a handle's cross, and of the cursor's arms, in logical pixels.
_HANDLE_PX = 5.0
_CURSOR_PX = 11.0
_CURSOR_GAP_PX = 3.0
_LABEL_GAP_PX = 8.0
#: What the slice strip takes at the right edge.
_STRIP_PX = 12.0


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
        _line(painter, start, end, palette.ROLE_COLOURS[line.role], Qt.PenStyle.DashLine)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)


def paint_lengths(  # noqa: PLR0917  a painter's order: where, then what
    painter: QPainter,
    measure: FontMeasure,
    canvas: Canvas,
    measurements: Sequence[Measurement],
    frame: Frame,
    selected: str,
) -> None:
    """Paint the lengths drawn on ``frame``, handles as open crosses so that what they point at stays in sight."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=True)
    for length in measurements:
        if length.kind is not MeasurementKind.LENGTH:
            continue
        colour = palette.FINE if length.identifier == selected else palette.WARNING
        start, end = (canvas.point(point) for point in length.points_mm)
        _line(painter, start, end, colour, Qt.PenStyle.SolidLine)
        for point in (start, end):
            _cross(painter, point, colour, arm=_HANDLE_PX, gap=1.5)
        _label(painter, measure, (start, end), length_label(length_of(length, frame)), colour)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)


def paint_cursor(painter: QPainter, measure: FontMeasure, canvas: Canvas, mark: CursorMark, near_mm: float) -> None:
    """Paint the linked cursor: a cross; around it the link's error as a ring; its distance when off this plane.

    ``near_mm`` is how far from the plane a point still counts as lying on it.
    """
    if mark.in_plane_mm is None:
        return
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=True)
    middle = canvas.point(mark.in_plane_mm)
    _cross(painter, middle, palette.CURSOR, arm=_CURSOR_PX, gap=_CURSOR_GAP_PX)
    radius = canvas.pixels(mark.error_mm) if mark.error_mm else 0.0
    if radius > 1.0:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(palette.CURSOR, 1.0, Qt.PenStyle.DotLine))
        painter.drawEllipse(middle, radius, radius)
    if mark.off_plane_mm is not None and abs(mark.off_plane_mm) > near_mm:
        text = f"{mark.off_plane_mm:+.1f} mm"
        paint_text(painter, measure, middle.x() + _CURSOR_PX + 2, middle.y() + 2, text, palette.CURSOR)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)


def _line(painter: QPainter, start: QPointF, end: QPointF, colour: QColor, style: Qt.PenStyle) -> None:
    painter.setPen(QPen(palette.SHADOW, 2.6))
    if style is Qt.PenStyle.SolidLine:
        painter.drawLine(start, end)
    painter.setPen(QPen(colour, 1.2, style))
    painter.drawLine(start, end)


def _cross(painter: QPainter, middle: QPointF, colour: QColor, *, arm: float, gap: float) -> None:
    for pen in (QPen(palette.SHADOW, 3.0), QPen(colour, 1.3)):
        painter.setPen(pen)
        for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            painter.drawLine(middle + QPointF(dx * gap, dy * gap), middle + QPointF(dx * arm, dy * arm))


def _label(painter: QPainter, measure: FontMeasure, ends: tuple[QPointF, QPointF], text: str, colour: QColor) -> None:
    """Beside the end that lies further to the right, within the pane, off the line."""
    start, end = ends
    at, other = (end, start) if end.x() >= start.x() else (start, end)
    width, height = measure.width(text), measure.line_height
    pane = QRectF(painter.viewport())
    pane.setSize(pane.size() / painter.device().devicePixelRatioF())
    pane.adjust(0.0, 0.0, -_STRIP_PX, 0.0)
    away = math.copysign(1.0, at.y() - other.y()) if at.y() != other.y() else 1.0
    box = QRectF(at.x() + _LABEL_GAP_PX, at.y() - height / 2, width, height)
    if box.right() > pane.right():
        box.moveRight(at.x())
        box.moveTop(at.y() + (_LABEL_GAP_PX if away > 0 else -_LABEL_GAP_PX - height))
    box.moveLeft(min(max(box.left(), pane.left() + 2), pane.right() - width - 2))
    box.moveTop(min(max(box.top(), pane.top() + 2), pane.bottom() - height - 2))
    paint_text(painter, measure, box.x(), box.y(), text, colour)
