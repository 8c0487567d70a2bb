"""Paints texts, edge letters, scale bar, slice strip and border over a picture. Places in logical pixels."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen

from compare.viewing.orientation import EdgeLetters
from viewer.viewport import palette
from viewer.viewport.badges import Tone
from viewer.viewport.pane_font import FontMeasure
from viewer.viewport.scale_bar import ScaleBar
from viewer.viewport.slice_strip import RIBBON_WIDTH_PX, STRIP_WIDTH_PX, ribbon_pixels, row_of_slice, strip_pixels
from viewer.viewport.text_layout import MARGIN_PX, PlacedLine, wrap
from viewer.viewport.viewport_model import ViewportModel

translate = QCoreApplication.translate

TONE_COLOURS: dict[Tone, QColor] = {
    Tone.NORMAL: palette.TEXT,
    Tone.QUIET: palette.QUIET_TEXT,
    Tone.CURRENT: palette.CURRENT,
    Tone.PRIOR: palette.PRIOR,
    Tone.FINE: palette.FINE,
    Tone.WARNING: palette.WARNING,
    Tone.DANGER: palette.DANGER,
}
#: A dark rim all round keeps thin letters legible on white bone without covering more of the picture.
#: The letters of orientation are few and lie on bright body as often as not.
_LETTER_RIM = 2.0
_SHADOW_OFFSETS = ((0.6, 0.6), (-0.6, 0.6), (0.6, -0.6), (-0.6, -0.6))


def paint_text(  # noqa: PLR0917  a painter's order: where, then what
    painter: QPainter, measure: FontMeasure, x: float, y: float, text: str, colour: QColor, *, rim: float = 1.0
) -> None:
    """Paint one line with its top-left at x, y, with a dark rim, ``rim`` times as wide as usual."""
    painter.setFont(measure.font)
    static = measure.static(text)
    painter.setPen(palette.SHADOW)
    for dx, dy in _SHADOW_OFFSETS:
        painter.drawStaticText(QPointF(x + dx * rim, y + dy * rim), static)
    painter.setPen(colour)
    painter.drawStaticText(QPointF(x, y), static)


def paint_lines(painter: QPainter, measure: FontMeasure, lines: Sequence[PlacedLine]) -> None:
    """Paint placed lines of text."""
    for line in lines:
        paint_text(painter, measure, line.x, line.y, line.text, TONE_COLOURS[line.tone])


class EdgeSpace:
    """Finds room at the edges beside what is already there."""

    def __init__(self, width: float, height: float, lines: Sequence[PlacedLine]) -> None:
        self.width = width
        self.height = height
        self._taken = [QRectF(line.x, line.y, line.width, line.height) for line in lines]

    def below(self, left: float, top: float, width: float, height: float) -> QRectF:
        """Return the highest free rectangle at ``left`` that starts at ``top`` or further down, and take it."""
        return self._find(QRectF(left, top, width, height), downwards=True)

    def above(self, left: float, top: float, width: float, height: float) -> QRectF:
        """Return the lowest free rectangle at ``left`` that starts at ``top`` or further up, and take it."""
        return self._find(QRectF(left, top, width, height), downwards=False)

    def _find(self, box: QRectF, *, downwards: bool) -> QRectF:
        for _ in range(len(self._taken) + 1):
            padded = box.adjusted(-4, 0, 4, 0)
            hits = [taken for taken in self._taken if taken.intersects(padded)]
            if not hits:
                break
            if downwards:
                box.moveTop(max(hit.bottom() for hit in hits))
            else:
                box.moveBottom(min(hit.top() for hit in hits))
        self._taken.append(QRectF(box))
        return box


def paint_letters(painter: QPainter, measure: FontMeasure, space: EdgeSpace, letters: EdgeLetters | None) -> None:
    """Paint the letters in the middle of the four edges; words where the orientation is not known."""
    height = measure.line_height
    if letters is None:
        text = translate("Viewport", "orientation unknown")
        lines = wrap((text,), space.width - 2 * MARGIN_PX, measure)
        for line in reversed(lines):
            width = measure.width(line)
            box = space.above((space.width - width) / 2, space.height - MARGIN_PX - height, width, height)
            paint_text(painter, measure, box.x(), box.y(), line, palette.WARNING)
        return
    middle = (space.height - height) / 2
    for text, x_share, y in (
        (letters.left, 0.0, middle),
        (letters.right, 1.0, middle),
        (letters.top, 0.5, float(MARGIN_PX)),
        (letters.bottom, 0.5, space.height - MARGIN_PX - height),
    ):
        width = measure.width(text)
        x = MARGIN_PX + x_share * (space.width - 2 * MARGIN_PX - width)
        find = space.above if text is letters.bottom and x_share == 0.5 and y > middle else space.below
        box = find(x, y, width, height)
        paint_text(painter, measure, box.x(), box.y(), text, palette.TEXT, rim=_LETTER_RIM)


def paint_scale_bar(
    painter: QPainter,
    measure: FontMeasure,
    space: EdgeSpace,
    bar: ScaleBar,
    device_pixel_ratio: float,
) -> None:
    """Paint the bar with its label above it, centred at the bottom or above what stands there."""
    length = bar.length_px / device_pixel_ratio
    label_width = measure.width(bar.label)
    width, height = max(length, label_width) + 2, measure.line_height + 7
    box = space.above((space.width - width) / 2, space.height - MARGIN_PX - height, width, height)
    paint_text(painter, measure, box.center().x() - label_width / 2, box.y(), bar.label, palette.TEXT)
    left, right, line = box.center().x() - length / 2, box.center().x() + length / 2, box.bottom() - 4
    for colour, thickness in ((palette.SHADOW, 3.0), (palette.TEXT, 1.0)):
        painter.setPen(QPen(colour, thickness))
        painter.drawLine(QPointF(left, line), QPointF(right, line))
        painter.drawLine(QPointF(left, line - 3), QPointF(left, line + 3))
        painter.drawLine(QPointF(right, line - 3), QPointF(right, line + 3))


@lru_cache(maxsize=16)
def _strip_picture(states: bytes, rows: int, columns: int) -> QImage:
    """The strip of these states, one byte a slice: while scrolling it is the same from slice to slice."""
    return _widened(strip_pixels(np.frombuffer(states, dtype=np.uint8), rows), columns)


@lru_cache(maxsize=16)
def _ribbon_picture(errors_mm: tuple[float | None, ...], rows: int, columns: int) -> QImage:
    """The ribbon of the stated error beside the strip."""
    return _widened(ribbon_pixels(errors_mm, rows), columns)


def _widened(pixels: NDArray[np.uint8], columns: int) -> QImage:
    rows = len(pixels)
    wide = np.repeat(pixels[:, np.newaxis], columns, axis=1)
    picture = QImage(wide.tobytes(), columns, rows, columns * 3, QImage.Format.Format_RGB888)
    return picture.convertToFormat(QImage.Format.Format_RGB32)


def paint_strip(painter: QPainter, model: ViewportModel, pane: QRectF, device_pixel_ratio: float) -> None:
    """Paint the slice strip with the current position along the right edge of the pane."""
    if model.volume is None or model.stack is None or len(model.stack.frames) < 2:
        return
    area = strip_area(pane)
    rows = max(int(area.height() * device_pixel_ratio), 1)
    columns = max(round(area.width() * device_pixel_ratio), 1)
    picture = _strip_picture(model.volume.validity.snapshot().tobytes(), rows, columns)
    picture.setDevicePixelRatio(device_pixel_ratio)
    painter.drawImage(area.topLeft(), picture)
    if model.slice_errors_mm:
        ribbon = _ribbon_picture(model.slice_errors_mm, rows, max(round(RIBBON_WIDTH_PX * device_pixel_ratio), 1))
        ribbon.setDevicePixelRatio(device_pixel_ratio)
        painter.drawImage(QPointF(area.left() - RIBBON_WIDTH_PX - 1, area.top()), ribbon)
    y = area.top() + row_of_slice(model.viewport.view.frame_index, len(model.stack.frames), area.height())
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=True)
    painter.setPen(QPen(palette.SHADOW, 1.0))
    painter.setBrush(QColor(Qt.GlobalColor.white))
    painter.drawRect(QRectF(area.left() - 3, y - 2, area.width() + 4, 4))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)


def paint_skipping(painter: QPainter, measure: FontMeasure, strip: QRectF) -> None:
    """Say beside the strip that slices of a fast scroll were passed over without being shown."""
    text = translate("Viewport", "skipping")
    x, y = strip.left() - measure.width(text) - 8, strip.center().y() + measure.line_height
    paint_text(painter, measure, x, y, text, palette.WARNING)


def strip_area(pane: QRectF) -> QRectF:
    """Where the strip lies in a pane, in logical pixels."""
    return QRectF(pane.right() - STRIP_WIDTH_PX - 2, pane.top() + 3, STRIP_WIDTH_PX, pane.height() - 6)


def paint_border(painter: QPainter, model: ViewportModel, pane: QRectF) -> None:
    """Paint the frame: the role's colour and two pixels where active, a quiet line else."""
    colour = palette.ROLE_COLOURS[model.role] if model.is_active else palette.LINE
    thickness = 2.0 if model.is_active else 1.0
    painter.setPen(QPen(colour, thickness, Qt.PenStyle.SolidLine, Qt.PenCapStyle.SquareCap, Qt.PenJoinStyle.MiterJoin))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    inset = thickness / 2
    painter.drawRect(pane.adjusted(inset, inset, -inset, -inset))
