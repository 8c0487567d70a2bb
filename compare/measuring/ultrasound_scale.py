"""What a shape on an ultrasound picture may be measured in: the region it lies in says so, or nothing does.

PS3.3 C.8.5.5.1: a calibration holds within its region only. A shape across two regions, or beside all of them, has no
other size than its pixels; so has one where regions of different calibration overlap. What is calibrated in seconds or
in cm/s has no length in millimetres, whatever its deltas are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from compare.viewing.canvas import Point
from loaders.model.frame import Frame
from loaders.model.ultrasound_region import RegionUnit, UltrasoundRegion

_MM_PER_CM = 10.0


@dataclass(frozen=True, slots=True)
class Extent:
    """How far apart two points are along one axis of a region, in that axis' unit. ``axis``: ``across`` or ``down``."""

    axis: str
    value: float
    unit: str
    decimals: int


@dataclass(frozen=True, slots=True)
class RegionScale:
    """The one region, or several that say the same, that holds a whole shape; else ``None`` and why.

    ``reason`` is ``outside_regions``, ``across_regions`` or ``regions_overlap``.
    """

    region: UltrasoundRegion | None
    reason: str = ""


def region_scale(points_mm: Sequence[Point], frame: Frame) -> RegionScale | None:
    """Return by which region in-plane points of a frame are measured; ``None`` where the frame has no regions."""
    if not frame.ultrasound_regions:
        return None
    pixels = [(x / frame.spacing.column_mm, y / frame.spacing.row_mm) for x, y in points_mm]
    # A rectangle holds every line between points that it holds.
    holding = [region for region in frame.ultrasound_regions if all(region.holds(*pixel) for pixel in pixels)]
    if not holding:
        touched = any(region.holds(*pixel) for region in frame.ultrasound_regions for pixel in pixels)
        return RegionScale(None, "across_regions" if touched else "outside_regions")
    if len({region.calibration for region in holding}) != 1:
        return RegionScale(None, "regions_overlap")
    return RegionScale(holding[0])


def scaled_mm(points_mm: Sequence[Point], frame: Frame, region: UltrasoundRegion) -> list[Point]:
    """Return points in mm (right, down) by a region's own calibration. Raises ``ValueError`` if it has no lengths."""
    if not region.is_length:
        raise ValueError("the region is not calibrated in lengths")
    across, down = (
        _MM_PER_CM * region.across_delta / frame.spacing.column_mm,
        _MM_PER_CM * region.down_delta / frame.spacing.row_mm,
    )
    return [(x * across, y * down) for x, y in points_mm]


def extents(start_mm: Point, end_mm: Point, frame: Frame, region: UltrasoundRegion) -> tuple[Extent, ...]:
    """Return what lies between two points of a region along each of its calibrated axes: time, depth, velocity."""
    columns = abs(end_mm[0] - start_mm[0]) / frame.spacing.column_mm
    rows = abs(end_mm[1] - start_mm[1]) / frame.spacing.row_mm
    axes = (
        ("across", columns, region.across_unit, region.across_delta),
        ("down", rows, region.down_unit, region.down_delta),
    )
    return tuple(_extent(axis, pixels * delta, unit, delta) for axis, pixels, unit, delta in axes if unit)


def _extent(axis: str, value: float, unit: RegionUnit, delta: float) -> Extent:
    if unit is RegionUnit.CENTIMETRE:
        return Extent(axis, value * _MM_PER_CM, "mm", 1)
    decimals = next((digits for digits in range(4) if delta >= 10.0**-digits), 3)
    return Extent(axis, value, unit.value, decimals)
