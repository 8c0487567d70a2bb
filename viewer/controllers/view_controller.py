"""What the reader does to pictures: mouse steps and keys become commands on the session."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from PySide6.QtCore import QObject

from compare.hanging.window_presets import preset_by_key
from compare.session import commands
from compare.session.comparison_session import ComparisonSession, LinkedAction
from compare.viewing.view_state import WindowOrigin
from viewer.controllers.session_controller import Command, SessionController
from viewer.tools.drag import Step
from viewer.viewport.viewport_widget import ViewportWidget

#: More than any stack has: the ends bound it.
_TO_THE_END = 1_000_000


class ViewController(QObject):
    """Turns the signals of viewport widgets, and deeds on the active one, into commands.

    ``viewports`` gives the widgets in the session's order.
    """

    def __init__(
        self,
        session: SessionController,
        viewports: Callable[[], Sequence[ViewportWidget]],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._viewports = viewports

    def connect_viewport(self, widget: ViewportWidget) -> None:
        """Listen to a viewport."""
        widget.step_ready.connect(self._apply_step)
        widget.gesture_ended.connect(self._session.end_gesture)
        widget.wheel_scrolled.connect(self.scroll)
        widget.wheel_zoomed.connect(self._zoom_at)
        widget.slice_chosen.connect(self._scroll_to)
        widget.activated.connect(lambda at: self.do(partial(commands.set_active, index=at)))
        widget.maximise_asked.connect(lambda at: self.do(partial(commands.toggle_maximised, index=at)))

    def deeds(self) -> Mapping[str, Callable[[], None]]:
        """What this controller can do, by the words of the key table."""
        turn = (LinkedAction.ROTATION,)
        return {
            "toggle_links": partial(self.do, commands.toggle_links),
            "match_slices": self._match_slices,
            "next_slice": partial(self._scroll_active, 1),
            "previous_slice": partial(self._scroll_active, -1),
            "first_slice": partial(self._scroll_active, -_TO_THE_END),
            "last_slice": partial(self._scroll_active, _TO_THE_END),
            "invert": partial(self._do_active, commands.invert),
            "rotate": partial(self._do_active, commands.rotate, actions=turn),
            "flip": partial(self._do_active, commands.flip, actions=turn),
        }

    def do(self, command: Command) -> None:
        """Apply a command that moves nothing linked."""
        self._session.apply(command)

    def set_layout(self, rows: int, columns: int) -> None:
        """Change the grid of viewports."""
        self.do(partial(commands.set_layout, rows=rows, columns=columns))

    def scroll(self, index: int, steps: int) -> None:
        """Move a viewport, and those linked to it, by so many slices."""
        self._moved(
            index,
            partial(commands.scroll_by, index=index, steps=steps, stacks=self._session.stacks),
            LinkedAction.SCROLL,
        )

    def reset_active(self) -> None:
        """Upright and fitted."""
        index = self._session.session.active
        if self._session.session.viewports[index].stack is not None:
            canvas = self._viewports()[index].canvas_size
            self.do(partial(commands.reset_view, index=index, stacks=self._session.stacks, canvas=canvas))

    def preset(self, number: int) -> None:
        """Give the window of a number to every viewport of the active one's modality, as one step of the history."""
        session, index_of = self._session.session, self._session.index
        viewport = session.viewports[session.active]
        series = index_of.series_of(viewport.stack) if viewport.stack else None
        stack = self._session.stacks.get(viewport.stack) if viewport.stack else None
        if series is None or stack is None:
            return
        preset = preset_by_key(series.modality, stack.frames[0].values.unit, number)
        if preset is None:
            return
        of_one_kind = [
            index
            for index, other in enumerate(session.viewports)
            if other.stack
            and (shown := index_of.series_of(other.stack)) is not None
            and shown.modality == series.modality
        ]

        def set_all(before: ComparisonSession) -> ComparisonSession:
            for index in of_one_kind:
                before = commands.set_window(before, index=index, window=preset.window, origin=WindowOrigin.PRESET)
            return before

        self.do(set_all)

    def _apply_step(self, index: int, step: Step, merge_key: str) -> None:
        self._session.apply(step.command, moved=index, actions=step.actions, merge_key=merge_key)

    def _do_active(self, command: Callable[..., ComparisonSession], *, actions: tuple[LinkedAction, ...] = ()) -> None:
        index = self._session.session.active
        self._session.apply(partial(command, index=index), moved=index, actions=actions)

    def _scroll_to(self, index: int, frame_index: int) -> None:
        command = partial(commands.scroll_to, index=index, frame_index=frame_index, stacks=self._session.stacks)
        self._moved(index, command, LinkedAction.SCROLL)

    def _zoom_at(self, index: int, factor: float, at_mm: tuple[float, float]) -> None:
        command = partial(commands.zoom_at, index=index, factor=factor, at_mm=at_mm, stacks=self._session.stacks)
        self._moved(index, command, LinkedAction.ZOOM)

    def _moved(self, index: int, command: Command, action: LinkedAction) -> None:
        if self._session.session.viewports[index].stack is not None:
            self._session.apply(command, moved=index, actions=(action,), merge_key=f"{action}-{index}")

    def _scroll_active(self, steps: int) -> None:
        self.scroll(self._session.session.active, steps)

    def _match_slices(self) -> None:
        if len(self._session.session.viewports) >= 2:
            self.do(partial(commands.match_slices, first=0, second=1, stacks=self._session.stacks))
