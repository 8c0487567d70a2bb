"""Drawing a measurement point by point, and moving a grip or the whole of one that is there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from compare.measuring.handles import Handle
from compare.session import measure_commands
from compare.session.measurement import POINTS, InPlanePoint, MeasurementKind
from viewer.tools.drag import Drag, DragStart, Step

#: Kinds that are one drag: a click that does not move is none of them. The others take clicks as well as drags.
DRAGGED = frozenset(
    {MeasurementKind.LENGTH, MeasurementKind.ELLIPSE, MeasurementKind.RECTANGLE, MeasurementKind.ARROW},
)


@dataclass(frozen=True, slots=True)
class Draft:
    """A measurement on its way, on one frame: points laid (in-plane mm) and the pointer's place."""

    kind: MeasurementKind
    frame: tuple[str, int]
    points_mm: tuple[InPlanePoint, ...] = ()
    pointer_mm: InPlanePoint | None = None
    #: Whether the last press laid a point itself.
    is_laid: bool = False

    def pressed(self, at_mm: InPlanePoint) -> Draft:
        """Take a press. The last point of all is laid with the release, so that it can still be placed."""
        least, most = POINTS[self.kind]
        lays = least != most or least - len(self.points_mm) > 1
        points = (*self.points_mm, at_mm) if lays else self.points_mm
        return replace(self, points_mm=points, pointer_mm=at_mm, is_laid=lays)

    def moved(self, at_mm: InPlanePoint) -> Draft:
        """Take the pointer's place."""
        return replace(self, pointer_mm=at_mm)

    def released(self, at_mm: InPlanePoint, *, has_moved: bool) -> Draft | None:
        """Take a release: a drag lays its end too. ``None`` where a click began what only a drag makes."""
        if not has_moved and self.kind in DRAGGED:
            return None
        points = (*self.points_mm, at_mm) if has_moved or not self.is_laid else self.points_mm
        return replace(self, points_mm=points, pointer_mm=at_mm, is_laid=False)

    @property
    def is_whole(self) -> bool:
        """Whether all points are laid; a polygon is never whole by itself."""
        least, most = POINTS[self.kind]
        return least == most and len(self.points_mm) >= least

    @property
    def shown_mm(self) -> tuple[InPlanePoint, ...]:
        """The points laid and the pointer's place after them."""
        return self.points_mm if self.pointer_mm is None else (*self.points_mm, self.pointer_mm)


def lay_down(start: DragStart, draft: Draft, identifier: str, text: str = "") -> Step:
    """Return the step that puts a finished draft on the frame that the viewport shows."""
    return Step(
        partial(
            measure_commands.add_measurement,
            index=start.index,
            kind=draft.kind,
            points_mm=draft.points_mm,
            stacks=start.stacks,
            identifier=identifier,
            text=text,
        ),
        (),
    )


def move_handle(start: DragStart, handle: Handle) -> Drag:
    """A grip follows the pointer, or the whole keeps its shape and moves along."""
    grip_mm = start.transform.canvas_to_in_plane_mm(*start.at)
    identifier = handle.measurement.identifier
    step: Step | None = None
    while True:
        here = yield step
        here_mm = start.transform.canvas_to_in_plane_mm(*here)
        points = handle.moved(here_mm[0] - grip_mm[0], here_mm[1] - grip_mm[1])
        command = partial(measure_commands.edit_measurement, identifier=identifier, points_mm=points)
        # Two ends laid on one another are no length: the last sound place stays.
        step = Step(command, ()) if measure_commands.is_sound(handle.measurement.kind, points) else None
