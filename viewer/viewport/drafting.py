"""What of a viewport draws: drafts that grow by presses and releases, and the line that texts are typed into."""

from __future__ import annotations

import uuid
from functools import partial

from PySide6.QtCore import QPoint, QPointF, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QWidget

from compare.session import measure_commands
from compare.session.measure_commands import is_sound
from compare.session.measurement import Measurement, MeasurementKind
from compare.viewing.canvas import CanvasTransform
from loaders.model.frame_validity import FrameState
from viewer.rendering.slice_renderer import SliceRenderer
from viewer.tools.drag import DragStart, Step
from viewer.tools.drawing import Draft, lay_down
from viewer.viewport.inline_editor import InlineEditor
from viewer.viewport.viewport_face import ViewportFace
from viewer.viewport.viewport_model import ViewportModel

#: A pointer that moved less than this has not moved: a click, not a drag.
CLICK_SLACK_PX = 3
_TEXTED = frozenset({MeasurementKind.TEXT, MeasurementKind.ARROW})
_CLOSING_REACH_PX = 9.0


class Drafting(ViewportFace):
    """Begins, shows and finishes drafts; a finished one leaves as a step."""

    step_ready = Signal(int, object, str)  # index, Step, merge key
    measurement_chosen = Signal(int, str)  # index, identifier or empty

    def __init__(self, index: int, renderer: SliceRenderer, parent: QWidget | None = None) -> None:
        super().__init__(index, renderer, parent)
        self._editor: InlineEditor | None = None
        #: A tool or a measurement kind by its stable word, in place of the profile's left button.
        self._left_tool: str | None = None

    @property
    def left_tool(self) -> str | None:
        """What the left button does, by stable word; ``None`` leaves it to the profile."""
        return self._left_tool

    @left_tool.setter
    def left_tool(self, tool: str | None) -> None:
        self._left_tool = tool
        self.cancel_draft()

    @property
    def kind_in_hand(self) -> MeasurementKind | None:
        """The kind of measurement that the left button draws, or ``None``."""
        kinds: dict[str, MeasurementKind] = {kind.value: kind for kind in MeasurementKind}
        return kinds.get(self._left_tool or "")

    @property
    def is_drafting(self) -> bool:
        """Whether a measurement is half drawn."""
        return self._draft is not None

    def cancel_draft(self) -> bool:
        """Give up what is half drawn; whether there was anything."""
        had_one, self._draft = self._draft is not None, None
        if had_one:
            self.update()
        return had_one

    def show_model(self, model: ViewportModel) -> None:
        """Paint another state; a draft does not follow to another frame."""
        super().show_model(model)
        frame = model.frame
        if self._draft is not None and (
            frame is None or (frame.sop_instance_uid, frame.frame_number) != self._draft.frame
        ):
            self.cancel_draft()

    def press_draft(self, kind: MeasurementKind, at_mm: tuple[float, float]) -> None:
        """Begin a draft, or lay its next point. Only whole, native frames are measured."""
        frame = self._model.frame
        is_native = self._instead is None and not self._model.is_warped
        if frame is None or not is_native or self._model.frame_state is not FrameState.LOADED:
            return
        draft = self._draft or Draft(kind, (frame.sop_instance_uid, frame.frame_number))
        self._draft = draft.pressed(at_mm)
        self.update()

    def move_draft(self, at_mm: tuple[float, float]) -> None:
        """Follow the pointer."""
        if self._draft is not None:
            self._draft = self._draft.moved(at_mm)
            self.update()

    def release_draft(self, start: DragStart, at_mm: tuple[float, float], *, has_moved: bool) -> None:
        """Lay the end of a drag, and finish what is whole."""
        if self._draft is None:
            return
        self._draft = self._draft.released(at_mm, has_moved=has_moved)
        self.update()
        if self._draft is None:
            return
        if self._draft.kind is MeasurementKind.POLYGON and self._is_closed(self._draft, start.transform):
            self._draft = Draft(self._draft.kind, self._draft.frame, self._draft.points_mm[:-1])
            self.close_polygon(start)
        elif self._draft.is_whole:
            self._finish(start, self._draft)

    def close_polygon(self, start: DragStart) -> bool:
        """Close the polygon that is being drawn; whether one was."""
        draft = self._draft
        if draft is None or draft.kind is not MeasurementKind.POLYGON:
            return False
        if len(draft.points_mm) >= 3:
            self._finish(start, draft)
        return True

    def edit_text(self, one: Measurement, at: QPoint) -> bool:
        """Let the reader change the words of a text or an arrow; whether it has any."""
        if one.kind not in _TEXTED:
            return False

        def done(text: str) -> None:
            if text or one.kind is MeasurementKind.ARROW:
                command = partial(
                    measure_commands.edit_measurement, identifier=one.identifier, points_mm=one.points_mm, text=text
                )
                self.step_ready.emit(self._index, Step(command, ()), "")

        self._editor = InlineEditor(at, one.text, done, self)
        return True

    def _finish(self, start: DragStart, draft: Draft) -> None:
        self._draft = None
        self.update()
        if not is_sound(draft.kind, draft.points_mm):
            return
        identifier = f"{draft.kind.value}-{uuid.uuid4().hex[:12]}"
        if draft.kind is not MeasurementKind.TEXT:
            self._lay_down(start, draft, identifier)
            return
        x, y = start.transform.in_plane_mm_to_canvas(*draft.points_mm[0])
        ratio = self.devicePixelRatioF()

        def done(text: str) -> None:
            frame = self._model.frame
            if text and frame is not None and (frame.sop_instance_uid, frame.frame_number) == draft.frame:
                self._lay_down(start, draft, identifier, text)

        self._editor = InlineEditor(QPointF(x / ratio, y / ratio).toPoint(), "", done, self)

    def _lay_down(self, start: DragStart, draft: Draft, identifier: str, text: str = "") -> None:
        self.measurement_chosen.emit(self._index, identifier)
        self.step_ready.emit(self._index, lay_down(start, draft, identifier, text), "")

    def _is_closed(self, draft: Draft, transform: CanvasTransform) -> bool:
        """Whether the last point lies on the first one."""
        if len(draft.points_mm) < 4:
            return False
        first, last = (transform.in_plane_mm_to_canvas(*draft.points_mm[end]) for end in (0, -1))
        reach = _CLOSING_REACH_PX * self.devicePixelRatioF()
        return (first[0] - last[0]) ** 2 + (first[1] - last[1]) ** 2 <= reach**2


def has_moved(event: QMouseEvent, pressed_at: QPoint | None) -> bool:
    """Whether the pointer has left the place of the press."""
    return pressed_at is not None and (event.position().toPoint() - pressed_at).manhattanLength() > CLICK_SLACK_PX
