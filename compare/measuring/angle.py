"""The angle at the vertex of three in-plane points, computed twice."""

from __future__ import annotations

import math
from dataclasses import dataclass

from compare.measuring.ultrasound_scale import region_scale, scaled_mm
from compare.session.measurement import InPlanePoint
from loaders.model.frame import Frame

_AGREE_WITHIN_DEGREES = 1e-6


@dataclass(frozen=True, slots=True)
class Angle:
    """An angle in degrees, 0 to 180; ``None`` where it is withheld, and ``reason`` says why."""

    degrees: float | None
    reason: str = ""


def angle_between(end_mm: InPlanePoint, vertex_mm: InPlanePoint, other_mm: InPlanePoint, frame: Frame) -> Angle:
    """Return the angle at ``vertex_mm``.

    ``reason`` is ``pixels_not_square``, ``no_angle``, ``not_a_length`` or ``computations_disagree``. An image
    without millimetres has angles only where its pixels are square; a trace over time has none.
    """
    spacing = frame.spacing
    scale = region_scale((end_mm, vertex_mm, other_mm), frame)
    if scale is not None and scale.region is not None:
        if not scale.region.is_length:
            return Angle(None, "not_a_length")
        end_mm, vertex_mm, other_mm = scaled_mm((end_mm, vertex_mm, other_mm), frame, scale.region)
    elif (scale is not None or not spacing.is_mm) and not math.isclose(spacing.row_mm, spacing.column_mm, rel_tol=1e-6):
        return Angle(None, "pixels_not_square")
    a = (end_mm[0] - vertex_mm[0], end_mm[1] - vertex_mm[1])
    b = (other_mm[0] - vertex_mm[0], other_mm[1] - vertex_mm[1])
    if not math.hypot(*a) or not math.hypot(*b):
        return Angle(None, "no_angle")
    first = math.degrees(math.atan2(abs(a[0] * b[1] - a[1] * b[0]), a[0] * b[0] + a[1] * b[1]))
    second = _by_half_angle(math.hypot(*a), math.hypot(*b), math.dist(end_mm, other_mm))
    # Written so that a NaN disagrees.
    if not abs(first - second) <= _AGREE_WITHIN_DEGREES + _conditioning(first):
        return Angle(None, "computations_disagree")
    return Angle(first)


def _by_half_angle(a: float, b: float, c: float) -> float:
    """The angle opposite to side c of a triangle, from its sides alone (Kahan's stable form of the half-angle rule)."""
    a, b = max(a, b), min(a, b)
    mu = c - (a - b) if b >= c else b - (a - c)
    mu = max(mu, 0.0)  # rounding of a flat triangle
    upper = ((a - b) + c) * mu
    lower = (a + (b + c)) * max((a - c) + b, 0.0)
    return math.degrees(2.0 * math.atan2(math.sqrt(max(upper, 0.0)), math.sqrt(lower)))


def _conditioning(degrees: float) -> float:
    """Sides alone say little about an angle close to 0 or 180 degrees: there the second computation is coarser."""
    return 2e-5 if min(degrees, 180.0 - degrees) < 0.5 else 0.0
