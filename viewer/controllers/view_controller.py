"""What the reader does to pictures: mouse steps and keys become commands on the session."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from PySide6.QtCore import QObject

from compare.session import commands
from compare.session.comparison_session import ComparisonSession, LinkedAction
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
            "next_slice": partial(self._scroll_active, 1),
            "previous_slice": partial(self._scroll_active, -1),
            "first_slice": partial(self._scroll_active, -_TO_THE_END),
            "last_slice": partial(self._scroll_active, _TO_THE_END),
            "invert": partial(self._do_active, commands.invert),
            "rotate": partial(self._do_active, commands.rotate, actions=turn),
            "flip": partial(self._do_active, commands.flip, actions=turn),
            "flip_vertically": partial(self._do_active, partial(commands.flip, vertically=True), actions=turn),
            "fit": self.fit_active,
            "one_to_one": self.one_to_one_active,
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

    def fit_active(self) -> None:
        """The whole image as large as the viewport allows."""
        index = self._session.session.active
        canvas = self._viewports()[index].canvas_size
        command = partial(commands.fit, index=index, stacks=self._session.stacks, canvas=canvas)
        self._moved(index, command, LinkedAction.ZOOM)

    def one_to_one_active(self) -> None:
        """One stored pixel on one screen pixel."""
        index = self._session.session.active
        self._moved(index, partial(commands.one_to_one, index=index, stacks=self._session.stacks), LinkedAction.ZOOM)

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
