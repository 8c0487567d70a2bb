"""The length of a line on one frame, what its millimetres rest on, and whether two computations of it agree."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from compare.measuring.ultrasound_scale import Extent, extents, region_scale, scaled_mm
from compare.session.measurement import Measurement, MeasurementKind
from compare.viewing.canvas import Point
from loaders.model.frame import Frame
from loaders.model.ultrasound_region import UltrasoundRegion
from loaders.model.units import SpacingBasis

#: Two independent computations may differ by rounding only.
_AGREE_WITHIN = 1e-6


@dataclass(frozen=True, slots=True)
class Length:
    """A length for display. ``value`` is ``None`` where it is withheld, and ``reason`` says why.

    ``unit`` is ``mm`` or ``px``; ``uncertainty`` is that of placing two ends on the pixel grid, in the same unit, and
    ``decimals`` is how many digits it leaves after the point. ``basis`` says where the millimetres come from
    (PS3.3 10.7): only some of them are millimetres in the patient. ``note`` says why a calibrated ultrasound picture
    gives pixels only (see :class:`~compare.measuring.ultrasound_scale.RegionScale`). In a region of other axes than
    two lengths (M-mode, Doppler) ``reason`` is ``not_a_length`` and ``extents`` holds what lies along each.
    """

    value: float | None
    unit: str
    basis: SpacingBasis
    uncertainty: float
    decimals: int
    reason: str = ""
    note: str = ""
    extents: tuple[Extent, ...] = ()

    @property
    def rounded(self) -> float | None:
        """The value at the precision it really has."""
        return None if self.value is None else round(self.value, self.decimals)


def length_of(measurement: Measurement, frame: Frame) -> Length:
    """Return the length of a measurement on the frame it was drawn on.

    Raises ``ValueError`` for another frame (a length never travels to a neighbour) or another kind.
    """
    if not measurement.is_on(frame.sop_instance_uid, frame.frame_number):
        raise ValueError("the measurement was drawn on another frame")
    if measurement.kind is not MeasurementKind.LENGTH:
        raise ValueError(f"a {measurement.kind} is no length")
    start_mm, end_mm = measurement.points_mm
    return length_between(start_mm, end_mm, frame)


def length_between(start_mm: Point, end_mm: Point, frame: Frame) -> Length:
    """Return the length between two in-plane points of a frame.

    Computed by the plane, and again from pixels by the image plane equation of PS3.3 C.7.6.2.1.1 (or, without a place
    in the patient, from pixels and spacing). Where the two differ the value is withheld. On an ultrasound picture the
    region that holds both ends gives the scale; without one there are pixels only.
    """
    spacing = frame.spacing
    if not all(math.isfinite(value) for value in (*start_mm, *end_mm)):
        return Length(None, "mm" if spacing.is_mm else "px", spacing.basis, 0.0, 1, "not_finite")
    scale = region_scale((start_mm, end_mm), frame)
    if scale is not None and scale.region is not None:
        return _in_region(start_mm, end_mm, frame, scale.region)
    direct, again = math.dist(start_mm, end_mm), _by_pixels(start_mm, end_mm, frame)
    if scale is None and spacing.is_mm:
        uncertainty = _uncertainty(start_mm, end_mm, spacing.column_mm, spacing.row_mm)
        return _checked(direct, again, Length(direct, "mm", spacing.basis, uncertainty, _decimals(uncertainty)))
    # Pixels of an aspect ratio other than 1 are not squares: a length across them has no single unit.
    note = scale.reason if scale is not None else ""
    if not math.isclose(spacing.row_mm, spacing.column_mm, rel_tol=1e-6):
        return Length(None, "px", SpacingBasis.PIXELS_ONLY, 0.0, 1, "pixels_not_square", note)
    direct, again = direct / spacing.column_mm, again / spacing.column_mm
    return _checked(direct, again, Length(direct, "px", SpacingBasis.PIXELS_ONLY, math.sqrt(0.5), 1, note=note))


def _in_region(start_mm: Point, end_mm: Point, frame: Frame, region: UltrasoundRegion) -> Length:
    basis = SpacingBasis.ULTRASOUND_REGION
    apart = extents(start_mm, end_mm, frame, region)
    if not region.is_length:
        return Length(None, "", basis, 0.0, 1, "not_a_length", extents=apart)
    start, end = scaled_mm((start_mm, end_mm), frame, region)
    direct, again = math.dist(start, end), math.hypot(*(extent.value for extent in apart))
    uncertainty = _uncertainty(start, end, 10.0 * region.across_delta, 10.0 * region.down_delta)
    return _checked(direct, again, Length(direct, "mm", basis, uncertainty, _decimals(uncertainty)))


def _checked(direct: float, again: float, length: Length) -> Length:
    """The length, withheld where its two computations differ."""
    if abs(direct - again) <= _AGREE_WITHIN * max(1.0, direct):
        return length
    return replace(length, value=None, reason="computations_disagree")  # NaN comes here too


def _decimals(uncertainty: float) -> int:
    return 0 if uncertainty >= 1.0 else 1


def _by_pixels(start_mm: Point, end_mm: Point, frame: Frame) -> float:
    spacing = frame.spacing
    pixels = np.array(
        [[right / spacing.column_mm, down / spacing.row_mm, 0.0, 1.0] for right, down in (start_mm, end_mm)]
    )
    affine = np.eye(4)
    if frame.plane is None:
        affine[0, 0], affine[1, 1] = spacing.column_mm, spacing.row_mm
    else:
        affine[:3, 0] = np.asarray(frame.plane.column_step_lps) * spacing.column_mm
        affine[:3, 1] = np.asarray(frame.plane.row_step_lps) * spacing.row_mm
        affine[:3, 3] = frame.plane.origin_lps_mm
    a, b = pixels @ affine.T
    return float(np.linalg.norm(b[:3] - a[:3]))


def _uncertainty(start_mm: Point, end_mm: Point, column_mm: float, row_mm: float) -> float:
    """Half a pixel at either end along the line, the two independent: what the grid allows, not what a hand adds."""
    right, down = abs(end_mm[0] - start_mm[0]), abs(end_mm[1] - start_mm[1])
    length = math.hypot(right, down)
    if length == 0.0:
        return max(column_mm, row_mm) * math.sqrt(0.5)
    along = (right * column_mm + down * row_mm) / length
    return 0.5 * along * math.sqrt(2.0)
