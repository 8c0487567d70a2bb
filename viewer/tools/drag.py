"""What a drag does: a generator that is sent pointer positions and yields session commands.

A tool knows nothing of widgets. It is given the view as it was at the press and, for every move, the pointer in device
pixels; what it yields is a command together with the actions it passes on to linked viewports.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import partial

from compare.linking.stack_places import Stacks
from compare.session import view_commands, window_commands
from compare.session.comparison_session import ComparisonSession, LinkedAction
from compare.viewing.canvas import CanvasTransform
from loaders.model.display import Window

Command = Callable[[ComparisonSession], ComparisonSession]
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Step:
    """A command and what of it linked viewports follow."""

    command: Command
    actions: tuple[LinkedAction, ...]


@dataclass(frozen=True, slots=True)
class DragStart:
    """What a tool is told at the press. ``window`` is the one in force, whoever chose it; ``None`` for colour.

    ``speed`` is below 1 for a fine drag and above 1 for a coarse one.
    """

    index: int
    at: Point
    transform: CanvasTransform
    frame_index: int
    frame_count: int
    window: Window | None
    stacks: Stacks
    speed: float = 1.0


#: Speeds of a fine and a coarse drag of the window.
FINE, COARSE = 0.2, 4.0

#: Sent the pointer's position (device pixels), yields the step to apply, or ``None`` where nothing changes.
Drag = Generator[Step | None, Point, None]

#: A drag over so many pixels doubles or halves the magnification, or runs through the whole window width.
_PIXELS_PER_DOUBLING = 150.0
_PIXELS_PER_WINDOW = 300.0
#: A scroll drag of this many pixels is one slice in a short stack; in a long one the whole stack is one canvas height.
_PIXELS_PER_SLICE = 12.0


def pan(start: DragStart) -> Drag:
    """The picture follows the pointer."""
    last = start.at
    step: Step | None = None
    while True:
        here = yield step
        right_mm, down_mm = start.transform.canvas_vector_to_in_plane_mm(here[0] - last[0], here[1] - last[1])
        command = partial(view_commands.pan_by, index=start.index, right_mm=-right_mm, down_mm=-down_mm)
        step, last = Step(command, (LinkedAction.PAN,)), here


def zoom(start: DragStart) -> Drag:
    """Up enlarges about the point of the press."""
    last = start.at
    at_mm = start.transform.canvas_to_in_plane_mm(*start.at)
    step: Step | None = None
    while True:
        here = yield step
        factor = 2.0 ** ((last[1] - here[1]) / _PIXELS_PER_DOUBLING)
        command = partial(view_commands.zoom_at, index=start.index, factor=factor, at_mm=at_mm, stacks=start.stacks)
        step, last = Step(command, (LinkedAction.ZOOM,)), here


def window(start: DragStart) -> Drag:
    """Right widens, down raises the level (darker), in proportion to the width at the press."""
    step: Step | None = None
    while True:
        here = yield step
        if start.window is None:
            continue
        per_pixel = start.speed * max(start.window.width, 1.0) / _PIXELS_PER_WINDOW
        command = partial(
            window_commands.drag_window,
            index=start.index,
            shown=start.window,
            center_by=(here[1] - start.at[1]) * per_pixel,
            width_by=(here[0] - start.at[0]) * per_pixel,
        )
        step = Step(command, (LinkedAction.WINDOW,))


def scroll(start: DragStart) -> Drag:
    """Down goes towards the last slice."""
    per_slice = min(_PIXELS_PER_SLICE, max(start.transform.height / max(start.frame_count, 1), 1.0))
    step: Step | None = None
    while True:
        here = yield step
        target = start.frame_index + round((here[1] - start.at[1]) / per_slice)
        command = partial(view_commands.scroll_to, index=start.index, frame_index=target, stacks=start.stacks)
        step = Step(command, (LinkedAction.SCROLL,))


#: Every tool by its stable name.
TOOLS: dict[str, Callable[[DragStart], Drag]] = {"window": window, "pan": pan, "zoom": zoom, "scroll": scroll}

#: Which tool each button drags, for radiologists and for referrers (ward doctors), by button name.
PROFILES: dict[str, dict[str, str]] = {
    "radiologist": {"left": "window", "middle": "pan", "right": "zoom"},
    "referrer": {"left": "scroll", "middle": "pan", "right": "zoom"},
}
