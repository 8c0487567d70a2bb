"""The strokes of a measurement on its frame, and the points of it that a hand can take."""

from __future__ import annotations

import math
from collections.abc import Sequence

from compare.session.measurement import InPlanePoint, MeasurementKind

#: Corners of the polygon that stands for an ellipse where distances to it are wanted.
_ELLIPSE_STEPS = 48
_BOXES = frozenset({MeasurementKind.ELLIPSE, MeasurementKind.RECTANGLE})

Stroke = tuple[InPlanePoint, ...]


def strokes_of(kind: MeasurementKind, points_mm: Sequence[InPlanePoint]) -> tuple[Stroke, ...]:
    """Return the lines of a measurement as chains of in-plane points in mm; an ellipse as a polygon of 48 corners.

    Probes and texts have none.
    """
    points = tuple(points_mm)
    if kind is MeasurementKind.BIDIRECTIONAL:
        return (points[:2], points[2:])
    if kind is MeasurementKind.POLYGON:
        return ((*points, points[0]),)
    if kind is MeasurementKind.RECTANGLE:
        corners = grips_of(kind, points)
        return ((corners[0], corners[2], corners[1], corners[3], corners[0]),)
    if kind is MeasurementKind.ELLIPSE:
        return (_ellipse(points),)
    return (points,) if len(points) > 1 else ()


def grips_of(kind: MeasurementKind, points_mm: Sequence[InPlanePoint]) -> tuple[InPlanePoint, ...]:
    """Return the points that a hand can take: a measurement's own, and for a box its two other corners after them."""
    points = tuple(points_mm)
    if kind not in _BOXES:
        return points
    (x0, y0), (x1, y1) = points
    return (*points, (x1, y0), (x0, y1))


def moved_points(
    kind: MeasurementKind, points_mm: Sequence[InPlanePoint], grip: int | None, right_mm: float, down_mm: float
) -> tuple[InPlanePoint, ...]:
    """Return the points after a grip, or the whole (``None``), has moved by so many in-plane mm."""
    points = tuple(points_mm)
    if kind in _BOXES and grip is not None and grip >= len(points):
        (x0, y0), (x1, y1) = points
        if grip == len(points):
            return (x0, y0 + down_mm), (x1 + right_mm, y1)
        return (x0 + right_mm, y0), (x1, y1 + down_mm)
    return tuple(
        (right + right_mm, down + down_mm) if grip is None or grip == number else (right, down)
        for number, (right, down) in enumerate(points)
    )


def _ellipse(corners: Stroke) -> Stroke:
    (x0, y0), (x1, y1) = corners
    middle, across, along = ((x0 + x1) / 2.0, (y0 + y1) / 2.0), abs(x1 - x0) / 2.0, abs(y1 - y0) / 2.0
    turns = (2.0 * math.pi * step / _ELLIPSE_STEPS for step in range(_ELLIPSE_STEPS + 1))
    return tuple((middle[0] + across * math.cos(turn), middle[1] + along * math.sin(turn)) for turn in turns)
