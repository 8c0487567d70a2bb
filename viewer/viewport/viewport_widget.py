"""The widget of one viewport: what it looks like, and what the mouse does on it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from compare.measuring.handles import Handle, handle_at
from compare.session.measurement import MeasurementKind
from compare.viewing.canvas import CanvasTransform
from viewer.rendering.slice_renderer import SliceRenderer
from viewer.tools.drag import COARSE, FINE, PROFILES, TOOLS, Drag, DragStart
from viewer.tools.drawing import DRAGGED, move_handle
from viewer.viewport.drafting import CLICK_SLACK_PX, Drafting, has_moved
from viewer.viewport.overlay_painter import strip_area
from viewer.viewport.slice_strip import slice_at_row

_BUTTONS = {
    Qt.MouseButton.LeftButton: "left",
    Qt.MouseButton.MiddleButton: "middle",
    Qt.MouseButton.RightButton: "right",
}
_WHEEL_NOTCH = 120
_HANDLE_REACH_PX = 9.0
#: Kinds drawn by clicks: two of them in quick succession are no wish to maximise.
_CLICKED = frozenset(MeasurementKind) - DRAGGED


class ViewportWidget(Drafting):
    """Turns mouse movements over a viewport into commands, and changes nothing itself."""

    gesture_ended = Signal()
    wheel_scrolled = Signal(int, int)
    wheel_zoomed = Signal(int, float, object)  # index, factor, in-plane mm
    slice_chosen = Signal(int, int)
    activated = Signal(int)
    maximise_asked = Signal(int)
    menu_asked = Signal(int, QPoint)
    canvas_resized = Signal(int)
    badge_clicked = Signal(int, str, QPoint)  # index, badge code, global place
    pointed = Signal(int, object)  # index, in-plane mm under the pointer while Shift is held, or None

    def __init__(self, index: int, renderer: SliceRenderer, parent: QWidget | None = None) -> None:
        super().__init__(index, renderer, parent)
        self._drag: Drag | None = None
        self._pressed_at: QPoint | None = None
        self._is_on_strip = False
        self._is_drawing = False
        self._is_pointing = False
        self._wheel = 0
        self.profile = "radiologist"
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setMouseTracking(True)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  Qt's name
        """Tell whoever fits views to canvases."""
        super().resizeEvent(event)
        self.canvas_resized.emit(self._index)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802  Qt's name
        """Open a badge, take a handle, begin a drag, or jump to a slice on the strip."""
        self.activated.emit(self._index)
        self._pressed_at = event.position().toPoint()
        self._stop_pointing()
        if event.button() is Qt.MouseButton.LeftButton:
            code = self.badge_at(event.position())
            if code:
                self.badge_clicked.emit(self._index, code, event.globalPosition().toPoint())
                return
            if self._strip_slice(event) is not None:
                self._is_on_strip = True
                self._follow_strip(event)
                return
        start = self._drag_start(event)
        if start is not None:
            self._drag = self._new_drag(event, start)
            if self._drag is not None:
                next(self._drag)

    def _new_drag(self, event: QMouseEvent, start: DragStart) -> Drag | None:
        button = _BUTTONS.get(event.button(), "")
        tool = PROFILES[self.profile].get(button)
        if button == "left":
            tool = self.left_tool or tool
            handle = None if self.is_drafting else self._handle_at(event)
            self.measurement_chosen.emit(self._index, handle.measurement.identifier if handle else "")
            if handle is not None:
                return move_handle(start, handle)
            if self.kind_in_hand is not None:
                self._is_drawing = True
                self.press_draft(self.kind_in_hand, start.transform.canvas_to_in_plane_mm(*start.at))
                return None
        return TOOLS[tool](start) if tool in TOOLS else None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802  Qt's name
        """Continue a drag; with Shift and no button, point at the patient."""
        if self._is_on_strip:
            self._follow_strip(event)
        elif self._drag is not None:
            step = self._drag.send(self._device_point(event))
            if step is not None:
                self.step_ready.emit(self._index, step, "drag")
        elif self.is_drafting and (self._is_drawing or not event.buttons()):
            at_mm = self._in_plane_mm(event.position())
            if at_mm is not None:
                self.move_draft(at_mm)
        elif not event.buttons():
            self._hover(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802  Qt's name
        """End a drag; a right click that did not move asks for the menu."""
        start = self._drag_start(event) if self._is_drawing else None
        if start is not None and event.button() is Qt.MouseButton.LeftButton:
            at_mm = start.transform.canvas_to_in_plane_mm(*start.at)
            self.release_draft(start, at_mm, has_moved=has_moved(event, self._pressed_at))
        self._drag, self._is_on_strip, self._is_drawing = None, False, False
        self.gesture_ended.emit()
        moved = (event.position().toPoint() - self._pressed_at).manhattanLength() if self._pressed_at else 0
        if event.button() is Qt.MouseButton.RightButton and moved <= CLICK_SLACK_PX:
            self.menu_asked.emit(self._index, event.globalPosition().toPoint())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802  Qt's name
        """Close a polygon, change a text, or maximise and come back."""
        if event.button() is not Qt.MouseButton.LeftButton or self.badge_at(event.position()):
            return
        start, handle = self._drag_start(event), self._handle_at(event)
        if start is not None and self.close_polygon(start):
            return
        if self.is_drafting or (handle is not None and self.edit_text(handle.measurement, event.position().toPoint())):
            return
        if self.kind_in_hand not in _CLICKED:
            self.maximise_asked.emit(self._index)

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802  Qt's name
        """The pointer no longer points at anything here."""
        self._stop_pointing()
        super().leaveEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:  # noqa: N802  Qt's name
        """Without Shift the pointer points no more, even where it does not move."""
        if event.key() == Qt.Key.Key_Shift:
            self._stop_pointing()
        super().keyReleaseEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802  Qt's name
        """Scroll by whole notches, however finely the wheel counts; with Ctrl zoom at the pointer."""
        delta = event.angleDelta().y()
        event.accept()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            at_mm = self._in_plane_mm(event.position())
            if at_mm is not None:
                self.wheel_zoomed.emit(self._index, 1.25 ** (delta / _WHEEL_NOTCH), at_mm)
            return
        self._wheel += delta
        notches = int(self._wheel / _WHEEL_NOTCH)
        if notches:
            self._wheel -= notches * _WHEEL_NOTCH
            self.wheel_scrolled.emit(self._index, -notches)

    def _hover(self, event: QMouseEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._is_pointing = True
            self.pointed.emit(self._index, self._in_plane_mm(event.position()))
            return
        self._stop_pointing()
        if self.badge_at(event.position()):
            self.setCursor(Qt.CursorShape.PointingHandCursor)
        elif self._handle_at(event) is not None:
            self.setCursor(Qt.CursorShape.SizeAllCursor)
        elif self.kind_in_hand is not None:
            self.setCursor(Qt.CursorShape.CrossCursor)
        else:
            self.unsetCursor()

    def _stop_pointing(self) -> None:
        if self._is_pointing:
            self._is_pointing = False
            self.pointed.emit(self._index, None)

    def _handle_at(self, event: QMouseEvent) -> Handle | None:
        transform, lengths = self._transform(), self._model.measurements_here
        if transform is None or not lengths or self._instead is not None:
            return None
        reach = _HANDLE_REACH_PX * self.devicePixelRatioF()
        return handle_at(self._device_point(event), lengths, transform, reach)

    def _drag_start(self, event: QMouseEvent) -> DragStart | None:
        model, transform = self._model, self._transform()
        if transform is None or model.stack is None:
            return None
        keys = event.modifiers()
        is_fine = bool(keys & Qt.KeyboardModifier.ShiftModifier)
        is_coarse = bool(keys & Qt.KeyboardModifier.ControlModifier)
        return DragStart(
            index=self._index,
            at=self._device_point(event),
            transform=transform,
            frame_index=model.viewport.view.frame_index,
            frame_count=len(model.stack.frames),
            window=model.window,
            stacks={model.stack.key: model.stack},
            speed=FINE if is_fine else COARSE if is_coarse else 1.0,
        )

    def _transform(self) -> CanvasTransform | None:
        frame = self._model.frame
        return CanvasTransform.of(self._model.viewport.view, frame, *self.canvas_size) if frame else None

    def _in_plane_mm(self, at: QPointF) -> tuple[float, float] | None:
        transform, ratio = self._transform(), self.devicePixelRatioF()
        return transform.canvas_to_in_plane_mm(at.x() * ratio, at.y() * ratio) if transform else None

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
        chosen = self._strip_slice_at(event.position().y())
        if chosen is not None:
            self.slice_chosen.emit(self._index, chosen)

    def _strip_slice_at(self, y: float) -> int | None:
        area = strip_area(QRectF(0, 0, self.width(), self.height()))
        stack = self._model.stack
        return None if stack is None else slice_at_row(y - area.top(), len(stack.frames), area.height())
