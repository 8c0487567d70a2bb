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
#: Thin letters on bright tissue need a ground; it lets the picture through.
_WORDS_GROUND = QColor(0, 0, 0, 130)

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
    room = _Room(painter, measure)
    for one in measurements:  # words over all strokes
        colour = palette.FINE if one.identifier == selected else palette.WARNING
        words = words_of(one)
        if words:
            _place_words(painter, words, _words_beside(one, canvas), colour, room)
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
    room = _Room(painter, measure)
    for ring in rings:
        middle, radius = canvas.point(ring.centre_mm), max(canvas.pixels(ring.radius_mm), 4.0)
        for pen in (QPen(palette.SHADOW, 3.0), QPen(palette.CURSOR, 1.4, Qt.PenStyle.DashLine)):
            painter.setPen(pen)
            painter.drawEllipse(middle, radius, radius)
        box = QRectF(middle.x() - radius, middle.y() - radius, 2.0 * radius, 2.0 * radius)
        _place_words(painter, [ring.words], box, palette.CURSOR, room)
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


def _words_beside(one: Measurement, canvas: Canvas) -> QRectF:
    """What the words must not cover, in logical pixels."""
    points = [canvas.point(grip) for grip in grips_of(one.kind, one.points_mm)]
    if one.kind is MeasurementKind.LENGTH:
        # Beside the end that lies further to the right: the line itself leads away from the words.
        points = [max(points, key=QPointF.x)]
    elif one.kind is MeasurementKind.ARROW:
        points = points[1:]
    left, right = min(point.x() for point in points), max(point.x() for point in points)
    top, bottom = min(point.y() for point in points), max(point.y() for point in points)
    return QRectF(left, top, right - left, bottom - top)


def _place_words(painter: QPainter, words: Sequence[str], beside: QRectF, colour: QColor, room: _Room) -> None:
    """Right of a box, else left, below or above it, where no other words are; always within the pane."""
    measure = room.measure
    width, height = max(measure.width(line) for line in words), measure.line_height * len(words)
    box = room.take(beside, width, height)
    painter.fillRect(box.adjusted(-2.0, -1.0, 2.0, 1.0), _WORDS_GROUND)
    for number, line in enumerate(words):
        paint_text(painter, measure, box.x(), box.y() + number * measure.line_height, line, colour)


class _Room:
    """Where in the pane words may still stand."""

    def __init__(self, painter: QPainter, measure: FontMeasure) -> None:
        self.measure = measure
        pane = QRectF(painter.viewport())
        pane.setSize(pane.size() / painter.device().devicePixelRatioF())
        self._pane = pane.adjusted(2.0, 2.0, -_STRIP_PX - 2.0, -2.0)
        self._taken: list[QRectF] = []

    def take(self, beside: QRectF, width: float, height: float) -> QRectF:
        """Return the best place for words of that size beside a box, and keep others from it."""
        middle = QPointF(beside.center().x() - width / 2.0, beside.center().y() - height / 2.0)
        corners = (
            QPointF(beside.right() + _LABEL_GAP_PX, middle.y()),
            QPointF(beside.left() - _LABEL_GAP_PX - width, middle.y()),
            QPointF(middle.x(), beside.bottom() + _LABEL_GAP_PX),
            QPointF(middle.x(), beside.top() - _LABEL_GAP_PX - height),
        )
        boxes = [QRectF(corner.x(), corner.y(), width, height) for corner in corners]
        within = [box for box in boxes if self._pane.contains(box)] or [self._pushed_in(boxes[0])]
        free = [box for box in within if not any(box.intersects(other) for other in self._taken)]
        chosen = free[0] if free else self._below_others(within[0])
        self._taken.append(chosen)
        return chosen

    def _below_others(self, box: QRectF) -> QRectF:
        for _ in self._taken:
            other = next((taken for taken in self._taken if taken.intersects(box)), None)
            if other is None:
                break
            box = self._pushed_in(box.translated(0.0, other.bottom() + 2.0 - box.top()))
        return box

    def _pushed_in(self, box: QRectF) -> QRectF:
        pane = self._pane
        left = max(min(box.left(), pane.right() - box.width()), pane.left())
        top = max(min(box.top(), pane.bottom() - box.height()), pane.top())
        return QRectF(left, top, box.width(), box.height())
