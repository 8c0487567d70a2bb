"""Paints what objects beside the images lay over a picture: shutter, masks, lines, text."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen, QTransform

from loaders.model.overlay import FrameOverlays, LineOverlay, ShutterOverlay
from viewer.panels.plain_text import shown_text
from viewer.viewport import palette
from viewer.viewport.marks_painter import Canvas
from viewer.viewport.overlay_painter import paint_text
from viewer.viewport.pane_font import FontMeasure

_DOT_PX = 4.0


def paint_overlays(painter: QPainter, measure: FontMeasure, canvas: Canvas, overlays: FrameOverlays) -> None:
    """Paint overlays of the frame that the canvas shows; their pixels follow pan, zoom, turn and mirror."""
    to_widget = _pixels_to_widget(canvas)
    for picture in overlays.pictures:
        _paint_image(painter, to_widget, _tinted(_alpha(picture.opacity), picture.pixels))
    for mask in overlays.masks:
        _paint_image(painter, to_widget, _tinted(_alpha(mask.opacity), mask.colour))
    if overlays.shutter is not None:
        _paint_image(painter, to_widget, _shutter_image(overlays.shutter))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=True)
    for line in overlays.lines:
        _paint_line(painter, to_widget, line)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
    for text in overlays.texts:
        at = to_widget.map(QPointF(*text.place))
        for number, words in enumerate(text.text.split("\n")):
            y = at.y() + number * measure.line_height
            paint_text(painter, measure, at.x(), y, shown_text(words), QColor(*text.colour))


def _pixels_to_widget(canvas: Canvas) -> QTransform:
    """From (column, row) of the frame, pixel centres at whole numbers, to logical points of the widget."""
    origin, column, row = (
        QPointF(*canvas.transform.image_to_canvas(*at)) / canvas.ratio for at in ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0))
    )
    across, down = column - origin, row - origin
    return QTransform(across.x(), across.y(), down.x(), down.y(), origin.x(), origin.y())


def _paint_image(painter: QPainter, to_widget: QTransform, image: QImage) -> None:
    painter.save()
    painter.setTransform(to_widget, combine=True)
    painter.drawImage(QRectF(-0.5, -0.5, image.width(), image.height()), image)
    painter.restore()


def _alpha(opacity: NDArray[np.float32]) -> NDArray[np.uint8]:
    levels: NDArray[np.uint8] = np.floor(np.clip(opacity, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8)
    return levels


def _shutter_image(shutter: ShutterOverlay) -> QImage:
    return _tinted(np.where(shutter.is_open, 0, 255).astype(np.uint8), shutter.colour)


def _tinted(alpha: NDArray[np.uint8], colour: tuple[int, int, int] | NDArray[np.uint8]) -> QImage:
    rows, columns = alpha.shape
    pixels = np.empty((rows, columns, 4), dtype=np.uint8)
    pixels[..., :3], pixels[..., 3] = colour, alpha
    # The copy owns its bytes: the array goes when this function ends.
    return QImage(pixels.data, columns, rows, 4 * columns, QImage.Format.Format_RGBA8888).copy()


def _paint_line(painter: QPainter, to_widget: QTransform, line: LineOverlay) -> None:
    points = [to_widget.map(QPointF(column, row)) for column, row in line.points.tolist()]
    if not points:
        return
    path = QPainterPath(points[0])
    if len(points) == 1:
        for dx, dy in ((_DOT_PX, 0.0), (0.0, _DOT_PX)):
            path.moveTo(points[0] - QPointF(dx, dy))
            path.lineTo(points[0] + QPointF(dx, dy))
    for point in points[1:]:
        path.lineTo(point)
    if line.is_closed:
        path.closeSubpath()
    painter.setBrush(QColor(*line.colour) if line.is_filled else Qt.BrushStyle.NoBrush)
    for pen in (QPen(palette.SHADOW, 2.6), QPen(QColor(*line.colour), 1.2)):
        painter.setPen(pen)
        painter.drawPath(path)
    painter.setBrush(Qt.BrushStyle.NoBrush)
