"""The calibrated regions of an ultrasound header, and the one spacing they allow the whole picture."""

from __future__ import annotations

import math

from loaders.discovery.element_values import Elements
from loaders.model.ultrasound_region import RegionUnit, UltrasoundRegion
from loaders.model.units import PixelSpacing, SpacingBasis

#: More regions than any scanner writes; what comes after is not read.
_MOST_REGIONS = 64
#: 2D tissue and colour-flow pictures; the others are traces, spectra and graphics.
_TWO_DIMENSIONAL = 1
#: Physical Units X and Y Direction, by code (PS3.3 C.8.5.5.1.15).
_UNITS = (
    RegionUnit.NONE, RegionUnit.PERCENT, RegionUnit.DECIBEL, RegionUnit.CENTIMETRE, RegionUnit.SECOND,
    RegionUnit.HERTZ, RegionUnit.DECIBEL_PER_SECOND, RegionUnit.CENTIMETRE_PER_SECOND, RegionUnit.SQUARE_CENTIMETRE,
    RegionUnit.SQUARE_CENTIMETRE_PER_SECOND, RegionUnit.CUBIC_CENTIMETRE, RegionUnit.CUBIC_CENTIMETRE_PER_SECOND,
    RegionUnit.DEGREE,
)  # fmt: skip


def ultrasound_regions(top: Elements) -> tuple[UltrasoundRegion, ...]:
    """Return the regions that calibrate something and say where they lie.

    A region without a unit on either axis calibrates nothing: it is left out, also where it lies over others.
    """
    items = top.items("SequenceOfUltrasoundRegions")[:_MOST_REGIONS]
    regions = (_region(item) for item in items)
    return tuple(region for region in regions if region is not None)


def region_spacing(regions: tuple[UltrasoundRegion, ...]) -> PixelSpacing | None:
    """The spacing of the two-dimensional regions where all agree; ``None`` where they contradict or are no lengths."""
    pictures = [region for region in regions if region.is_picture]
    if not pictures or not all(region.is_length for region in pictures):
        return None
    found = {(round(region.down_delta * 10.0, 6), round(region.across_delta * 10.0, 6)) for region in pictures}
    if len(found) != 1:
        return None
    row_mm, column_mm = found.pop()
    return PixelSpacing(row_mm, column_mm, SpacingBasis.ULTRASOUND_REGION) if row_mm and column_mm else None


def _region(item: Elements) -> UltrasoundRegion | None:
    corners = [
        item.integer(keyword)
        for keyword in ("RegionLocationMinX0", "RegionLocationMinY0", "RegionLocationMaxX1", "RegionLocationMaxY1")
    ]
    if any(corner is None for corner in corners):
        return None
    left, top, right, bottom = (corner or 0 for corner in corners)
    across_unit, across = _axis(item, "X")
    down_unit, down = _axis(item, "Y")
    if right < left or bottom < top or across_unit is down_unit is RegionUnit.NONE:
        return None
    is_picture = item.integer("RegionSpatialFormat") == _TWO_DIMENSIONAL
    return UltrasoundRegion(left, top, right, bottom, across_unit, down_unit, across, down, is_picture)


def _axis(item: Elements, axis: str) -> tuple[RegionUnit, float]:
    code, delta = item.integer(f"PhysicalUnits{axis}Direction"), item.number(f"PhysicalDelta{axis}")
    # The sign says which way an axis grows: a length, a time or a velocity between two points has none.
    if not code or not 0 < code < len(_UNITS) or not delta or not math.isfinite(delta):
        return RegionUnit.NONE, 0.0
    return _UNITS[code], abs(delta)
