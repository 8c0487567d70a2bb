"""Drags of measurements: drawing a new length, and moving a point or the whole of what is there."""

from __future__ import annotations

from functools import partial

from compare.measuring.handles import Handle
from compare.session import measure_commands
from compare.session.comparison_session import ComparisonSession
from compare.session.measurement import InPlanePoint, MeasurementKind
from viewer.tools.drag import Drag, DragStart, Step


def draw_length(start: DragStart, identifier: str) -> Drag:
    """A new length from the press to the pointer; it comes into being with the first movement."""
    start_mm = start.transform.canvas_to_in_plane_mm(*start.at)
    step: Step | None = None
    while True:
        here = yield step
        end_mm = start.transform.canvas_to_in_plane_mm(*here)
        step = None if end_mm == start_mm else Step(partial(_placed, start, identifier, (start_mm, end_mm)), ())


def _placed(
    start: DragStart, identifier: str, ends_mm: tuple[InPlanePoint, InPlanePoint], session: ComparisonSession
) -> ComparisonSession:
    if any(old.identifier == identifier for old in session.measurements):
        return measure_commands.edit_measurement(session, identifier, ends_mm)
    return measure_commands.add_measurement(
        session, start.index, MeasurementKind.LENGTH, ends_mm, start.stacks, identifier=identifier
    )


def move_handle(start: DragStart, handle: Handle) -> Drag:
    """A point follows the pointer, or the whole keeps its shape and moves along."""
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
