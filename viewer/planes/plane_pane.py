"""One plane on the screen: picture, crosshair with its handles, letters, words; and what the mouse does to it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from viewer.rendering.fusion import ColourBar
from viewer.viewport import palette
from viewer.viewport.overlay_painter import paint_text
from viewer.viewport.pane_font import FontMeasure, pane_font

#: Within this many pixels of a line the mouse takes it, and beyond this many from the middle it turns it.
_NEAR_LINE_PX = 8.0
_TURNING_FROM_PX = 50.0
_GAP_PX = 14.0
_MARGIN_PX = 8.0
_WHEEL_NOTCH = 120.0
_GROUND = QColor(0, 0, 0, 150)
#: Planes are told apart by colour, in the order of the panes; their letters and words say the same.
PLANE_COLOURS = (QColor("#FF8A80"), QColor("#80D8A0"), QColor("#82B1FF"))


class PaneDrag(StrEnum):
    """What a press of the mouse has begun."""

    NONE = "none"
    MOVE = "move"
    TURN = "turn"
    WINDOW = "window"


@dataclass(frozen=True, slots=True)
class PaneFace:
    """Everything of a pane but the pixels. Places and directions in device pixels of the canvas.

    ``lines`` are the cuts of the other planes, by their number; ``letters`` the edges' left, top, right, bottom;
    ``bar`` the colours of an uptake that is painted over, with its values. Words on a bright picture get a dark ground.
    """

    crosshair: tuple[float, float]
    lines: dict[int, tuple[float, float]]
    letters: tuple[str, str, str, str]
    top_lines: tuple[str, ...]
    bottom_lines: tuple[str, ...]
    warnings: tuple[str, ...]
    bar: ColourBar | None = None
    is_bright: bool = False


class PlanePane(QWidget):
    """Signals carry device pixels and notches; the panel knows what they mean.

    ``moved(x, y)``: the crosshair goes there. ``turned(degrees)``. ``windowed(dx, dy)``. ``stepped(notches)``,
    ``thickened(notches)`` and ``zoomed(notches)``: the wheel, with Shift, with Ctrl. ``released()``: a drag has ended.
    ``doubled()``: a double click.
    """

    moved = Signal(float, float)
    turned = Signal(float)
    windowed = Signal(float, float)
    stepped = Signal(int)
    thickened = Signal(int)
    zoomed = Signal(int)
    released = Signal()
    doubled = Signal()
    resized = Signal()

    def __init__(self, pane: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.pane = pane
        self.face: PaneFace | None = None
        self._pixels: NDArray[np.uint8] | None = None
        self._drag = PaneDrag.NONE
        self._last = QPointF()
        self._wheel = 0.0
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(60, 60)
        self.setMouseTracking(True)

    @property
    def canvas_size(self) -> tuple[int, int]:
        """Width and height in device pixels."""
        ratio = self.devicePixelRatioF()
        return max(round(self.width() * ratio), 1), max(round(self.height() * ratio), 1)

    @property
    def pixels(self) -> NDArray[np.uint8] | None:
        """The picture on screen, grey (height, width) or (height, width, 3), or ``None``."""
        return self._pixels

    def show_picture(self, pixels: NDArray[np.uint8] | None, face: PaneFace) -> None:
        """Show a picture of the canvas's size, (height, width) or (height, width, 3); ``None``: words only."""
        self._pixels = None if pixels is None else np.ascontiguousarray(pixels)
        self.face = face
        self.update()

    # ---- the mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Left takes the crosshair or turns a line; right opens the window."""
        self._last = event.position()
        if event.button() == Qt.MouseButton.RightButton:
            self._drag = PaneDrag.WINDOW
        elif event.button() == Qt.MouseButton.LeftButton:
            self._drag = PaneDrag.TURN if self.line_at(event.position()) is not None else PaneDrag.MOVE
            if self._drag is PaneDrag.MOVE:
                self._move_to(event.position())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """One plane alone, or all again."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._drag = PaneDrag.NONE
            self.doubled.emit()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Goes on with what the press began; else shows what a press would take."""
        here = event.position()
        if self._drag is PaneDrag.NONE:
            over = self.line_at(here) is not None
            self.setCursor(Qt.CursorShape.SizeAllCursor if over else Qt.CursorShape.CrossCursor)
            return
        if self._drag is PaneDrag.MOVE:
            self._move_to(here)
        elif self._drag is PaneDrag.TURN:
            self._turn_to(here)
        else:
            self.windowed.emit(here.x() - self._last.x(), here.y() - self._last.y())
        self._last = here

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """The drag is over: what was coarse becomes fine."""
        self._drag = PaneDrag.NONE
        self.released.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 - Qt's name
        """Plain: along the view. Shift: thickness of the slab. Ctrl: scale."""
        # With Alt or Shift some systems report a horizontal wheel.
        self._wheel += event.angleDelta().y() or event.angleDelta().x()
        notches = int(self._wheel / _WHEEL_NOTCH)
        if notches:
            self._wheel -= notches * _WHEEL_NOTCH
            modifiers = event.modifiers()
            if modifiers & Qt.KeyboardModifier.ControlModifier:
                self.zoomed.emit(notches)
            elif modifiers & Qt.KeyboardModifier.ShiftModifier:
                self.thickened.emit(notches)
            else:
                self.stepped.emit(notches)
        event.accept()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """The panel draws anew at the new size."""
        super().resizeEvent(event)
        self.resized.emit()

    def line_at(self, place: QPointF) -> int | None:
        """Return the plane whose line lies under a place far enough from the crosshair to turn by it, else ``None``."""
        if self.face is None:
            return None
        middle = self._middle()
        offset = np.array((place.x() - middle.x(), place.y() - middle.y()))
        if float(np.linalg.norm(offset)) < _TURNING_FROM_PX:
            return None
        for other, (across, down) in self.face.lines.items():
            if abs(float(offset[0] * down - offset[1] * across)) <= _NEAR_LINE_PX:
                return other
        return None

    def _middle(self) -> QPointF:
        assert self.face is not None  # noqa: S101 - asked for only with a face
        ratio = self.devicePixelRatioF()
        # A pixel's place is its centre.
        return QPointF((self.face.crosshair[0] + 0.5) / ratio, (self.face.crosshair[1] + 0.5) / ratio)

    def _move_to(self, place: QPointF) -> None:
        ratio = self.devicePixelRatioF()
        self.moved.emit(place.x() * ratio - 0.5, place.y() * ratio - 0.5)

    def _turn_to(self, place: QPointF) -> None:
        if self.face is None:
            return
        middle = self._middle()
        before = np.arctan2(self._last.y() - middle.y(), self._last.x() - middle.x())
        after = np.arctan2(place.y() - middle.y(), place.x() - middle.x())
        # Down is positive on the screen and the normal points into it: clockwise is right-handed.
        turn = float(np.degrees(after - before))
        self.turned.emit((turn + 180.0) % 360.0 - 180.0)

    # ---- painting

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Picture, lines, words."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), palette.IMAGE_GROUND)
        if self._pixels is not None:
            image = image_of(self._pixels)
            image.setDevicePixelRatio(self.devicePixelRatioF())
            painter.drawImage(QPointF(0.0, 0.0), image)
        if self.face is not None:
            if self._pixels is not None:
                self._paint_lines(painter, self.face)
            self._paint_words(painter, self.face)
        painter.setPen(QPen(PLANE_COLOURS[self.pane], 2))
        painter.drawLine(0, 1, self.width(), 1)
        painter.setPen(palette.LINE)
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def _paint_lines(self, painter: QPainter, face: PaneFace) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle, reach = self._middle(), float(self.width() + self.height())
        for other, (across, down) in face.lines.items():
            painter.setPen(QPen(PLANE_COLOURS[other], 1))
            for sign in (-1.0, 1.0):
                start = QPointF(middle.x() + sign * _GAP_PX * across, middle.y() + sign * _GAP_PX * down)
                end = QPointF(middle.x() + sign * reach * across, middle.y() + sign * reach * down)
                painter.drawLine(start, end)

    def _paint_words(self, painter: QPainter, face: PaneFace) -> None:
        measure = FontMeasure(pane_font(self.font(), self.width(), self.height()))
        line = measure.line_height
        if face.is_bright:
            self._paint_grounds(painter, measure, face)
        for number, text in enumerate(face.top_lines):
            paint_text(painter, measure, _MARGIN_PX, _MARGIN_PX + number * line, text, palette.TEXT)
        for number, text in enumerate(face.warnings):
            top = _MARGIN_PX + (len(face.top_lines) + number) * line
            paint_text(painter, measure, _MARGIN_PX, top, text, palette.WARNING)
        for number, text in enumerate(reversed(face.bottom_lines)):
            paint_text(
                painter, measure, _MARGIN_PX, self.height() - _MARGIN_PX - (number + 1) * line, text, palette.QUIET_TEXT
            )
        if self._pixels is None:
            return
        if face.bar is not None:
            self._paint_bar(painter, measure, face.bar)
        left, top_letter, right, bottom = face.letters
        across, down = self.width() / 2.0, self.height() / 2.0
        for text, x, y in (
            (left, _MARGIN_PX, down),
            (right, self.width() - _MARGIN_PX - measure.width(right), down),
            (top_letter, across, _MARGIN_PX),
            (bottom, across, self.height() - _MARGIN_PX - line),
        ):
            paint_text(painter, measure, x, y, text, palette.TEXT)

    def _paint_grounds(self, painter: QPainter, measure: FontMeasure, face: PaneFace) -> None:
        top, bottom = (*face.top_lines, *face.warnings), face.bottom_lines
        for lines, is_top in ((top, True), (bottom, False)):
            width = max((measure.width(text) for text in lines), default=0.0) + 8.0
            height = len(lines) * measure.line_height + 4.0
            y = _MARGIN_PX - 2.0 if is_top else self.height() - _MARGIN_PX - height + 2.0
            if lines:
                painter.fillRect(QRectF(_MARGIN_PX - 4.0, y, width, height), _GROUND)

    def _paint_bar(self, painter: QPainter, measure: FontMeasure, bar: ColourBar) -> None:
        """The colours in the lower right corner, each end and the middle with its value."""
        height, width = bar.pixels.shape[:2]
        left, top = self.width() - _MARGIN_PX - width, self.height() - _MARGIN_PX - height - measure.line_height / 2.0
        painter.drawImage(QPointF(left, top), image_of(np.ascontiguousarray(bar.pixels)))
        painter.setPen(palette.QUIET_TEXT)
        painter.drawRect(QRectF(left, top, width, height))
        for row, value in bar.ticks:
            text = f"{value:.3g}"
            place = top + row - measure.line_height / 2.0
            paint_text(painter, measure, left - 4.0 - measure.width(text), place, text, palette.TEXT)


def image_of(pixels: NDArray[np.uint8]) -> QImage:
    """An image over an array's memory, which must live as long as it."""
    height, width = pixels.shape[:2]
    is_grey = pixels.ndim == 2
    kind = QImage.Format.Format_Grayscale8 if is_grey else QImage.Format.Format_RGB888
    return QImage(pixels.data, width, height, width * (1 if is_grey else 3), kind)
