"""Paints measurements with their grips and words, and the rings of lesions carried over from other examinations."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from compare.measuring.outline import grips_of, strokes_of
from compare.session.measurement import InPlanePoint, Measurement, MeasurementKind
from viewer.viewport import palette
from viewer.viewport.marks_painter import Canvas, paint_cross, paint_stroke
from viewer.viewport.overlay_painter import paint_text
from viewer.viewport.pane_font import FontMeasure

#: Half the length of a grip's cross, the gap in its middle, and the arrow's head, in logical pixels.
_GRIP_PX, _GRIP_GAP_PX = 5.0, 1.5
_HEAD_PX, _HEAD_TURN = 12.0, math.radians(24.0)
_LABEL_GAP_PX = 8.0
#: What the slice strip takes at the right edge.
_STRIP_PX = 12.0

#: The words beside a measurement, line by line.
WordsOf = Callable[[Measurement], Sequence[str]]


@dataclass(frozen=True, slots=True)
class CarriedRing:
    """Where a lesion of another examination should lie on the shown frame: a circle in in-plane mm, and its words."""

    centre_mm: InPlanePoint
    radius_mm: float
    words: str


def paint_measurements(  # noqa: PLR0917  a painter's order: where, then what
    painter: QPainter,
    measure: FontMeasure,
    canvas: Canvas,
    measurements: Sequence[Measurement],
    words_of: WordsOf,
    selected: str,
) -> None:
    """Paint what was drawn on a frame, grips as open crosses so that what they point at stays in sight."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=True)
    for one in measurements:
        colour = palette.FINE if one.identifier == selected else palette.WARNING
        for stroke in strokes_of(one.kind, one.points_mm):
            paint_stroke(painter, [canvas.point(point) for point in stroke], colour)
        _paint_grips(painter, canvas, one, colour, is_selected=one.identifier == selected)
    for one in measurements:  # words over all strokes
        colour = palette.FINE if one.identifier == selected else palette.WARNING
        _paint_words(painter, measure, canvas, one, words_of(one), colour)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)


def paint_draft(painter: QPainter, canvas: Canvas, kind: MeasurementKind, points_mm: Sequence[InPlanePoint]) -> None:
    """Paint what of a measurement has been laid so far."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=True)
    chains = [points_mm]
    if kind is MeasurementKind.BIDIRECTIONAL:
        chains = [points_mm[:2], points_mm[2:]]
    elif kind in {MeasurementKind.ELLIPSE, MeasurementKind.RECTANGLE} and len(points_mm) == 2:
        chains = list(strokes_of(kind, points_mm))
    for chain in chains:
        if len(chain) > 1:
            paint_stroke(painter, [canvas.point(point) for point in chain], palette.FINE)
    for point in points_mm:
        paint_cross(painter, canvas.point(point), palette.FINE, arm=_GRIP_PX, gap=_GRIP_GAP_PX)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)


def paint_rings(painter: QPainter, measure: FontMeasure, canvas: Canvas, rings: Sequence[CarriedRing]) -> None:
    """Paint where lesions marked elsewhere should lie, dashed: a place to look at, not a finding."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=True)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for ring in rings:
        middle, radius = canvas.point(ring.centre_mm), max(canvas.pixels(ring.radius_mm), 4.0)
        for pen in (QPen(palette.SHADOW, 3.0), QPen(palette.CURSOR, 1.4, Qt.PenStyle.DashLine)):
            painter.setPen(pen)
            painter.drawEllipse(middle, radius, radius)
        box = QRectF(middle.x() - radius, middle.y() - radius, 2.0 * radius, 2.0 * radius)
        _place_words(painter, measure, box, [ring.words], palette.CURSOR)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)


def _paint_grips(painter: QPainter, canvas: Canvas, one: Measurement, colour: QColor, *, is_selected: bool) -> None:
    if one.kind is MeasurementKind.ARROW:
        tip, tail = (canvas.point(point) for point in one.points_mm)
        turn = math.atan2(tail.y() - tip.y(), tail.x() - tip.x())
        ends = [tip + QPointF(math.cos(turn + by), math.sin(turn + by)) * _HEAD_PX for by in (_HEAD_TURN, -_HEAD_TURN)]
        paint_stroke(painter, (ends[0], tip, ends[1]), colour)
        if not is_selected:
            return
    # Grips of areas would hide what they enclose: they show when the area is chosen.
    if one.kind in {MeasurementKind.ELLIPSE, MeasurementKind.RECTANGLE, MeasurementKind.POLYGON} and not is_selected:
        return
    for grip in grips_of(one.kind, one.points_mm):
        paint_cross(painter, canvas.point(grip), colour, arm=_GRIP_PX, gap=_GRIP_GAP_PX)


def _paint_words(  # noqa: PLR0917  a painter's order: where, then what
    painter: QPainter, measure: FontMeasure, canvas: Canvas, one: Measurement, words: Sequence[str], colour: QColor
) -> None:
    if not words:
        return
    points = [canvas.point(grip) for grip in grips_of(one.kind, one.points_mm)]
    left, right = min(point.x() for point in points), max(point.x() for point in points)
    top, bottom = min(point.y() for point in points), max(point.y() for point in points)
    if one.kind is MeasurementKind.LENGTH:
        # Beside the end that lies further to the right: the line itself leads away from the words.
        end = max(points, key=QPointF.x)
        left, right, top, bottom = end.x(), end.x(), end.y(), end.y()
    elif one.kind is MeasurementKind.ARROW:
        tail = points[1]
        left, right, top, bottom = tail.x(), tail.x(), tail.y(), tail.y()
    _place_words(painter, measure, QRectF(left, top, right - left, bottom - top), words, colour)


def _place_words(painter: QPainter, measure: FontMeasure, beside: QRectF, words: Sequence[str], colour: QColor) -> None:
    """Right of a box, else left of it, else below it; always within the pane."""
    width, height = max(measure.width(line) for line in words), measure.line_height * len(words)
    pane = QRectF(painter.viewport())
    pane.setSize(pane.size() / painter.device().devicePixelRatioF())
    pane.adjust(2.0, 2.0, -_STRIP_PX - 2.0, -2.0)
    box = QRectF(beside.right() + _LABEL_GAP_PX, beside.center().y() - height / 2.0, width, height)
    if box.right() > pane.right():
        box.moveRight(beside.left() - _LABEL_GAP_PX)
    if box.left() < pane.left():
        box.moveLeft(beside.left())
        box.moveTop(beside.bottom() + _LABEL_GAP_PX)
    box.moveLeft(max(min(box.left(), pane.right() - width), pane.left()))
    box.moveTop(max(min(box.top(), pane.bottom() - height), pane.top()))
    for number, line in enumerate(words):
        paint_text(painter, measure, box.x(), box.y() + number * measure.line_height, line, colour)
