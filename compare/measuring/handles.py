"""Which point of which measurement lies under the pointer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from compare.measuring.outline import grips_of, moved_points, strokes_of
from compare.session.measurement import InPlanePoint, Measurement
from compare.viewing.canvas import CanvasTransform, Point


@dataclass(frozen=True, slots=True)
class Handle:
    """What of a measurement was taken: a grip by number (:func:`grips_of`), or the whole (``None``)."""

    measurement: Measurement
    point: int | None

    def moved(self, right_mm: float, down_mm: float) -> tuple[InPlanePoint, ...]:
        """Return the measurement's points after the handle has moved by so many in-plane mm."""
        return moved_points(self.measurement.kind, self.measurement.points_mm, self.point, right_mm, down_mm)


def handle_at(
    at: Point, measurements: Sequence[Measurement], transform: CanvasTransform, reach_px: float
) -> Handle | None:
    """Return what lies within ``reach_px`` device pixels of the canvas point ``at``; a point before a line.

    ``measurements`` are those of the shown frame.
    """
    points: list[tuple[float, Handle]] = []
    lines: list[tuple[float, Handle]] = []
    for measurement in measurements:
        grips = grips_of(measurement.kind, measurement.points_mm)
        places = [transform.in_plane_mm_to_canvas(*grip) for grip in grips]
        points += [(math.dist(at, place), Handle(measurement, number)) for number, place in enumerate(places)]
        for stroke in strokes_of(measurement.kind, measurement.points_mm):
            corners = [transform.in_plane_mm_to_canvas(*point) for point in stroke]
            lines += [(_distance_to_segment(at, a, b), Handle(measurement, None)) for a, b in pairwise(corners)]
    for candidates in (points, lines):
        near = [candidate for candidate in candidates if candidate[0] <= reach_px]
        if near:
            return min(near, key=lambda candidate: candidate[0])[1]
    return None


def _distance_to_segment(at: Point, start: Point, end: Point) -> float:
    along = (end[0] - start[0], end[1] - start[1])
    squared = along[0] ** 2 + along[1] ** 2
    share = 0.0
    if squared > 0.0:
        share = ((at[0] - start[0]) * along[0] + (at[1] - start[1]) * along[1]) / squared
        share = min(max(share, 0.0), 1.0)
    return math.dist(at, (start[0] + share * along[0], start[1] + share * along[1]))
