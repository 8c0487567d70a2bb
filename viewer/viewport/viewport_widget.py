"""The widget that shows one picture with what must be said about it. Driven by values, it changes nothing itself."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QPaintEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from compare.viewing.canvas import CanvasTransform
from compare.viewing.orientation import orientation_letters
from viewer.rendering.slice_renderer import SliceRenderer, SliceRequest
from viewer.tools.drag import PROFILES, TOOLS, Drag, DragStart
from viewer.viewport.absent_picture import paint_absence
from viewer.viewport.badges import ROLE_TONES
from viewer.viewport.corner_texts import CornerText, compact_lines, corner_texts, tooltip_lines
from viewer.viewport.overlay_painter import (
    EdgeSpace,
    paint_border,
    paint_letters,
    paint_lines,
    paint_scale_bar,
    paint_strip,
    strip_area,
)
from viewer.viewport.pane_font import FontMeasure, pane_font
from viewer.viewport.scale_bar import scale_bar
from viewer.viewport.slice_strip import slice_at_row
from viewer.viewport.text_layout import Pane, TextLayout, lay_out, lay_out_compact
from viewer.viewport.viewport_model import ViewportModel

_BUTTONS = {
    Qt.MouseButton.LeftButton: "left",
    Qt.MouseButton.MiddleButton: "middle",
    Qt.MouseButton.RightButton: "right",
}
_WHEEL_NOTCH = 120
_CLICK_SLACK_PX = 3


class ViewportWidget(QWidget):
    """Paints a :class:`ViewportModel` and turns mouse movements into commands."""

    step_ready = Signal(int, object, str)  # index, Step, merge key
    gesture_ended = Signal()
    wheel_scrolled = Signal(int, int)
    wheel_zoomed = Signal(int, float, object)  # index, factor, in-plane mm
    slice_chosen = Signal(int, int)
    activated = Signal(int)
    maximise_asked = Signal(int)
    menu_asked = Signal(int, QPoint)
    canvas_resized = Signal(int)

    def __init__(self, index: int, renderer: SliceRenderer, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._index = index
        self._renderer = renderer
        self._model = ViewportModel(index=index)
        self._flicker: Callable[[], NDArray[np.uint8] | None] | None = None
        self._flicker_model: ViewportModel | None = None
        self._drag: Drag | None = None
        self._pressed_at: QPoint | None = None
        self._is_on_strip = False
        self._wheel = 0
        self.profile = "radiologist"
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setMinimumSize(120, 120)

    @property
    def model(self) -> ViewportModel:
        """What is painted now."""
        return self._model

    @property
    def canvas_size(self) -> tuple[int, int]:
        """Width and height in device pixels."""
        ratio = self.devicePixelRatioF()
        return (round(self.width() * ratio), round(self.height() * ratio))

    def show_model(self, model: ViewportModel) -> None:
        """Paint another state; nothing is repainted when nothing differs."""
        if model != self._model:
            self._model = model
            self.setToolTip("\n".join(tooltip_lines(model)) if self._pane().is_compact else "")
            self.update()

    def repaint_picture(self) -> None:
        """Paint again after frames have arrived."""
        self.update()

    def show_flicker(self, model: ViewportModel | None, picture: Callable[[], NDArray[np.uint8] | None] | None) -> None:
        """Show another study's picture on this canvas, under its own captions; ``None`` goes back."""
        self._flicker_model, self._flicker = model, picture
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802  Qt's name
        """A square that leaves room for the texts."""
        return QSize(600, 600)

    # ---- painting

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802  Qt's name
        """Paint the picture at device resolution, then what is said about it."""
        model = self._flicker_model or self._model
        pane = QRectF(0, 0, self.width(), self.height())
        measure = FontMeasure(pane_font(self.font(), pane.width(), pane.height()))
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
        pixels = self._pixels(model)
        if pixels is None:
            paint_absence(painter, model, measure, pane)
        else:
            image = image_of(pixels)
            image.setDevicePixelRatio(self.devicePixelRatioF())
            painter.drawImage(0, 0, image)
        self._paint_words(painter, model, pane, measure)
        painter.end()

    def _pixels(self, model: ViewportModel) -> NDArray[np.uint8] | None:
        if self._flicker is not None:
            return self._flicker()
        if model.volume is None or model.frame is None or model.blocked_reason:
            return None
        width, height = self.canvas_size
        request = SliceRequest(model.volume, model.viewport.view, model.viewport.presentation, width, height)
        return self._renderer.render(request)

    def _paint_words(self, painter: QPainter, model: ViewportModel, pane: QRectF, measure: FontMeasure) -> None:
        layout = self._layout(model, measure)
        paint_lines(painter, measure, layout.lines)
        frame = model.frame
        if frame is not None and model.stack is not None:
            space = EdgeSpace(self._pane().width, pane.height(), layout.lines)
            view = model.viewport.view
            paint_letters(painter, measure, space, orientation_letters(view, frame))
            ratio = self.devicePixelRatioF()
            bar = scale_bar(frame, view.mm_per_pixel, pane.width() * ratio)
            if bar is not None and not layout.is_compact:
                paint_scale_bar(painter, measure, space, bar, ratio)
        paint_strip(painter, model, pane, self.devicePixelRatioF())
        paint_border(painter, model, pane)

    def _layout(self, model: ViewportModel, measure: FontMeasure) -> TextLayout:
        pane = self._pane()
        texts = corner_texts(model)
        if not pane.is_compact:
            return lay_out(texts, pane, measure)
        badges: list[CornerText] = [text for text in texts if text.badge_code]
        return lay_out_compact(compact_lines(model), badges, pane, measure, ROLE_TONES[model.role])

    def _pane(self) -> Pane:
        strip = strip_area(QRectF(0, 0, self.width(), self.height()))
        return Pane(max(strip.left() - 2.0, 1.0), float(self.height()))

    # ---- mouse

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  Qt's name
        """Tell whoever fits views to canvases."""
        super().resizeEvent(event)
        self.canvas_resized.emit(self._index)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802  Qt's name
        """Begin a drag, or jump to a slice on the strip."""
        self.activated.emit(self._index)
        self._pressed_at = event.position().toPoint()
        if event.button() is Qt.MouseButton.LeftButton and self._strip_slice(event) is not None:
            self._is_on_strip = True
            self._follow_strip(event)
            return
        start = self._drag_start(event)
        tool = PROFILES[self.profile].get(_BUTTONS.get(event.button(), ""))
        if start is not None and tool is not None:
            self._drag = TOOLS[tool](start)
            next(self._drag)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802  Qt's name
        """Continue a drag."""
        if self._is_on_strip:
            self._follow_strip(event)
        elif self._drag is not None:
            step = self._drag.send(self._device_point(event))
            if step is not None:
                self.step_ready.emit(self._index, step, "drag")

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802  Qt's name
        """End a drag; a right click that did not move asks for the menu."""
        self._drag, self._is_on_strip = None, False
        self.gesture_ended.emit()
        moved = (event.position().toPoint() - self._pressed_at).manhattanLength() if self._pressed_at else 0
        if event.button() is Qt.MouseButton.RightButton and moved <= _CLICK_SLACK_PX:
            self.menu_asked.emit(self._index, event.globalPosition().toPoint())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802  Qt's name
        """Maximise, or come back."""
        if event.button() is Qt.MouseButton.LeftButton:
            self.maximise_asked.emit(self._index)

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802  Qt's name
        """Scroll by whole notches, however finely the wheel counts; with Ctrl zoom at the pointer."""
        delta = event.angleDelta().y()
        event.accept()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            at_mm = self._in_plane_mm(event.position().x(), event.position().y())
            if at_mm is not None:
                self.wheel_zoomed.emit(self._index, 1.25 ** (delta / _WHEEL_NOTCH), at_mm)
            return
        self._wheel += delta
        notches = int(self._wheel / _WHEEL_NOTCH)
        if notches:
            self._wheel -= notches * _WHEEL_NOTCH
            self.wheel_scrolled.emit(self._index, -notches)

    def _drag_start(self, event: QMouseEvent) -> DragStart | None:
        model, transform = self._model, self._transform()
        if transform is None or model.stack is None:
            return None
        return DragStart(
            index=self._index,
            at=self._device_point(event),
            transform=transform,
            frame_index=model.viewport.view.frame_index,
            frame_count=len(model.stack.frames),
            window=model.window,
            stacks={model.stack.key: model.stack},
        )

    def _transform(self) -> CanvasTransform | None:
        frame = self._model.frame
        return CanvasTransform.of(self._model.viewport.view, frame, *self.canvas_size) if frame else None

    def _in_plane_mm(self, x: float, y: float) -> tuple[float, float] | None:
        transform, ratio = self._transform(), self.devicePixelRatioF()
        return transform.canvas_to_in_plane_mm(x * ratio, y * ratio) if transform else None

    def _device_point(self, event: QMouseEvent) -> tuple[float, float]:
        ratio = self.devicePixelRatioF()
        return (event.position().x() * ratio, event.position().y() * ratio)

    def _strip_slice(self, event: QMouseEvent) -> int | None:
        model = self._model
        area = strip_area(QRectF(0, 0, self.width(), self.height()))
        if model.stack is None or len(model.stack.frames) < 2 or event.position().x() < area.left() - 2:
            return None
        return slice_at_row(event.position().y() - area.top(), len(model.stack.frames), area.height())

    def _follow_strip(self, event: QMouseEvent) -> None:
        model = self._model
        area = strip_area(QRectF(0, 0, self.width(), self.height()))
        if model.stack is not None:
            chosen = slice_at_row(event.position().y() - area.top(), len(model.stack.frames), area.height())
            self.slice_chosen.emit(self._index, chosen)


def image_of(pixels: NDArray[np.uint8]) -> QImage:
    """Return an image over (height, width) grey or (height, width, 3) RGB pixels; it keeps its own copy."""
    contiguous = np.ascontiguousarray(pixels)
    height, width = contiguous.shape[:2]
    kind = QImage.Format.Format_Grayscale8 if contiguous.ndim == 2 else QImage.Format.Format_RGB888
    return QImage(contiguous.data, width, height, contiguous.strides[0], kind).copy()
